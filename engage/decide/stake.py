"""What is at stake for each candidate when nothing is done, in minor units of money."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.domain.triggers import Stake, Trigger

CHURN = "interaction_churn"
"""The score that says how likely a contact's customer leaves, where a model gives it."""


def stakes(
    frame: pd.DataFrame, trigger: Trigger, margins: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """Return the stake of each row under this trigger, in minor units, never below zero.

    `journey`: the journey's margin x (1 - session_intent), what is lost if the visitor gives up.
    `customer`: customer_value x interaction_churn, what the customer is worth times the chance that
    they leave if nobody follows this contact up (docs/decisions/0019); where no model says it, the
    trigger's stake_share stands in. `fixed`: the trigger's own amount. A score that is not there
    yet counts as no reason to expect success (intent 0) and as no known value (0). `margins` holds
    each journey's margin in minor units.
    """
    if trigger.stake is Stake.FIXED:
        amount = np.full(len(frame), float(trigger.stake_minor))
    elif trigger.stake is Stake.JOURNEY:
        amount = _margin(frame, trigger, margins) * (1 - _column(frame, "session_intent"))
    else:
        leaves = _column(frame, CHURN, trigger.stake_share)
        amount = _column(frame, "customer_value") * leaves
    whole: npt.NDArray[np.int64] = np.rint(np.maximum(amount, 0)).astype(np.int64)
    return whole


def _margin(
    frame: pd.DataFrame, trigger: Trigger, margins: Mapping[str, int]
) -> npt.NDArray[np.float64]:
    if trigger.journey:
        return np.full(len(frame), float(margins.get(trigger.journey, 0)))
    if "journey" not in frame:
        return np.full(len(frame), float(trigger.stake_minor))
    known = frame["journey"].astype("object").map(dict(margins))
    return pd.to_numeric(known).fillna(trigger.stake_minor).to_numpy(np.float64)


def _column(frame: pd.DataFrame, name: str, unknown: float = 0.0) -> npt.NDArray[np.float64]:
    if name not in frame:
        return np.full(len(frame), unknown)
    return pd.to_numeric(frame[name]).fillna(unknown).to_numpy(np.float64)
