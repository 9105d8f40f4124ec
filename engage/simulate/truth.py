"""What the engine's approaches really changed: the world that was played beside the one without.

Estimand. For each trigger: among the people treated at their first qualification for it, the mean
over people of (what came of it in the world that was played) - (what would have come of it had none
of this trigger's answers been given, everything else as it was played). That is intention to treat:
people whom no offer reached, who ignored it, or for whom `none` was drawn count as treated. Over
random arms, its expectation is that of the difference between treated and held out. Approaches by
other triggers are part of both worlds, as they are part of both arms.

Nothing is estimated here: both worlds follow from the same drawn people (`course`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from engage.domain.assignments import Arm
from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, HOUR
from engage.simulate.course import Log, course
from engage.simulate.facts import Cases, Facts, What, Yardstick, facts, succeeds, value_minor
from engage.simulate.streams import Flags, Ints

YARDSTICKS: dict[str, Yardstick] = {
    "mortgage_calculator_at_night": Yardstick(What.FINISHED, 14 * DAY, ("mortgage",)),
    "application_abandoned": Yardstick(What.FINISHED, 14 * DAY, ("mortgage", "card", "loan")),
    "visitor_struggling": Yardstick(What.FINISHED, 24 * HOUR),
    "call_unresolved": Yardstick(What.RECOVERED, 7 * DAY),
    "call_abandoned": Yardstick(What.RECOVERED, 7 * DAY),
    "appointment_reminder": Yardstick(What.KEPT, 48 * HOUR),
}
"""The goals and horizons of the default triggers."""


class Effect(TypedDict):
    """The true effect of one trigger."""

    effect: float
    """Mean difference in the share that reached the goal or recovered; NaN when n is 0."""
    clv_change: float
    """Mean difference in the margin of the twelve months from qualification, in minor units."""
    n: int
    """Treated people."""


def effects(
    bank: Bank,
    log: Log,
    first: Mapping[str, Cases],
    yardsticks: Mapping[str, Yardstick],
) -> dict[str, Effect]:
    """Return the true effect of each trigger on the treated of its first qualifications."""
    played = facts(bank, log, course(bank.needs, bank.people.closed, log))
    return {
        name: effect(bank, played, without(bank, log, name), first[name], yardsticks[name])
        for name in first
    }


def without(bank: Bank, log: Log, trigger: str) -> Facts:
    """Return what would have happened without this trigger's answers."""
    return facts(bank, log, course(bank.needs, bank.people.closed, log, log.trigger != trigger))


def effect(bank: Bank, played: Facts, left_alone: Facts, cases: Cases, by: Yardstick) -> Effect:
    """Return the mean difference between the two worlds over these cases."""
    n = len(cases.person)
    if not n:
        return Effect(effect=float("nan"), clv_change=float("nan"), n=0)
    gained = succeeds(bank, played, cases, by).astype(np.int64) - succeeds(
        bank, left_alone, cases, by
    )
    earned = value_minor(bank, played, cases) - value_minor(bank, left_alone, cases)
    return Effect(effect=float(gained.sum() / n), clv_change=float(earned.mean()), n=n)


def first_treated(
    unit: list[str], person: Ints, need: Ints, at: Ints, arm: list[str], decision: list[str]
) -> Cases:
    """Return the first qualification of each unit, of those that were treated at it.

    A unit is whom the engine takes for one person; a browser that was never identified is one of
    its own.
    """
    codes = np.unique(np.array(unit, dtype=np.str_), return_inverse=True)[1]
    order = np.lexsort((np.array(decision, dtype=np.str_), at, codes))
    first: Flags = np.append(True, codes[order][1:] != codes[order][:-1])[: len(order)]
    chosen = order[first]
    treated = np.array([one == Arm.TREATED for one in arm], dtype=np.bool_)
    chosen = chosen[treated[chosen]]
    return Cases(person[chosen], need[chosen], at[chosen])
