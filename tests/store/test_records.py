"""Scores, values, effects, plans, marks, imports and quarantine."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from engage.store import Store, effects, imports, marks, plans, quarantine, scores, values
from tests.store.samples import DAY, HOUR, NOON, rows


def score(value: float, at: datetime, subject: str = "ses_a") -> dict[str, object]:
    return {
        "subject_id": subject,
        "model": "session_intent",
        "as_of": at,
        "person_id": "per_a",
        "artifact_id": "art_1",
        "score": value,
    }


def test_every_score_is_kept_and_the_newest_is_in_force(store: Store) -> None:
    with store.write() as tx:
        assert scores.keep(tx, rows(score(0.2, NOON), score(0.3, NOON + HOUR))) == 2
        scores.keep(tx, rows(score(0.1, NOON - HOUR), score(0.9, NOON, "ses_b")))
        newest = scores.latest(tx, ["per_a"], ["session_intent"])
        assert scores.latest(tx, ["per_b"]).num_rows == 0
        assert scores.latest(tx, subject_ids=["ses_b"])["score"].to_pylist() == [0.9]
        every = scores.read(tx, "session_intent", since=NOON, until=NOON + 2 * HOUR)
    assert newest.select(["subject_id", "score"]).to_pylist() == [
        {"subject_id": "ses_a", "score": 0.3},
        {"subject_id": "ses_b", "score": 0.9},
    ]
    assert every["score"].to_pylist() == [0.2, 0.9, 0.3]


def test_the_highest_score_of_before_is_that_of_the_same_artifact(store: Store) -> None:
    other = score(0.8, NOON) | {"artifact_id": "art_2", "as_of": NOON + HOUR / 2}
    unknown = score(0.0, NOON - HOUR) | {"score": None}
    with store.write() as tx:
        scores.keep(tx, rows(unknown, score(0.4, NOON), other, score(0.3, NOON + HOUR)))
        scores.keep(tx, rows(score(0.9, NOON + 2 * HOUR), score(0.7, NOON, "ses_b")))
        found = scores.highest(tx, ["ses_a", "ses_c"], ["art_1", "art_9"], NOON + 2 * HOUR)
        first = scores.highest(tx, ["ses_a"], ["art_1"], NOON)
    assert found.to_pylist() == [{"subject_id": "ses_a", "model": "session_intent", "score": 0.4}]
    assert first["score"].to_pylist() == [None]


def test_a_person_is_valued_once_at_a_moment_by_an_artifact(store: Store) -> None:
    worth = {"person_id": "per_a", "as_of": NOON, "artifact_id": "art_1", "value_minor": 120_00}
    later = worth | {"as_of": NOON + DAY, "value_minor": 90_00, "purpose": "after"}
    with store.write() as tx:
        assert values.add(tx, rows(worth | {"purpose": "before"}, later)) == 2
        assert values.add(tx, rows(worth | {"value_minor": 0})) == 0
        assert values.read(tx, purpose="before")["value_minor"].to_pylist() == [120_00]
        found = values.read(tx, artifact_id="art_1", person_ids=["per_a"], since=NOON)
        assert values.read(tx, until=NOON).num_rows == 0
    assert found["value_minor"].to_pylist() == [120_00, 90_00]


def test_the_last_measurement_of_a_trigger_is_told(store: Store) -> None:
    with store.write() as tx:
        assert effects.latest(tx, "night") is None
        for hours, estimate in ((0, 0.01), (1, 0.02), (1, 0.03)):
            effects.add(tx, "night", {"estimate": estimate}, NOON + hours * HOUR)
        effects.add(tx, "call", {"estimate": 0.5}, NOON)
        assert effects.latest(tx, "night") == {"estimate": 0.03}
        assert effects.read(tx, "night") == [{"estimate": 0.01}, {"estimate": 0.03}]
        assert effects.every_latest(tx) == {"call": {"estimate": 0.5}, "night": {"estimate": 0.03}}


def test_a_decision_finds_the_plan_that_priced_it(store: Store) -> None:
    with store.write() as tx:
        assert plans.latest(tx, NOON) is None
        assert plans.add(tx, "pln_1", {"price": {"sales": 1.5}}, NOON)
        assert not plans.add(tx, "pln_1", {}, NOON)
        plans.add(tx, "pln_2", {}, NOON + HOUR)
        assert plans.latest(tx, NOON) == ("pln_1", '{"price": {"sales": 1.5}}', "")
        assert plans.latest(tx) == ("pln_2", "{}", "")
        assert plans.get(tx, "pln_1") == {"price": {"sales": 1.5}}
        assert plans.get(tx, "pln_3") is None


def test_a_plan_may_correct_another_and_leaves_the_rest_of_it(store: Store) -> None:
    whole = {"free": [], "prices": {"sales": {"now": [1.0]}}}
    with store.write() as tx:
        plans.add(tx, "pln_1", whole, NOON)
        prices = {"sales": {"now": [2.0]}}
        version = plans.correct(tx, "pln_1", {"prices": prices}, NOON + HOUR)
        newest = plans.latest(tx)
        assert newest is not None
        assert newest[0] == version
        assert plans.whole(*newest[1:])["prices"] == prices
        assert plans.corrected(tx, version) == "pln_1"
        assert plans.corrected(tx, "pln_1") == ""
        found = plans.get(tx, version)
        assert found is not None
        assert (found["free"], found["prices"]) == ([], prices)
        assert plans.get(tx, "pln_1") == whole
        # The price of an hour ago comes back: it is another plan, at another time.
        again = plans.correct(tx, "pln_1", {"prices": prices}, NOON + 2 * HOUR)
        assert again != version
        assert plans.latest(tx, NOON + HOUR) == newest


def test_a_mark_keeps_its_last_value(store: Store) -> None:
    with store.write() as tx:
        assert marks.get(tx, "score_sessions") == ""
        marks.set(tx, "score_sessions", "12")
        marks.set(tx, "score_sessions", "13")
        assert marks.get(tx, "score_sessions", "0") == "13"


def test_an_import_is_counted_and_known_again(store: Store) -> None:
    with store.write() as tx:
        given = {"sha256": "a" * 64, "kind": "events", "mapping_sha256": "b" * 64}
        import_id = imports.begin(tx, file="events.csv", at=NOON, **given)
        imports.count(tx, import_id, read=10, new=8, bad=2)
        imports.count(tx, import_id, read=5, new=5, bad=0)
        assert imports.done_before(tx, **given) is None
        imports.finish(tx, import_id, NOON + HOUR)
        done = imports.done_before(tx, **given)
        assert imports.done_before(tx, sha256="a" * 64, kind="people") is None
        assert done is not None
        assert imports.read(tx) == [done]
    assert (done.rows_read, done.rows_new, done.rows_bad, done.state) == (15, 13, 2, "done")


def test_a_bad_row_is_put_aside_once_with_file_line_and_reason(store: Store) -> None:
    bad = pa.table({"line": [7, 3], "reason": ["date in the year 0", "no id"], "raw": ["x", "y"]})
    with store.write() as tx:
        for expected in (2, 0):
            put = quarantine.add(
                tx, bad, import_id="imp_1", kind="events", file="events.csv", at=NOON
            )
            assert put == expected
        held = quarantine.read(tx, kind="events")
        assert held["line"].to_pylist() == [3, 7]
        mended = [held["quarantine_id"][0].as_py()]
        assert quarantine.set_state(tx, mended, quarantine.MENDED) == 1
        assert quarantine.read(tx)["reason"].to_pylist() == ["date in the year 0"]
        assert quarantine.read(tx, state=None, limit=5).num_rows == 2
        assert quarantine.add(tx, bad.slice(0, 0), import_id="", kind="", file="", at=NOON) == 0
