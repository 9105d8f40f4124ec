"""A project's settings: one file, typed and frozen, each key with its default, unit and meaning."""

from __future__ import annotations

from engage.settings.force import in_force
from engage.settings.load import load, parse
from engage.settings.reference import reference
from engage.settings.root import Settings
from engage.settings.secrets import Secrets
from engage.settings.template import as_toml

__all__ = ["Secrets", "Settings", "as_toml", "in_force", "load", "parse", "reference"]
