"""The policy says of one person what a decision would say, and when the hours open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from engage.decide.permission import NEVER, Permission, permissions
from engage.domain.actions import ContactClass
from engage.domain.reasons import Reason
from engage.domain.triggers import TriggerState
from tests.decide.world import DAY, HOUR, NOON, World, trigger, us

SATURDAY_NIGHT = datetime.fromisoformat("2026-11-07T20:00:00+00:00")
"""21:00 in Berlin; the next window opens on Monday at nine, which is 8:00 UTC."""
MONDAY = us(datetime.fromisoformat("2026-11-09T08:00:00+00:00")).astype(np.int64)


def asked(world: World, now: datetime = NOON) -> dict[str, Permission]:
    """Return the answer for each action of the world's only trigger."""
    triggers = {one.name: one for one in world.triggers}
    found = permissions(triggers, world.actions, world.context, world.rules, now)
    return {one.action.name: one for one in found}


def all_of(**changes: Any) -> World:
    actions = ("chat", "call_now", "callback", "sms")
    return World(triggers=(trigger(actions=actions),)).with_person(**changes)


def test_everything_is_allowed_where_nothing_stands_against_it() -> None:
    found = asked(all_of())
    assert sorted(found) == ["call_now", "callback", "chat", "sms"]
    assert {one.reasons for one in found.values()} == {()}
    assert {one.opens for one in found.values()} == {int(us(NOON).astype(np.int64))}


def test_no_trigger_is_no_question() -> None:
    assert permissions({}, World().actions, World().context, World().rules, NOON) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"excluded": True}, Reason.EXCLUDED),
        ({"suppressed": True}, Reason.SUPPRESSED),
        ({"gpc": True}, Reason.GPC),
        ({"all_24h": 3}, Reason.CEILING),
        ({"rest_until": us(NOON + HOUR)}, Reason.RESTING),
        ({"open_action": True}, Reason.OPEN_ACTION),
    ],
)
def test_what_forbids_a_person_forbids_every_action(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert all(reason in one.reasons for one in asked(all_of(**changes)).values())


def test_each_action_has_its_own_reasons() -> None:
    found = asked(all_of(sms_24h=1, has_phone=False))
    assert found["chat"].reasons == ()
    assert found["call_now"].reasons == (Reason.NO_CHANNEL,)
    assert found["sms"].reasons == (Reason.NO_CHANNEL, Reason.CAP)
    never = asked(all_of(**{"consent:sms": np.datetime64("NaT", "us")}))
    assert {name: one.reasons for name, one in never.items() if one.reasons} == {
        "sms": (Reason.NO_CONSENT,)
    }
    paused = all_of().with_trigger(state=TriggerState.PAUSED)
    assert {one.reasons for one in asked(paused).values()} == {(Reason.NOT_APPROVED,)}


def test_outside_the_hours_it_says_when_they_open() -> None:
    found = asked(all_of(), SATURDAY_NIGHT)
    assert found["chat"].reasons == ()
    assert found["chat"].opens == int(us(SATURDAY_NIGHT).astype(np.int64))
    # The trigger's offer lives a day: on Monday it would be too late for a message.
    assert found["sms"].reasons == found["call_now"].reasons == (Reason.QUIET_HOURS,)
    assert found["callback"].reasons == ()
    assert {found[name].opens for name in ("sms", "call_now", "callback")} == {int(MONDAY)}
    assert found["sms"].lasting == ()


def test_a_message_that_can_wait_is_not_refused() -> None:
    patient = trigger(actions=("sms",), validity=timedelta(days=3))
    found = asked(World(triggers=(patient,)), SATURDAY_NIGHT)
    assert found["sms"].reasons == ()
    assert found["sms"].against == (Reason.QUIET_HOURS,)
    assert found["sms"].opens == int(MONDAY)


def test_a_place_without_hours_never_opens() -> None:
    found = asked(all_of(places=("BR",), zones=("America/Sao_Paulo",)))
    assert found["sms"].opens == NEVER
    assert found["sms"].reasons == (Reason.QUIET_HOURS,)
    nowhere = asked(all_of(places=(), zones=()))
    assert nowhere["callback"].reasons == nowhere["callback"].against == (Reason.UNKNOWN_ZONE,)
    assert found["callback"].against == (Reason.QUIET_HOURS,)


STATES: list[dict[str, Any]] = [
    {},
    {"excluded": True},
    {"must_serve": True},
    {"suppressed": True},
    {"gpc": True},
    {"all_24h": 3},
    {"sms_7d": 2, "call_7d": 3, "chat_24h": 2},
    {"rest_until": us(NOON + HOUR)},
    {"open_action": True},
    {"has_phone": False},
    {"consent:sms": np.datetime64("NaT", "us")},
    {"consent:sms": us(NOON - 1000 * DAY)},
]
WHEREABOUTS = [
    (("DE",), ("Europe/Berlin",)),
    (("DE",), ("Europe/Berlin", "America/New_York")),
    (("DE",), ("Atlantis/Capital",)),
    (("BR",), ("America/Sao_Paulo",)),
    ((), ()),
]
EXPLAINED = (Path(__file__).parents[2] / "docs" / "reasons.md").read_text()


ASKED = tuple(
    trigger(
        f"{contact_class}, {state}, {validity}",
        actions=("chat", "slots", "call_now", "callback", "sms"),
        contact_class=contact_class,
        state=state,
        validity=validity,
    )
    for contact_class in ContactClass
    for state in (TriggerState.LIVE, TriggerState.PAUSED)
    for validity in (HOUR, 3 * DAY)
)


@pytest.mark.parametrize("incident", ["", "slots", "pause"])
@pytest.mark.parametrize("now", [NOON, SATURDAY_NIGHT])
def test_what_may_not_be_done_now_has_a_reason_that_is_explained(
    incident: Literal["", "slots", "pause"], now: datetime
) -> None:
    world = World(triggers=ASKED, rules=replace(World().rules, incident=incident))
    triggers = {one.name: one for one in world.triggers}
    for changes, (places, zones) in product(STATES, WHEREABOUTS):
        context = world.with_person(**changes, places=places, zones=zones).context
        found = permissions(triggers, world.actions, context, world.rules, now)
        assert len(found) == 5 * len(ASKED)
        for one in found:
            assert (not one.against) == (not one.reasons and one.opens == one.asked)
            assert set(one.reasons) <= set(one.against)
            assert all(f"| `{why}` | {why.sentence} |" in EXPLAINED for why in one.against)


@pytest.mark.parametrize("contact_class", list(ContactClass))
@pytest.mark.parametrize("hours", range(0, 7 * 24, 5))
def test_a_decision_allows_nothing_else(contact_class: ContactClass, hours: int) -> None:
    now = NOON + hours * HOUR
    world = World(
        triggers=(trigger(actions=("chat", "sms", "call_now"), contact_class=contact_class),),
        now=now,
    ).with_person(**{"consent:sms": us(now - 30 * DAY)})
    allowed = {name for name, one in asked(world, now).items() if not one.reasons}
    decided = world.decide().decisions
    (chosen,) = decided["allowed"] if len(decided) else ([],)
    # The price may take something away, the policy nothing more.
    assert set(chosen) <= allowed
    assert {"chat", "sms"} & allowed == {"chat", "sms"} & set(chosen)
