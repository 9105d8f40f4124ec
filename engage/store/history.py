"""The history: rows copied from the database to Parquet, each counted once wherever it is read.

    History(folder, store)
    .archive(now, hot_d=30) -> dict[str, int]             rows written, by relation
    .relations(names=None, until=None) -> dict[str, Archived]
    .table(name) -> pa.Table                              the relation's rows, the newest of each key
    .compact(now) -> dict[str, int]                          outdated rows removed from the files
    .files(tx) -> list[File]                              what the manifest lists
    .folder

A file counts from the moment the database lists it (`history_files`) in the transaction that also
moves the watermark; a file that is not listed is rubbish of an interrupted run and is removed by
the next. Rows up to the watermark are read from the files, later ones from the database.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.catalog import ARCHIVED
from engage.domain.relations import Relation
from engage.errors import StoreUnavailable
from engage.features.engines.duckdb import DuckEngine
from engage.features.engines.scan import place_of
from engage.features.sources import Archived
from engage.store import manifest, parquet, rows
from engage.store.manifest import File
from engage.store.store import Store, Tx

SETTLED = timedelta(hours=1)
"""Younger rows wait: a visit that goes on is written again with each event."""

CHUNK = 250_000
"""Rows in memory at once while they are copied."""

PRUNED = frozenset({"events", "sessions", "interactions", "corrections", "transactions"})
"""What leaves the database once it is archived and no longer hot; the rest is small or needed."""

_TRIES = 5


class History:
    """Everything that happened, whether it is still in the database or in Parquet only."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = Path(folder)
        self._store = store

    def archive(
        self, now: datetime, hot_d: int = 30, *, settled: timedelta = SETTLED
    ) -> dict[str, int]:
        """Copy what is new to Parquet and take what is no longer hot out of the database.

        Rows stored less than `settled` ago wait for the next run. Returns the rows written, by
        relation. May be interrupted at any point: nothing is lost or counted twice.
        """
        written = dict.fromkeys(ARCHIVED, 0)
        with self._alone():
            self._sweep()
            for name, relation in self._changed().items():
                last = self._last_settled(relation, now - settled)
                while (n := self._copy_chunk(relation, last, now)) is not None:
                    written[name] += n
            for name in sorted(PRUNED):
                self._prune(ARCHIVED[name], now - timedelta(days=hot_d))
        return written

    def relations(
        self, names: Collection[str] | None = None, until: datetime | None = None
    ) -> dict[str, Archived]:
        """Return each relation as its files and the rows that are only in the database yet.

        `until` leaves out rows that became known later, as far as that saves reading; a query's own
        as-of condition decides.
        """
        with self._store.read() as tx:
            return {
                name: self._relation(tx, relation, until)
                for name, relation in ARCHIVED.items()
                if names is None or name in names
            }

    def table(self, name: str) -> pa.Table:
        """Return a relation whole, archived and hot, in the order of its time and key."""
        relation = ARCHIVED[name]
        order = ", ".join((relation.time, *relation.key))
        with DuckEngine(self.relations([name]), folder=str(self.folder)) as duck:
            return duck.table(f"SELECT * FROM {name} ORDER BY {order}")

    def compact(self, now: datetime) -> dict[str, int]:
        """Remove rows from the files that a newer version has replaced; return how many, by relation.

        Files are written anew and exchanged in one transaction; the old ones are removed by the
        next archive run, so that whoever reads them now can finish.
        """
        with self._alone():
            return {name: self._compact(relation, now) for name, relation in ARCHIVED.items()}

    def files(self, tx: Tx) -> list[File]:
        """Return every file that counts, by relation and order."""
        return manifest.files(tx)

    def _relation(self, tx: Tx, relation: Relation, until: datetime | None) -> Archived:
        mark = manifest.watermark(tx, relation)
        listed = manifest.files(tx, relation)
        # Of rows written again the newest counts, so none may be left out.
        known_by = None if mark.amendments else until
        if known_by is not None:
            listed = [f for f in listed if not parquet.begins_after(relation, f, known_by)]
        hot = rows.newer(tx, relation, mark.seq, known_by)
        return Archived(tuple(self._path(file) for file in listed), hot, mark.amendments > 0)

    def _path(self, file: File) -> str:
        path = (self.folder / file.path).absolute()
        if not path.exists():
            raise StoreUnavailable(
                f"The history file {path} is gone. Restore the folder {self.folder} from the "
                "backup that belongs to this database."
            )
        return str(path)

    def _changed(self) -> dict[str, Relation]:
        with self._store.read() as tx:
            return {
                name: relation
                for name, relation in ARCHIVED.items()
                if manifest.last(tx, relation) > manifest.watermark(tx, relation).seq
            }

    def _last_settled(self, relation: Relation, before: datetime) -> int:
        with self._store.write() as tx:
            # On PostgreSQL a lower number may be committed after a higher one: wait for those.
            manifest.hold(tx, relation)
            return manifest.last_settled(tx, relation, before)

    def _copy_chunk(self, relation: Relation, last: int, now: datetime) -> int | None:
        """Copy one chunk of rows up to number `last`; None when there is nothing left to copy."""
        for _ in range(_TRIES):
            with self._store.read() as tx:
                after = manifest.watermark(tx, relation).seq
                chunk = rows.page(tx, relation, after, last, CHUNK)
            if chunk.num_rows == 0:
                return None
            files = parquet.write(self.folder, relation, chunk, now)
            if self._record(relation, after, chunk, files):
                return int(chunk.num_rows)
        return None

    def _record(self, relation: Relation, after: int, chunk: pa.Table, files: list[File]) -> bool:
        """List the files and move the watermark, unless a row has been written again meanwhile."""
        with self._store.write() as tx:
            manifest.hold(tx, relation)
            return manifest.record(tx, relation, after, chunk["seq"], files)

    def _prune(self, relation: Relation, before: datetime) -> None:
        with self._store.read() as tx:
            cold = manifest.has_cold(tx, relation, before)
        while cold:
            with self._store.write() as tx:
                manifest.hold(tx, relation)
                cold = manifest.prune(tx, relation, before) > 0

    def _compact(self, relation: Relation, now: datetime) -> int:
        with self._store.read() as tx:
            mark, listed = manifest.watermark(tx, relation), manifest.files(tx, relation)
            source = self._relation(tx, relation, None)
        if not source.amended:
            return 0
        outdated = self._outdated(relation, source)
        if relation.first_stays and pc.any(pc.equal(outdated["path"], "")).as_py():
            return 0  # what came again is in no file yet from which it could be removed
        outdated = outdated.filter(pc.not_equal(outdated["path"], ""))
        renewed = parquet.rewrite(self.folder, relation, outdated, listed, now)
        seen = pc.max(source.hot["seq"]).as_py() or 0
        with self._store.write() as tx:
            manifest.hold(tx, relation)
            done = manifest.exchange(tx, relation, renewed, mark, seen)
        return int(outdated.num_rows) if done else 0

    def _outdated(self, relation: Relation, source: Archived) -> pa.Table:
        """Return path and seq of every row that does not count; the path is empty while it is hot."""
        key = ", ".join(relation.key)
        columns = f"{key}, seq, coalesce(gone, false) AS gone"
        with duckdb.connect() as connection:
            connection.register("hot", source.hot)
            found: pa.Table = connection.sql(
                f"SELECT path, seq FROM (SELECT {columns}, filename AS path FROM read_parquet("
                f"{list(source.files)}, filename = true, union_by_name = true) "
                f"UNION ALL SELECT {columns}, '' FROM hot) QUALIFY gone "
                f"OR {place_of(relation)} > 1"
            ).to_arrow_table()
        root = f"{self.folder.absolute().as_posix()}/"
        return found.set_column(0, "path", pc.replace_substring(found["path"], root, ""))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other process from writing or sweeping the folder meanwhile."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"The history folder {self.folder} cannot be written: {error.strerror}. "
                "Make it writable, or set [history] folder."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise StoreUnavailable(
                f"The history folder {self.folder} is being written by another process. "
                "Try again when it has ended."
            ) from error
        finally:
            os.close(lock)

    def _sweep(self) -> None:
        """Remove files that an interrupted run left behind or a compaction replaced."""
        with self._store.read() as tx:
            listed = {file.path for file in manifest.files(tx)}
        for path in sorted(self.folder.glob("*/*/*")):
            if path.relative_to(self.folder).as_posix() not in listed:
                path.unlink(missing_ok=True)
