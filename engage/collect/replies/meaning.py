"""What a customer's message means: stop, start, help, a digit, perhaps stop, or something else.

Any reasonable wording counts as stop (47 CFR 64.1200(a)(10)); where that is not clear, it counts
as perhaps. `CANCEL` can only mean stop, because our questions are answered by digits.
"""

from __future__ import annotations

from engage.collect.replies.phrasebook import Phrasebook, phrasebook
from engage.collect.replies.plain import plain
from engage.domain.replies import Meaning, Understood

_ANSWERS = {1: "yes", 2: "no"}


def understand(text: str, book: Phrasebook | None = None) -> Understood:
    """Return what a message means; the same for the same words, whoever sends them."""
    known = book or phrasebook()
    words = _spelt(plain(text, known.symbols), known)
    return _bare(words, known) or _sentence(words, known)


def _bare(words: str, book: Phrasebook) -> Understood | None:
    """Return what a message means that is a keyword or a digit and politeness, and no more."""
    spoken = words.split()
    core = [one for one in spoken if one not in book.bare["padding"]]
    digits = [one for one in spoken if len(one) == 1 and one.isdecimal()]
    if len(digits) == 1:
        digit = int(digits[0])
        beside = book.bare[_ANSWERS[digit]] if digit in _ANSWERS else frozenset()
        if all(one == digits[0] or one in beside for one in core):
            return Understood(Meaning.DIGIT, digit, "a digit")
    core = [one for one in core if one not in digits]
    said = {
        meaning
        for meaning in (Meaning.STOP, Meaning.START, Meaning.HELP)
        if _is_all(core, words, book.bare[meaning])
    }
    if len(said) == 1:
        (meaning,) = said
        return Understood(meaning, rule="a keyword")
    return None


def _is_all(core: list[str], words: str, keywords: frozenset[str]) -> bool:
    if words in keywords or " ".join(core) in keywords:
        return True
    return bool(core) and all(one in keywords for one in core)


def _sentence(words: str, book: Phrasebook) -> Understood:
    if rule := book.matched("always", words):
        return Understood(Meaning.STOP, rule=rule)
    rest = words
    for spared in book.sentences["spared"]:
        rest = spared.pattern.sub("|", rest)
    if rule := book.matched("stop", rest):
        return Understood(Meaning.STOP, rule=rule)
    if rule := book.matched("unsure", rest):
        return Understood(Meaning.UNSURE, rule=rule)
    if doubtful := book.doubtful.intersection(rest.replace("|", " ").split()):
        return Understood(Meaning.UNSURE, rule=f"the word {min(doubtful)}")
    return Understood(Meaning.OTHER)


def _spelt(words: str, book: Phrasebook) -> str:
    return " ".join(_corrected(one, book) for one in words.split())


def _corrected(word: str, book: Phrasebook) -> str:
    """Return the word that was meant where exactly one letter is wrong, missing or too many."""
    known = book.spelling["words"]
    if len(word) < 3 or word in known or word in book.spelling["innocent"]:
        return word
    return next((one for one in sorted(known) if _one_slip(word, one)), word)


def _one_slip(word: str, meant: str) -> bool:
    """Return whether one letter is changed, added or left out, or two neighbours are swapped."""
    if abs(len(word) - len(meant)) > 1:
        return False
    first = next(
        (n for n, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b),
        min(len(word), len(meant)),
    )
    ours, theirs = word[first:], meant[first:]
    swapped = len(ours) > 1 and ours[:2] == theirs[:2][::-1] and ours[2:] == theirs[2:]
    return swapped or theirs[1:] in {ours, ours[1:]} or ours[1:] == theirs
