"""Imports: which file was read when, under which mapping, and what came of it.

begin(tx, *, file, sha256, kind, mapping_sha256, at) -> str       the import's id
count(tx, import_id, *, read, new, bad) -> None                   added to what stands there
finish(tx, import_id, at, state=DONE) -> None
done_before(tx, *, sha256, kind, mapping_sha256) -> Import | None
read(tx, limit=None) -> list[Import]                              the newest first
"""

from __future__ import annotations

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
    rows_read: int
    rows_new: int
    rows_bad: int
    started_at: datetime
    ended_at: datetime | None
    state: str


def begin(
    tx: Tx, *, file: str, sha256: str, kind: str, at: datetime, mapping_sha256: str = ""
) -> str:
    """Write down that a file is being read; return the import's id."""
    import_id = derive(Prefix.IMPORT, sha256, kind, mapping_sha256, as_utc(at).isoformat())
    row = {
        "import_id": import_id,
        "file": file,
        "sha256": sha256,
        "kind": kind,
        "mapping_sha256": mapping_sha256,
        "started_at": at,
        "state": RUNNING,
    }
    bulk.insert_new(tx, "imports", bulk.one(imports, row))
    return import_id


def count(tx: Tx, import_id: str, *, read: int, new: int, bad: int) -> None:
    """Add a chunk's rows to the import's counts."""
    tx.execute(
        sa.update(imports)
        .where(imports.c.import_id == import_id)
        .values(
            rows_read=imports.c.rows_read + read,
            rows_new=imports.c.rows_new + new,
            rows_bad=imports.c.rows_bad + bad,
        )
    )


def finish(tx: Tx, import_id: str, at: datetime, state: str = DONE) -> None:
    """Write down that the file was read to its end, or that somebody stopped it."""
    tx.execute(
        sa.update(imports).where(imports.c.import_id == import_id).values(ended_at=at, state=state)
    )


def done_before(tx: Tx, *, sha256: str, kind: str, mapping_sha256: str = "") -> Import | None:
    """Return the last complete import of this very file under this mapping; None without one."""
    found = _read(
        tx,
        imports.c.sha256 == sha256,
        imports.c.kind == kind,
        imports.c.mapping_sha256 == mapping_sha256,
        imports.c.state == DONE,
    )
    return next(iter(found), None)


def read(tx: Tx, limit: int | None = None) -> list[Import]:
    """Return imports, the newest first."""
    return _read(tx)[:limit]


def _read(tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[Import]:
    ordered = imports.c.started_at.desc(), imports.c.import_id
    found = tx.execute(sa.select(imports).where(*conditions).order_by(*ordered)).mappings()
    return [Import(**row) for row in found]
