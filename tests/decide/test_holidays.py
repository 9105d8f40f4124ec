"""Expected days are from the published lists: opm.gov, service-public.fr, fairwork.gov.au."""

from __future__ import annotations

from datetime import date

import pytest

from engage.decide.holidays import closed_days
from engage.decide.hours import day_number

UNITED_STATES_2026 = (
    "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-07-04 2026-09-07 "
    "2026-10-12 2026-11-11 2026-11-26 2026-12-25"
)
FRANCE_2026 = (
    "2026-01-01 2026-04-06 2026-05-01 2026-05-08 2026-05-14 2026-05-25 2026-07-14 2026-08-15 "
    "2026-11-01 2026-11-11 2026-12-25"
)
AUSTRALIA_2027 = (
    "2027-01-01 2027-01-26 2027-03-26 2027-03-29 2027-04-25 2027-04-26 2027-12-25 2027-12-26 "
    "2027-12-27 2027-12-28"
)


@pytest.mark.parametrize(
    ("country", "year", "days"),
    [("US", 2026, UNITED_STATES_2026), ("FR", 2026, FRANCE_2026), ("AU", 2027, AUSTRALIA_2027)],
)
def test_every_published_holiday_is_closed(country: str, year: int, days: str) -> None:
    published = {day_number(date.fromisoformat(day)) for day in days.split()}
    assert published <= closed_days(country, year)
    # Only the days that a holiday may be moved to come on top, never more than a few.
    assert len(closed_days(country, year) - published) <= 2


def test_a_new_year_on_saturday_closes_the_friday_of_the_old_year() -> None:
    assert day_number(date(2027, 12, 31)) in closed_days("US", 2027)


def test_a_country_without_a_rule_has_no_closed_days() -> None:
    assert closed_days("DE", 2026) == frozenset()
