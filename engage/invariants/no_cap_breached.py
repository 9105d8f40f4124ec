"""Nobody was contacted more often than the caps allow, nor ever more often than the ceiling."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.app.app import App
from engage.app.policies import with_caps
from engage.app.rules import budget_of
from engage.decide.rules import HARD_CEILING
from engage.domain.actions import ContactClass
from engage.invariants.invariant import Invariant
from engage.store import Tx, decisions, ledger
from engage.store.ledger import Cap

_CEILING = Cap(HARD_CEILING, timedelta(days=1))


def _breaches(app: App, tx: Tx) -> Iterator[str]:
    """Yield the contacts that came on top of a full budget.

    Caps are those of the settings, so they are asked only of what was decided under them; the
    ceiling binds whatever was set. What the customer asked for and what was given back is free.
    """
    spent = _spent(tx)
    ours = spent["policy_version"].isin(with_caps(tx, app.settings)).to_numpy()
    caps = (one for one in budget_of(app.settings) if one != _CEILING)
    for cap in (_CEILING, *caps):
        asked = np.ones(len(spent), bool) if cap is _CEILING else ours
        for decision in spent["decision_id"].to_numpy()[over(spent, cap) & asked]:
            days = cap.window // timedelta(days=1)
            by = f" by {cap.channel}" if cap.channel else ""
            yield f"{decision} is more than {cap.limit} contacts{by} in {days} d"


def _spent(tx: Tx) -> pd.DataFrame:
    held = ledger.contacts(tx, None).to_pandas()
    free = (held["state"] == ledger.RETURNED) | (held["class"] == ContactClass.REQUESTED)
    policy = decisions.read(tx, source="engage", columns=["decision_id", "policy_version"])
    spent: pd.DataFrame = held[~free].merge(policy.to_pandas(), on="decision_id", how="left")
    return spent


def over(spent: pd.DataFrame, cap: Cap) -> npt.NDArray[np.bool_]:
    """Return which contacts have `limit` others of the same budget in the window before them."""
    found = np.zeros(len(spent), bool)
    mine = np.flatnonzero(spent["channel"] == cap.channel) if cap.channel else np.arange(len(spent))
    names = ["person_id", "subject_id"] if cap.per_subject else ["person_id"]
    whose = spent.iloc[mine].groupby(names, dropna=False, sort=False).ngroup().to_numpy()
    at = spent["at"].to_numpy()[mine]
    order = np.lexsort((at, whose))
    first, last = order[: max(len(order) - cap.limit, 0)], order[cap.limit :]
    full = (whose[first] == whose[last]) & (at[last] - at[first] < np.timedelta64(cap.window))
    found[mine[last[full]]] = True
    return found


INVARIANT = Invariant(
    sentence="Nobody is contacted more often than the caps allow.", find=_breaches
)
