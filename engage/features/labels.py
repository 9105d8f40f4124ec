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

LABEL = pa.field("label", pa.float64())
LEFT = pa.field("left_at", pa.timestamp("us"))
_SQL = {LABEL.name: "DOUBLE", LEFT.name: "TIMESTAMP"}


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


def leavings(
    engine: DuckEngine,
    query: str,
    subjects: pa.Table,
    horizon: timedelta,
    *,
    barred: Collection[str] = (),
    name: str = "the query of who left",
) -> pa.Table:
    """Return when each subject's person left: subject_id, person_id, as_of, left_at, in their order.

    The query sees what a label's does and returns subject_id, as_of and left_at, a moment (UTC) or
    null for who has not left. A subject it leaves out has not left.
    """
    known = subjects_table(subjects)
    refuse_barred(query, barred, name)
    return pa.concat_tables(
        _of_batch(engine, query, batch, horizon, name, answer=LEFT) for batch in batches(known)
    )


def _of_batch(
    engine: DuckEngine,
    query: str,
    known: pa.Table,
    horizon: timedelta,
    name: str,
    *,
    answer: pa.Field = LABEL,
) -> pa.Table:
    seen = _looking_ahead(engine, known, horizon)
    try:
        found = engine.table(query, subjects=seen)
    except DefinitionError as error:
        raise DefinitionError(f"{name}: {error}") from error
    column = answer.name
    if sorted(found.column_names) != sorted(["as_of", column, "subject_id"]):
        raise DefinitionError(
            f"{name}: its query returns {found.column_names}; it must return "
            f"subject_id, as_of and {column}"
        )
    check_key(found, name)
    placed = known.append_column("place", pa.array(range(known.num_rows), pa.int64()))
    return engine.table(
        "SELECT p.subject_id, p.person_id, p.as_of, "
        f"CAST(f.{column} AS {_SQL[column]}) AS {column} FROM placed AS p LEFT JOIN found AS f "
        "ON f.subject_id = p.subject_id AND f.as_of = p.as_of ORDER BY p.place",
        placed=placed,
        found=found,
    ).cast(pa.schema([*SUBJECTS, answer]))


def _looking_ahead(engine: DuckEngine, subjects: pa.Table, horizon: timedelta) -> pa.Table:
    final = engine.table(
        "SELECT s.*, coalesce(f.canonical_id, s.person_id) AS final_id "
        f"FROM now_known AS s LEFT JOIN ({identity.FINAL}) AS f ON f.person_id = s.person_id",
        now_known=subjects,
    )
    until = pc.add(final["as_of"], pa.scalar(horizon, pa.duration("us")))
    return final.append_column("until", until)
