"""Columns that hold people's phone numbers or e-mail addresses are told by name and by values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import phonenumbers
import pyarrow as pa

Point = Literal["phone", "email"]
"""How somebody can be reached, as `[contact]` names it."""

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
PHONE = r"(\+|00)\d[\d ()/-]{7,}|0\d{2,5}[ /-][\d ]{5,}"
_PHONE_LIKE = r"\+?\(?\d[\d ()/.-]{4,}"
_DATE = r"\d{4}-\d\d-\d\d.*|\d{1,2}([./])\d{1,2}\1(\d\d|\d{4})( .*)?|\d{4}/\d\d/\d\d.*"
_MOBILE = r"mobil|handy|cellular|cellphone|^cell$|msisdn"
_NAMED: dict[Point, str] = {
    "email": r"e?mail",
    "phone": rf"phone|telefon|rufnummer|^tel(nr|no|number)?$|^fax(nr|no|number)?$|{_MOBILE}",
}
_PLAIN = (
    r"(customer|client|contact|private|work|home)?"
    r"(e?mail|(tele)?(phone|fon)|tel|mobile?(phone|telefon)?|handy|cell(phone)?|rufnummer|msisdn)"
    r"(ad(d)?resse?|nummer|number|nr|no)?"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A column in which numbers or addresses of people stand."""

    name: str
    point: Point
    whole: bool
    """Whether it is made for them, and not for something else that is an address now and then."""


def named(name: str) -> Point | None:
    """Return what a column is called after, a number or an address; None when after neither."""
    return next((point for point, words in _NAMED.items() if re.search(words, _plain(name))), None)


def found(head: pa.Table, names: Sequence[str], region: str) -> list[Found]:
    """Return which of these columns hold numbers or addresses, those of mobile phones first.

    `head` is the file's first rows as text; one such value is enough, since it is somebody's.
    `region` is the ISO country of numbers written without `+`; empty when nobody knows it.
    """
    held = [one for name in names if (one := _of(name, head.column(name), region)) is not None]
    return sorted(held, key=lambda one: not re.search(_MOBILE, _plain(one.name)))


def _of(name: str, column: pa.ChunkedArray, region: str) -> Found | None:
    values: list[str] = column.combine_chunks().drop_null().unique().to_pylist()
    called = named(name)
    if not values:
        plain = called is not None and re.fullmatch(_PLAIN, _plain(name))
        return Found(name, called, True) if called and plain else None
    addresses = sum(bool(re.fullmatch(EMAIL, one)) for one in values)
    if addresses:
        return Found(name, "email", called == "email" or 2 * addresses >= len(values))
    if called == "phone" and any(_like_a_number(one) for one in values):
        return Found(name, "phone", True)
    numbers = sum(_is_number(one, region) for one in values)
    return Found(name, "phone", 2 * numbers >= len(values)) if numbers else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _like_a_number(text: str) -> bool:
    """Return whether a text may be a number where the column is called after numbers."""
    return bool(re.fullmatch(_PHONE_LIKE, text)) and not re.fullmatch(_DATE, text)


def _is_number(text: str, region: str) -> bool:
    """Return whether a text is a number to call beyond doubt, whatever its column is called.

    A key with leading zeros looks like one but is seldom one that exists.
    """
    if not re.fullmatch(PHONE, text):
        return False
    dialled = f"+{text[2:]}" if text.startswith("00") else text
    if not (dialled.startswith("+") or region):
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(dialled, region or None))
    except phonenumbers.NumberParseException:
        return False
