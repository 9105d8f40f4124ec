from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engage.collect.chunks import Chunk
from engage.collect.convert import convert
from engage.collect.files import read
from engage.collect.mapping_file import parse
from engage.domain.ids import Prefix, derive
from tests.collect.samples import IMPORTED_AT, Reading, utc

CALLS = """
kind = "interactions"
source = "acd"
person = { column = "customer" }
key = { columns = ["call"] }
[columns]
ts = { column = "began" }
ended_at = { from = "ts", plus_column = "seconds" }
channel = { constant = "call" }
initiated_by = { column = "way", values = { in = "customer", out = "company" } }
talk_s = { column = "seconds" }
abandoned = { column = "gone", missing = ["-"] }
"""
CALL = "call,customer,began,seconds,way,gone\n"


def first(table: pa.Table) -> dict[str, Any]:
    row: dict[str, Any] = table.to_pylist()[0]
    return row


def test_a_row_becomes_a_row_of_the_relation(reading: Reading) -> None:
    made = reading(CALLS, CALL + "17,Ada,2026-01-01 10:00,90.5,in,no\n")
    row = first(made.rows)
    assert row["interaction_id"] == derive(Prefix.INTERACTION, "acd", "17")
    assert row["person_id"] == derive(Prefix.PERSON, "customer", "Ada")
    assert row["ended_at"] == utc(2026, 1, 1, 10, 1, 30, 500_000)
    assert (row["initiated_by"], row["talk_s"], row["abandoned"]) == ("customer", 90.5, False)
    assert row["queue"] is None
    assert made.bad.num_rows == 0


def test_a_contact_is_known_from_its_end(reading: Reading) -> None:
    # What happened in a call cannot be known while it lasts.
    made = reading(CALLS, CALL + "1,A,2026-01-01 10:00,60,in,no\n2,A,2026-01-02 10:00,,in,no\n")
    assert made.rows["known_at"].to_pylist() == [
        utc(2026, 1, 1, 10, 1),
        utc(2026, 1, 2, 10, 0),
    ]


def test_bad_rows_are_set_aside_with_line_reason_and_content(reading: Reading) -> None:
    made = reading(
        CALLS,
        CALL
        + "1,A,2026-01-01,60,in,-\n"
        + "2,A,0000-00-00,60,in,-\n"
        + "3,A,2026-01-01,NaN,in,-\n"
        + "4,A,2026-01-01,-5,in,-\n"
        + "5,,2026-01-01,60,in,-\n"
        + "6,A,,60,in,-\n"
        + "7,A,2026-01-01,60,sideways,-\n"
        + ",A,2026-01-01,60,in,-\n"
        + "9,A,2026-01-01,60,in,perhaps\n"
        + "10,A,2026-01-01,60,in,-\n",
    )
    assert made.rows.num_rows == 2
    assert [(row["line"], row["reason"]) for row in made.bad.to_pylist()] == [
        (3, "ts: the year lies outside 1900 to 9999: '0000-00-00'"),
        (4, "talk_s: not a finite number"),
        (5, "talk_s: less than nothing"),
        (6, "person_id: missing"),
        (7, "ts: missing"),
        (8, "initiated_by: not in the mapping's table of values"),
        (9, "key: call is missing"),
        (10, "abandoned: neither yes nor no"),
    ]
    assert first(made.bad)["raw"] == (
        '{"began":"0000-00-00","call":2,"customer":"A","gone":"-","seconds":60,"way":"in"}'
    )


def test_rows_out_of_line_are_set_aside_too(reading: Reading) -> None:
    made = reading(CALLS, CALL + "1,A,2026-01-01,60,in\n")
    assert made.bad.to_pylist() == [
        {
            "line": 2,
            "number": None,
            "reason": "the number of values is not the header's 6",
            "raw": "1 | A | 2026-01-01 | 60 | in",
        }
    ]


def test_unlisted_values_may_be_kept_emptied_or_given_one_meaning(reading: Reading) -> None:
    for how, expected in (
        ('unlisted = "keep"', ["subscribed", "later"]),
        ('unlisted = "empty"', ["subscribed", None]),
        ('otherwise = "other"', ["subscribed", "other"]),
    ):
        toml = (
            CALLS + f'disposition = {{ column = "gone", values = {{ y = "subscribed" }}, {how} }}'
        )
        toml = toml.replace('abandoned = { column = "gone", missing = ["-"] }', "")
        rows = CALL + "1,A,2026-01-01,60,in,y\n2,A,2026-01-01,60,in,later\n"
        assert reading(toml, rows).rows["disposition"].to_pylist() == expected


OUTCOMES = """
kind = "outcomes"
source = "campaign"
person = { row = true }
key = { row = true }
where = { column = "visit", in = ["1"], skip = ["0"] }
[columns]
goal = { constant = "visit" }
ts = { start = "2026-01-01T00:00:00Z", step_s = 60 }
"""


def test_conditions_choose_rows_and_a_label_that_is_no_value_is_set_aside(reading: Reading) -> None:
    made = reading(OUTCOMES, "visit\n1\n0\nNaN\n\n1\n")
    assert made.rows.num_rows == 2
    assert made.left_out == 1
    assert [(row["line"], row["reason"]) for row in made.bad.to_pylist()] == [
        (4, "visit: listed neither under in nor under skip")
    ]


def test_nan_is_never_taken_for_a_no(reading: Reading) -> None:
    without_skip = OUTCOMES.replace(', skip = ["0"]', "")
    made = reading(without_skip, "visit\n1\n0\nNaN\n")
    assert (made.rows.num_rows, made.left_out, made.bad.num_rows) == (1, 1, 1)


def test_rows_without_times_get_one_by_their_place(reading: Reading) -> None:
    made = reading(OUTCOMES, "visit\n0\n1\n0\n1\n")
    assert made.rows["ts"].to_pylist() == [
        utc(2026, 1, 1, 0, 1),
        utc(2026, 1, 1, 0, 3),
    ]


def test_several_goals_of_one_line_are_several_outcomes(reading: Reading) -> None:
    visit = first(reading(OUTCOMES, "visit\n1\n").rows)
    spend = first(reading(OUTCOMES.replace('"visit" }', '"spend" }'), "visit\n1\n").rows)
    assert visit["person_id"] == spend["person_id"]
    assert visit["outcome_id"] != spend["outcome_id"]


def test_a_constant_chance_may_be_written_as_a_fraction(reading: Reading) -> None:
    toml = """
    kind = "decisions"
    person = { row = true }
    key = { row = true }
    [columns]
    trigger = { constant = "mail" }
    decided_at = { constant = "2026-01-01" }
    action = { column = "segment", values = { M = "mens", N = "none" } }
    propensity = { column = "segment", values = { M = "1/3", N = "1/3" } }
    """
    made = reading(toml, "segment\nM\nN\nX\n")
    assert made.rows["propensity"].to_pylist() == [1 / 3, 1 / 3]
    assert made.bad["reason"].to_pylist() == ["action: not in the mapping's table of values"]


def test_ids_of_our_own_stay_what_they_are(reading: Reading) -> None:
    ours = derive(Prefix.PERSON, "customer", "Ada")
    made = reading(CALLS, CALL + f"1,{ours},2026-01-01,60,in,-\n2,Ada,2026-01-02,60,in,-\n")
    assert made.rows["person_id"].to_pylist() == [ours, ours]


def test_without_a_key_equal_rows_are_one_and_others_are_not(reading: Reading) -> None:
    toml = CALLS.replace('key = { columns = ["call"] }', "")
    made = reading(
        toml, CALL + "1,A,2026-01-01,60,in,-\n2,A,2026-01-01,60,in,-\n3,B,2026-01-01,60,in,-\n"
    )
    one, same, other = made.rows["interaction_id"].to_pylist()
    assert one == same != other


def test_the_future_is_known_from_the_import_and_the_past_from_its_day(reading: Reading) -> None:
    toml = """
    kind = "appointments"
    person = { column = "who" }
    [columns]
    starts_at = { column = "at" }
    state = { constant = "booked" }
    """
    made = reading(toml, "who,at\nA,2026-01-01\nA,2027-01-01\n")
    known = made.rows["known_at"].to_pylist()
    assert known == [utc(2026, 1, 1), IMPORTED_AT.replace(tzinfo=None)]


def test_people_without_a_date_count_from_the_import(reading: Reading) -> None:
    toml = 'kind = "people"\nperson = { column = "id" }\n[columns]\nattributes = { pack = "rest" }'
    made = reading(toml, "id,region,tenure\nA,north,12\n")
    row = first(made.rows)
    assert row["attributes"] == '{"region":"north","tenure":12}'
    assert row["valid_from"] == row["known_at"] == IMPORTED_AT.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("pack", "expected"),
    [
        ('"all"', '{"a":1,"b":2,"id":"x"}'),
        ('"rest"', '{"a":1,"b":2}'),
        ('"rest", drop = ["b"]', '{"a":1}'),
        ('["b"]', '{"b":2}'),
        ('{ "renamed" = "a" }', '{"renamed":1}'),
    ],
)
def test_columns_are_packed_as_the_mapping_says(reading: Reading, pack: str, expected: str) -> None:
    toml = f'kind = "people"\nperson = {{ column = "id" }}\n[columns]\nattributes = {{ pack = {pack} }}'
    assert first(reading(toml, "id,a,b\nx,1,2\n").rows)["attributes"] == expected


def test_anonymous_and_known_ids_in_one_row_are_a_statement(reading: Reading) -> None:
    toml = """
    kind = "events"
    person = { column = "userId", anonymous = "anonymousId" }
    [columns]
    ts = { column = "timestamp" }
    type = { column = "type" }
    """
    made = reading(
        toml,
        "type,timestamp,anonymousId,userId\n"
        "page,2026-01-01,browser,\nidentify,2026-01-02,browser,Ada\npage,2026-01-03,,Ada\n",
    )
    browser = derive(Prefix.PERSON, "customer", "anonymous", "browser")
    ada = derive(Prefix.PERSON, "customer", "Ada")
    assert made.rows["person_id"].to_pylist() == [browser, ada, ada]
    assert made.extras["identities"].to_pylist() == [
        {"alias_id": browser, "person_id": ada, "known_at": utc(2026, 1, 2)}
    ]


def test_the_size_of_the_chunks_changes_no_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("visit,x\n" + "\n".join(f"{n % 3},{n}" for n in range(50)) + "\nbad\n")
    mapping = parse(OUTCOMES.replace('skip = ["0"]', 'skip = ["0", "2"]'))

    def rows(size: int) -> tuple[list[Any], list[Any]]:
        made = [convert(mapping, one, imported_at=IMPORTED_AT) for one in _chunks(path, size)]
        return (
            pa.concat_tables([one.rows for one in made]).to_pylist(),
            pa.concat_tables([one.bad for one in made]).to_pylist(),
        )

    assert rows(1) == rows(7) == rows(1000)
    assert len(rows(7)[1]) == 1


def _chunks(path: Path, size: int) -> list[Chunk]:
    return list(read(path, chunk_rows=size))


def test_a_column_that_a_chunk_of_json_lines_lacks_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"who": "A", "at": "2026-01-01", "page": "/a"}\n{"who": "B", "at": "2026-01-02"}\n'
    )
    mapping = parse(
        'kind = "events"\nperson = { column = "who" }\n[columns]\nts = { column = "at" }\n'
        'type = { constant = "page" }\npage = { column = "page" }'
    )
    pages = [
        convert(mapping, one, imported_at=IMPORTED_AT).rows["page"].to_pylist()
        for one in _chunks(path, 1)
    ]
    assert pages == [["/a"], [None]]


def test_several_conditions_must_all_hold(reading: Reading) -> None:
    toml = (
        OUTCOMES.replace('where = { column = "visit", in = ["1"], skip = ["0"] }', "")
        + '[[where]]\ncolumn = "visit"\nin = [1]\n[[where]]\ncolumn = "land"\nin = ["DE", ""]\n'
    )
    made = reading(toml, "visit,land\n1,DE\n1,FR\n0,DE\n1,\n")
    assert (made.rows.num_rows, made.left_out) == (2, 2)
