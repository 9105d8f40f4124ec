"""What is at stake for each candidate when nothing is done, in minor units of money."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.domain.triggers import Stake, Trigger


def stakes(
    frame: pd.DataFrame, trigger: Trigger, margins: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """Return the stake of each row under this trigger, in minor units, never below zero.

    `journey`: the journey's margin x (1 - session_intent), what is lost if the visitor gives up.
    `customer`: customer_value x stake_share, what the customer is worth times the chance that
    an unresolved matter drives them away. `fixed`: the trigger's own amount. A score that is not
    there yet counts as no reason to expect success (intent 0) and as no known value (0).
    `margins` holds each journey's margin in minor units.
    """
    if trigger.stake is Stake.FIXED:
        amount = np.full(len(frame), float(trigger.stake_minor))
    elif trigger.stake is Stake.JOURNEY:
        amount = _margin(frame, trigger, margins) * (1 - _column(frame, "session_intent"))
    else:
        amount = _column(frame, "customer_value") * trigger.stake_share
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


def _column(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    if name not in frame:
        return np.zeros(len(frame))
    return pd.to_numeric(frame[name]).fillna(0.0).to_numpy(np.float64)
