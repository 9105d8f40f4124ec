"""How long a visit had been going on at a moment, by what was known of it then."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.features.build import build
from engage.features.definition import Feature
from engage.features.engines.engine import Engine

_AGE = (Feature("minutes", "number", "minutes since the visit began: {value}"),)


def minutes_into_visits(engine: Engine, subjects: pa.Table) -> NDArray[np.float64]:
    """Return the minutes since each visit began, as of its moment; NaN for what is no visit."""
    found = build(engine, _query(), _AGE, subjects, name="the age of a visit")
    return np.asarray(found["minutes"].to_numpy(), dtype=np.float64)


@cache
def _query() -> str:
    return (files("engage.features") / "queries" / "visit_age.sql").read_text()
