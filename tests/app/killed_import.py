"""What the tests of stopped imports run in a process of its own: an import that may be killed.

Words: the database, the mapping, the file, rows a chunk, and where to die: `between N` chunks,
`within N`, or `never 0`. Prints the most memory that it took, in kilobytes.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from engage.app.intake_files import import_file
from engage.collect.mapping_file import load
from engage.store import Store, imports


def die(*_: object) -> None:
    """End at once, as by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def most_memory() -> int:
    """Return the kilobytes that were held at most; 0 where the system does not say.

    Not `getrusage`: its figure begins with that of the process that started this one.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    """Import a file."""
    url, mapping, file, now, rows, where, number = sys.argv[1:]
    loaded, chunks = load(Path(mapping)), itertools.count(1)
    count = imports.count

    def within(*given: Any, **how: Any) -> bool:
        counted = count(*given, **how)
        if next(chunks) == int(number):
            die()
        return counted

    def between(*_: int) -> None:
        if next(chunks) == int(number):
            die()

    if where == "within":
        # The rows of the chunk are written by then, but not committed.
        imports.count = within
    store = Store.open(url)
    import_file(
        store,
        loaded.kind,
        Path(file),
        loaded,
        now=datetime.fromisoformat(now),
        chunk_rows=int(rows),
        progress=between if where == "between" else None,
    )
    store.close()
    print(most_memory())


if __name__ == "__main__":
    main()
