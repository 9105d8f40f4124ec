"""Imports: which file was read when, under which mapping, and what came of it.

begin(tx, *, file, sha256, kind, mapping_sha256, at, mapping, columns) -> str     the import's id
count(tx, import_id, *, read, new, bad, after=None) -> bool        added to what stands there
finish(tx, import_id, at, state=DONE) -> None
done_before(tx, *, sha256, kind, mapping_sha256) -> Import | None
unfinished(tx, *, sha256, kind, mapping_sha256) -> Import | None
of_content(tx, *, sha256, kind) -> list[Import]                    the newest first
others(tx, import_id) -> list[str]                                 of the same content and kind
find(tx, start) -> list[Import]                                    by the beginning of the id
read(tx, limit=None) -> list[Import]                               the newest first
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from engage.clock import as_utc
from engage.domain.ids import Prefix, derive
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.running import imports

RUNNING: Final = "running"
DONE: Final = "done"
STOPPED: Final = "stopped"


@dataclass(frozen=True, slots=True)
class Import:
    """One file that was read, as it stands."""

    import_id: str
    file: str
    sha256: str
    kind: str
    mapping_sha256: str
    mapping: str
    """The mapping it was read by, as a mapping file; empty when nobody kept it."""
    columns: tuple[str, ...]
    """The names of the file's columns."""
    rows_read: int
    rows_new: int
    rows_bad: int
    started_at: datetime
    ended_at: datetime | None
    state: str


def begin(
    tx: Tx,
    *,
    file: str,
    sha256: str,
    kind: str,
    at: datetime,
    mapping_sha256: str = "",
    mapping: str = "",
    columns: Sequence[str] = (),
) -> str:
    """Write down that a file is being read; return the import's id."""
    again = len(_of(tx, sha256, kind, mapping_sha256))
    named = (sha256, kind, mapping_sha256, as_utc(at).isoformat(), *([str(again)] if again else []))
    import_id = derive(Prefix.IMPORT, *named)
    row = {
        "import_id": import_id,
        "file": file,
        "sha256": sha256,
        "kind": kind,
        "mapping_sha256": mapping_sha256,
        "mapping": mapping,
        "columns": json.dumps(list(columns)),
        "started_at": at,
        "state": RUNNING,
    }
    bulk.insert_new(tx, "imports", bulk.one(imports, row))
    return import_id


def count(
    tx: Tx, import_id: str, *, read: int, new: int, bad: int, after: int | None = None
) -> bool:
    """Add a chunk's rows to the import's counts.

    False, and nothing is added, when so many rows as `after` says are not what was read before:
    somebody else reads the same file.
    """
    query = sa.update(imports).where(imports.c.import_id == import_id)
    if after is not None:
        query = query.where(imports.c.rows_read == after)
    counted = tx.execute(
        query.values(
            rows_read=imports.c.rows_read + read,
            rows_new=imports.c.rows_new + new,
            rows_bad=imports.c.rows_bad + bad,
        )
    )
    return counted.rowcount == 1


def finish(tx: Tx, import_id: str, at: datetime, state: str = DONE) -> None:
    """Write down that the file was read to its end, or that somebody stopped it."""
    tx.execute(
        sa.update(imports).where(imports.c.import_id == import_id).values(ended_at=at, state=state)
    )


def done_before(tx: Tx, *, sha256: str, kind: str, mapping_sha256: str = "") -> Import | None:
    """Return the last complete import of this very file under this mapping; None without one."""
    found = _of(tx, sha256, kind, mapping_sha256)
    return next((one for one in found if one.state == DONE), None)


def unfinished(tx: Tx, *, sha256: str, kind: str, mapping_sha256: str = "") -> Import | None:
    """Return the last import of this very file under this mapping if it did not reach its end."""
    last = next(iter(_of(tx, sha256, kind, mapping_sha256)), None)
    return None if last is None or last.state == DONE else last


def of_content(tx: Tx, *, sha256: str, kind: str) -> list[Import]:
    """Return the imports of this very content as this kind, the newest first."""
    return _read(tx, imports.c.sha256 == sha256, imports.c.kind == kind)


def others(tx: Tx, import_id: str) -> list[str]:
    """Return the other imports of the same content as the same kind."""
    this = sa.select(imports.c.sha256, imports.c.kind).where(imports.c.import_id == import_id)
    same = sa.tuple_(imports.c.sha256, imports.c.kind).in_(this)
    found = tx.execute(sa.select(imports.c.import_id).where(same))
    return sorted(set(found.scalars()) - {import_id})


def find(tx: Tx, start: str) -> list[Import]:
    """Return the imports whose id begins like this."""
    return _read(tx, imports.c.import_id.startswith(start, autoescape=True))


def read(tx: Tx, limit: int | None = None) -> list[Import]:
    """Return imports, the newest first."""
    return _read(tx)[:limit]


def _of(tx: Tx, sha256: str, kind: str, mapping_sha256: str) -> list[Import]:
    named = {"sha256": sha256, "kind": kind, "mapping_sha256": mapping_sha256}
    return _read(tx, *(imports.c[name] == value for name, value in named.items()))


def _read(tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[Import]:
    ordered = imports.c.started_at.desc(), imports.c.import_id
    found = tx.execute(sa.select(imports).where(*conditions).order_by(*ordered)).mappings()
    return [
        Import(**{**row, "columns": tuple(json.loads(row["columns"] or "[]"))}) for row in found
    ]
