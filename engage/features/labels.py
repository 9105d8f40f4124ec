"""What became of each subject afterwards: the answer a model learns from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from engage.errors import DefinitionError
from engage.features import identity
from engage.features.build import batches, check_key, refuse_barred
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import SUBJECTS, subjects_table

LABELLED = pa.schema([*SUBJECTS, pa.field("label", pa.float64())])


def labels(
    engine: DuckEngine,
    query: str,
    subjects: pa.Table,
    horizon: timedelta,
    *,
    barred: Collection[str] = (),
    name: str = "the label query",
) -> pa.Table:
    """Return what became of each subject: subject_id, person_id, as_of, label, in their order.

    The query sees whole relations, later rows too, and in `subjects` two columns more than a feature
    query does: `until`, the moment plus the horizon, and `final_id`, the person that the subject
    turned out to be in the end, to whom all earlier identities' rows belong as well. It returns
    subject_id, as_of and label: a number or true/false, null where it cannot be known. A subject
    it leaves out has a null label.
    """
    known = subjects_table(subjects)
    refuse_barred(query, barred, name)
    return pa.concat_tables(
        _of_batch(engine, query, batch, horizon, name) for batch in batches(known)
    )


def _of_batch(
    engine: DuckEngine, query: str, known: pa.Table, horizon: timedelta, name: str
) -> pa.Table:
    seen = _looking_ahead(engine, known, horizon)
    try:
        found = engine.table(query, subjects=seen)
    except DefinitionError as error:
        raise DefinitionError(f"{name}: {error}") from error
    if sorted(found.column_names) != ["as_of", "label", "subject_id"]:
        raise DefinitionError(
            f"{name}: its query returns {found.column_names}; it must return "
            "subject_id, as_of and label"
        )
    check_key(found, name)
    placed = known.append_column("place", pa.array(range(known.num_rows), pa.int64()))
    return engine.table(
        "SELECT p.subject_id, p.person_id, p.as_of, CAST(f.label AS DOUBLE) AS label "
        "FROM placed AS p LEFT JOIN found AS f "
        "ON f.subject_id = p.subject_id AND f.as_of = p.as_of ORDER BY p.place",
        placed=placed,
        found=found,
    ).cast(LABELLED)


def _looking_ahead(engine: DuckEngine, subjects: pa.Table, horizon: timedelta) -> pa.Table:
    final = engine.table(
        "SELECT s.*, coalesce(f.canonical_id, s.person_id) AS final_id "
        f"FROM now_known AS s LEFT JOIN ({identity.FINAL}) AS f ON f.person_id = s.person_id",
        now_known=subjects,
    )
    until = pc.add(final["as_of"], pa.scalar(horizon, pa.duration("us")))
    return final.append_column("until", until)
