"""What the engine's approaches really changed: the world that was played beside the one without.

Estimand. For each trigger: among the people treated at their first qualification for it, the mean
over people of (what came of it in the world that was played) - (what would have come of it had none
of this trigger's answers been given, everything else as it was played). That is intention to treat:
people whom no offer reached, who ignored it, or for whom `none` was drawn count as treated. Over
random arms, its expectation is that of the difference between treated and held out. Approaches by
other triggers are part of both worlds, as they are part of both arms. Where conversations fill the
queues for everybody (`crowding`), the held out are touched too: `spill` says by how much, and
`between_arms` what the difference between the arms then has for its expectation.

Nothing is estimated here: both worlds follow from the same drawn people (`course`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from engage.domain.assignments import Arm
from engage.simulate.bank import Bank
from engage.simulate.calendar import DAY, HOUR
from engage.simulate.course import Log, course
from engage.simulate.crowding import crowded
from engage.simulate.facts import Cases, Facts, What, Yardstick, facts, succeeds, value_minor
from engage.simulate.streams import Flags, Floats, Ints

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
    spill: float
    """The same difference for those held out at their first qualification: what the others' fuller
    queues did to them. 0 without interference."""
    strangers: int
    """Treated browsers that no person is behind, which the figures above leave out."""
    between_arms: float
    """What a fair comparison of the arms sees in expectation: `effect - spill`, both diluted by
    strangers, whom nothing touches. It is `effect` where there are no troubles."""


@dataclass(frozen=True, slots=True)
class Firsts:
    """Whom a trigger met first with which arm."""

    treated: Cases
    held_out: Cases
    strangers: tuple[int, int]
    """Browsers of either arm that no person is behind."""


def effects(
    bank: Bank,
    log: Log,
    first: Mapping[str, Firsts],
    yardsticks: Mapping[str, Yardstick],
) -> dict[str, Effect]:
    """Return the true effect of each trigger on the treated of its first qualifications."""
    played = world(bank, log)
    return {
        name: effect(
            bank, played, world(bank, log, log.trigger != name), first[name], yardsticks[name]
        )
        for name in first
    }


def world(bank: Bank, log: Log, kept: Flags | None = None) -> Facts:
    """Return what happens under the answers in `log`, or under the `kept` ones of them."""
    crowd = crowded(bank, log, kept)
    return facts(crowd.bank, log, course(crowd.bank.needs, bank.people.closed, log, kept))


def effect(bank: Bank, played: Facts, left_alone: Facts, first: Firsts, by: Yardstick) -> Effect:
    """Return the mean difference between the two worlds over these cases."""
    gained = _gained(bank, played, left_alone, first.treated, by)
    spilt = _gained(bank, played, left_alone, first.held_out, by)
    earned = value_minor(bank, played, first.treated) - value_minor(bank, left_alone, first.treated)
    treated, held_out = first.strangers
    return Effect(
        effect=_mean(gained),
        clv_change=_mean(earned),
        n=len(gained),
        spill=_mean(spilt, 0.0),
        strangers=treated,
        between_arms=_mean(gained, more=treated) - _mean(spilt, 0.0, more=held_out),
    )


def _mean(values: Ints | Floats, of_none: float = float("nan"), more: int = 0) -> float:
    """Return the mean of some values and `more` times nothing."""
    return float(values.sum()) / (len(values) + more) if len(values) else of_none


def _gained(bank: Bank, played: Facts, left_alone: Facts, cases: Cases, by: Yardstick) -> Ints:
    now, before = (succeeds(bank, one, cases, by).astype(np.int64) for one in (played, left_alone))
    return np.asarray(now - before)


def firsts(
    unit: list[str], person: Ints, need: Ints, at: Ints, arm: list[str], decision: list[str]
) -> Firsts:
    """Return the first qualification of each unit, by its arm.

    A unit is whom the engine takes for one person; a browser that was never identified is one of
    its own, and so is one that two people share.
    """
    codes = np.unique(np.array(unit, dtype=np.str_), return_inverse=True)[1]
    order = np.lexsort((np.array(decision, dtype=np.str_), at, codes))
    first: Flags = np.append(True, codes[order][1:] != codes[order][:-1])[: len(order)]
    chosen = order[first]
    treated = np.array([one == Arm.TREATED for one in arm], dtype=np.bool_)[chosen]
    real = person[chosen] >= 0
    met, left = chosen[treated & real], chosen[~treated & real]
    return Firsts(
        Cases(person[met], need[met], at[met]),
        Cases(person[left], need[left], at[left]),
        (int((treated & ~real).sum()), int((~treated & ~real).sum())),
    )
