"""What the settings say in tables becomes the vocabulary: goals, actions, triggers."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import timedelta

from engage.domain.actions import Action, ContactClass
from engage.domain.catalog import QUERYABLE
from engage.domain.goals import RECOVERED, Goal
from engage.domain.scores import Subject
from engage.domain.triggers import Stake, Trigger
from engage.errors import DefinitionError, SettingsError
from engage.features.schema import arrow_schema
from engage.measure.goals import reached
from engage.settings import Settings
from engage.settings.outreach import Action as WrittenAction
from engage.settings.outreach import Trigger as Written
from engage.settings.trigger_file import TriggerEdit


def goals_of(settings: Settings) -> dict[str, Goal]:
    """Return the goals that the settings define, by name; their conditions must be sound.

    The goal that each journey names must be among them.
    """
    goals = {
        name: Goal(name, g.relation, g.when, g.value_minor, g.value_column)
        for name, g in settings.goals.items()
    }
    for goal in goals.values():
        _check_goal(goal)
    for name, journey in settings.journeys.items():
        known(journey.goal, goals, f"settings.toml [journeys.{name}] goal")
    return goals


def _check_goal(goal: Goal) -> None:
    relation = QUERYABLE[goal.relation]
    try:
        # Over no rows at all: what would be refused at night is refused at the start.
        reached([goal], relation, arrow_schema(relation).empty_table())
    except DefinitionError as error:
        raise type(error)(f"settings.toml [goals.{goal.name}]: {error}") from error


def actions_of(settings: Settings) -> dict[str, Action]:
    """Return the actions that the settings define, by name; fallbacks and queues must exist."""
    actions = {name: action_of(name, a) for name, a in settings.actions.items()}
    for action in actions.values():
        place = f"settings.toml [actions.{action.name}]"
        if action.fallback:
            known(action.fallback, actions, f"{place} fallback")
        if action.queue:
            known(action.queue, settings.queues, f"{place} queue")
    return actions


def action_of(name: str, a: WrittenAction) -> Action:
    """Return one action as its table has it."""
    return Action(
        name=name,
        channel=a.channel,
        cost_minor=a.cost_minor,
        agent_minutes=a.agent_min,
        queue=a.queue,
        annoyance_minor=a.annoyance_minor,
        needs=a.needs,
        life=timedelta(minutes=a.life_min),
        prior_lift=a.prior_lift,
        slot=a.slot,
        fallback=a.fallback,
    )


def triggers_of(
    settings: Settings,
    goals: Mapping[str, Goal],
    actions: Mapping[str, Action],
    file: str = "settings.toml",
) -> dict[str, Trigger]:
    """Return the triggers that the settings define, by name; what they name must exist.

    `file` is where their tables stand, for what is said of a wrong name.
    """
    triggers = {name: _trigger(name, t) for name, t in settings.triggers.items()}
    for trigger in triggers.values():
        check_names(trigger, goals, actions, settings.journeys, file=file)
        _check_horizon(trigger, settings.assignment.rotation_d, file)
    return triggers


def _check_horizon(trigger: Trigger, turn_d: int, file: str) -> None:
    """Refuse a horizon that no turn of the held-out outlasts: nobody could be compared."""
    if turn_d and trigger.horizon >= timedelta(days=turn_d):
        raise SettingsError(
            f"{file} [triggers.{trigger.name}] horizon_h: a turn of [assignment] rotation_d = {turn_d} "
            f"days is over before its {trigger.horizon / timedelta(days=1):g} days are; let turns be "
            "longer than every horizon"
        )


def _trigger(name: str, t: Written) -> Trigger:
    return Trigger(
        name=name,
        subject=Subject(t.subject),
        when=t.when,
        actions=tuple(t.actions),
        goal=t.goal,
        horizon=timedelta(hours=t.horizon_h),
        contact_class=ContactClass(t.class_),
        stake=Stake(t.stake),
        stake_minor=t.stake_minor,
        stake_share=t.stake_share,
        journey=t.journey,
        validity=timedelta(minutes=t.validity_min),
        holdout=t.holdout,
        exploration=t.exploration,
        band=t.band,
        aa=t.aa,
        variants=tuple(t.variants),
    )


def check_names(
    trigger: Trigger,
    goals: Collection[str],
    actions: Collection[str],
    journeys: Collection[str],
    *,
    file: str = "settings.toml",
) -> None:
    """Refuse a trigger that names an action, goal or journey that is not there."""
    place = f"{file} [triggers.{trigger.name}]"
    for action in trigger.actions:
        known(action, actions, f"{place} actions")
    known(trigger.goal, {*goals, RECOVERED}, f"{place} goal")
    if trigger.journey:
        known(trigger.journey, journeys, f"{place} journey")


def written(trigger: Trigger) -> TriggerEdit:
    """Return a trigger as it is written in a file, with the version that it has."""
    return TriggerEdit(
        subject=trigger.subject.value,
        when=trigger.when,
        class_=trigger.contact_class.value,
        actions=trigger.actions,
        goal=trigger.goal,
        horizon_h=trigger.horizon / timedelta(hours=1),
        stake=trigger.stake.value,
        stake_minor=trigger.stake_minor,
        stake_share=trigger.stake_share,
        journey=trigger.journey,
        validity_min=trigger.validity / timedelta(minutes=1),
        holdout=trigger.holdout,
        exploration=trigger.exploration,
        band=trigger.band,
        aa=trigger.aa,
        variants=trigger.variants,
        version=trigger.version,
    )


def known(name: str, names: Collection[str], place: str) -> None:
    """Refuse a name that is not there, with its place and the nearest that is."""
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    raise SettingsError(f"{place}: there is no {name!r}{hint}")
