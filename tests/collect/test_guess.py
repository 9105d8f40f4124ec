from __future__ import annotations

import pyarrow as pa
import pytest

from engage.collect.checks import check, unused
from engage.collect.guess import guess, guess_from
from engage.collect.mapping import Contact
from engage.domain.catalog import IMPORTABLE
from engage.errors import WrongUse


def test_a_web_log_is_recognised_by_its_names() -> None:
    mapping = check(
        guess("events", ["messageId", "anonymousId", "userId", "timestamp", "type", "Page", "plan"])
    )
    assert mapping.key.columns == ("messageId",)
    assert (mapping.person.column, mapping.person.anonymous) == ("userId", "anonymousId")
    assert mapping.columns["ts"].column == "timestamp"
    assert mapping.columns["page"].column == "Page"
    assert mapping.columns["properties"].pack == "rest"


def test_amounts_that_do_not_say_minor_units_are_taken_as_whole_ones() -> None:
    columns = guess("transactions", ["customer_id", "date", "amount"]).columns
    assert columns["amount_minor"].scale == 100
    columns = guess("transactions", ["customer_id", "date", "amount_minor"]).columns
    assert columns["amount_minor"].scale == 1


def test_what_cannot_be_guessed_is_asked_for() -> None:
    with pytest.raises(WrongUse, match=r"columns\.ts: transactions need it"):
        check(guess("transactions", ["customer_id", "amount"]))
    with pytest.raises(WrongUse, match="person: give exactly one of"):
        check(guess("transactions", ["date", "amount"]))
    with pytest.raises(WrongUse, match="there is no kind 'event' to import; did you mean 'events'"):
        guess("event", [])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"when": ["2026-01-31T10:00:00Z"]}, "when"),
        ({"Buchungstag": ["31.01.2026", "28.02.2026"]}, "Buchungstag"),
        ({"when": ["2026-01-31"], "birthday": ["1990-02-03"]}, None),
        ({"when": ["03/02/2026"]}, None),
        ({"when": ["yesterday"]}, None),
    ],
    ids=["one", "of a German bank", "which of the two?", "which day?", "no time at all"],
)
def test_the_one_column_that_holds_times_is_the_rows_time(
    columns: dict[str, list[str]], expected: str | None
) -> None:
    rows = max(len(values) for values in columns.values())
    mapping = guess_from("transactions", pa.table({"customer_id": ["1"] * rows, **columns}))
    found = mapping.columns.get("ts")
    assert (found and found.column) == expected


PEOPLE = {
    "customer_id": ["4711", "4712"],
    "segment": ["premium", "basic"],
    "Telefon": ["030 901820", None],
    "handynummer": ["0151 23456789", "+49 151 23456780"],
    "mail_adresse": ["ada@example.org", "grace@example.org"],
    "login": ["ada@example.org", "grace"],
    "nick": ["ada", "x@example.org, or so"],
}


def test_numbers_and_addresses_are_contacts_and_never_attributes() -> None:
    mapping = check(guess_from("people", pa.table(PEOPLE), region="DE"))
    assert mapping.contact == {
        "phone": Contact("handynummer", "DE"),
        "email": Contact("mail_adresse"),
    }
    attributes = mapping.columns["attributes"]
    assert (attributes.pack, attributes.drop) == ("rest", ("Telefon", "login"))
    assert unused(mapping, list(PEOPLE)) == ("segment", "Telefon", "login", "nick")


def test_a_file_without_them_has_no_contacts() -> None:
    mapping = guess_from("people", pa.table({"customer_id": ["1"], "segment": ["basic"]}))
    assert mapping.contact == {}
    assert mapping.columns["attributes"].drop == ()


@pytest.mark.parametrize("kind", IMPORTABLE)
def test_a_file_in_our_own_words_needs_no_mapping(kind: str) -> None:
    relation = IMPORTABLE[kind]
    mapping = check(guess(kind, relation.column_names))
    filled = {name: fill.column for name, fill in mapping.columns.items()}
    own = {
        name: name
        for name in relation.column_names
        if name not in (relation.key[0], "person_id", "again_at")
    }
    own.pop("session_id", None)
    if len(relation.key) > 1:
        own.update({name: name for name in relation.key if name != "person_id"})
    assert filled == own
    assert mapping.person.column == ("person_id" if relation.personal else "")
