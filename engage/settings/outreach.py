"""What marketing decides: journeys, goals, actions, triggers, and the agents there are."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from engage.settings.base import Section, key
from engage.settings.running import CLOCK_TIME, Zone

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Journey(Section):
    """Something a visitor sets out to do on the pages, and what it is worth to the company."""

    goal: str = key("the goal that ends it well")
    margin_minor: int = key("what one is worth", 0, unit="minor units", ge=0)


class Goal(Section):
    """What counts as success: a condition over the rows of one relation."""

    relation: Literal["events", "interactions", "transactions", "appointments"] = key(
        "where it shows"
    )
    when: str = key("condition over that relation's columns", unit="SQL")
    value_minor: int = key(
        "what one is worth, where value_column is empty", 0, unit="minor units", ge=0
    )
    value_column: str = key("the column that says what one is worth", "")


class Action(Section):
    """One thing that may be offered, what it costs and what it needs."""

    channel: str = key("how it reaches the person")
    cost_minor: int = key("what one costs the company, agents aside", 0, unit="minor units", ge=0)
    agent_min: float = key("how long an agent is busy with one", 0.0, unit="minutes", ge=0)
    queue: str = key("whose agents; empty when none is needed", "")
    annoyance_minor: int = key("what it costs in goodwill", 0, unit="minor units", ge=0)
    needs: str = key("consent purpose that the person must have agreed to; empty: none", "")
    life_min: float = key("how long the offer is worth making", 30.0, unit="minutes", gt=0)
    prior_lift: float = key(
        "believed gain in the chance of the goal, until there is evidence", 0.0, ge=-1, le=1
    )
    slot: bool = key("booked into a free slot instead of happening now", default=False)
    fallback: str = key("the action offered instead when no agent is free", "")


class Trigger(Section):
    """When somebody is worth approaching, with what, and how it will be judged."""

    subject: Literal["session", "interaction", "person", "appointment"] = key("what it watches")
    when: str = key("condition over the subject's features and scores", unit="SQL")
    class_: Literal["requested", "service", "marketing"] = key(
        "why the person is contacted; the rules that bind depend on it",
        "marketing",
        stated=True,
        alias="class",
    )
    actions: tuple[str, ...] = key("what may be offered; the most valuable one is chosen")
    goal: str = key("what it is meant to reach; `recovered` is always there")
    horizon_h: float = key("how long after the decision the goal counts", unit="hours", gt=0)
    stake: Literal["journey", "customer", "fixed"] = key(
        "what is lost if nothing is done: journey margin x (1 - intent), "
        "customer value x interaction_churn, or stake_minor",
        "fixed",
    )
    stake_minor: int = key(
        "the fixed stake, and the stake of a journey without a margin", 0, unit="minor units", ge=0
    )
    stake_share: float = key(
        "share of customers who leave when not helped, where no interaction_churn says it",
        1.0,
        ge=0,
        le=1,
    )
    journey: str = key("whose margin is at stake; empty: the session's own journey", "")
    validity_min: float = key(
        "how long after the subject's moment it may still fire", 1440.0, unit="minutes", gt=0
    )
    holdout: float = key("share of people held out to measure by", 0.5, stated=True, ge=0, lt=1)
    exploration: float = key(
        "share of decisions drawn evenly to learn from", 0.1, stated=True, ge=0, le=1
    )
    band: float = key(
        "how far below the threshold of its score subjects are let in too, each with the chance "
        "`exploration`, to learn whether the threshold is right; 0: not at all",
        0.0,
        unit="units of the score",
        ge=0,
    )
    aa: bool = key(
        "an A/A comparison: people are drawn and decided about as always, and nothing is done on "
        "either side, so that an effect where there can be none would show",
        default=False,
    )
    variants: tuple[str, ...] = key("wordings to compare", ())

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.band and not self.exploration:
            raise ValueError(
                "band: nobody would be let in, as exploration is 0; raise exploration or set band = 0"
            )
        if self.band and self.class_ == "requested":
            raise ValueError(
                "band: what customers asked for is never explored; set band = 0, or another class"
            )
        if self.aa and not self.holdout:
            raise ValueError(
                "aa: there are no two sides to compare, as holdout is 0; raise holdout"
            )
        if self.aa and self.class_ == "requested":
            raise ValueError(
                "aa: what customers asked for is never left undone; set aa = false, or another class"
            )
        return self


class Queue(Section):
    """Agents who answer together, and how much of them is left for offers."""

    agents: int = key("how many are on duty", ge=0)
    opens: str = key("when they begin", "09:00", unit="HH:MM", pattern=CLOCK_TIME)
    closes: str = key("when they end", "20:00", unit="HH:MM", pattern=CLOCK_TIME)
    days: tuple[Day, ...] = key(
        "on which days", ("mon", "tue", "wed", "thu", "fri", "sat"), min_length=1
    )
    zone: Zone | Literal[""] = key(
        "their civil time; empty: the project's zone", "", unit="IANA zone"
    )
    handle_min: float = key(
        "how long a call-back takes, and any contact where too few are known to tell",
        6.0,
        unit="minutes",
        gt=0,
    )
    service_level: float = key(
        "share of those who call or write that shall be answered within answer_s", 0.8, ge=0, lt=1
    )
    answer_s: float = key("how long they may wait", 20.0, unit="seconds", ge=0)
    patience_s: float = key(
        "after how long they give up, where too few did to tell",
        120.0,
        unit="seconds",
        gt=0,
        le=36_000,
    )
    inbound_share: float = key(
        "share of their time that inbound contacts need, where less than two weeks of them are known",
        0.7,
        ge=0,
        le=1,
    )
    concurrency: int = key("contacts one agent has at a time", 1, ge=1)
    price_minor_per_min: float = key(
        "what an agent's minute is worth until the plan knows better",
        50.0,
        unit="minor units",
        ge=0,
    )


class Value(Section):
    """Whose reckoning of what a customer is worth stands behind stakes and effects."""

    source: Literal["model", "imported"] = key(
        "model: the score `customer_value`; imported: the company's own, by `engage import values`",
        "model",
    )


class Deciding(Section):
    """What every decision obeys besides the trigger, the person and the plan."""

    exploration_floor: float = key(
        "while exploring, every allowed action keeps at least this chance", 0.05, ge=0, le=0.5
    )
    minimum_minor: int = key(
        "an action must be worth this much when all costs are taken off", 0, unit="minor units"
    )
    stale_h: float = key("features older than this are not acted on", 26.0, unit="hours", gt=0)
    slot_lead_min: float = key(
        "the earliest slot that is offered begins this long from now", 15.0, unit="minutes", ge=0
    )
    slots_offered: int = key("call-back slots offered at a time", 3, unit="slots", ge=1)
    agents_live_s: float = key(
        "what `engage agents set` told counts for so long; then, and of queues it never told of, the "
        "plan says who is free",
        120.0,
        unit="seconds",
        gt=0,
        le=3_600,
    )
    attempt_min: float = key(
        "how long an agent is busy with a call that nobody answers",
        1.0,
        unit="minutes",
        ge=0,
        le=60,
    )
