"""Every thing has an id that tells what it is and, where it has a natural key, is derived from it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from enum import StrEnum


class Prefix(StrEnum):
    """What kind of thing an id names."""

    PERSON = "per"
    SESSION = "ses"
    EVENT = "evt"
    INTERACTION = "int"
    TRANSACTION = "trx"
    APPOINTMENT = "apt"
    TRIGGER = "trg"
    DECISION = "dec"
    MESSAGE = "msg"
    CALLBACK = "cal"
    CASE = "cas"
    OUTCOME = "out"
    ARTIFACT = "art"
    RUN = "run"
    REFUSAL = "ref"
    IMPORT = "imp"
    QUARANTINE = "qua"
    SLOT = "slt"
    RECEIPT = "rcp"
    REPLY = "rep"
    APPROVAL = "apv"
    EFFECT = "eff"
    PLAN = "pln"
    BELIEFS = "bel"
    WEIGHED = "wei"


_SEPARATOR = "\x1f"
_NAMESPACE = b"engage-ids-1"


def derive(prefix: Prefix, *natural_key: str) -> str:
    """Return the id that this natural key has on every machine.

    128 bits of keyed BLAKE2b, in hexadecimal, behind the prefix.
    """
    digest = hashlib.blake2b(
        _SEPARATOR.join(natural_key).encode(), key=_NAMESPACE, digest_size=16
    ).hexdigest()
    return f"{prefix}_{digest}"


def derive_column(prefix: Prefix, *columns: Iterable[str]) -> list[str]:
    """Return `derive` for each row of these columns of equal length."""
    return [derive(prefix, *row) for row in zip(*columns, strict=True)]


def draw(key: bytes, *scope: str) -> float:
    """Return the number in [0, 1) that this scope always draws under this key.

    The first 53 bits of HMAC-SHA256, so that every value is an exact double.
    """
    digest = hmac.digest(key, _SEPARATOR.join(scope).encode(), "sha256")
    return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)


def draw_column(key: bytes, ids: Iterable[str], *scope: str) -> list[float]:
    """Return `draw` for each id, in order."""
    return [draw(key, one, *scope) for one in ids]
