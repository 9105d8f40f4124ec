"""What the tests of imports ask for."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engage.app.imported import ImportReport
from engage.app.intake_files import import_file
from engage.collect.mapping_file import parse
from engage.store import Store
from tests.app.importing import NOW, Bring


@pytest.fixture
def bring(store: Store, tmp_path: Path) -> Bring:
    """Return an importer of (mapping, content) under a file name of its own choice."""
    numbers = itertools.count()

    def make(
        mapping: str, content: str | bytes, *, now: datetime = NOW, name: str = "", **how: Any
    ) -> ImportReport:
        path = tmp_path / (name or f"file{next(numbers)}.csv")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        loaded = parse(mapping)
        return import_file(store, loaded.kind, path, loaded, now=now, **how)

    return make
