"""How many parts a text message takes: what the carrier bills is the part, not the text.

3GPP TS 23.038: 160 characters of the GSM alphabet in one part, 153 in each of several; one
character outside it and the whole text takes two bytes a character, 70 and 67.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Encoding(StrEnum):
    """The alphabet in which a text travels."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters that take two places."""

_LIMITS = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


def segments(text: str) -> tuple[Encoding, int]:
    """Return the alphabet a text needs and the number of parts it takes (at least one)."""
    encoding = Encoding.GSM7 if set(text) <= BASIC | EXTENSION else Encoding.UCS2
    units = [_units(character, encoding) for character in text]
    alone, joined = _LIMITS[encoding]
    return encoding, 1 if sum(units) <= alone else _packed(units, joined)


def _units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _packed(units: Sequence[int], limit: int) -> int:
    """Return how many parts hold these characters in order, none of them torn in two."""
    parts, used = 1, 0
    for unit in units:
        if used + unit > limit:
            parts, used = parts + 1, 0
        used += unit
    return parts
