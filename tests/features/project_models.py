"""The model files of the project, loaded by path as a project loads them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

from engage.scoring.definition import Model

FOLDER = Path(__file__).resolve().parents[2] / "models"


def load() -> dict[str, Model]:
    """Return every model in `models/` by name, with its feature query."""
    return {path.stem: _load(path) for path in sorted(FOLDER.glob("*.py"))}


def _load(path: Path) -> Model:
    spec = importlib.util.spec_from_file_location(f"_laws_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model: Model = module.MODEL
    return replace(model, query=path.with_suffix(".sql").read_text())
