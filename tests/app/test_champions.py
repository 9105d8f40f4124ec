"""Whatever becomes of a model's files or data, what served before goes on serving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engage.app import training
from engage.app.champions import _predictor, champions
from engage.app.checkup import check_up
from engage.app.training import Outcome, train_model
from engage.errors import DefinitionError
from engage.scoring.train import TrainingSet
from engage.store import artifacts
from engage.store.artifacts import Record
from tests.bank import Bank

MODEL = "customer_value"


def record(bank: Bank) -> Record:
    with bank.app.store.read() as tx:
        found = artifacts.champion(tx, MODEL)
    assert found is not None
    return found


def second(bank: Bank) -> Record:
    """Train and promote another artifact; return it."""
    scoring = bank.app.settings.scoring.model_copy(update={"seed": 2})
    settings = bank.app.settings.model_copy(update={"scoring": scoring})
    bank.later(days=1)
    outcome = train_model(replace(bank.app, settings=settings), bank.app.models[MODEL])
    with bank.app.store.write() as tx:
        artifacts.promote(tx, outcome.artifact_id, by="test", at=bank.app.now())
    return record(bank)


def flip(bank: Bank, of: Record, kind: str) -> None:
    """Flip one bit in the middle of one of an artifact's files."""
    file = Path(bank.folder / of.folder / f"{of.model}.{kind}")
    flipped = bytearray(file.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    file.write_bytes(flipped)
    _predictor.cache_clear()  # as in a process that starts now


@pytest.mark.parametrize("kind", ["txt", "json", "manifest"])
def test_the_model_before_serves_where_files_were_altered(learned: Bank, kind: str) -> None:
    first, newer = record(learned), second(learned)
    assert first.artifact_id != newer.artifact_id
    flip(learned, newer, kind)

    assert champions(learned.app)[MODEL].artifact_id == first.artifact_id
    told = next(one for one in check_up(learned.app, {}, {}) if one.about == f"model {MODEL}")
    assert told.level == "broken"
    assert f"meanwhile: {first.artifact_id}, in charge before it, serves" in told.says


def test_a_model_without_a_sound_artifact_gives_no_scores_and_others_do(learned: Bank) -> None:
    others = set(champions(learned.app)) - {MODEL}
    flip(learned, record(learned), "txt")
    assert others
    assert set(champions(learned.app)) == others
    learned.later(days=1)
    learned.run("value_customers", "watch_drift")


def test_what_a_process_has_at_hand_goes_on_serving_and_doctor_says_so(learned: Bank) -> None:
    in_use = champions(learned.app)[MODEL]
    file = Path(learned.folder / record(learned).folder / f"{MODEL}.txt")
    file.write_bytes(b"not a model")
    assert champions(learned.app)[MODEL] == in_use
    found = {one.about: one.level for one in check_up(learned.app, {}, {})}
    assert found[f"model {MODEL}"] == "broken"


def test_a_champion_of_other_columns_does_not_stop_a_new_one(learned: Bank) -> None:
    model = learned.app.models[MODEL]
    renamed = replace(
        model,
        features=tuple(
            replace(one, name="bookings_30d") if one.name == "transactions_30d" else one
            for one in model.features
        ),
        query=model.query.replace("transactions_30d", "bookings_30d"),
    )
    learned.later(hours=1)
    outcome = train_model(learned.app, renamed)
    assert not outcome.refused
    assert outcome.promoted, outcome.failures


def test_another_installations_artifact_is_refused(learned: Bank) -> None:
    foreign = replace(learned.app, secret=b"of another installation")
    assert MODEL in champions(learned.app)
    assert champions(foreign) == {}


def frame_changed(data: TrainingSet, name: str, column: pa.Array) -> TrainingSet:
    place = data.frame.schema.get_field_index(name)
    return replace(data, frame=data.frame.set_column(place, name, column))


def emptied(data: TrainingSet) -> TrainingSet:
    return TrainingSet(data.frame.slice(0, 0), data.label[:0])


def one_class(data: TrainingSet) -> TrainingSet:
    return replace(data, label=np.zeros(len(data.label)))


def all_unknown(data: TrainingSet) -> TrainingSet:
    return replace(data, label=np.full(len(data.label), np.nan))


def another_type(data: TrainingSet) -> TrainingSet:
    words = pa.array(["many"] * data.frame.num_rows)
    return frame_changed(data, "transactions_30d", words)


def all_missing(data: TrainingSet) -> TrainingSet:
    return frame_changed(data, "tenure", pa.nulls(data.frame.num_rows, pa.float64()))


def constant(data: TrainingSet) -> TrainingSet:
    return frame_changed(data, "tenure", pa.array(np.ones(data.frame.num_rows)))


def infinite(data: TrainingSet) -> TrainingSet:
    tenure = np.array(data.frame["tenure"].to_numpy(), dtype=float)
    tenure[::7] = np.inf
    return frame_changed(data, "tenure", pa.array(tenure))


def trained_on(bank: Bank, monkeypatch: pytest.MonkeyPatch, change: Any) -> Outcome:
    bank.later(hours=1)
    real = training.training_set
    monkeypatch.setattr(training, "training_set", lambda *given: change(real(*given)))
    return train_model(bank.app, bank.app.models[MODEL])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (emptied, "0 labelled rows, 200 are needed"),
        (one_class, "labelled rows are not zero"),
        (all_unknown, "have no label"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_cannot_be_trained_on_is_told_and_the_champion_serves(
    learned: Bank, monkeypatch: pytest.MonkeyPatch, change: Any, said: str
) -> None:
    before = record(learned)
    outcome = trained_on(learned, monkeypatch, change)
    assert said in outcome.refused
    assert outcome.verdict().startswith("not trained: ")
    assert champions(learned.app)[MODEL].artifact_id == before.artifact_id


def test_a_column_of_another_type_is_refused_and_the_champion_serves(
    learned: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = record(learned)
    outcome = trained_on(learned, monkeypatch, another_type)
    assert "the column transactions_30d holds string" in outcome.refused
    assert champions(learned.app)[MODEL].artifact_id == before.artifact_id


@pytest.mark.parametrize("change", [all_missing, constant, infinite])
def test_one_useless_feature_neither_stops_training_nor_unseats_unseen(
    learned: Bank, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    outcome = trained_on(learned, monkeypatch, change)
    assert not outcome.refused
    with learned.app.store.read() as tx:
        body = artifacts.read(tx, MODEL, most=1)[0].body
    if change is infinite:
        assert body["left_out"]["infinite"] > 0
    else:
        assert "tenure" in body["unused"]
    assert MODEL in champions(learned.app)


def test_a_query_that_breaks_names_the_model(learned: Bank) -> None:
    before = record(learned)
    broken = replace(learned.app.models[MODEL], query="SELECT nonsense FROM subjects")
    with pytest.raises(DefinitionError, match=MODEL):
        train_model(learned.app, broken)
    assert champions(learned.app)[MODEL].artifact_id == before.artifact_id
