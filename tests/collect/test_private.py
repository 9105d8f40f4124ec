"""Numbers and addresses are told by a column's name and by its values."""

from __future__ import annotations

import pytest

from engage.collect.chunks import text_table
from engage.collect.private import Found, found, named


def told(name: str, *values: str, region: str = "DE") -> Found | None:
    head = text_table({name: list(values) or [None]})
    return next(iter(found(head, [name], region)), None)


@pytest.mark.parametrize(
    ("name", "values", "point"),
    [
        ("Telefon", ["030 123456"], "phone"),
        ("mobile_phone", ["0151-23456789"], "phone"),
        ("Handy-Nr.", ["015123456789"], "phone"),
        ("phone", [], "phone"),
        ("contact", ["+49 151 23456789", "-"], "phone"),
        ("contact", ["0049 30 901820"], "phone"),
        ("contact", ["030 901820"], "phone"),
        ("E-Mail-Adresse", ["ada@example.org"], "email"),
        ("email", [], "email"),
        ("login", ["ada@example.org", "grace@example.org"], "email"),
    ],
)
def test_a_column_with_numbers_or_addresses_is_known(
    name: str, values: list[str], point: str
) -> None:
    assert told(name, *values) == Found(name, point, True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("phone_verified", ["yes", "no"]),
        ("phone_since", ["2026-01-15", "15.01.2026"]),
        ("mobile_logins_30d", ["12", "3"]),
        ("email_opt_in", ["true"]),
        ("email_opt_in", []),
        ("mailing", ["weekly"]),
        ("contract", ["0000004711", "0000004712"]),
        ("since", ["2026-01-15"]),
        ("postcode", ["10115"]),
        ("balance", ["1234567890"]),
        ("zone", ["Europe/Berlin"]),
    ],
)
def test_what_only_looks_like_it_is_not(name: str, values: list[str]) -> None:
    assert told(name, *values) is None


def test_one_address_among_other_texts_is_somebodys_but_not_what_the_column_is_for() -> None:
    assert told("login", "ada@example.org", "grace", "alan") == Found("login", "email", False)


def test_a_number_that_can_be_texted_comes_first() -> None:
    head = text_table({"telefon": ["030 901820"], "mobil": ["0151 23456789"]})
    assert [one.name for one in found(head, head.column_names, "DE")] == ["mobil", "telefon"]


def test_names_in_several_languages_are_known() -> None:
    assert [named(name) for name in ("telefono", "Rufnummer", "MSISDN", "e-mail", "mail")] == [
        "phone", "phone", "phone", "email", "email",
    ]  # fmt: skip
    assert named("segment") is None
