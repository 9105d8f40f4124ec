"""Why a subject scores as it does, in sentences a colleague can read out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.errors import ArtifactRefused
from engage.features.definition import Feature
from engage.scoring.predict import Predictor

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""How far the parts may be from the whole, relative to it; more means a broken model file."""
NO_DECIMALS_FROM = 1000
LEAST = 1e-9
"""A part smaller than this is no reason."""


def reasons(
    predictor: Predictor, frame: pa.Table, features: Sequence[Feature], top: int = 3
) -> list[tuple[str, ...]]:
    """Return, for each row, up to `top` sentences on what raised its score, strongest first.

    Where nothing raised it, the one thing that lowered it most, marked "speaks against it".
    Features that are not to be mentioned are passed over. About 1,000 rows a second: ask only for
    subjects that are acted on.
    """
    matrix = predictor.encode(frame)
    parts = predictor.contributions(matrix)
    _check_sum(predictor, matrix, parts)
    known = {feature.name: feature for feature in features}
    shown = [known.get(feature.name, feature) for feature in predictor.features]
    columns = [frame.column(feature.name) for feature in shown]
    return [
        tuple(
            _sentence(shown[one], columns[one][row].as_py(), against=parts[row, one] < 0)
            for one in _strongest(parts[row, :-1], shown, top)
        )
        for row in range(len(parts))
    ]


def _check_sum(predictor: Predictor, matrix: Floats, parts: Floats) -> None:
    raw = predictor.raw(matrix)
    miss = np.abs(parts.sum(axis=1) - raw) / (1 + np.abs(raw))
    if len(miss) and miss.max() > TOLERANCE:
        raise ArtifactRefused(
            f"model {predictor.artifact.model}: the reasons do not add up to the score "
            f"(off by {miss.max():.2g}); train the model again"
        )


def _strongest(parts: Floats, features: Sequence[Feature], top: int) -> list[int]:
    """Return positions of the features to name; ties go by position, so the order is fixed."""
    allowed = [
        one for one, feature in enumerate(features) if feature.mention and abs(parts[one]) > LEAST
    ]
    raising = sorted((one for one in allowed if parts[one] > 0), key=lambda one: (-parts[one], one))
    if raising:
        return raising[:top]
    return sorted(allowed, key=lambda one: (parts[one], one))[: min(top, 1)]


def _sentence(feature: Feature, value: Any, *, against: bool) -> str:
    text = _in_words(value)
    if "{value}" in feature.meaning:
        sentence = feature.meaning.replace("{value}", text)
    elif value is True:
        sentence = feature.meaning
    else:
        sentence = f"{feature.meaning}: {text}"
    return f"{sentence} (speaks against it)" if against else sentence


def _in_words(value: Any) -> str:
    """Return a value as a person writes it: no needless decimals, thousands apart."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value == int(value) or abs(value) >= NO_DECIMALS_FROM:
            return f"{value:,.0f}"
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
