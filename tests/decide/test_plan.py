from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from engage.decide.hours import Window
from engage.decide.plan import Forecast, Staff, current, earliest, forecast
from engage.errors import SettingsError
from tests.decide.world import NOON, World, only, trigger

TUESDAY = (Window.of(("tue",), "09:00", "10:15"),)


def staff(**changes: object) -> Staff:
    given: dict[str, object] = {
        "queue": "phone",
        "agents": 4,
        "hours": TUESDAY,
        "zone": "Europe/Berlin",
        "handle_min": 12.0,
        "inbound_share": 0.75,
        "price_minor_per_min": 40.0,
    }
    return Staff(**(given | changes))  # type: ignore[arg-type]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 3, hour, minute, tzinfo=UTC)


def test_free_is_what_inbound_contacts_leave() -> None:
    made = forecast([staff()], at(7), days=1)
    busy = made.free[made.free["free_min"] > 0]
    # 4 agents x 30 minutes x .25 = 30 in a half hour; the last one is open for 15 of its minutes.
    # 09:00 in Berlin is 08:00 UTC in November.
    assert busy["starts_at"].dt.strftime("%H:%M").tolist() == ["08:00", "08:30", "09:00"]
    assert busy["free_min"].tolist() == [30, 30, 15]
    assert made.price == {"phone": 40.0}
    assert len(made.free) == 48


def test_a_slot_holds_as_many_calls_as_fit_into_its_free_minutes() -> None:
    made = forecast([staff()], at(7), days=1)
    # 30 / 12 = 2 calls, 15 / 12 = 1.
    assert made.slots["capacity"].tolist() == [2, 2, 1]
    assert made.slots["slot_id"].tolist()[0] == "phone@20261103T0800Z"
    lasting = made.slots["ends_at"] - made.slots["starts_at"]
    assert set(lasting) == {pd.Timedelta(minutes=30)}


def test_planning_again_names_the_same_slots_alike() -> None:
    first, again = forecast([staff()], at(7), days=1), forecast([staff()], at(8, 20), days=1)
    assert again.free["starts_at"].iloc[0] == pd.Timestamp("2026-11-03 08:00")
    assert set(again.slots["slot_id"]) == set(first.slots["slot_id"])


def test_agents_who_chat_with_several_have_as_many_times_the_minutes() -> None:
    made = forecast([staff(concurrency=3, inbound_share=0.5)], at(8), days=1)
    assert made.free["free_min"].iloc[0] == 180  # 4 x 3 x 30 x .5


def test_nobody_on_duty_is_no_slot() -> None:
    for nobody in (staff(agents=0), staff(inbound_share=1.0)):
        assert forecast([nobody], at(7)).slots.empty


def test_no_queue_at_all_is_an_empty_plan() -> None:
    made = forecast([], at(7))
    assert made.free.empty
    assert made.slots.empty
    plan = current("plan-0", made, made.slots.assign(booked=0), at(7), {})
    assert plan.free_now == {}


def test_a_queue_in_a_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(SettingsError, match="queue phone: 'Berlin'"):
        forecast([staff(zone="Berlin")], at(7))


def test_the_hours_follow_the_clock_change() -> None:
    # New York: 1 November 2026 ends summer time; 09:00 is 13:00 UTC before and 14:00 UTC after.
    daily = (Window.of(("sat", "mon"), "09:00", "09:30"),)
    made = forecast(
        [staff(hours=daily, zone="America/New_York")], datetime(2026, 10, 31, tzinfo=UTC), days=3
    )
    starts = made.slots["starts_at"].dt.strftime("%d %H:%M").tolist()
    assert starts == ["31 13:00", "02 14:00"]


def made_plan(now: datetime, booked: int = 0) -> tuple[Forecast, pd.DataFrame]:
    made = forecast([staff(), staff(queue="chat", agents=2)], now, days=1)
    return made, made.slots.assign(booked=[booked] + [0] * (len(made.slots) - 1))


def test_what_is_promised_for_this_half_hour_is_not_free_now() -> None:
    now = at(8, 10)
    made, slots = made_plan(now)
    slots.loc[slots["slot_id"] == "phone@20261103T0800Z", "booked"] = 2
    plan = current("plan-7", made, slots, now, {"phone": 12.0, "chat": 12.0})
    # 30 - 2 x 12 = 6 for the phone; 2 agents x 30 x .25 = 15 for the chat.
    assert plan.free_now == {"phone": 6.0, "chat": 15.0}
    assert plan.version == "plan-7"
    assert plan.price == {"phone": 40.0, "chat": 40.0}
    first = plan.slots.set_index("slot_id").loc["phone@20261103T0800Z"]
    assert first["free"] == 0


def test_more_promised_than_free_is_nobody_free() -> None:
    now = at(8, 10)
    made, slots = made_plan(now)
    slots.loc[slots["slot_id"] == "phone@20261103T0800Z", "booked"] = 9
    assert current("plan-7", made, slots, now, {"phone": 12.0}).free_now["phone"] == 0


def test_outside_the_plan_nobody_is_free() -> None:
    made, slots = made_plan(at(8))
    assert current("plan-7", made, slots, at(8) + timedelta(days=2), {}).free_now == {}


def test_a_forecast_is_what_decisions_are_made_under() -> None:
    open_all_day = (Window.of(("tue", "wed"), "09:00", "19:00"),)
    both = [staff(hours=open_all_day), staff(queue="chat", hours=open_all_day)]
    made = forecast(both, NOON, days=2)
    plan = current("plan-7", made, made.slots.assign(booked=0), NOON, {})
    world = World(plan=plan)
    assert world.chosen() == "chat"
    calls = World(plan=plan, triggers=(trigger(actions=("callback",)),))
    assert only(calls.decide().messages)["details"]["slot_ids"].startswith("phone@20261103T")


def test_a_plan_can_be_stored() -> None:
    made, _ = made_plan(at(8))
    body = made.body
    assert body["price"] == {"phone": 40.0, "chat": 40.0}
    assert body["free"][0] == {  # type: ignore[index]
        "queue": "chat",
        "starts_at": "2026-11-03 08:00:00",
        "ends_at": "2026-11-03 08:30:00",
        "free_min": 15.0,
        "agents": 2.0,
        "by": "settings",
    }
    assert "rosters" not in body


def priced(now: datetime, booked: int = 0) -> pd.DataFrame:
    """Return the slots of a priced plan: 0, 3, 2.6 and 0 places for slots, 2 to be promised now."""
    made, slots = made_plan(now)
    prices = {"phone": {"now": [0.0] * 4, "later": [0.0] * 4}}
    prices["phone"] |= {"slots": [0.0, 3.0, 2.6, 0.0], "asked": [2.0, 0, 0, 0]}
    mine = slots[slots["queue"] == "phone"]
    ahead = mine.assign(capacity=9, booked=[0, booked] + [0] * (len(mine) - 2))
    return current("plan-1", replace(made, prices=prices), ahead, now, {"phone": 12.0}).slots


def test_slots_are_drawn_where_the_plan_has_room_the_earliest_first() -> None:
    # The first slot is that of the running half hour, 08:00 in UTC.
    assert priced(at(8))["room"].tolist()[:3] == [0, 2, 0]
    # After three quarters of the half hour half a place is left to promise; one is always looked for.
    assert priced(at(8, 22))["room"].tolist()[:3] == [0, 1, 0]
    # Of the next half hour's three places two are taken, then all: the two to promise go on behind it.
    assert priced(at(8), booked=2)["room"].tolist()[:3] == [0, 1, 1]
    assert priced(at(8), booked=3)["room"].tolist()[:3] == [0, 0, 2]


def test_the_earliest_places_are_taken_and_at_least_one() -> None:
    room = np.array([0.0, 2, 1, 4])
    assert earliest(room, 4.0).tolist() == [0, 2, 1, 1]
    assert earliest(room, 0.0).tolist() == [0, 1, 0, 0]
    assert earliest(room, 99.0).tolist() == [0, 2, 1, 4]


def test_a_plan_without_prices_leaves_every_place() -> None:
    made, slots = made_plan(at(8), booked=1)
    found = current("plan-1", made, slots, at(8), {"phone": 12.0}).slots
    assert found["room"].tolist() == found["free"].clip(lower=0).tolist()


def rota(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Return a roster of the phone for 3 November: from, until, agents; known the day before."""
    days = (
        [f"2026-11-03 {begin}" for begin, _, _ in rows],
        [f"2026-11-03 {end}" for _, end, _ in rows],
    )
    return pd.DataFrame(
        {
            "queue": "phone",
            "starts_at": pd.to_datetime(days[0]).astype("datetime64[us]"),
            "ends_at": pd.to_datetime(days[1]).astype("datetime64[us]"),
            "agents": [agents for *_, agents in rows],
            "again_at": np.full(len(rows), np.datetime64("NaT", "us")),
            "known_at": np.full(len(rows), np.datetime64("2026-11-02T12:00", "us")),
        }
    )


def test_a_roster_rules_on_its_days_and_the_settings_on_others() -> None:
    # Of the 4 agents and 09:00 to 10:15 of the settings nothing holds on the day of the roster:
    # 06:00 UTC is 07:00 in Berlin, 2.5 agents x 30 x .25 = 18.75 minutes, one call of 12.
    made = forecast([staff()], at(0), days=8, roster=rota(("06:00", "06:30", 2.5)))
    busy = made.free[made.free["free_min"] > 0]
    assert busy[["free_min", "agents", "by"]].to_numpy().tolist() == [
        [18.75, 2.5, "roster"],
        # The Tuesday after, by the settings: 4 agents, in the last half hour for half of it.
        [30.0, 4.0, "settings"],
        [30.0, 4.0, "settings"],
        [15.0, 2.0, "settings"],
    ]
    assert made.slots["slot_id"].tolist()[:2] == ["phone@20261103T0600Z", "phone@20261110T0800Z"]
    assert made.slots["capacity"].tolist() == [1, 2, 2, 1]


def test_what_a_minute_costs_and_how_many_chats_one_agent_has_stay_in_the_settings() -> None:
    roster = rota(("08:00", "08:30", 1.5))
    made = forecast([staff(concurrency=3, inbound_share=0.5)], at(8), days=1, roster=roster)
    assert made.free["free_min"].iloc[0] == 67.5  # 1.5 x 3 x 30 x .5
    assert made.price == {"phone": 40.0}


def test_a_plan_keeps_where_its_numbers_came_from() -> None:
    chat = staff(queue="chat")
    body = forecast([staff(), chat], at(8), days=1, roster=rota(("08:00", "08:30", 1.5))).body
    assert body["rosters"] == {"phone": "2026-11-02 12:00:00"}
    rows = body["free"]
    assert isinstance(rows, list)
    free = pd.DataFrame(rows).set_index(["queue", "starts_at"])
    told = free.loc[[("chat", "2026-11-03 08:00:00"), ("phone", "2026-11-03 08:00:00")]]
    assert told[["agents", "by"]].to_numpy().tolist() == [[4.0, "settings"], [1.5, "roster"]]
    assert json.loads(json.dumps(body)) == body
