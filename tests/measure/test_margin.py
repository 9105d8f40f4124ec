"""Margin counts from qualifying on, in windows that have passed."""

from __future__ import annotations

from engage.measure.attribution import first_of_trigger
from engage.measure.margin import Margins, realised
from tests.measure.conftest import DAY, START, at, history, qualifications


def margins(days: float, *bookings: tuple[float, int]) -> Margins:
    """Return the margins of one person with these (day, margin) so many days later."""
    rows = [
        {"person_id": "a", "at": day, "margin_minor": margin, "kind": "fee"}
        for day, margin in bookings
    ]
    now = START + days * DAY
    with history(transactions=rows) as engine:
        units = first_of_trigger(engine, qualifications({"person_id": "a"}), now)
        return realised(engine, units, now)


def test_each_window_holds_what_was_booked_in_it() -> None:
    booked = [(-400, 1), (-10, 10), (0, 20), (5, 100), (90, 200), (91, 1000), (300, 5000)]
    found = margins(400, *booked)
    assert [(one.name, one.margin[0]) for one in found.windows] == [
        ("90 d", 300.0),
        ("180 d", 1300.0),
        ("365 d", 6300.0),
        ("to date", 6300.0),
    ]
    assert found.before.tolist() == [30.0]


def test_windows_are_ripe_when_they_have_passed() -> None:
    for days, expected in ((89, [0, 0, 0, 1]), (90, [1, 0, 0, 1]), (365, [1, 1, 1, 1])):
        assert [int(one.ripe[0]) for one in margins(days).windows] == expected


def test_what_is_not_known_yet_does_not_count() -> None:
    late = {"person_id": "a", "at": 5, "known_at": at(50), "margin_minor": 9, "kind": "fee"}
    now = START + 20 * DAY
    with history(transactions=[late]) as engine:
        units = first_of_trigger(engine, qualifications({"person_id": "a"}), now)
        assert realised(engine, units, now).windows[3].margin.tolist() == [0.0]


def test_losses_are_kept() -> None:
    assert margins(100, (5, -700), (6, 200)).windows[0].margin.tolist() == [-500.0]
