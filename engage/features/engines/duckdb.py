"""DuckDB as a calculator: SQL over the tables it is given, and nothing else on the machine.

Files outside the ones listed, the network, extensions, settings and Python variables are out of a
query's reach. Results do not depend on the number of threads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from engage.domain.people import LINKS
from engage.domain.relations import Relation
from engage.errors import DefinitionError
from engage.features import identity, views
from engage.features.engines import scan
from engage.features.schema import arrow_schema, empty
from engage.features.sources import Archived, Source

_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    # A division by zero is unknown, not infinite: a condition must not hold because of it.
    "ieee_floating_point_ops": "false",
    "error_on_division_by_zero": "false",
}
SPILL = "spill"
"""The folder, in that of the history, which holds what does not fit into memory."""

_ZONES = "known_zones"
_PRELUDE = f"""
CREATE MACRO j_text(json, key) AS CASE WHEN json_valid(json) THEN json_extract_string(json, key) END;
CREATE MACRO us(moment) AS epoch_us(moment);
CREATE TABLE {_ZONES} AS SELECT name FROM pg_timezone_names();
CREATE MACRO local_ts(moment, zone) AS CASE
    WHEN zone IN (SELECT name FROM {_ZONES}) THEN timezone(zone, timezone('UTC', moment))
END;
"""
"""The three functions whose text differs between engines; listing the zones anew takes longer."""


class DuckEngine:
    """Runs feature queries over the relations it is given; use it in a `with` block.

    Every relation a query may name is there, empty where none was given. Rows of an earlier
    identity also belong to the person it became (`engage.features.identity`), so that
    `e.person_id = s.person_id AND e.known_at <= s.as_of` is all a query needs. Tables come back as
    Arrow with times in `timestamp[us]`, UTC. Not for use by several threads at once.

    `folder` is where the archived files are; what does not fit into `memory_mb` is put into its
    folder `spill` meanwhile. What a process that was killed left there, the next one removes.
    """

    def __init__(
        self,
        relations: Mapping[str, Source],
        *,
        threads: int = 2,
        memory_mb: int = 4096,
        folder: str | None = None,
    ) -> None:
        unknown = sorted(set(relations) - set(ARCHIVED))
        if unknown:
            raise DefinitionError(f"there is no relation {unknown[0]!r}; known: {list(ARCHIVED)}")
        # Rows in memory need no files, so the process's own closed-off database will do: opening
        # one costs more than scoring a visitor; a second thread costs more than it brings.
        archived = any(isinstance(source, Archived) for source in relations.values())
        self._connection = opened(threads, memory_mb, folder) if archived else cursor(1)
        try:
            if archived:
                self._allow(relations, folder)
            self._relations = relations
            self._linked = self._resolve()
            self._added = {LINKS.name}
            self._look_at(relations)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the relations and free their memory."""
        self._connection.close()

    def table(self, sql: str, /, **tables: pa.Table) -> pa.Table:
        """Return the rows of one SELECT; `tables` are there for this query under their names.

        Where `subjects` is among them, the views over subjects (`engage.features.views`) are too.
        Raises DefinitionError when the query cannot be run.
        """
        for name, rows in tables.items():
            self._connection.register(name, rows)
        try:
            self._add(sql)
            if "subjects" in tables:
                self._create_views(sql)
            return run(self._connection, sql)
        finally:
            for name in tables:
                self._connection.unregister(name)

    def _allow(self, relations: Mapping[str, Source], folder: str | None) -> None:
        files = [
            path
            for source in relations.values()
            if isinstance(source, Archived)
            for path in source.files
        ]
        if files:
            self._connection.execute(f"SET allowed_paths = {scan.text_list(files)}")
        if folder is not None:
            self._connection.execute(f"SET allowed_directories = {scan.text_list([folder])}")
        lock(self._connection)

    def _resolve(self) -> bool:
        """Work out who became whom, and return whether anybody did."""
        self._add_rows(LINKS, LINKS.name)
        held = self._relations.get(LINKS.name)
        if held is None or (isinstance(held, pa.Table) and not held.num_rows):
            self._connection.execute(identity.NOBODY)
            return False
        self._connection.execute(identity.IDENTITIES)
        return bool(run(self._connection, "SELECT 1 FROM identities LIMIT 1").num_rows)

    def _look_at(self, relations: Mapping[str, Source]) -> None:
        """Refuse rows that lack a column now, not when a query happens to read them."""
        for name, source in relations.items():
            if isinstance(source, pa.Table):
                scan.require(ARCHIVED[name], source.column_names)
            else:
                self._add(name)

    def _add(self, sql: str) -> None:
        """Make the relations that a query or its views name readable, once each.

        A relation nobody asks for costs nothing: a live query reads few of them.
        """
        for name in sorted(_named(sql) - self._added):
            self._added.add(name)
            relation = ARCHIVED[name]
            rows = f"one_{name}" if self._linked else name
            self._add_rows(relation, rows)
            if self._linked:
                body = identity.expanded(relation, rows)
                self._connection.execute(f"CREATE TEMP VIEW {name} AS {body}")

    def _add_rows(self, relation: Relation, view: str) -> None:
        source = self._relations.get(relation.name)
        found = empty(relation) if source is None else source
        if isinstance(found, pa.Table) and _as_declared(relation, found):
            self._connection.register(view, found)
            return
        hot = found.hot if isinstance(found, Archived) else found
        self._connection.register(f"hot_{relation.name}", hot)
        with explained(f"relation {relation.name}"):
            body = scan.rows_of(relation, found, f"hot_{relation.name}", self._columns_in)
            self._connection.execute(f"CREATE TEMP VIEW {view} AS {body}")

    def _columns_in(self, rows: str) -> list[str]:
        described = self._connection.execute(f"DESCRIBE SELECT * FROM {rows}")
        return [name for name, *_ in described.fetchall()]

    def _create_views(self, sql: str) -> None:
        for name in views.needed(sql):
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {views.body(name)}")


def _as_declared(relation: Relation, rows: pa.Table) -> bool:
    declared = arrow_schema(relation)
    return bool(rows.schema.names == declared.names and rows.schema.types == declared.types)


@lru_cache(maxsize=256)
def _named(sql: str) -> frozenset[str]:
    """Return the relations that a query, or a view it names, may read: at least those it does."""
    text = " ".join([sql, *(views.body(view) for view in views.needed(sql))])
    return frozenset(re.findall(r"\w+", text.lower())) & ARCHIVED.keys()


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """Return the rows of one SELECT; raises DefinitionError when it cannot be run."""
    with explained():
        one_select(connection, sql)
        return connection.sql(sql).to_arrow_table()


def one_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise DefinitionError unless the text is one SELECT, or duckdb.Error where it is no SQL."""
    statements = connection.extract_statements(sql)
    if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
        raise DefinitionError("a query is one SELECT; this is something else")


def calculate(sql: str, /, **tables: pa.Table) -> pa.Table:
    """Return the rows of one SELECT over these tables alone; opening costs nothing after the first.

    Raises DefinitionError when the query cannot be run.
    """
    connection = cursor()
    try:
        for name, rows in tables.items():
            connection.register(name, rows)
        return run(connection, sql)
    finally:
        connection.close()


@lru_cache(maxsize=256)
def tables_read(sql: str) -> frozenset[str]:
    """Return the names of the tables and views that a query reads, without running it."""
    connection = cursor()
    try:
        with explained():
            return frozenset(connection.get_table_names(sql)) - {_ZONES}
    finally:
        connection.close()


def parse(sql: str) -> dict[str, Any]:
    """Return DuckDB's own parsed tree of a text, or its `error`, `error_message` and `position`."""
    connection = cursor()
    try:
        found = connection.execute(
            "SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql]
        ).fetchone()
    finally:
        connection.close()
    tree: dict[str, Any] = json.loads(found[0]) if found else {}
    return tree


def cursor(threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own to the process's empty, closed-off database."""
    with _OPENING:
        return _shared(threads).cursor()


_OPENING = Lock()


@cache
def _shared(threads: int) -> duckdb.DuckDBPyConnection:
    connection = opened(threads=threads, memory_mb=1024)
    lock(connection)
    return connection


def opened(threads: int, memory_mb: int, folder: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return an empty database with the prelude; `lock` it before a foreign query runs.

    Without a folder to spill to, what needs more than the memory is refused.
    """
    limits = {"threads": str(threads), "memory_limit": f"{memory_mb}MB"}
    spill = {} if folder is None else {"temp_directory": str(Path(folder) / SPILL)}
    connection = duckdb.connect(":memory:", config={**_CLOSED, **limits, **spill})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(_PRELUDE)
    return connection


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Put files, the network and the settings out of reach, for good."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


_ABOUT_THE_TEXT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


@contextmanager
def explained(what: str = "the query") -> Iterator[None]:
    """Turn the engine's own errors into DefinitionError."""
    try:
        yield
    except duckdb.Error as error:
        raise _cannot_run(error, what) from error


def _cannot_run(error: duckdb.Error, what: str) -> DefinitionError:
    """Return the error in words; a value of somebody's data never goes into a message."""
    if isinstance(error, _ABOUT_THE_TEXT):
        return DefinitionError(f"{what} cannot be run: {error}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return DefinitionError(f"{what} needs more memory than [engine] memory_mb; raise it")
    return DefinitionError(
        f"{what} cannot be run: {type(error).__name__} while reading the rows; text that is no "
        "number or time needs try_cast"
    )
