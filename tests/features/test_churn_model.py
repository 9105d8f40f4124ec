"""What the model of who leaves after a contact is told, learns to say, and how well it says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engage.domain.catalog import ARCHIVED
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from engage.features.moments import training_subjects
from engage.measure.recovered import stages
from engage.scoring.gates import judge
from engage.scoring.metrics import roc_auc
from engage.scoring.predict import Predictor
from engage.scoring.train import TrainingSet, train
from engage.simulate.world import START, World
from tests.features import project_models
from tests.features.bank import bank
from tests.features.rows import NOON, at, contact, event, subjects, table

MODELS = project_models.load()
MODEL = MODELS["interaction_churn"]
END = at(minutes=3)
"""The contact begins at noon and takes three minutes; 90 days count from its end."""


def closing(days: float, **values: Any) -> dict[str, Any]:
    row = {"transaction_id": f"t{days}", "person_id": "ann", "ts": at(days=days)}
    return {**row, "kind": "account_closed", **values}


def visits(*days: float, person: str = "ann") -> list[dict[str, Any]]:
    return [
        event(number, at(days=day), person_id=person, session_id=f"{person}{number}")
        | {"event_id": f"{person}{number}"}
        for number, day in enumerate(days)
    ]


EVERYBODY_ELSE = visits(*range(-100, 110), person="bob")
"""Somebody else who is there every day, so that the records are never silent."""


def label(*seen: dict[str, Any], **own: Any) -> float | None:
    rows: dict[str, Any] = {"events": [*seen, *own.pop("others", EVERYBODY_ELSE)]}
    for name in ("transactions", "decisions", "corrections"):
        rows[name] = own.pop(name, [])
    rows["interactions"] = [contact(0, NOON, **own), *rows.pop("interactions", [])]
    with DuckEngine({name: table(name, *some) for name, some in rows.items()}) as engine:
        found = labels(engine, MODEL.label, subjects(("i0", "ann", END)), MODEL.horizon)
    value: float | None = found["label"][0].as_py()
    return value


# ── What it learns ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (closing(5), 1.0),
        (closing(90), 1.0),
        (closing(90.1), 0.0),
        (closing(-1), 0.0),
        (closing(5, kind="fee"), 0.0),
        (closing(5, person_id="bob"), 0.0),
    ],
    ids=["soon", "on the last day", "later", "before", "another booking", "somebody else"],
)
def test_whoever_closes_an_account_within_ninety_days_has_left(
    row: dict[str, Any], expected: float
) -> None:
    assert label(transactions=[row]) == expected


def test_a_silence_of_four_usual_gaps_is_leaving() -> None:
    """A visit every fifth day and the call: gaps of 5, so that more than 20 silent days have left.

    The 90 days end on day 90; the last visit on day 71 is 19 days before, on day 69 it is 21.
    """
    before = (-20, -15, -10, -5)
    assert label(*visits(*before)) == 1.0
    assert label(*visits(*before, 40, 69)) == 1.0
    assert label(*visits(*before, 40, 71)) == 0.0


def test_who_was_silent_for_as_long_before_has_not_left() -> None:
    """Bursts: the median gap is a day, the longest 30 (61 to 31); 29 silent days are no more."""
    bursts = (-64, -63, -62, -61, -31, -30, -29, -28, -1)
    assert label(*visits(*bursts, 61)) == 0.0
    assert label(*visits(*bursts, 59)) == 1.0


def test_without_a_usual_gap_silence_says_nothing() -> None:
    assert label(*visits(-1.5)) == 0.0


def test_a_silence_in_which_nobody_was_heard_of_is_not_known() -> None:
    """The records themselves end on day 80: whether she left is not known.

    A closing is no exception: were it known, everybody known of that time would have left.
    """
    ended = visits(*range(-100, 81), person="bob")
    assert label(*visits(-20, -15, -10, -5), others=ended) is None
    assert label(others=ended) is None
    assert label(others=ended, transactions=[closing(5)]) is None


def test_what_we_began_and_whom_we_approached_teach_nothing() -> None:
    ours = {"decision_id": "d", "person_id": "ann", "trigger": "t", "decided_at": at(days=60)}
    assert label(initiated_by="engine") is None
    assert label(decisions=[{**ours, "action": "callback"}]) is None
    assert label(decisions=[{**ours, "action": "none"}]) == 0.0
    assert label(decisions=[{**ours, "action": "callback", "decided_at": at(days=91)}]) == 0.0


def test_it_means_by_leaving_what_recovered_means() -> None:
    """On a bank of dice: where nobody returns or complains, not recovered after 90 days is left."""
    told = _only_attrition(bank(seed=3, people=40))
    with DuckEngine(told) as engine:
        moments = training_subjects(engine, MODEL.subject)
        found = labels(engine, MODEL.label, moments, MODEL.horizon)
        final = engine.table(
            "SELECT s.subject_id, coalesce(l.canonical_id, s.person_id) AS person_id, "
            "s.as_of AS qualified_at, s.as_of + INTERVAL '7' DAY AS until "
            "FROM asked AS s LEFT JOIN links AS l ON l.person_id = s.person_id "
            "ORDER BY s.as_of, s.subject_id",
            asked=moments,
        )
        after = stages(engine, final, START + timedelta(days=900))[-1]
    left, known = found["label"].to_numpy(), np.isfinite(found["label"].to_numpy())
    assert found["subject_id"].to_pylist() == final["subject_id"].to_pylist()
    assert after.ripe.all()
    assert set(left[known]) == {0.0, 1.0}
    assert known.sum() > 60
    assert (1 - after.recovered[known]).tolist() == left[known].tolist()


def _only_attrition(told: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return a bank in which no two contacts are about the same, and nobody complains."""
    apart = {
        name: told[name].set_column(
            told[name].schema.get_field_index("topic"), "topic", told[name]["interaction_id"]
        )
        for name in ("interactions", "corrections")
    }
    names = [
        "else" if n == "complaint_submitted" else n for n in told["events"]["name"].to_pylist()
    ]
    place = told["events"].schema.get_field_index("name")
    calm = told["events"].set_column(place, "name", pa.array(names, pa.string()))
    return {**told, **apart, "events": calm, "decisions": table("decisions")}


# ── What it is told ──────────────────────────────────────────────────────────────────────────────


def test_it_is_told_of_the_contact_and_of_the_month_before() -> None:
    def booked(number: int, day: float, margin: int | None = 100) -> dict[str, Any]:
        return closing(day, transaction_id=f"b{number}", kind="fee", margin_minor=margin)

    rows = {
        "interactions": [contact(0, NOON, wait_s=30.0), contact(1, at(days=-2), abandoned=True)],
        "transactions": [
            booked(1, -1),
            booked(2, -29, None),
            booked(3, -31),
            {**booked(4, 1), "known_at": at(days=-1)},  # told ahead, not booked yet
        ],
    }
    with DuckEngine({name: table(name, *some) for name, some in rows.items()}) as engine:
        frame = build(engine, MODEL.query, MODEL.features, subjects(("i0", "ann", END)))
    (row,) = frame.to_pylist()
    assert (row["topic"], row["wait_s"], row["abandoned"]) == ("card", 30.0, False)
    assert (row["contacts_before"], row["failed_contacts_before"]) == (1, 1)
    assert row["days_since_contact"] == 2.0
    assert (row["transactions_30d"], row["margin_30d"]) == (2, 100)


def test_a_column_means_the_same_as_under_its_name_elsewhere() -> None:
    """Where the value model has the same name, it is the same number of the same moment."""
    value = MODELS["customer_value"]
    told = bank(seed=5)
    with DuckEngine(told) as engine:
        moments = training_subjects(engine, MODEL.subject)
        people = subjects(*{(p, p, a) for _, p, a in _rows(moments)})
        mine = build(engine, MODEL.query, MODEL.features, moments).to_pylist()
        theirs = build(engine, value.query, value.features, people).to_pylist()
    shared = {"transactions_30d", "margin_30d", "tenure", "products"}
    known = {(row["person_id"], row["as_of"]): row for row in theirs}
    assert shared == {one.name for one in MODEL.features if one in value.features}
    for row in mine:
        other = known[row["person_id"], row["as_of"]]
        assert {name: row[name] for name in shared} == {name: other[name] for name in shared}


def _rows(moments: pa.Table) -> list[tuple[str, str, datetime]]:
    return [tuple(row.values()) for row in moments.to_pylist()]


# ── How well it says it ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def learned() -> tuple[TrainingSet, Any]:
    """Return what half a year of a bank of 8,000 teaches, on the day of its launch."""
    told = World(people=8_000, seed=1, weeks_before=26, weeks_live=1).history()
    with DuckEngine({name: rows for name, rows in told.items() if name in ARCHIVED}) as engine:
        moments = training_subjects(engine, MODEL.subject, until=START)
        frame = build(engine, MODEL.query, MODEL.features, moments, barred=MODEL.barred)
        found = labels(engine, MODEL.label, moments, MODEL.horizon)
    data = TrainingSet(frame, found["label"].to_numpy())
    return data, train(MODEL, data, now=START, seed=1, threads=1)


def test_only_contacts_whose_ninety_days_have_passed_are_learned_from(
    learned: tuple[TrainingSet, Any],
) -> None:
    data, trained = learned
    ripe = data.frame["as_of"].to_numpy() + np.timedelta64(90, "D") <= np.datetime64(
        START.replace(tzinfo=None)
    )
    assert trained.counts["immature"] == (~ripe).sum() > 1_000
    assert trained.rows + trained.counts["unknown"] == ripe.sum()


def test_it_tells_who_leaves_better_than_chance_of_people_it_never_saw(
    learned: tuple[TrainingSet, Any],
) -> None:
    """The ROC AUC on people set aside, with the interval of a bootstrap over people, holds no 0.5."""
    data, trained = learned
    assert judge(MODEL, trained.metrics, None) == ()
    assert trained.artifact.body["split"] == "random"
    judged = data.frame.take(pa.array(trained.judged))
    score, left = Predictor(trained.artifact).score(judged), data.label[trained.judged]
    _, who = np.unique(judged["person_id"].to_pylist(), return_inverse=True)
    assert trained.metrics["roc_auc"] == pytest.approx(roc_auc(left, score))
    assert np.quantile(_bootstrapped(left, score, who), 0.025) > 0.5


def _bootstrapped(
    left: np.ndarray[Any, Any], score: np.ndarray[Any, Any], who: np.ndarray[Any, Any]
) -> list[float]:
    rng, rows = (
        np.random.default_rng(1),
        [np.flatnonzero(who == one) for one in range(max(who) + 1)],
    )
    drawn = (rng.integers(0, len(rows), len(rows)) for _ in range(200))
    picked = (np.concatenate([rows[one] for one in some]) for some in drawn)
    return [roc_auc(left[some], score[some]) for some in picked]
