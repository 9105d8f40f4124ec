"""A file and its mapping, written down and read in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.collect.checks import check_file
from engage.collect.convert import Converted, convert
from engage.collect.files import read
from engage.collect.mapping_file import parse
from tests.collect.samples import IMPORTED_AT, Reading


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Return a reader of (mapping, file content) that gives what the file's first chunk became."""

    def make(mapping: str, content: str, *, kind: str = "") -> Converted:
        path = tmp_path / "table.csv"
        path.write_text(content, "utf-8")
        loaded = parse(mapping, kind)
        chunk = next(read(path, loaded.file))
        check_file(loaded, chunk.rows.column_names, path.name)
        return convert(loaded, chunk, imported_at=IMPORTED_AT)

    return make
