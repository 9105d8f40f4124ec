"""A condition holds nothing but what is allowed, and holds for exactly the rows it should."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.errors import PredicateRefused
from engage.features.predicates import check, columns_read, evaluate
from tests.features.rows import NOON

COLUMNS = ("pages", "hour", "journey", "form_started", "score", "name")
SCHEMA = pa.schema(
    [
        ("pages", pa.int64()),
        ("hour", pa.int64()),
        ("journey", pa.string()),
        ("form_started", pa.bool_()),
        ("score", pa.float64()),
        ("seen_at", pa.timestamp("us")),
        ("kind", pa.string()),
    ]
)

# ── What is allowed ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "expression",
    [
        "pages >= 1 and (hour >= 21 or hour < 5) and score >= 0.3",
        "form_started",
        "not form_started",
        "form_started is true and form_started is not false",
        "pages between 2 and 5",
        "pages not between 2 and 5",
        "journey in ('card', 'loan')",
        "journey not in ('card', 'loan')",
        "journey like 'mort%' and journey not like '%x%'",
        "journey ilike 'MORT%'",
        "journey is null or journey is not null",
        "pages is distinct from 3",
        "case when form_started then pages > 3 else score > 0.5 end",
        "case journey when 'card' then true else false end",
        "coalesce(pages, 0) + 2 * hour - 1 > 7 / 2",
        "-pages < 0",
        "pages % 2 = 1 and mod(pages, 3) = 0",
        "abs(score) > 1 and round(score, 1) = 0.5 and floor(score) = 0 and ceil(score) = 1",
        "greatest(pages, hour) > least(pages, hour)",
        "lower(trim(journey)) = 'card' and length(upper(journey)) > 3",
        "starts_with(journey, 'c') or ends_with(journey, 'd') or contains(journey, 'ar')",
        "nullif(pages, 0) > 1",
        "j_text(journey, 'journey') = 'mortgage'",
        "journey || kind = 'cardx'",
        "kind = 'advice'",
        "PAGES >= 1",
        '"pages" >= 1',
        "pages >= 1 -- at least one",
        "journey = 'it''s; drop table events --'",
        "seen_at is not null",
        "true",
    ],
)
def test_a_condition_over_one_row_is_allowed(expression: str) -> None:
    check(expression, SCHEMA.names)
    check(expression, SCHEMA)


# ── What is refused, and where ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "position", "message"),
    [
        ("pages > (select 1)", 9, "a query inside"),
        ("pages in (select 1)", 10, "a query inside"),
        ("exists (select * from events)", 1, "a query inside"),
        ("pages > 1 and score > avg(score)", 23, "'avg'"),
        ("sum(pages) > 1", 1, "'sum'"),
        ("count(*) > 1", 1, "'count_star'"),
        ("pages > 1 and row_number() over () = 1", 15, "a window"),
        ("lag(pages) over (order by hour) = 1", 1, "a window"),
        ("score > random()", 9, "'random'"),
        ("journey = uuid()", 11, "'uuid'"),
        ("hour = hour(now())", 8, "'hour'"),
        ("name = read_csv('/etc/passwd')", 8, "'read_csv'"),
        ("name = read_text('/etc/passwd')", 8, "'read_text'"),
        ("name = getenv('HOME')", 8, "'getenv'"),
        ("name = current_setting('threads')", 8, "'current_setting'"),
        ("nextval('x') = 1", 1, "'nextval'"),
        ("pages::varchar = '1'", 6, "a cast"),
        ("cast(pages as varchar) = '1'", 1, "a cast"),
        ("try_cast(name as int) = 1", 1, "a cast"),
        ("name = date '2024-01-01'", 8, "a cast"),
        ("pages > $1", 9, "a parameter"),
        ("pages > ?", 9, "a parameter"),
        ("#1 > 1", 1, "a column by number"),
        ("frame.pages > 1", 1, "without a table"),
        ("main.abs(pages) > 1", 1, "'abs'"),
        ("list_filter([1], x -> x > 1) = [1]", 1, "'list_filter'"),
        ("name ~ 'a+$'", 6, "'regexp_matches'"),
        ("abs(pages) filter (where hour > 1) > 1", 1, "plain arguments"),
        ("abs(distinct pages) > 1", 1, "plain arguments"),
        ("name collate nocase = 'x'", 1, "a collation"),
        ("(pages, hour) = (1, 2)", 1, "a row of several values"),
        ("pages, hour", 1, "a row of several values"),
        ("x'ab' = name", 1, "a constant of the kind hex"),
        ("try(pages) = 1", 1, "operator_try"),
        ("*", 1, "a star"),
        ("columns('p.*') > 1", 1, "a star"),
    ],
)
def test_everything_else_is_refused_with_its_place(
    expression: str, position: int, message: str
) -> None:
    with pytest.raises(PredicateRefused, match=message) as refused:
        check(expression, COLUMNS)

    assert refused.value.position == position
    assert f"character {position}: " in str(refused.value)


@pytest.mark.parametrize(
    ("expression", "position"),
    [
        ("1=1; drop table events", 4),
        ("pages > 1 limit 1", 11),
        ("pages >", 7),
        ("pages > 1)", 10),
        ("(pages > 1", 10),
        ("name = 'abc", 8),
        ("pages > 1 /* never closed", 11),
        ("", 1),
        ("  ", 1),
        ("-- only a remark", 1),
        ("1=1) as p, (2=2", 1),
        ("1=1) union select (1=1", 1),
        ("1=1) from (values (1)) t where (1=1", 1),
    ],
)
def test_what_is_not_one_whole_expression_is_refused(expression: str, position: int) -> None:
    with pytest.raises(PredicateRefused) as refused:
        check(expression, COLUMNS)

    assert refused.value.position is not None
    if position > 1:
        assert refused.value.position == position


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("pages > 1 and", "character 13: the condition ends here, but something must follow"),
        ("pages >", "character 7: the condition ends here, but something must follow"),
        ("name = 'ü)' and", "character 15: the condition ends here, but something must follow"),
        ("(pages > 1", "character 10: a bracket is never closed"),
        ("pages > 1)", "character 10: a bracket is closed but never opened"),
    ],
)
def test_what_breaks_off_is_told_at_its_own_end(expression: str, message: str) -> None:
    with pytest.raises(PredicateRefused) as refused:
        check(expression, COLUMNS)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("expression", "position", "nearest"),
    [
        ("pags > 1", 1, "pages"),
        ("pages > 1 and Form_stated", 15, "form_started"),
        ("name = 'ü€' and huor > 1", 17, "hour"),  # counted in characters, not in bytes
        ("current_user = 'x'", 1, None),
        ("rowid > 1", 1, None),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest_name(
    expression: str, position: int, nearest: str | None
) -> None:
    with pytest.raises(PredicateRefused, match="no column") as refused:
        check(expression, COLUMNS)

    assert refused.value.position == position
    if nearest:
        assert f"the nearest is {nearest!r}" in str(refused.value)


def test_the_first_unknown_column_is_named() -> None:
    with pytest.raises(PredicateRefused, match="'first'"):
        check("first > 1 and second > 1", COLUMNS)


def test_a_condition_that_is_far_too_long_or_deep_is_refused_quietly() -> None:
    with pytest.raises(PredicateRefused, match="at most"):
        check(" and ".join(["pages > 1"] * 1000), COLUMNS)
    with pytest.raises(PredicateRefused, match="at most 200 brackets"):
        check("(" * 1900 + "pages > 1", COLUMNS)
    with pytest.raises(PredicateRefused, match="nested too deeply"):
        check("- " * 900 + "pages > 1", COLUMNS)


@pytest.mark.parametrize(
    "expression",
    [
        "journey > 3",
        "journey = 3",
        "journey in (1, 2)",
        "pages = 'many'",
        "pages between 'a' and 'b'",
        "not journey",
        "pages > 1 and journey",
        "abs(journey) > 1",
        "pages like '1%'",
        "seen_at > pages",
        "case when form_started then true else journey = 3 end",
    ],
)
def test_values_that_do_not_go_together_are_refused_when_types_are_known(expression: str) -> None:
    check(expression, SCHEMA.names)
    with pytest.raises(PredicateRefused, match="do not go together"):
        check(expression, SCHEMA)


@pytest.mark.parametrize("expression", ["pages", "score * 2", "journey", "'yes'", "null", "1"])
def test_a_condition_is_a_yes_or_a_no(expression: str) -> None:
    with pytest.raises(PredicateRefused, match="not yes or no"):
        check(expression, SCHEMA)


def test_the_columns_a_condition_reads_are_told() -> None:
    read = columns_read("pages > 1 and (hour < 5 or lower(journey) = 'card') and pages < 9")

    assert read == {"pages", "hour", "journey"}


# ── What holds ───────────────────────────────────────────────────────────────────────────────────

FRAME = pa.table(
    {
        "pages": pa.array([0, 1, None, 5], pa.int64()),
        "score": [0.2, 0.9, 0.5, float("nan")],
        "journey": ["card", None, "loan", "card"],
        "form_started": [True, False, None, True],
    }
)


def holds(expression: str, frame: pa.Table = FRAME) -> list[bool]:
    found: list[bool] = evaluate({"it": expression}, frame)["it"].tolist()
    return found


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("pages >= 1", [False, True, False, True]),
        ("not pages >= 1", [True, False, False, False]),
        ("journey = 'card'", [True, False, False, True]),
        ("journey <> 'card'", [False, False, True, False]),
        ("journey not in ('loan', 'x')", [True, False, False, True]),
        ("form_started", [True, False, False, True]),
        ("form_started or pages = 1", [True, True, False, True]),
        ("pages is null", [False, False, True, False]),
        ("null > 1", [False, False, False, False]),
    ],
)
def test_what_is_not_known_does_not_hold(expression: str, rows: list[bool]) -> None:
    assert holds(expression) == rows


def test_a_score_that_is_no_number_never_holds() -> None:
    assert holds("score >= 0.5") == [False, True, True, False]
    assert holds("score < 0.5") == [True, False, False, False]
    assert holds("score is null") == [False, False, False, True]


def test_a_division_by_zero_does_not_hold() -> None:
    assert holds("5 / pages > 1") == [False, True, False, False]
    assert holds("5 / pages > 1 or form_started") == [True, True, False, True]


def test_an_overflow_in_one_row_does_not_stop_the_others() -> None:
    frame = pa.table({"big": pa.array([2**62, 2], pa.int64())})

    assert holds("big * big > 3", frame) == [False, True]


def test_many_conditions_are_answered_in_one_pass_under_their_names() -> None:
    found = evaluate({"night owls; --": "pages >= 1", "card": "journey = 'card'"}, FRAME)

    assert {name: mask.tolist() for name, mask in found.items()} == {
        "night owls; --": [False, True, False, True],
        "card": [True, False, False, True],
    }
    assert all(mask.dtype == np.bool_ for mask in found.values())


def test_a_bad_condition_is_named() -> None:
    with pytest.raises(PredicateRefused, match="my_trigger: character 5: no column 'pags'"):
        evaluate({"good": "pages > 1", "my_trigger": "1 > pags"}, FRAME)


def test_a_column_that_shares_a_name_with_ours_is_the_frames_own() -> None:
    frame = pa.table({"p0": [1, 2], "kind": ["a", "b"], "holds": [True, False]})

    found = evaluate({"a": "p0 = 2", "b": "p0 = 1 and kind = 'a' and holds"}, frame)

    assert found["a"].tolist() == [False, True]
    assert found["b"].tolist() == [True, False]


def test_categories_and_times_can_be_asked_about() -> None:
    frame = pa.table({"journey": FRAME["journey"].dictionary_encode(), "seen_at": [NOON] * 4})

    assert holds("journey = 'never seen' or journey = 'loan'", frame) == [False, False, True, False]
    assert holds("seen_at is not null", frame) == [True] * 4


def test_no_rows_and_no_conditions_give_nothing() -> None:
    assert evaluate({"it": "pages > 1"}, FRAME.slice(0, 0))["it"].tolist() == []
    assert evaluate({}, FRAME) == {}


def test_rows_stay_in_their_place_however_many_there_are() -> None:
    values = np.random.default_rng(5).integers(0, 9, 400_000)
    chunks = [pa.array(part) for part in np.array_split(values, 7)]
    frame = pa.table({"value": pa.chunked_array(chunks)})

    found = evaluate({"it": "value >= 4"}, frame)["it"]

    assert np.array_equal(found, values >= 4)


# ── Against a peer ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Question:
    """The same question in SQL and for pandas, whose nullable columns know three truths as well."""

    sql: str
    answer: Any


_COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = {"whole": st.integers(-5, 5), "real": st.sampled_from([-1.5, -0.25, 0.0, 0.5, 3.0])}


@st.composite
def comparisons(draw: st.DrawFn) -> Question:
    name = draw(st.sampled_from(["whole", "real", "word"]))
    sign = draw(st.sampled_from(list(_COMPARE)))
    value = draw(st.sampled_from(["a", "b", "it's"])) if name == "word" else draw(_NUMBERS[name])
    text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
    return Question(
        f"{name} {sign} {text}", lambda frame: _COMPARE[sign](frame[name], value).astype("boolean")
    )


@st.composite
def simple(draw: st.DrawFn) -> Question:
    kind = draw(st.sampled_from(["compare", "flag", "null", "in", "between"]))
    if kind == "flag":
        return Question("flag", lambda frame: frame["flag"])
    if kind == "null":
        return Question("real is null", lambda frame: frame["real"].isna().astype("boolean"))
    if kind == "in":
        return Question(
            "whole in (1, 2, 5)",
            lambda frame: (
                frame["whole"].isin([1, 2, 5]).astype("boolean").mask(frame["whole"].isna())
            ),
        )
    if kind == "between":
        return Question(
            "whole between -1 and 3", lambda frame: (frame["whole"] >= -1) & (frame["whole"] <= 3)
        )
    return draw(comparisons())


def combined(parts: st.SearchStrategy[Question]) -> st.SearchStrategy[Question]:
    def both(first: Question, second: Question) -> Question:
        return Question(
            f"({first.sql}) and ({second.sql})",
            lambda frame: first.answer(frame) & second.answer(frame),
        )

    def either(first: Question, second: Question) -> Question:
        return Question(
            f"({first.sql}) or ({second.sql})",
            lambda frame: first.answer(frame) | second.answer(frame),
        )

    def inverse(one: Question) -> Question:
        return Question(f"not ({one.sql})", lambda frame: ~one.answer(frame))

    return st.one_of(
        st.builds(both, parts, parts), st.builds(either, parts, parts), st.builds(inverse, parts)
    )


_ROW = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-6, 6),
        "real": st.none() | st.sampled_from([-1.5, -0.25, 0.0, 0.5, 3.0, 1e12]),
        "word": st.none() | st.sampled_from(["a", "b", "B", "it's", ""]),
        "flag": st.none() | st.booleans(),
    }
)
_TYPES = pa.schema(
    [("whole", pa.int64()), ("real", pa.float64()), ("word", pa.string()), ("flag", pa.bool_())]
)
_PANDAS = {"whole": "Int64", "real": "Float64", "word": "string", "flag": "boolean"}


@given(st.recursive(simple(), combined, max_leaves=5), st.lists(_ROW, max_size=6))
def test_conditions_hold_for_the_rows_that_pandas_finds(
    question: Question, rows: list[dict[str, Any]]
) -> None:
    peer = pd.DataFrame(rows, columns=list(_PANDAS)).astype(_PANDAS)
    expected = question.answer(peer).astype("boolean").fillna(value=False)

    found = evaluate({"it": question.sql}, pa.Table.from_pylist(rows, schema=_TYPES))

    assert found["it"].tolist() == expected.tolist()
