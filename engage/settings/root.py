"""All settings of a project, in the order of the file."""

from __future__ import annotations

from engage.settings.base import Family, Section, key
from engage.settings.minutes import Minutes
from engage.settings.outreach import Action, Deciding, Goal, Journey, Queue, Trigger, Value
from engage.settings.policy import Caps, Policy
from engage.settings.running import (
    Engine,
    History,
    JobSettings,
    Logs,
    Project,
    Scoring,
    Store,
)
from engage.settings.sending import Assignment, Channels, Delivery, Replies
from engage.settings.uplift import Uplift
from engage.settings.watching import Drift, Fairness, Incident


class Settings(Section):
    """Everything that can be set, frozen once it is read."""

    project: Project = key("whose project this is", Project)
    store: Store = key("the database", Store)
    history: History = key("the Parquet history", History)
    engine: Engine = key("what computes", Engine)
    scoring: Scoring = key("how models learn", Scoring)
    uplift: Uplift = key("how it is learned what each action adds", Uplift)
    drift: Drift = key("how models in use are watched", Drift)
    fairness: Fairness = key("what no model may know", Fairness)
    journeys: Family[Journey] = key(
        "what visitors set out to do; an event belongs to the one that its property `journey` names, "
        "else to the one called like the first part of its path (/card/form: card)",
        dict,
    )
    goals: Family[Goal] = key("what counts as success", dict)
    actions: Family[Action] = key("what may be offered", dict)
    triggers: Family[Trigger] = key(
        "when somebody is approached; seeds version 1, then the approved version in the database rules",
        dict,
    )
    queues: Family[Queue] = key("agents", dict)
    minutes: Minutes = key("what an agent's minutes go into", Minutes)
    assignment: Assignment = key("who is held out", Assignment)
    value: Value = key("what a customer is worth", Value)
    deciding: Deciding = key("what every decision obeys", Deciding)
    incident: Incident = key("what happens in an outage", Incident)
    caps: Caps = key("how often", Caps)
    delivery: Delivery = key("the worker that sends", Delivery)
    channels: Channels = key("the ways out of the building", Channels)
    replies: Replies = key("what customers write back", Replies)
    jobs: Family[JobSettings] = key("other schedules than the jobs' own files say", dict)
    logs: Logs = key("the log", Logs)
    policy: Policy = key("when a person may be contacted", Policy)
