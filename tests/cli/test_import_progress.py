"""An import that is stopped says how it goes on, and does."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from engage.app import intake_files
from engage.app.intake import take_in
from tests.cli.test_imports import MAP, SALES, Engage, engage, write

__all__ = ["engage"]

WORDS = ("import", "transactions", "s.csv", "--map", "m.toml")


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let Ctrl-C be pressed in the second chunk; chunks are of one row."""
    chunks: list[Any] = []

    def pressed(*args: Any, **kwargs: Any) -> Any:
        chunks.append(args)
        if len(chunks) == 2:
            raise KeyboardInterrupt
        return take_in(*args, **kwargs)

    one_by_one = partial(intake_files.import_file, chunk_rows=1)
    monkeypatch.setattr(intake_files, "import_file", one_by_one)
    monkeypatch.setattr(intake_files, "take_in", pressed)
    return monkeypatch


@pytest.mark.usefixtures("stopped")
def test_an_import_that_is_stopped_goes_on_by_the_same_command(engage: Engage) -> None:
    write("s.csv", SALES)
    write("m.toml", MAP)
    code, _, err = engage(*WORDS)
    assert code == 130
    assert err == (
        "Give the same command again, and it goes on where it stopped.\n"
        "engage: stopped; what was finished is kept, the rest was not begun\n"
    )
    code, out, _ = engage(*WORDS)
    assert code == 0
    assert out.startswith("Went on behind the 1 rows of the import begun ")
    assert out.endswith("s.csv: 1 rows read, 1 new transactions, 0 known already\n")
