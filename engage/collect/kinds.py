"""What a file may become, and which kind is meant by somebody who calls it otherwise."""

from __future__ import annotations

from engage.collect.names import nearest
from engage.domain.catalog import IMPORTABLE
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.interactions import INTERACTIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.people import PEOPLE
from engage.domain.staffing import STAFFING
from engage.domain.transactions import TRANSACTIONS
from engage.errors import WrongUse

_MEANT = {
    EVENTS.name: "clicks pages sessions visitors visits web",
    INTERACTIONS.name: "calls chats contacts conversations messages tickets",
    PEOPLE.name: "accounts clients consents customers persons users",
    TRANSACTIONS.name: "bookings orders payments purchases sales",
    OUTCOMES.name: "conversions goals results",
    EXCLUSIONS.name: "blacklist blocked blocklist optouts",
    STAFFING.name: "agents roster rosters rota shifts staff",
}
_KIND_OF = {word: kind for kind, words in _MEANT.items() for word in words.split()}


def known_kind(kind: str) -> None:
    """Refuse a kind that is not there: say what may be meant, and which kinds there are."""
    if kind in IMPORTABLE:
        return
    word = kind.lower().replace("-", "").replace("_", "")
    meant = _KIND_OF.get(word) or _KIND_OF.get(f"{word}s")
    close = f"did you mean {meant!r}?" if meant else nearest(kind, IMPORTABLE)
    listed = f"there are {', '.join(IMPORTABLE)}"
    hint = close if close == listed else f"{close} {listed.capitalize()}"
    raise WrongUse(f"there is no kind {kind!r} to import; {hint}")
