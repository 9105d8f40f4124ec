"""History becomes one row of numbers per subject: a feature query run, checked and put in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa

from engage.errors import DefinitionError
from engage.features import views
from engage.features.definition import Feature, FeatureType
from engage.features.engines.duckdb import tables_read
from engage.features.engines.engine import Engine
from engage.features.schema import KEY, SUBJECTS, subjects_table

ARROW: dict[FeatureType, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "flag": pa.bool_(),
    "category": pa.string(),
}
"""What holds a feature of each type; every one may be null."""

BATCH = 50_000
"""Subjects asked about at once: bounds the memory, whatever their number. No row of one subject
depends on another, so the cut shows nowhere."""


def build(
    engine: Engine,
    query: str,
    features: Sequence[Feature],
    subjects: pa.Table,
    *,
    barred: Collection[str] = (),
    name: str = "the feature query",
) -> pa.Table:
    """Return what was known about each subject as of its moment, one row each, in their order.

    `query` is one SELECT over `subjects`, the relations and the views; it returns `subject_id`,
    `as_of` and exactly the features. The result has subject_id, person_id, as_of and the features
    in their types: number float64, integer int64, flag bool, category string. A subject the query
    has nothing to say about has nulls. Raises DefinitionError, naming the model and the column,
    for columns too few or too many, a wrong type, a subject twice, or a barred relation.
    """
    known = subjects_table(subjects)
    refuse_barred(query, barred, name)
    return pa.concat_tables(
        _of_batch(engine, query, features, batch, name) for batch in batches(known)
    )


def batches(subjects: pa.Table) -> Iterator[pa.Table]:
    """Yield the subjects in pieces that fit into memory with what is known of them; at least one."""
    for start in range(0, max(subjects.num_rows, 1), BATCH):
        yield subjects.slice(start, BATCH)


def _of_batch(
    engine: Engine, query: str, features: Sequence[Feature], known: pa.Table, name: str
) -> pa.Table:
    try:
        found = engine.table(query, subjects=known)
    except DefinitionError as error:
        raise DefinitionError(f"{name}: {error}") from error
    _check_columns(found, features, name)
    check_key(found, name)
    return _in_order(known, found, features)


def refuse_barred(query: str, barred: Collection[str], name: str) -> None:
    """Raise DefinitionError where a query, or a view it names, reads what it must not."""
    if not barred:
        return
    texts = [query, *(views.body(view) for view in views.needed(query))]
    read = sorted(frozenset().union(*map(tables_read, texts)) & set(barred))
    if read:
        raise DefinitionError(f"{name}: its query reads {read[0]!r}, which it is barred from")


def check_key(found: pa.Table, name: str) -> None:
    """Raise DefinitionError where a subject has several rows for one moment."""
    if not pa.types.is_timestamp(found.schema.field("as_of").type):
        raise DefinitionError(f"{name}: its column 'as_of' is not the subject's moment")
    if found.group_by(list(KEY)).aggregate([]).num_rows != found.num_rows:
        raise DefinitionError(
            f"{name}: its query returns a subject more than once; group by subject_id, as_of"
        )


def _check_columns(found: pa.Table, features: Sequence[Feature], name: str) -> None:
    declared = [*KEY, *(feature.name for feature in features)]
    for column in declared:
        if found.column_names.count(column) != 1 or declared.count(column) != 1:
            raise DefinitionError(f"{name}: its query must return the column {column!r} once")
    extra = [column for column in found.column_names if column not in declared]
    if extra:
        raise DefinitionError(
            f"{name}: its query returns {extra[0]!r}, which is no feature; declare or drop it"
        )
    for feature in features:
        held = found.schema.field(feature.name).type
        if not _fits(feature.type, held):
            raise DefinitionError(
                f"{name}: the column {feature.name!r} is declared {feature.type} but holds {held}"
            )


def _fits(declared: FeatureType, held: pa.DataType) -> bool:
    whole = pa.types.is_integer(held) or (pa.types.is_decimal(held) and held.scale == 0)
    holds = {
        "number": whole or pa.types.is_floating(held) or pa.types.is_decimal(held),
        "integer": whole,
        "flag": pa.types.is_boolean(held),
        "category": pa.types.is_string(held) or pa.types.is_large_string(held),
    }
    return bool(holds[declared] or pa.types.is_null(held))


def _in_order(subjects: pa.Table, found: pa.Table, features: Sequence[Feature]) -> pa.Table:
    typed = pa.schema(
        [SUBJECTS.field("subject_id"), SUBJECTS.field("as_of")]
        + [pa.field(one.name, ARROW[one.type]) for one in features]
    )
    places = pa.array(range(subjects.num_rows), pa.int64())
    rows = subjects.append_column(_PLACE, places).join(
        found.select(typed.names).cast(typed), list(KEY), join_type="left outer", use_threads=False
    )
    whole = pa.schema([*SUBJECTS, *(typed.field(one.name) for one in features)])
    return rows.sort_by(_PLACE).select(whole.names).cast(whole)


_PLACE = "the place of a subject"
"""No feature bears such a name."""
