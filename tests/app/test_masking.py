"""What is shown of a person has no number and no address in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engage.app.masking import masked
from engage.domain.events import EVENTS
from engage.domain.people import PEOPLE

HIDDEN = "[hidden]"


def shown(**attributes: Any) -> Any:
    row = masked(PEOPLE, {"person_id": "per_1", "attributes": json.dumps(attributes)})
    return json.loads(row["attributes"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contact", "+4915123456789"),
        ("contact", "0151 23456789"),
        ("contact", 4915123456789),
        ("Telefon", "030 12345"),
        ("Telefon", 3012345),
        ("login", "ada@example.org"),
    ],
)
def test_a_number_or_address_is_hidden(name: str, value: Any) -> None:
    assert shown(**{name: value}) == {name: HIDDEN}
    assert shown(deep=[{name: value}]) == {"deep": [{name: HIDDEN}]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("segment", "premium"),
        ("postcode", "10115"),
        ("zone", "Europe/Berlin"),
        ("since", "2026-01-15T10:00:00Z"),
        ("balance_minor", 12345678),
        ("score", 0.25),
        ("phone_verified", True),
        ("phone_calls", 12),
        ("email_opt_in", "yes"),
        ("region", None),
    ],
)
def test_everything_else_stays(name: str, value: Any) -> None:
    assert shown(**{name: value}) == {name: value}


def test_what_hides_nothing_stays_as_it_was_written() -> None:
    row = {"attributes": '{"b": 1,"a":"ü"}', "person_id": "per_1"}
    assert masked(PEOPLE, row) == row


def test_texts_and_what_is_no_json_are_looked_through_too() -> None:
    row = {
        "event_id": "evt_1234567890",
        "page": "/reset?mail=ada@example.org",
        "properties": "0151 23456789",
    }
    assert masked(EVENTS, row) == {
        "event_id": "evt_1234567890",
        "page": f"/reset?mail={HIDDEN}",
        "properties": HIDDEN,
    }
