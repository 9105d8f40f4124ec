from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.decide.hours import DAY, MINUTE, microseconds
from engage.decide.on_duty import by_roster

BERLIN = ZoneInfo("Europe/Berlin")
Row = tuple[str, str, float, str, str]
"""Begin, end, agents, known, again: moments in UTC; again may be empty."""


def roster(rows: list[Row]) -> pd.DataFrame:
    names = ("starts_at", "ends_at", "agents", "known_at", "again_at")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    times = [name for name in names if name != "agents"]
    return pd.DataFrame(
        {
            **{
                name: pd.to_datetime(list(columns[name])).astype("datetime64[us]") for name in times
            },
            "agents": list(columns["agents"]),
        }
    )


def row(begin: str, end: str, agents: float, *, known: str = "2026-10-01", again: str = "") -> Row:
    return begin, end, agents, known, again


def on_duty(
    rows: list[Row], day: datetime, zone: ZoneInfo = BERLIN, hours: int = 24
) -> dict[str, float | None]:
    """Return the agents of each half hour from a moment on; None where the settings rule."""
    start = microseconds(day)
    found = by_roster(roster(rows), zone, start, start + hours * 60 * MINUTE)
    said: dict[str, float | None] = {}
    for begin in range(start, start + hours * 60 * MINUTE, 30 * MINUTE):
        place = int(np.searchsorted(found.edges, begin))
        name = str(np.datetime64(begin, "us").astype("datetime64[m]"))[5:].replace("T", " ")
        said[name] = float(found.agents[place]) if found.ruled[place] else None
    return said


def test_the_last_word_counts_whichever_row_stands_first() -> None:
    monday = datetime(2026, 10, 5, tzinfo=UTC)
    rows = [
        row("2026-10-05 08:00", "2026-10-05 08:30", 3, known="2026-10-02"),
        row("2026-10-05 08:00", "2026-10-05 08:30", 5, known="2026-10-01"),
        # A coarser roster, newer still, for the second of two half hours and the one behind it.
        row("2026-10-05 08:30", "2026-10-05 09:30", 1, known="2026-10-03"),
        row("2026-10-05 08:30", "2026-10-05 09:00", 4, known="2026-10-02"),
    ]
    for told in (rows, rows[::-1]):
        found = on_duty(told, monday)
        assert [found[f"10-05 {at}"] for at in ("08:00", "08:30", "09:00", "09:30")] == [3, 1, 1, 0]


def test_a_day_with_a_row_is_by_roster_from_midnight_to_midnight_of_its_zone() -> None:
    # Monday in Berlin begins at 22:00 UTC on Sunday and ends at 22:00 UTC.
    found = on_duty([row("2026-10-05 08:00", "2026-10-05 08:30", 3)], datetime(2026, 10, 4, 21, tzinfo=UTC), hours=26)  # fmt: skip
    assert found["10-04 21:30"] is None
    assert (found["10-04 22:00"], found["10-05 08:00"], found["10-05 21:30"]) == (0, 3, 0)
    assert found["10-05 22:00"] is None


def test_a_night_shift_does_not_make_the_next_day_one_of_the_roster() -> None:
    # 22:00 to 06:00 in Berlin is 20:00 to 04:00 UTC.
    found = on_duty([row("2026-10-05 20:00", "2026-10-06 04:00", 2)], datetime(2026, 10, 5, tzinfo=UTC), hours=48)  # fmt: skip
    assert (found["10-05 19:30"], found["10-05 20:00"], found["10-06 03:30"]) == (0, 2, 2)
    assert found["10-06 04:00"] is None


def test_an_hour_told_once_is_for_both_showings_of_the_clock() -> None:
    # Berlin's clock shows 02:00 at 00:00 and at 01:00 UTC.
    sunday = datetime(2026, 10, 24, 22, tzinfo=UTC)
    once = row("2026-10-25 00:00", "2026-10-25 00:30", 3, again="2026-10-25 01:00")
    found = on_duty([once], sunday)
    assert [found[f"10-25 0{at}"] for at in ("0:00", "0:30", "1:00", "1:30")] == [3, 0, 3, 0]


def test_an_hour_told_twice_has_for_each_showing_what_was_said_of_it() -> None:
    sunday = datetime(2026, 10, 24, 22, tzinfo=UTC)
    once = row("2026-10-25 00:00", "2026-10-25 00:30", 3, again="2026-10-25 01:00")
    second = row("2026-10-25 01:00", "2026-10-25 01:30", 1)
    assert [on_duty([second, once], sunday)[f"10-25 0{at}"] for at in ("0:00", "1:00")] == [3, 1]
    # What is said of the second hour outdoes what only stands in for it, wherever that begins.
    late = row("2026-10-25 00:30", "2026-10-25 01:00", 3, again="2026-10-25 01:30")
    coarse = row("2026-10-25 01:00", "2026-10-25 02:00", 1)
    assert on_duty([late, coarse], sunday)["10-25 01:30"] == 1
    # A newer roster that tells the hour once is the last word on both.
    newer = row("2026-10-25 00:00", "2026-10-25 00:30", 7, known="2026-10-09", again="2026-10-25 01:00")  # fmt: skip
    assert [on_duty([second, once, newer], sunday)[f"10-25 0{at}"] for at in ("0:00", "1:00")] == [7, 7]  # fmt: skip


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
def test_days_begin_at_midnight_where_that_is_no_half_hour_of_utc(zone: str) -> None:
    there = ZoneInfo(zone)
    midnight = datetime(2026, 6, 2, tzinfo=there).astimezone(UTC)
    start = microseconds(midnight) - DAY
    noon = np.datetime64(microseconds(midnight) + 12 * 60 * MINUTE, "us")
    told = roster([row(str(noon), str(noon + np.timedelta64(30, "m")), 1)])
    found = by_roster(told, there, start - start % (30 * MINUTE), start + 3 * DAY)
    ruled = np.diff(found.edges)[found.ruled].sum()
    assert ruled == DAY
    assert found.edges[:-1][found.ruled].min() == microseconds(midnight)


@given(
    st.lists(
        st.tuples(st.integers(0, 95), st.integers(1, 20), st.integers(0, 9), st.integers(0, 3)),
        min_size=1,
        max_size=12,
    )
)
def test_each_quarter_hour_has_what_was_said_last_of_it(rows: list[tuple[int, ...]]) -> None:
    start = microseconds(datetime(2026, 6, 1, tzinfo=UTC))
    at = [np.datetime64(start + n * 15 * MINUTE, "us") for n in range(120)]
    told = [
        row(str(at[begin]), str(at[begin + lasting]), agents, known=f"2026-05-0{known + 1}")
        for begin, lasting, agents, known in rows
    ]
    found = by_roster(roster(told), ZoneInfo("UTC"), start, start + DAY)
    for quarter in range(96):
        over = [
            (known, begin, n, agents)
            for n, (begin, lasting, agents, known) in enumerate(rows)
            if begin <= quarter < begin + lasting
        ]
        expected = max(over)[3] if over else 0
        assert found.agents[quarter] == expected
    assert found.ruled.all()


def test_no_roster_rules_nowhere() -> None:
    empty = roster([row("2026-10-05 08:00", "2026-10-05 08:30", 3)]).iloc[:0]
    found = by_roster(empty, BERLIN, 0, DAY)
    assert not found.ruled.any()
    assert not found.agents.any()
    assert not found.known
