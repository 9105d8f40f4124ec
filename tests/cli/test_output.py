"""What commands print is what people wrote."""

from __future__ import annotations

import pytest

from engage.cli.output import print_table


def test_brackets_and_colons_in_a_cell_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("[title]", ("[column]",), [["settings.toml has no [queues.servise] :smile: [/b]"]])

    told = capsys.readouterr().out

    assert "[title]" in told
    assert "[column]" in told
    assert "settings.toml has no [queues.servise] :smile: [/b]" in told
