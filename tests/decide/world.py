"""A small world in which one visitor may be offered everything, until a test takes something away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from engage.decide.capacity import Plan
from engage.decide.decided import Decided
from engage.decide.frequency import COUNTED
from engage.decide.hours import DAYS, Window
from engage.decide.policy import decide
from engage.decide.rules import Rules
from engage.domain.actions import Action, ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
"""A Tuesday; 13:00 in Berlin, 07:00 in New York."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OPEN = Window.of(("mon", "tue", "wed", "thu", "fri", "sat"), "09:00", "19:00")
ALWAYS = Window.of(DAYS, "00:00", "24:00")

ACTIONS = {
    action.name: action
    for action in (
        Action(
            "chat",
            "chat_offer",
            agent_minutes=6,
            queue="chat",
            annoyance_minor=50,
            life=MINUTE,
            prior_lift=0.04,
            fallback="slots",
        ),
        Action(
            "slots", "chat_offer", queue="phone", agent_minutes=6, life=MINUTE, prior_lift=0.02,
            slot=True,
        ),
        Action(
            "call_now",
            "callback",
            queue="phone",
            agent_minutes=6,
            prior_lift=0.03,
            fallback="callback",
        ),
        Action(
            "callback", "callback", queue="phone", agent_minutes=6, prior_lift=0.025, slot=True
        ),
        Action("sms", "sms", cost_minor=8, annoyance_minor=20, needs="sms", prior_lift=0.01),
    )
}  # fmt: skip


def us(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def trigger(name: str = "night", **changes: Any) -> Trigger:
    given: dict[str, Any] = {
        "subject": Subject.SESSION,
        "when": "true",
        "actions": ("chat", "sms"),
        "goal": "applied",
        "horizon": 14 * DAY,
        "holdout": 0.0,
        "exploration": 0.0,
    }
    return Trigger(name, **(given | changes))


def person(**changes: Any) -> dict[str, Any]:
    """Return a row of the context: a treated customer in Berlin who agreed to everything."""
    known = {
        "country": "DE",
        "region": "",
        "places": ("DE",),
        "zones": ("Europe/Berlin",),
        "has_phone": True,
        "has_email": True,
        "suppressed": False,
        "excluded": False,
        "must_serve": False,
        "gpc": False,
        "open_action": False,
        "rest_until": np.datetime64("NaT", "us"),
        **dict.fromkeys((*COUNTED, "all_24h", "all_30d", "requested_dials_24h"), 0),
        "by_subject": None,
        "consent:sms": us(NOON - 30 * DAY),
        "arm_global": "treated",
    }
    return known | changes


def slots(
    first: datetime = NOON + HOUR, count: int = 8, free: int = 2, queue: str = "phone"
) -> pd.DataFrame:
    """Return half-hour slots from a moment on."""
    starts = [us(first + i * 30 * MINUTE) for i in range(count)]
    return pd.DataFrame(
        {
            "slot_id": [f"{queue}-{i}" for i in range(count)],
            "queue": queue,
            "starts_at": np.asarray(starts, "datetime64[us]"),
            "ends_at": np.asarray(starts, "datetime64[us]") + np.timedelta64(30, "m"),
            "free": free,
        }
    )


RULES = Rules(
    "policy-1",
    {"DE": {ContactClass.SERVICE: (OPEN,), ContactClass.MARKETING: (OPEN,)}},
    holdout_global=0.0,
)
PLAN = Plan("plan-1", {"chat": 60.0, "phone": 60.0}, slots(), {"chat": 50.0, "phone": 50.0})


@dataclass(frozen=True)
class World:
    """Everything a decision needs; `replace` what a test is about."""

    triggers: tuple[Trigger, ...] = (trigger(),)
    people: Mapping[str, dict[str, Any]] = field(default_factory=lambda: {"per_a": person()})
    rules: Rules = RULES
    plan: Plan = PLAN
    now: datetime = NOON
    actions: Mapping[str, Action] = field(default_factory=lambda: ACTIONS)

    def but(self, **changes: Any) -> World:
        """Return the world with something else in it."""
        return replace(self, **changes)

    def with_person(self, **changes: Any) -> World:
        return self.but(people={"per_a": person(**changes)})

    def with_consent_at(self, moment: datetime) -> World:
        """Return the world with everybody's consent given at this moment."""
        given = {"consent:sms": us(moment)}
        return self.but(people={name: row | given for name, row in self.people.items()})

    def with_trigger(self, **changes: Any) -> World:
        return self.but(triggers=(trigger(**changes),))

    def with_actions(self, **changes: Mapping[str, Any]) -> World:
        """Return the world with fields of some actions changed."""
        changed = {name: replace(self.actions[name], **new) for name, new in changes.items()}
        return self.but(actions={**self.actions, **changed})

    @property
    def context(self) -> pd.DataFrame:
        table = pd.DataFrame.from_dict(
            {name: [row[name] for row in self.people.values()] for name in person()}
            | {
                name: [row.get(name) for row in self.people.values()]
                for name in {key for row in self.people.values() for key in row} - set(person())
            }
        )
        return table.set_axis(pd.Index(list(self.people), dtype="str"), axis=0)

    def candidate(self, **changes: Any) -> dict[str, Any]:
        return {
            "trigger": self.triggers[0].name,
            "subject_id": "ses_1",
            "person_id": "per_a",
            "as_of": us(self.now),
            "moment": us(self.now),
            "stake_minor": 100_000,
        } | changes

    def decide(
        self, candidates: Iterable[dict[str, Any]] | pd.DataFrame | None = None, **how: Any
    ) -> Decided:
        """Decide for these candidates, else for the one that everybody expects."""
        rows = [self.candidate()] if candidates is None else candidates
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        given: dict[str, Any] = {"salt": b"salt", "secret": b"secret", "run_id": "run_1"}
        return decide(
            frame,
            {one.name: one for one in self.triggers},
            self.actions,
            self.context,
            self.rules,
            self.plan,
            now=self.now,
            **(given | how),
        )

    def refused(self, candidates: Iterable[dict[str, Any]] | None = None) -> list[str]:
        """Return the reasons of the only candidate, who must have been refused."""
        decided = self.decide(candidates)
        assert decided.decisions.empty
        assert decided.messages.empty
        (reasons,) = decided.refusals["reasons"]
        return list(reasons)

    def chosen(self, candidates: Iterable[dict[str, Any]] | None = None) -> str:
        """Return the action of the only decision."""
        (action,) = self.decide(candidates).decisions["action"]
        return str(action)


def only(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the only row of a frame."""
    (row,) = frame.to_dict("records")
    return {str(name): value for name, value in row.items()}
