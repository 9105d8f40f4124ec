"""What must never stand in a file of the project: it comes from the environment alone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from engage.errors import SettingsError

VARIABLES: dict[str, str] = {
    "ENGAGE_SECRET": "key of arms, draws and suppressed numbers; empty: made once in var/secret",
    "ENGAGE_STORE_URL": "database address with its password; goes before [store] url",
    "ENGAGE_TWILIO_ACCOUNT_SID": "the Twilio account",
    "ENGAGE_TWILIO_AUTH_TOKEN": "its token",
}
_CLOSE = 0.85


@dataclass(frozen=True, slots=True)
class Secrets:
    """The installation's secrets; none of them shows when this is printed."""

    secret: str = field(default="", repr=False)
    store_url: str = field(default="", repr=False)
    twilio_account_sid: str = field(default="", repr=False)
    twilio_auth_token: str = field(default="", repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Return the secrets that the environment holds; one nearly right by name is refused."""
        for name in sorted(environ):
            _refuse_misspelt(name)
        return cls(**{v.removeprefix("ENGAGE_").lower(): environ.get(v, "") for v in VARIABLES})


def _refuse_misspelt(name: str) -> None:
    if name in VARIABLES or not name.startswith("ENGAGE_"):
        return
    near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=_CLOSE)
    if near:
        raise SettingsError(f"environment: {name} is not known; did you mean {near[0]}?")
