"""What docs/imports.md shows comes in, as it stands there, into a project that has just begun."""

from __future__ import annotations

import pytest

from engage.collect.mapping_file import parse
from tests.cli.test_imports import Engage, engage, write
from tests.collect.test_documentation import EXAMPLES

__all__ = ["engage"]


@pytest.mark.parametrize(("table", "mapping"), EXAMPLES)
def test_every_example_comes_in(engage: Engage, table: str, mapping: str) -> None:
    kind = parse(mapping).kind
    words = (kind, write("table", table), "--map", write("m.toml", mapping))
    code, out, _ = engage("import", *words)
    assert "set aside" not in out
    assert code == 0
