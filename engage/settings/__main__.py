"""Writes what follows from the settings' own definitions: `python -m engage.settings` in a checkout.

docs/settings.md is the reference; settings.toml is rewritten in its canonical form, values kept.
"""

from __future__ import annotations

from pathlib import Path

from engage.settings.load import FILE, load
from engage.settings.reference import reference
from engage.settings.template import as_toml

here = Path.cwd()
(here / FILE).write_text(as_toml(load(here)), encoding="utf-8")
(here / "docs" / "settings.md").write_text(reference(), encoding="utf-8")
