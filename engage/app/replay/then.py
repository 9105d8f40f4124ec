"""Decisions that obeyed the same policy at the same prices are made again together."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from engage.app import policies as past
from engage.app.policies import Past
from engage.app.replay.log import NO_TRIGGER, Log
from engage.store import Tx, plans

NO_PLAN = "the plan of then is not stored any more"


@dataclass(frozen=True)
class Then:
    """What ruled some decisions, and which."""

    past: Past
    price: Mapping[str, float]
    """Minor units for an agent minute, by queue."""
    rows: list[int]


def ruled(tx: Tx, log: Log) -> tuple[list[Then], dict[int, str]]:
    """Return the decisions by what ruled them, and of others why that is not known."""
    policies, prices = past.read(tx), _prices(tx, log)
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
            groups[policy, prices[plan]].append(row)
    known = {version: one for version, one in policies.items() if isinstance(one, Past)}
    made = [Then(known[one], json.loads(price), rows) for (one, price), rows in groups.items()]
    return made, lost


def _prices(tx: Tx, log: Log) -> dict[str, str]:
    """Return the prices of each plan, as JSON: plans are many, their prices mostly the same."""
    prices = {"": "{}"}
    for version in sorted({*log.texts("plan_version")} - {"", None}):
        body = plans.get(tx, version)
        if body is not None:
            prices[version] = json.dumps(body["price"], sort_keys=True)
    return prices
