from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd

from engage.decide.capacity import Plan
from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from tests.decide.world import HOUR, MINUTE, NOON, PLAN, World, only, person, slots, trigger, us

BUSY = replace(PLAN, free_now={"chat": 0.0, "phone": 0.0})
CALLBACK = World(triggers=(trigger(actions=("callback",)),))


def test_when_nobody_is_free_the_same_offer_becomes_slots() -> None:
    decision = only(World(plan=BUSY).with_trigger(actions=("chat",)).decide().decisions)
    assert decision["action"] == "slots"
    assert decision["allowed"] == ["slots"]
    assert decision["values"]["chat"]["refused"] == ["no_capacity"]


def test_while_somebody_is_free_the_slots_stay_in_reserve() -> None:
    decision = only(World().with_trigger(actions=("chat",)).decide().decisions)
    assert decision["allowed"] == ["chat"]
    assert set(decision["values"]) == {"chat"}


def test_a_call_that_nobody_can_make_now_becomes_a_call_back() -> None:
    message = only(World(plan=BUSY).with_trigger(actions=("call_now",)).decide().messages)
    assert message["action"] == "callback"
    assert message["channel"] == "callback"


def test_the_fallback_passes_gates_of_its_own() -> None:
    world = World(plan=BUSY).with_trigger(actions=("call_now",)).with_person(call_24h=1)
    assert world.refused() == ["cap", "no_capacity"]


def test_no_slot_left_is_no_capacity() -> None:
    nothing_left = World().with_trigger(actions=("slots",))
    for empty in (slots(free=0), slots(count=0), slots(queue="chat")):
        assert nothing_left.but(plan=replace(PLAN, slots=empty)).refused() == ["no_capacity"]


def test_a_slot_after_the_offer_has_lapsed_is_none() -> None:
    tomorrow = replace(PLAN, slots=slots(first=NOON + 24 * HOUR))
    world = World(plan=tomorrow)
    assert world.with_trigger(actions=("slots",), validity=24 * HOUR).chosen() == "slots"
    assert world.with_trigger(actions=("slots",), validity=23 * HOUR).refused() == ["no_capacity"]


def test_a_slot_that_begins_too_soon_is_not_offered() -> None:
    near = replace(PLAN, slots=slots(first=NOON + 10 * MINUTE, count=2))
    message = only(World(plan=near).with_trigger(actions=("slots",)).decide().messages)
    assert message["details"]["slot_ids"] == "phone-1"


def test_on_the_page_the_earliest_slots_are_shown() -> None:
    message = only(World().with_trigger(actions=("slots",)).decide().messages)
    assert message["details"]["slot_ids"] == "phone-0,phone-1,phone-2"
    # The offer is shown now and lives a minute; the slots are for later.
    assert message["due_at"] == NOON.replace(tzinfo=None)
    assert message["expires_at"] == (NOON + MINUTE).replace(tzinfo=None)


def test_on_the_page_any_slot_may_be_chosen_whatever_the_hour() -> None:
    night = replace(PLAN, slots=slots(first=NOON + 10 * HOUR))
    assert World(plan=night).with_trigger(actions=("slots",)).chosen() == "slots"


def test_a_call_back_lives_to_the_end_of_its_slot() -> None:
    one = replace(PLAN, slots=slots(count=1))
    message = only(CALLBACK.but(plan=one).decide().messages)
    assert message["details"]["slot_ids"] == "phone-0"
    assert message["due_at"] == (NOON + HOUR).replace(tzinfo=None)
    assert message["expires_at"] == (NOON + HOUR + 30 * MINUTE).replace(tzinfo=None)


def test_nobody_is_called_back_at_night() -> None:
    # 16:30 to 20:00 UTC is 17:30 to 21:00 in Berlin, which closes at 19:00 (guarded: 18:50).
    evening = replace(PLAN, slots=slots(first=datetime(2026, 11, 3, 16, 30, tzinfo=NOON.tzinfo)))
    people = {f"per_{i}": person() for i in range(60)}
    world = CALLBACK.but(plan=evening, people=people)
    rows = [world.candidate(person_id=who, subject_id=f"ses_{who}") for who in people]
    messages = world.decide(rows).messages
    starts = messages["details"].map(lambda details: details["slot_ids"].split(",")[0])
    # The slot from 18:30 ends with the guarded hours, not at 19:00.
    last = messages.loc[starts == "phone-2", "expires_at"]
    assert set(last) == {pd.Timestamp("2026-11-03 17:50")}
    assert set(starts) == {"phone-0", "phone-1", "phone-2"}
    late = replace(PLAN, slots=slots(first=datetime(2026, 11, 3, 17, 50, tzinfo=NOON.tzinfo)))
    assert CALLBACK.but(plan=late).refused() == ["quiet_hours"]


def test_a_call_back_for_somebody_whose_hour_is_unknown_is_refused() -> None:
    assert CALLBACK.with_person(zones=()).refused() == ["unknown_zone"]


def test_call_backs_of_one_run_spread_over_the_slots_by_places_left() -> None:
    plan = replace(PLAN, slots=slots(count=3).assign(free=[1, 2, 5]))
    people = {f"per_{i}": person() for i in range(1_600)}
    world = CALLBACK.but(plan=plan, people=people)
    rows = [world.candidate(person_id=who, subject_id=f"ses_{who}") for who in people]
    messages = world.decide(rows).messages
    first = Counter(details["slot_ids"].split(",")[0] for details in messages["details"])
    # 1,600 x 1/8, 2/8, 5/8; four standard deviations of 13, 17, 19.
    assert abs(first["phone-0"] - 200) < 55
    assert abs(first["phone-1"] - 400) < 70
    assert abs(first["phone-2"] - 1_000) < 80
    told = set(messages["details"].map(lambda details: details["slot_ids"]))
    assert told == {"phone-0,phone-1,phone-2", "phone-1,phone-2", "phone-2"}


def test_each_candidate_sees_the_slots_before_its_own_deadline() -> None:
    people = {"per_a": person(), "per_b": person(), "per_c": person(zones=("Asia/Kolkata",))}
    triggers = (
        trigger("long", actions=("callback",)),
        trigger("short", actions=("callback",), validity=HOUR + 29 * MINUTE),
    )
    world = World(triggers=triggers, people=people)
    rows = [
        world.candidate(trigger="short", person_id="per_a"),
        world.candidate(trigger="long", person_id="per_b", subject_id="ses_2"),
        world.candidate(trigger="long", person_id="per_c", subject_id="ses_3"),
    ]
    decided = world.decide(rows)
    by_person = decided.messages.set_index("person_id")["details"]
    assert by_person["per_a"]["slot_ids"] == "phone-0"
    assert by_person["per_b"]["slot_ids"].count("phone") >= 1
    # Noon UTC is 17:30 in Kolkata, where 19:00 (guarded 18:50) is 13:20 UTC: one slot is left.
    assert by_person["per_c"]["slot_ids"] == "phone-0"


def test_a_price_of_minutes_keeps_the_cheap_out_when_they_are_scarce() -> None:
    dear = replace(PLAN, price={"chat": 650.0})
    decision = only(World(plan=dear).decide().decisions)
    # .04 x 100,000 - 6 x 650 - 50 = 50 for the chat; .01 x 100,000 - 8 - 20 = 972 for the SMS.
    assert decision["values"]["chat"]["total"] == 50
    assert decision["values"]["chat"]["price"] == 3_900
    assert decision["values"]["sms"]["total"] == 972
    assert decision["action"] == "sms"


def test_slots_need_no_places_column_of_times_in_order() -> None:
    shuffled = slots().sample(frac=1, random_state=3)
    plan = Plan("plan-1", {}, shuffled, {})
    message = only(World(plan=plan).with_trigger(actions=("slots",)).decide().messages)
    assert message["details"]["slot_ids"] == "phone-0,phone-1,phone-2"


def test_an_appointment_s_reminder_never_comes_after_its_beginning() -> None:
    world = World().with_trigger(actions=("sms",), subject=Subject.APPOINTMENT)
    soon = world.candidate(moment=us(NOON + 10 * MINUTE))
    message = only(world.decide([soon]).messages)
    assert message["expires_at"] == (NOON + 10 * MINUTE).replace(tzinfo=None)
    assert world.refused([world.candidate(moment=us(NOON - MINUTE))]) == ["expired"]


MIDNIGHT = us(NOON + 11 * HOUR)
"""In Berlin."""
TEXT = World().with_trigger(actions=("sms",))


def spent(today: int, tomorrow: int) -> Plan:
    return replace(PLAN, budget={"sms": [(MIDNIGHT, today), (us(NOON + 35 * HOUR), tomorrow)]})


def test_a_message_is_refused_when_its_day_has_none_left() -> None:
    assert TEXT.but(plan=spent(0, 5)).refused() == ["no_budget"]
    assert TEXT.but(plan=spent(1, 0)).chosen() == "sms"
    # In the evening it waits for the morning's window and takes one of tomorrow's.
    evening = TEXT.but(now=NOON + 8 * HOUR).with_consent_at(NOON - HOUR)
    assert evening.but(plan=spent(0, 1)).chosen() == "sms"
    assert evening.but(plan=spent(1, 0)).refused() == ["no_budget"]


def test_the_day_s_messages_do_not_bind_other_channels_or_what_was_asked_for() -> None:
    assert World(plan=spent(0, 0)).chosen() == "chat"
    asked = TEXT.with_trigger(actions=("sms",), contact_class=ContactClass.REQUESTED)
    assert asked.but(plan=spent(0, 0)).chosen() == "sms"


def test_a_message_pays_what_the_day_s_last_ones_would_bring_to_others() -> None:
    # 1 point of 100,000 less 8 for the channel and 20 for the annoyance is worth 972.
    dear = TEXT.but(plan=replace(PLAN, message={"sms": 900.0}))
    values = only(dear.decide().decisions)["values"]["sms"]
    assert (values["price"], values["total"]) == (900, 72)
    assert TEXT.but(plan=replace(PLAN, message={"sms": 973.0})).refused() == ["below_price"]
    # What it is weighed by for the next plan is before that price.
    assert only(dear.decide().weighed)["options"] == {"sms": 972.0}


def test_slots_stand_where_the_plan_has_room_for_them() -> None:
    """Of eight slots with two places each the plan has room in the third, 1.5, and the sixth, 0.5."""
    room = [0, 0, 1.5, 0, 0, 0.5, 0, 0]
    world = World(plan=replace(PLAN, slots=slots().assign(room=room)))
    world = world.with_trigger(actions=("callback",)).but(
        people={f"per_{i}": person() for i in range(400)}
    )
    rows = [world.candidate(person_id=f"per_{i}", subject_id=f"ses_{i}") for i in range(400)]
    listed = world.decide(rows).messages["details"]
    first = [details["slot_ids"].split(",")[0] for details in listed]
    assert set(first) == {"phone-2", "phone-5"}
    # Three quarters of 400 are 300; a standard deviation is sqrt(400 x 3/4 x 1/4) = 8.7.
    assert abs(first.count("phone-2") - 300) < 4 * 8.7
    # On the page the earliest that the plan has for slots is shown first.
    page = only(world.with_trigger(actions=("slots",)).decide(rows[:1]).messages)
    assert page["details"]["slot_ids"].startswith("phone-2")


def test_without_room_in_time_any_place_will_do() -> None:
    room = [0.0] * 7 + [2.0]
    none_in_time = slots().assign(room=room).iloc[:7]
    world = World(plan=replace(PLAN, slots=none_in_time)).with_trigger(actions=("slots",))
    assert only(world.decide().messages)["details"]["slot_ids"] == "phone-0,phone-1,phone-2"


def test_a_plan_without_slots_is_a_plan() -> None:
    none = pd.DataFrame({"slot_id": [], "queue": [], "starts_at": [], "ends_at": [], "free": []})
    none = none.astype({"starts_at": "datetime64[us]", "ends_at": "datetime64[us]"})
    world = World(plan=Plan("plan-0", {"chat": 6.0}, none, {}))
    assert world.chosen() == "chat"
    assert world.with_trigger(actions=("slots", "callback")).refused() == ["no_capacity"]
    assert np.isnan(none["free"].sum()) or none["free"].sum() == 0
