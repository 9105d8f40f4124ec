"""Decisions that obeyed the same policy at the same prices are made again together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.app import policies as past
from engage.app.planning import told_plan
from engage.app.policies import Past
from engage.app.replay.log import NO_TRIGGER, Log
from engage.decide.minutes import Learned
from engage.decide.plan import Forecast, asked_at, message_asked
from engage.store import Tx, plans

NO_PLAN = "the plan of then is not stored any more"


@dataclass(frozen=True)
class Then:
    """What ruled some decisions, and which."""

    past: Past
    price: Mapping[str, float]
    """Minor units for an agent minute, by queue."""
    price_later: Mapping[str, float]
    """The same for one in a slot, where it is another."""
    learned: Learned
    """How long contacts took, and when calls were answered."""
    message: Mapping[str, float]
    """The same for a message, by channel that has a budget."""
    rows: list[int]


def ruled(tx: Tx, log: Log) -> tuple[list[Then], dict[int, str]]:
    """Return the decisions by what ruled them, and of others why that is not known."""
    policies, prices = past.read(tx), _prices(tx, log)
    moments = log.rows["decided_at"].cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    lost: dict[int, str] = {}
    versions = zip(log.texts("policy_version"), log.texts("plan_version"), strict=True)
    for row, (policy, plan) in enumerate(versions):
        found = policies.get(policy, past.NOT_STORED)
        if log.trigger(row) is None:
            lost[row] = NO_TRIGGER
        elif isinstance(found, str):
            lost[row] = found
        elif plan not in prices:
            lost[row] = NO_PLAN
        else:
            groups[policy, prices[plan](moments[row])].append(row)
    known = {version: one for version, one in policies.items() if isinstance(one, Past)}
    made = []
    for (one, asked), rows in groups.items():
        price, price_later, learned, message = json.loads(asked)
        made.append(Then(known[one], price, price_later, Learned.told(learned), message, rows))
    return made, lost


def _prices(tx: Tx, log: Log) -> dict[str, Callable[[np.datetime64], str]]:
    """Return what each plan asked at a moment, as JSON: plans are many, what they ask mostly the same."""
    prices = {"": _asked(Forecast(pd.DataFrame(), pd.DataFrame()))}
    for version in sorted({*log.texts("plan_version")} - {"", None}):
        body = plans.get(tx, version)
        if body is not None:
            prices[version] = _asked(told_plan(body))
    return prices


def _asked(made: Forecast) -> Callable[[np.datetime64], str]:
    return lambda at: json.dumps(
        (*asked_at(made, at), made.learned.body, message_asked(made, at)), sort_keys=True
    )
