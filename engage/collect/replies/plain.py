"""A message in the plain words that rules are written in: no capitals, accents, signs or emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

LONGEST = 1600
"""Characters that are read; no text message is longer."""

_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_REACTION = re.compile(
    r"^\W*(?:liked|loved|disliked|emphasi[sz]ed|laughed at|questioned|removed an? \w+ from|"
    r"le ha gustado|le gusto|me gusta)\s*[“\"«].*[”\"»]\s*$",
    re.IGNORECASE | re.DOTALL,
)
"""What phones send when somebody taps on a message: it repeats our own words."""
_OUR_CODE = re.compile(r"\bref\.? +[A-Z]{3}[0-9A-Z]{4}\b")
_APOSTROPHES = "'`\u2018\u2019\u00b4"
_SEPARATORS = re.compile(r"[\W_]+")
_SPELT_OUT = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_DISGUISED = re.compile(r"\b(?=\w*[a-z])(?=\w*\d)\w+\b")
_LOOKS_LIKE = str.maketrans("013457", "oieast")


def plain(text: str, symbols: Mapping[str, str]) -> str:
    """Return the words of a message, one space apart.

    Quoted lines, reactions that repeat our words and our reference codes are left out; `st0p`,
    `s.t.o.p`, `STOOOP` and full-width letters become `stop`. `symbols`: signs that are words.
    """
    kept = _QUOTED_LINE.sub(" ", unicodedata.normalize("NFKC", text[:LONGEST]))
    if _REACTION.match(kept):
        return ""
    kept = _OUR_CODE.sub(" ", kept)
    for sign, word in symbols.items():
        kept = kept.replace(sign, f" {word} ")
    letters = unicodedata.normalize("NFKD", kept.casefold())
    bare = "".join(one for one in letters if unicodedata.category(one) not in {"Mn", "Me", "Cf"})
    joined = bare.translate({ord(one): None for one in _APOSTROPHES})
    words = _SEPARATORS.sub(" ", joined).strip()
    words = _SPELT_OUT.sub(lambda found: found.group().replace(" ", ""), words)
    words = _DISGUISED.sub(lambda found: found.group().translate(_LOOKS_LIKE), words)
    return _STRETCHED.sub(r"\1", words)
