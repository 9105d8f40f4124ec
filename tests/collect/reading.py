"""Files that tests write, and the chunks that come of them."""

from __future__ import annotations

from pathlib import Path

from engage.collect.chunks import Chunk
from engage.collect.files import read
from engage.collect.layout import Layout


def whole(path: Path, layout: Layout | None = None, *, chunk_rows: int = 50_000) -> list[Chunk]:
    return list(read(path, layout, chunk_rows=chunk_rows))


def only(path: Path, layout: Layout | None = None) -> Chunk:
    (chunk,) = whole(path, layout)
    return chunk


def written(folder: Path, content: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
