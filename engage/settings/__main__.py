"""Rewrites a project's settings.toml in its canonical form, values kept: `python -m engage.settings`."""

from __future__ import annotations

from pathlib import Path

from engage.settings.load import FILE, load
from engage.settings.template import as_toml

here = Path.cwd()
(here / FILE).write_text(as_toml(load(here)), encoding="utf-8")
