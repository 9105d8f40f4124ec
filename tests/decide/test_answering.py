"""A call is worth more at an hour at which people answer, and takes fewer minutes where they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engage.decide.answering import BANDS, band
from engage.decide.hours import zone_of
from engage.decide.minutes import Learned
from tests.decide.world import DAY, HOUR, NOON, PLAN, World, only, person, slots, us

CALLING = {"actions": ("call_now",)}


def world(learned: Learned, **changes: Any) -> World:
    made = World(plan=replace(PLAN, learned=learned)).with_trigger(**{**CALLING, **changes})
    return made.with_person(**{"consent:call": us(NOON - DAY)})


def weighed(world: World, action: str = "call_now", **candidate: Any) -> dict[str, Any]:
    values = only(world.decide([world.candidate(**candidate)]).decisions)["values"]
    return dict(values[action])


def test_the_value_of_a_call_by_hand() -> None:
    # 13:00 in Berlin on a Tuesday: one of four answers, where one of two does at any hour.
    told = weighed(world(Learned({}, {"": 0.5, "weekday 12-14": 0.25})))
    minutes = 0.25 * 6 + 0.75 * 1
    assert told["minutes"] == minutes
    assert told["price"] == minutes * 50
    assert told["total"] == 0.03 * 100_000 * 0.25 / 0.5 - minutes * 50
    assert (told["reached"], told["usual"]) == (0.25, 0.5)
    assert told["hours"] == {"weekday 12-14": 1.0}
    assert told["uplift"] == 0.03


def test_an_hour_of_which_nothing_is_known_is_like_any() -> None:
    told = weighed(world(Learned({}, {"": 0.5, "weekend 12-14": 0.25})))
    assert told["reached"] == 0.5
    assert told["total"] == 3000 - 50 * (0.5 * 6 + 0.5)


def test_slots_count_by_their_places_left() -> None:
    # From 14:00 in Berlin eight half hours: four before four o'clock with 1 place, four behind with 3.
    ahead = slots(free=1)
    ahead.loc[4:, "free"] = 3
    learned = Learned({}, {"": 0.5, "weekday 14-16": 0.4, "weekday 16-18": 0.8})
    made = world(learned, actions=("callback",))
    told = weighed(made.but(plan=replace(made.plan, slots=ahead)), "callback")
    assert told["hours"] == {"weekday 14-16": 0.25, "weekday 16-18": 0.75}
    assert told["reached"] == pytest.approx(0.25 * 0.4 + 0.75 * 0.8)


def test_slots_behind_the_deadline_do_not_count() -> None:
    learned = Learned({}, {"": 0.5, "weekday 14-16": 0.4, "weekday 16-18": 0.8})
    told = weighed(world(learned, actions=("callback",), validity=2 * HOUR), "callback")
    # The slots of 14:00, 14:30 and 15:00 begin within two hours of 13:00.
    assert told["hours"] == {"weekday 14-16": 1.0}


def test_each_zone_that_somebody_may_be_in_counts_alike() -> None:
    # 12:00 UTC is 13:00 in Berlin and 14:00 in Helsinki.
    learned = Learned({}, {"": 0.5, "weekday 12-14": 0.2, "weekday 14-16": 0.6})
    made = world(learned).but(people={"per_a": person(zones=("Europe/Berlin", "Europe/Helsinki"))})
    assert weighed(made)["reached"] == pytest.approx(0.4)


def test_a_chat_and_a_message_ask_for_no_answer() -> None:
    learned = Learned({}, {"": 0.5, "weekday 12-14": 0.1})
    values = only(World(plan=replace(PLAN, learned=learned)).decide().decisions)["values"]
    assert "reached" not in values["chat"]
    assert values["chat"]["total"] == 0.04 * 100_000 - 6 * 50 - 50
    assert values["sms"]["total"] == 0.01 * 100_000 - 8 - 20


def test_a_contact_takes_as_long_as_those_of_its_topic() -> None:
    made = world(Learned({"phone": {"": 5.0, "mortgage": 20.0}}))
    assert weighed(made, topic="mortgage")["price"] == 20 * 50
    assert weighed(made, topic="weather")["minutes"] == 5
    assert weighed(made)["minutes"] == 5
    assert weighed(made, journey="mortgage")["minutes"] == 20
    assert weighed(made, journey="mortgage", topic="weather")["minutes"] == 5


def test_nobody_is_free_for_a_longer_contact_than_there_are_minutes() -> None:
    # 60 minutes are free in this half hour.
    made = world(Learned({"phone": {"": 5.0, "estate": 61.0}}))
    assert "no_capacity" in made.refused([made.candidate(topic="estate")])
    assert made.chosen([made.candidate(topic="weather")]) == "call_now"


def test_an_action_without_minutes_takes_none() -> None:
    made = world(Learned({"phone": {"": 5.0}}, {"": 0.5})).with_actions(
        call_now={"agent_minutes": 0.0}
    )
    told = weighed(made)
    assert "minutes" not in told
    assert told["price"] == 0


def test_nothing_learned_leaves_the_minutes_of_the_settings() -> None:
    told = weighed(world(Learned()))
    assert (told["minutes"], told["total"]) == (6, 3000 - 300)


def test_bands_follow_the_clock_of_the_place() -> None:
    moments = np.asarray([us(NOON), us(NOON + 4 * DAY), us(NOON + 12 * HOUR)]).astype(np.int64)
    zone = zone_of("Europe/Berlin")
    assert zone is not None
    told = [BANDS[one] for one in band(moments, zone)]
    assert told == ["weekday 12-14", "weekend 12-14", "weekday 00-02"]
