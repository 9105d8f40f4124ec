"""The SQL that reads a relation's rows from memory or Parquet in the relation's own types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from engage.domain.relations import Kind, Relation
from engage.errors import DefinitionError
from engage.features.sources import Archived, Source

_TYPES: dict[Kind, str] = {
    Kind.ID: "VARCHAR",
    Kind.TEXT: "VARCHAR",
    Kind.TIME: "TIMESTAMP",
    Kind.INTEGER: "BIGINT",
    Kind.REAL: "DOUBLE",
    Kind.FLAG: "BOOLEAN",
    Kind.MONEY: "BIGINT",
    Kind.JSON: "VARCHAR",
}


def rows_of(
    relation: Relation, source: Source, hot: str, columns_in: Callable[[str], Collection[str]]
) -> str:
    """Return a SELECT of the relation's columns.

    `hot` names the rows in memory; `columns_in` tells the columns of the Parquet files. A column
    that is not there is empty, unless it is required: that raises DefinitionError.
    """
    archived = source if isinstance(source, Archived) else Archived((), source)
    parts = []
    if archived.files:
        parquet = _parquet(archived.files)
        parts.append(typed(relation, parquet, columns_in(parquet), seq=archived.amended))
    if archived.hot.num_rows or not parts:
        parts.append(typed(relation, hot, archived.hot.column_names, seq=archived.amended))
    body = " UNION ALL ".join(parts)
    return _newest(relation, body) if archived.amended else body


def require(relation: Relation, held: Collection[str], *extra: str) -> None:
    """Raise DefinitionError where a column is missing that every row of the relation has."""
    needed = [column.name for column in relation.columns if column.required]
    lacking = [name for name in (*needed, *extra) if name not in held]
    if lacking:
        raise DefinitionError(f"relation {relation.name}: its rows lack the column {lacking[0]!r}")


def text_list(values: Iterable[str]) -> str:
    """Return texts as an SQL list."""
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"[{quoted}]"


def _parquet(files: Sequence[str]) -> str:
    options = "union_by_name = true, hive_partitioning = false"
    return f"read_parquet({text_list(files)}, {options})"


def typed(relation: Relation, rows: str, held: Collection[str], *, seq: bool = False) -> str:
    """Return a SELECT of the relation's columns in their types; `held` are those the rows have."""
    extra = ["seq"] if seq else []
    require(relation, held, *extra)
    columns = [
        f"CAST({column.name if column.name in held else 'NULL'} AS {_TYPES[column.kind]})"
        f" AS {column.name}"
        for column in relation.columns
    ]
    if seq:
        extra.append(f"{'coalesce(gone, false)' if 'gone' in held else 'false'} AS gone")
    return f"SELECT {', '.join(columns + extra)} FROM {rows}"


def _newest(relation: Relation, body: str) -> str:
    columns = ", ".join(relation.column_names)
    return (
        f"SELECT {columns} FROM (SELECT * FROM ({body}) QUALIFY "
        f"{place_of(relation)} = 1) WHERE NOT gone"
    )


def place_of(relation: Relation) -> str:
    """Return SQL that numbers the rows of each key; the first counts, unless it is gone."""
    order = "gone DESC, seq" if relation.first_stays else "seq DESC"
    return f"row_number() OVER (PARTITION BY {', '.join(relation.key)} ORDER BY {order})"
