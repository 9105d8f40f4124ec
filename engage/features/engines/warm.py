"""The same few queries over a few people's rows, every second: planned once, then only run.

Planning a feature query takes DuckDB several times as long as running it over one visitor's rows,
so a process keeps the plans, and fills the tables they read anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from engage.domain.people import LINKS
from engage.errors import DefinitionError
from engage.features import identity, views
from engage.features.engines import duckdb as closed_off
from engage.features.engines import scan
from engage.features.engines.duckdb import DuckEngine
from engage.features.engines.engine import Engine
from engage.features.schema import SUBJECTS, empty
from engage.features.sources import Source

FEW = 20_000
"""Rows; above it DuckDB's optimiser, which the kept plans do without, is worth its time."""

_MEMORY_MB = 1024
_IDLE: list[_Kept] = []
_TAKING = Lock()


@contextmanager
def opened(
    relations: Mapping[str, Source], *, threads: int, memory_mb: int, folder: str
) -> Iterator[Engine]:
    """Open what suits the rows: kept plans for few in memory, a fresh engine for more or files."""
    few = {name: rows for name, rows in relations.items() if isinstance(rows, pa.Table)}
    if len(few) < len(relations) or sum(rows.num_rows for rows in few.values()) > FEW:
        with DuckEngine(relations, threads=threads, memory_mb=memory_mb, folder=folder) as fresh:
            yield fresh
    else:
        with warm(few) as kept:
            yield kept


@contextmanager
def warm(relations: Mapping[str, pa.Table]) -> Iterator[Engine]:
    """Give a warm engine these relations for a while; what fails half-way is not used again."""
    with _TAKING:
        engine = _IDLE.pop() if _IDLE else None
    engine = engine or _Kept()
    try:
        engine.fill(relations)
        yield engine
        engine.clear()
    except BaseException:
        engine.close()
        raise
    with _TAKING:
        _IDLE.append(engine)


class _Kept:
    """One closed-off database with every relation as a table, and the plans made so far."""

    def __init__(self) -> None:
        self._connection = closed_off.opened(1, _MEMORY_MB)
        self._plans: dict[str, str] = {}
        self._filled: set[str] = set()
        for name, relation in ARCHIVED.items():
            self._create(name, empty(relation))
        self._create("subjects", SUBJECTS.empty_table())
        # Plans are small here and made once: as written they run faster than optimised ones,
        # which split every distinct count into joins.
        self._connection.execute("PRAGMA disable_optimizer")
        closed_off.lock(self._connection)

    def fill(self, relations: Mapping[str, pa.Table]) -> None:
        """Put in the rows, those of earlier identities also under whom they became."""
        for name, rows in relations.items():
            if name not in ARCHIVED:
                raise DefinitionError(f"there is no relation {name!r}; known: {list(ARCHIVED)}")
            scan.require(ARCHIVED[name], rows.column_names)
            if rows.num_rows:
                self._insert(name, scan.typed(ARCHIVED[name], "given", rows.column_names), rows)
        links = relations.get(LINKS.name)
        if links is not None and links.num_rows:
            self._follow_links()

    def table(self, sql: str, /, **tables: pa.Table) -> pa.Table:
        """Return the rows of one SELECT over the relations and `subjects`."""
        if set(tables) != {"subjects"}:
            raise DefinitionError("a kept plan reads the relations and `subjects`, nothing else")
        self._empty("subjects")
        self._insert(
            "subjects", "SELECT subject_id, person_id, as_of FROM given", tables["subjects"]
        )
        with closed_off.explained():
            return self._connection.sql(f"EXECUTE {self._plan(sql)}").to_arrow_table()

    def clear(self) -> None:
        """Forget the rows; the plans stay."""
        for name in sorted(self._filled):
            self._empty(name)

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def _plan(self, sql: str) -> str:
        name = self._plans.get(sql)
        if name is None:
            closed_off.one_select(self._connection, sql)
            for view in views.needed(sql):
                self._connection.execute(f"CREATE VIEW IF NOT EXISTS {view} AS {views.body(view)}")
            name = f"plan_{len(self._plans)}"
            self._connection.execute(f"PREPARE {name} AS {sql}")
            self._plans[sql] = name
        return name

    def _create(self, name: str, rows: pa.Table) -> None:
        self._connection.register("given", rows)
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
        self._connection.unregister("given")

    def _insert(self, name: str, body: str, rows: pa.Table) -> None:
        self._connection.register("given", rows)
        self._filled.add(name)
        self._connection.execute(f"INSERT INTO {name} {body}")
        self._connection.unregister("given")

    def _empty(self, name: str) -> None:
        self._connection.execute(f"TRUNCATE {name}")
        self._filled.discard(name)

    def _follow_links(self) -> None:
        self._connection.execute(identity.IDENTITIES)
        for name in sorted(self._filled - {LINKS.name}):
            swapped = identity.moved(ARCHIVED[name], name)
            self._connection.execute(f"INSERT INTO {name} {swapped}")
        self._connection.execute("DROP TABLE identities")
