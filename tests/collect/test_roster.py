from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engage.collect.convert import convert
from engage.collect.files import read
from engage.collect.guess import guess_from
from engage.collect.mapping_file import parse
from engage.collect.roster import AGAIN, OVERLAP, Roster
from engage.errors import WrongUse
from tests.collect.samples import IMPORTED_AT, Reading, utc

MAPPING = """
kind = "staffing"
[columns]
queue = { column = "team" }
starts_at = { column = "from", zone = "Europe/Berlin" }
ends_at = { from = "starts_at", plus_s = 1800 }
agents = { column = "agents" }
"""
WITH_END = MAPPING.replace(
    '{ from = "starts_at", plus_s = 1800 }', '{ column = "to", zone = "Europe/Berlin" }'
)


def told(made: Any) -> list[tuple[str, datetime, float]]:
    return [(row["queue"], row["starts_at"], row["agents"]) for row in made.rows.to_pylist()]


def reasons(made: Any) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for row in made.bad.to_pylist()]


def autumn(hour: int, minute: int = 0) -> datetime:
    return utc(2026, 10, 25, hour, minute)


def lasting(made: Any) -> list[tuple[str, str]]:
    rows = made.rows.to_pylist()
    return [(f"{one['starts_at']:%H:%M}", f"{one['ends_at']:%H:%M}") for one in rows]


def test_a_roster_has_no_person_and_is_known_from_its_import_on(reading: Reading) -> None:
    made = reading(MAPPING, "team,from,agents\ncards,2026-07-01 09:00,2.5\n")
    # 09:00 in Berlin in summer is 07:00 UTC.
    assert made.rows.to_pylist() == [
        {
            "queue": "cards",
            "starts_at": utc(2026, 7, 1, 7),
            "ends_at": utc(2026, 7, 1, 7, 30),
            "agents": 2.5,
            "again_at": None,
            "known_at": IMPORTED_AT.replace(tzinfo=None),
        }
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[person]\ncolumn = "agent"', "person: staffing is not about people"),
        ('again_at = { column = "x" }', "columns.again_at: Engage works it out"),
        ('person_id = { column = "x" }', "columns.person_id: staffing have no such column"),
    ],
)
def test_what_a_roster_cannot_say_is_named(more: str, said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        parse(MAPPING + more)


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_the_hour_that_comes_twice_is_kept_twice_whatever_the_chunks(
    tmp_path: Path, size: int
) -> None:
    hours = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    lines = [f"{team},2026-10-25 {at},{n}" for n, at in enumerate(hours) for team in ("a", "b")]
    path = tmp_path / "roster.csv"
    path.write_text("team,from,agents\n" + "\n".join(lines) + "\n")
    mapping = parse(MAPPING)
    roster = Roster(mapping)
    made = [
        convert(mapping, chunk, imported_at=IMPORTED_AT, roster=roster)
        for chunk in read(path, chunk_rows=size)
    ]
    # Berlin is two hours ahead of UTC until 01:00 UTC, then one: 02:00 is at 00:00 and at 01:00.
    moments = [utc(2026, 10, 24, 23, 30), *(autumn(*at) for at in ((0,), (0, 30), (1,), (1, 30), (2,)))]  # fmt: skip
    for team in ("a", "b"):
        mine = [row for one in made for row in told(one) if row[0] == team]
        assert mine == [(team, moment, float(n)) for n, moment in enumerate(moments)]
    assert not any(one.bad.num_rows for one in made)


def test_an_hour_that_a_file_tells_once_names_the_second_hour(reading: Reading) -> None:
    rows = (
        "a,2026-10-25 02:00,3\nb,2026-10-25 02:00,1\nb,2026-10-25 02:00,2\na,2026-10-25 03:00,4\n"
    )
    made = reading(MAPPING, "team,from,agents\n" + rows)
    again = [(one["queue"], one["starts_at"], one["again_at"]) for one in made.rows.to_pylist()]
    assert again == [
        ("a", autumn(0), autumn(1)),
        ("b", autumn(0), autumn(1)),
        ("b", autumn(1), None),
        ("a", autumn(2), None),
    ]


def test_a_time_with_its_offset_is_taken_at_its_word(reading: Reading) -> None:
    rows = "a,2026-10-25T02:00+01:00,3\nb,2026-10-25T02:00+02:00,1\n"
    made = reading(MAPPING, "team,from,agents\n" + rows)
    assert told(made) == [("a", autumn(1), 3.0), ("b", autumn(0), 1.0)]
    assert made.rows["again_at"].to_pylist() == [None, None]


def test_other_spellings_of_a_queue_are_the_same_queue(reading: Reading) -> None:
    mapping = MAPPING.replace('{ column = "team" }', '{ column = "team", values = { A = "a" }, unlisted = "keep" }')  # fmt: skip
    made = reading(mapping, "team,from,agents\nA,2026-10-25 02:00,1\na,2026-10-25 02:00,2\n")
    assert told(made) == [("a", autumn(0), 1.0), ("a", autumn(1), 2.0)]


def test_rows_that_where_leaves_out_do_not_count_as_the_first_showing(reading: Reading) -> None:
    mapping = MAPPING.replace("[columns]", 'where = { column = "what", in = ["plan"] }\n[columns]')
    rows = [f"a,2026-10-25 02:00,{n},{what}" for n, what in enumerate(("real", "plan", "real"))]
    made = reading(mapping, "team,from,agents,what\n" + "\n".join(rows) + "\n")
    assert told(made) == [("a", autumn(0), 1.0)]
    assert made.left_out == 2


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        # The end, too, is by the clock; 02:30 to 03:00 lasts half an hour both times.
        (
            ["01:30-02:00", "02:00-02:30", "02:30-03:00", "02:00-02:30", "02:30-03:00", "03:00-03:30"],
            ["23:30-00:00", "00:00-00:30", "00:30-01:00", "01:00-01:30", "01:30-02:00", "02:00-02:30"],
        ),
        (["02:00-03:00", "02:00-03:00"], ["00:00-01:00", "01:00-02:00"]),
        # A night shift is as long as the night: 01:00 is 23:00 UTC, 06:00 is 05:00 UTC.
        (["01:00-06:00"], ["23:00-05:00"]),
    ],
)  # fmt: skip
def test_ends_follow_the_clock_in_autumn(
    reading: Reading, starts: list[str], expected: list[str]
) -> None:
    made = reading(WITH_END, "team,from,to,agents\n" + _day("2026-10-25", starts))
    assert ["-".join(one) for one in lasting(made)] == expected


def test_ends_follow_the_clock_in_spring(reading: Reading) -> None:
    # Berlin's clock goes from 02:00 to 03:00 at 01:00 UTC; 01:30 to 02:00 is a whole half hour.
    rows = ["01:30-02:00", "03:00-03:30", "01:00-01:30"]
    made = reading(WITH_END, "team,from,to,agents\n" + _day("2026-03-29", rows))
    assert lasting(made) == [("00:30", "01:00"), ("01:00", "01:30"), ("00:00", "00:30")]


def _day(day: str, spans: list[str]) -> str:
    ends = [span.split("-") for span in spans]
    return "".join(f"a,{day} {begin},{day} {end},1\n" for begin, end in ends)


def test_an_hour_that_never_was_is_set_aside_unless_nobody_works_then(reading: Reading) -> None:
    rows = "a,2026-03-29 02:00,3\na,2026-03-29 02:30,0\na,2026-03-29 03:00,4\n"
    made = reading(MAPPING, "team,from,agents\n" + rows)
    assert told(made) == [("a", utc(2026, 3, 29, 1), 4.0)]
    assert reasons(made) == [(2, "starts_at: the clocks of Europe/Berlin leave this hour out")]
    assert (made.left_out, made.rows_read) == (1, 3)


def test_a_day_without_its_first_hour(reading: Reading) -> None:
    # In Santiago de Chile the clock went from 00:00 to 01:00 on 6 September 2026, then UTC-3. A
    # date alone means its day; midnight as a time of the clock never was.
    mapping = MAPPING.replace("Europe/Berlin", "America/Santiago")
    made = reading(mapping, "team,from,agents\na,2026-09-06,3\nb,2026-09-06 00:00,3\n")
    assert told(made) == [("a", utc(2026, 9, 6, 4), 3.0)]
    assert reasons(made) == [(3, "starts_at: the clocks of America/Santiago leave this hour out")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,2026-07-01 09:00,2026-07-01 09:30,-1", "agents: less than nothing"),
        ("a,2026-07-01 09:00,2026-07-01 09:30,some", "agents: not a number"),
        ("a,2026-07-01 09:00,2026-07-01 09:30,NaN", "agents: not a finite number"),
        ("a,2026-07-01 09:00,2026-07-01 09:30,", "agents: missing"),
        (",2026-07-01 09:00,2026-07-01 09:30,1", "queue: missing"),
        ("a,2026-07-01 09:30,2026-07-01 09:00,1", "ends_at: not after starts_at"),
        ("a,2026-07-01 09:00,2026-07-01 09:00,1", "ends_at: not after starts_at"),
        ("a,2026-07-01 09:00,2062-07-01 09:30,1", "ends_at: more than a week after starts_at"),
        ("a,2026-07-01 09:00,,1", "ends_at: missing"),
        (
            "a,soon,2026-07-01 09:00,1",
            "starts_at: not a time in ISO 8601, such as 2026-03-01T09:30:00Z: 'soon'",
        ),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(reading: Reading, row: str, reason: str) -> None:
    made = reading(WITH_END, f"team,from,to,agents\n{row}\na,2026-07-02 09:00,2026-07-02 10:00,1\n")
    assert reasons(made) == [(2, reason)]
    assert made.rows.num_rows == 1


def test_rows_of_a_queue_that_overlap_are_set_aside_but_the_first(reading: Reading) -> None:
    rows = [
        "a,2026-07-01 09:00,2026-07-01 10:00,1",
        "a,2026-07-01 09:30,2026-07-01 10:00,2",
        "b,2026-07-01 09:30,2026-07-01 10:00,2",
        "a,2026-07-01 10:00,2026-07-01 10:30,2",
        "a,2026-07-01 09:00,2026-07-01 10:00,1",
        "a,2026-07-01 08:30,2026-07-01 11:00,1",
        "a,2026-07-01 08:30,2026-07-01 09:00,1",
    ]
    made = reading(WITH_END, "team,from,to,agents\n" + "\n".join(rows) + "\n")
    assert reasons(made) == [(3, OVERLAP), (6, OVERLAP), (7, OVERLAP)]


def test_several_versions_in_one_file_are_no_contradiction(reading: Reading) -> None:
    mapping = MAPPING + 'known_at = { column = "said" }\n'
    rows = "a,2026-10-25 02:00,1,2026-10-01\na,2026-10-25 02:00,2,2026-10-08\n"
    made = reading(mapping, "team,from,agents,said\n" + rows)
    assert [
        (one["starts_at"], one["known_at"], one["agents"]) for one in made.rows.to_pylist()
    ] == [
        (autumn(0), utc(2026, 10, 1), 1.0),
        (autumn(0), utc(2026, 10, 8), 2.0),
    ]


def test_a_row_set_aside_remembers_which_hour_it_was_of(reading: Reading) -> None:
    made = reading(MAPPING, "team,from,agents\na,2026-10-25 02:00,3\na,2026-10-25 02:00,two\n")
    (bad,) = made.bad.to_pylist()
    assert f'"{AGAIN}":true' in bad["raw"]


def test_a_roster_is_guessed_from_its_names_and_its_grid(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("Queue;Start;FTE\ncards;25.10.2026 13:00;2,5\ncards;25.10.2026 13:15;3\n")
    mapping = guess_from("staffing", next(read(path)).rows, zone="Europe/Berlin")
    made = convert(mapping, next(read(path)), imported_at=IMPORTED_AT)
    # The rows lie a quarter of an hour apart, so each lasts as long; 13:00 is 12:00 UTC.
    assert lasting(made) == [("12:00", "12:15"), ("12:15", "12:30")]
    assert made.rows["agents"].to_pylist() == [2.5, 3.0]
