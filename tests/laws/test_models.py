"""What every file in `models/` must keep to, whoever writes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engage.domain.catalog import ARCHIVED, QUERYABLE
from engage.domain.scores import Objective, Subject
from engage.features import views
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine, tables_read
from engage.features.frame import columns_of, merge
from engage.features.labels import labels, leavings
from engage.features.moments import training_subjects
from engage.features.sources import Archived, Source
from engage.scoring.definition import Model
from tests.features import project_models
from tests.features.bank import DAYS, START, bank
from tests.features.rows import table

MODELS = project_models.load()
Relations = Mapping[str, Source]

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


@pytest.fixture(scope="module")
def relations() -> dict[str, pa.Table]:
    return bank()


@pytest.fixture(scope="module")
def moments(relations: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return each model's own training moments in the bank."""
    with DuckEngine(relations) as engine:
        return {
            name: training_subjects(engine, model.subject, query=model.subjects)
            for name, model in MODELS.items()
        }


@pytest.fixture(scope="module")
def frames(relations: dict[str, pa.Table], moments: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return each model's features at its training moments."""
    return {name: features_of(model, relations, moments[name]) for name, model in MODELS.items()}


def features_of(
    model: Model, relations: Relations, subjects: pa.Table, threads: int = 2
) -> pa.Table:
    with DuckEngine(relations, threads=threads) as engine:
        return build(
            engine, model.query, model.features, subjects, barred=model.barred, name=model.name
        )


def labels_of(model: Model, relations: Relations, subjects: pa.Table) -> pa.Table:
    with DuckEngine(relations) as engine:
        return labels(engine, model.label, subjects, model.horizon, name=model.name)


def looked_at(subjects: pa.Table, moment: datetime) -> pa.Table:
    """Return the subjects, those of later moments too, all looked at as of this moment."""
    once = subjects.group_by(["subject_id", "person_id"]).aggregate([])
    as_of = pa.array([moment] * once.num_rows, pa.timestamp("us"))
    return once.append_column("as_of", as_of).sort_by("subject_id")


def shuffled(rows: pa.Table, seed: int) -> pa.Table:
    return rows.take(np.random.default_rng(seed).permutation(rows.num_rows))


def archived(name: str, rows: pa.Table, folder: Path) -> Archived:
    """Return the same rows, two fifths in one file, one in another, and the rest still live."""
    mixed, fifth = shuffled(rows, 3), rows.num_rows // 5
    files = []
    for number, part in enumerate((mixed.slice(0, 2 * fifth), mixed.slice(2 * fifth, fifth))):
        path = folder / f"{name}-{number}.parquet"
        pq.write_table(part, path)
        files.append(str(path))
    return Archived(tuple(files), mixed.slice(3 * fifth))


@every_model
def test_the_bank_shows_every_feature_in_more_than_one_value(
    model: Model, frames: dict[str, pa.Table]
) -> None:
    """Otherwise the laws below would hold for want of anything to break them."""
    frame = frames[model.name]

    same = [one.name for one in model.features if len(frame[one.name].unique()) < 2]

    assert frame.num_rows > 50
    assert same == []


@every_model
@pytest.mark.parametrize("days", [40.3, 90.71, 139.9])
def test_what_is_learned_later_changes_nothing(
    model: Model, days: float, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    moment = START + timedelta(days=days)
    subjects = looked_at(moments[model.name], moment)
    known = {
        name: rows.filter(pc.field("known_at") <= pa.scalar(moment, pa.timestamp("us")))
        for name, rows in relations.items()
    }
    assert sum(rows.num_rows for rows in known.values()) < sum(
        rows.num_rows for rows in relations.values()
    )

    assert features_of(model, relations, subjects).equals(features_of(model, known, subjects))


@every_model
def test_each_training_moment_sees_only_what_was_known_then(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    frames: dict[str, pa.Table],
) -> None:
    subjects = moments[model.name]
    together = frames[model.name]
    for row in range(0, subjects.num_rows, 1 + subjects.num_rows // 4):
        one = subjects.slice(row, 1)
        known = {
            name: rows.filter(pc.field("known_at") <= one["as_of"][0])
            for name, rows in relations.items()
        }
        assert features_of(model, known, one).equals(together.slice(row, 1))


@every_model
def test_what_lies_before_the_lookback_is_not_read(
    model: Model, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    """The live path hands over no more than the lookback; who people are it hands over whole."""
    moment = START + timedelta(days=DAYS - 0.5)
    if model.lookback > timedelta(days=DAYS):
        moment = START + model.lookback + timedelta(days=DAYS / 2)
    subjects = looked_at(moments[model.name], moment)
    if model.subject is not Subject.PERSON:
        recent = set(_recent_ids(model, relations, moment))
        subjects = subjects.filter(pc.is_in(subjects["subject_id"], pa.array(sorted(recent))))
    first = pa.scalar(moment - model.lookback, pa.timestamp("us"))
    cut = {
        name: rows
        if name in {"people", "links", "sessions"}
        else rows.filter(pc.field(ARCHIVED[name].time) > first)
        for name, rows in relations.items()
    }
    assert subjects.num_rows > 0
    assert sum(map(len, cut.values())) < sum(map(len, relations.values()))

    assert features_of(model, relations, subjects).equals(features_of(model, cut, subjects))


def _recent_ids(model: Model, relations: dict[str, pa.Table], moment: datetime) -> list[str]:
    """Return the visits and contacts that lie within the lookback themselves."""
    name, key = ("events", "session_id")
    if model.subject is Subject.INTERACTION:
        name, key = ("interactions", "interaction_id")
    edge = pa.scalar(moment - model.lookback + timedelta(days=1), pa.timestamp("us"))
    ids: list[str] = relations[name].filter(pc.field("ts") > edge)[key].to_pylist()
    return ids


@every_model
def test_live_tables_and_parquet_history_give_identical_columns(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    tmp_path: Path,
    frames: dict[str, pa.Table],
) -> None:
    history = {name: archived(name, rows, tmp_path) for name, rows in relations.items()}

    assert features_of(model, history, moments[model.name]).equals(frames[model.name])


@every_model
def test_the_order_of_rows_and_the_number_of_threads_change_nothing(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    frames: dict[str, pa.Table],
) -> None:
    mixed = {name: shuffled(rows, 11) for name, rows in relations.items()}
    subjects = moments[model.name]

    assert features_of(model, mixed, subjects, threads=1).equals(frames[model.name])
    assert features_of(model, mixed, subjects, threads=4).equals(frames[model.name])


@every_model
def test_the_order_of_rows_changes_no_training_moment(
    model: Model, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    mixed = {name: shuffled(rows, 13) for name, rows in relations.items()}
    with DuckEngine(mixed, threads=4) as engine:
        again = training_subjects(engine, model.subject, query=model.subjects)

    assert again.equals(moments[model.name])


@every_model
def test_one_visitor_is_computed_as_among_all_others(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    frames: dict[str, pa.Table],
) -> None:
    subjects = moments[model.name]
    together = frames[model.name]
    middle = subjects.num_rows // 2

    alone = features_of(model, relations, subjects.slice(middle, 1))

    assert alone.equals(together.slice(middle, 1))


@every_model
def test_every_feature_says_what_it_means(model: Model) -> None:
    meanings = [feature.meaning for feature in model.features]

    assert all(len(meaning.split()) >= 2 for meaning in meanings)
    assert all(not meaning.endswith(".") for meaning in meanings)
    assert len(set(meanings)) == len(meanings)
    assert all("{value}" in feature.meaning for feature in model.features if feature.type != "flag")


@every_model
def test_every_column_can_be_named_in_a_condition(model: Model) -> None:
    columns_of({model.name: model.features}, [model.name])


@every_model
def test_barred_relations_are_not_read(model: Model) -> None:
    texts = [model.query, *(views.body(view) for view in views.needed(model.query))]
    read = {name for text in texts for name in tables_read(text)}

    assert "decisions" in model.barred
    assert read & set(model.barred) == set()
    assert read <= {*QUERYABLE, "subjects", *views.NAMES}


@every_model
def test_features_read_what_a_record_said_first(model: Model) -> None:
    """Its corrections are for labels: a feature that saw them would know more than there was then."""
    read = tables_read(model.query) | set(views.needed(model.query))

    assert not read & {"corrections", "contacts_corrected"}


@every_model
def test_our_own_decisions_show_in_no_feature(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    frames: dict[str, pa.Table],
) -> None:
    without = {**relations, "decisions": table("decisions"), "outcomes": table("outcomes")}

    assert features_of(model, without, moments[model.name]).equals(frames[model.name])


@pytest.mark.parametrize(
    "model", [m for m in MODELS.values() if m.objective is Objective.AMOUNT], ids=lambda m: m.name
)
def test_contacts_that_we_began_are_worth_nothing(
    model: Model,
    relations: dict[str, pa.Table],
    moments: dict[str, pa.Table],
    frames: dict[str, pa.Table],
) -> None:
    """What the engine does must not raise the value it is measured by."""
    contacts = relations["interactions"]
    without = {**relations, "interactions": contacts.filter(pc.field("initiated_by") != "engine")}
    assert without["interactions"].num_rows < contacts.num_rows

    assert features_of(model, without, moments[model.name]).equals(frames[model.name])


@every_model
def test_a_label_is_known_once_the_horizon_is_over(
    model: Model, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    """Rows of after the horizon change no label, so waiting for maturity is enough."""
    subjects = moments[model.name]
    half = subjects["as_of"].to_pylist()[subjects.num_rows // 2]
    early = subjects.filter(pc.field("as_of") <= pa.scalar(half, pa.timestamp("us")))
    until = pa.scalar(half + model.horizon, pa.timestamp("us"))
    cut = {
        name: rows if name == "links" else rows.filter(pc.field(ARCHIVED[name].time) <= until)
        for name, rows in relations.items()
    }

    assert labels_of(model, cut, early).equals(labels_of(model, relations, early))


@every_model
def test_a_label_is_a_yes_a_no_or_an_amount(
    model: Model, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    found = labels_of(model, relations, moments[model.name])
    known = found["label"].drop_null().to_pylist()

    assert found.select(["subject_id", "as_of"]).equals(
        moments[model.name].select(["subject_id", "as_of"])
    )
    assert len(set(known)) > 1
    if model.objective is Objective.PROBABILITY:
        assert set(known) == {0.0, 1.0}


@pytest.mark.parametrize("subject", sorted({model.subject for model in MODELS.values()}))
def test_models_of_one_subject_share_a_frame(
    subject: Subject, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    together = {name: model for name, model in MODELS.items() if model.subject is subject}
    parts = {name: model.features for name, model in together.items()}
    subjects = moments[next(iter(together))]
    found = {name: features_of(model, relations, subjects) for name, model in together.items()}

    frame = merge(found, parts)

    assert columns_of(parts, list(together)).names[: -len(together)] == frame.column_names[3:]


@every_model
def test_who_left_does_not_depend_on_the_order_of_rows_nor_on_what_we_did(
    model: Model, relations: dict[str, pa.Table], moments: dict[str, pa.Table]
) -> None:
    if model.contract is None:
        return
    found = []
    for rows in (relations, {name: shuffled(one, 17) for name, one in relations.items()}):
        with DuckEngine(rows) as engine:
            found.append(
                leavings(
                    engine,
                    model.contract.left,
                    moments[model.name],
                    model.horizon,
                    barred=model.barred,
                )
            )
    assert found[0].equals(found[1])
    assert found[0]["left_at"].null_count < found[0].num_rows
