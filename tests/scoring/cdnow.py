"""The purchases of CDNOW's customers in their first 39 weeks, as the papers sum them up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
END = "1997-09-30"


@dataclass(frozen=True)
class Buyers:
    """One entry per customer; times in weeks, money in dollars, purchases of one day are one."""

    repeats: Floats
    recency: Floats
    age: Floats
    spend: Floats
    """Mean of the repeat purchases; 0 for those who made none."""


def sample(folder: Path) -> Buyers:
    """Return the 2,357 customers of Fader and Hardie's one-in-ten sample."""
    names = ["master_id", "id", "date", "number", "spend"]
    rows = pd.read_csv(folder / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names)
    rows["date"] = pd.to_datetime(rows["date"].astype(str), format="%Y%m%d")
    days = rows[rows["date"] <= END].groupby(["id", "date"], as_index=False)["spend"].sum()
    first = days.groupby("id")["date"].transform("min")
    by = days.groupby("id")["date"]
    spend = days[days["date"] > first].groupby("id")["spend"].mean()
    return Buyers(
        (by.size() - 1).to_numpy(np.float64),
        ((by.max() - by.min()).dt.days / 7).to_numpy(np.float64),
        ((pd.Timestamp(END) - by.min()).dt.days / 7).to_numpy(np.float64),
        spend.reindex(by.size().index).fillna(0).to_numpy(np.float64),
    )
