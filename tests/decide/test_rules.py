from __future__ import annotations

import pytest

from engage.decide.hours import DAYS, Window
from engage.decide.rules import Rules
from engage.domain.actions import ContactClass

COUNTRY = (Window.of(DAYS, "08:00", "21:00"),)
CALIFORNIA = (Window.of(DAYS, "09:00", "20:00"),)
OTHERS = (Window.of(DAYS, "10:00", "18:00"),)
SERVICE, MARKETING, REQUESTED = (
    ContactClass.SERVICE,
    ContactClass.MARKETING,
    ContactClass.REQUESTED,
)
RULES = Rules(
    "policy-1",
    {"US": {SERVICE: COUNTRY}, "DE": {SERVICE: COUNTRY}},
    regions={"US-CA": CALIFORNIA, "US-*": OTHERS},
)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("US-CA", (COUNTRY, CALIFORNIA)),
        ("US-OH", (COUNTRY, OTHERS)),
        ("US", (COUNTRY, OTHERS, CALIFORNIA)),  # not known which: what all of them allow
        ("DE", (COUNTRY,)),
        ("DE-BY", (COUNTRY,)),
        ("CH", ()),
        ("", ()),
    ],
)
def test_a_place_has_its_country_s_hours_narrowed_by_its_region(
    place: str, expected: tuple[object, ...]
) -> None:
    assert RULES.hours(place, SERVICE) == expected


def test_a_class_without_a_row_is_never_contacted_but_what_was_asked_for_is_service() -> None:
    assert RULES.hours("DE", MARKETING) == ()
    assert RULES.hours("DE", REQUESTED) == (COUNTRY,)


def test_what_was_asked_for_may_have_hours_of_its_own_or_none() -> None:
    own = Rules("policy-1", {"DE": {SERVICE: COUNTRY, REQUESTED: OTHERS}})
    assert own.hours("DE", REQUESTED) == (OTHERS,)
    never = Rules("policy-1", {"DE": {SERVICE: COUNTRY, REQUESTED: ()}})
    assert never.hours("DE", REQUESTED) == ()
