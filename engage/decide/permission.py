"""What the contact policy allows a person, action by action: to be asked about, not to decide by.

The gates are those of a decision. Staff and worth are not asked, as they depend on the moment's
queue and on what the person does; nor are arms, which say nothing of what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from engage.decide import freshness, policy, quiet_hours
from engage.decide.board import Refusals, in_words, lay_out
from engage.decide.quiet_hours import NEVER, Calendar
from engage.decide.rules import Rules
from engage.domain.actions import ON_PAGE, Action
from engage.domain.reasons import Reason
from engage.domain.triggers import Trigger

GATES = tuple(gate for gate in policy.GATES if gate is not freshness.refused)
"""What is asked of features and moments has no meaning where nothing happened."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What stands against one action of one trigger at a moment."""

    trigger: Trigger
    action: Action
    reasons: tuple[Reason, ...]
    """Everything for which a decision would refuse it; empty where it may be decided."""
    opens: int
    """When contact is allowed by the hours, from the moment on, in microseconds; NEVER if not soon."""
    asked: int
    """The moment itself, in microseconds."""

    @property
    def against(self) -> tuple[Reason, ...]:
        """Return everything that forbids it at this very moment; empty where it may be offered now.

        Besides what a decision would refuse it has the hours that a message or a slot waits for.
        """
        waits = self.opens > self.asked and Reason.UNKNOWN_ZONE not in self.reasons
        found = {*self.reasons, *([Reason.QUIET_HOURS] if waits else [])}
        return tuple(one for one in Reason if one in found)

    @property
    def lasting(self) -> tuple[Reason, ...]:
        """Return the reasons without the hours, which pass by themselves."""
        return tuple(one for one in self.reasons if one is not Reason.QUIET_HOURS)


def permissions(
    triggers: Mapping[str, Trigger],
    actions: Mapping[str, Action],
    context: pd.DataFrame,
    rules: Rules,
    now: datetime,
) -> list[Permission]:
    """Return what the policy says of every action of every trigger for one person at a moment.

    `context`: the one row of `context.build`. The person is taken to qualify this very moment, on a
    page where the trigger is about visits.
    """
    if not triggers:
        return []
    board = lay_out(_candidates(triggers, context, now), triggers, actions, context, now)
    refused = Refusals(board)
    for gate in GATES:
        refused.add(gate(board, rules))
    at = int(board.now.astype(np.int64))
    found = quiet_hours.groups(board, Calendar(rules, at))
    refused.add(quiet_hours.timing(board, found).masks)
    opening, _ = quiet_hours.next_open(found, at)
    rows, columns = np.nonzero(board.listed)
    reasons = in_words(refused.bits[rows, columns])
    return [
        Permission(
            board.triggers[board.code[row]],
            action := board.actions[column],
            tuple(Reason(one) for one in why),
            at if action.channel in ON_PAGE else int(opening[row]),
            at,
        )
        for row, column, why in zip(rows.tolist(), columns.tolist(), reasons, strict=True)
    ]


def _candidates(
    triggers: Mapping[str, Trigger], context: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    (person,) = context.index
    moment = np.datetime64(pd.Timestamp(now).tz_convert("UTC").tz_localize(None), "us")
    names = sorted(triggers)
    return pd.DataFrame(
        {
            "trigger": names,
            "subject_id": [f"asked about {name}" for name in names],
            "person_id": person,
            "as_of": moment,
            "moment": moment,
            "stake_minor": 0,
        }
    )


__all__ = ["NEVER", "Permission", "permissions"]
