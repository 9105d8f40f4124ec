from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import TriggerState
from engage.errors import WrongUse
from tests.decide.world import DAY, HOUR, MINUTE, NOON, World, only, trigger, us

SMS_ONLY = World(triggers=(trigger(actions=("sms",)),))
CHAT_ONLY = World(triggers=(trigger(actions=("chat",)),))
CALL_NOW = World(triggers=(trigger(actions=("call_now",)),))
REQUESTED = World(
    triggers=(trigger(actions=("sms",), contact_class=ContactClass.REQUESTED),),
)


def test_the_world_of_these_tests_allows_everything() -> None:
    decision = only(World().decide().decisions)
    assert decision["action"] == "chat"
    assert decision["allowed"] == ["chat", "sms"]


@pytest.mark.parametrize("state", [TriggerState.DRAFT, TriggerState.APPROVED, TriggerState.PAUSED])
def test_a_trigger_that_is_not_live_approaches_nobody(state: TriggerState) -> None:
    assert World().with_trigger(state=state).refused() == ["not_approved"]


def test_an_outage_pauses_outreach_but_not_what_was_asked_for() -> None:
    during = replace(World().rules, incident="pause")
    assert World(rules=during).refused() == ["incident"]
    assert REQUESTED.but(rules=during).chosen() == "sms"


def test_an_outage_may_leave_slots_only() -> None:
    during = replace(World().rules, incident="slots")
    world = World(rules=during).with_trigger(actions=("chat", "slots"))
    assert only(world.decide().decisions)["allowed"] == ["slots"]


def test_who_is_on_an_exclusion_list_is_left_alone() -> None:
    assert World().with_person(excluded=True).refused() == ["excluded"]


def test_who_must_be_served_is_helped_but_not_marketed_to() -> None:
    vulnerable = World().with_person(must_serve=True)
    assert vulnerable.refused() == ["excluded"]
    assert vulnerable.with_trigger(contact_class=ContactClass.SERVICE).chosen() == "chat"
    assert vulnerable.with_trigger(contact_class=ContactClass.REQUESTED).chosen() == "chat"


def test_a_browser_that_asks_for_privacy_gets_no_marketing() -> None:
    private = World().with_person(gpc=True)
    assert private.refused() == ["gpc"]
    assert private.with_trigger(contact_class=ContactClass.SERVICE).chosen() == "chat"


def test_the_visit_may_ask_for_privacy_too() -> None:
    world = World()
    assert world.refused([world.candidate(gpc=True)]) == ["gpc"]
    assert world.chosen([world.candidate(gpc=False)]) == "chat"


def test_a_sensitive_matter_goes_to_the_phone() -> None:
    world = World().with_trigger(actions=("chat", "sms", "call_now"))
    decision = only(world.decide([world.candidate(sensitive=True)]).decisions)
    assert decision["allowed"] == ["call_now"]
    assert decision["values"]["sms"]["refused"] == ["sensitive"]


def test_features_from_the_day_before_yesterday_are_not_acted_on() -> None:
    world = SMS_ONLY
    assert world.refused([world.candidate(as_of=us(NOON - 26 * HOUR - MINUTE))]) == [
        "stale_features"
    ]
    assert world.chosen([world.candidate(as_of=us(NOON - 26 * HOUR))]) == "sms"


def test_an_offer_that_comes_after_the_trigger_s_validity_has_expired() -> None:
    world = SMS_ONLY.with_trigger(actions=("sms",), validity=2 * HOUR)
    late = world.candidate(moment=us(NOON - 2 * HOUR - MINUTE))
    assert world.refused([late]) == ["expired"]
    assert world.chosen([world.candidate(moment=us(NOON - 2 * HOUR))]) == "sms"


def test_a_page_that_was_left_a_minute_ago_is_shown_nothing() -> None:
    world = CHAT_ONLY
    assert world.refused([world.candidate(last_alive=us(NOON - MINUTE))]) == ["expired"]
    alive = world.candidate(last_alive=us(NOON - timedelta(seconds=59)))
    message = only(world.decide([alive]).messages)
    assert message["expires_at"] == NOON.replace(tzinfo=None) + timedelta(seconds=1)


def test_the_same_subject_twice_is_a_duplicate_and_its_newest_features_count() -> None:
    world = World()
    rows = [
        world.candidate(as_of=us(NOON - HOUR), views=1),
        world.candidate(as_of=us(NOON), views=2),
    ]
    decided = world.decide(rows)
    assert only(decided.decisions)["features"] == {"views": 2}
    assert only(decided.refusals)["reasons"] == ["duplicate"]


def test_what_is_stored_already_is_a_duplicate() -> None:
    decision_id = only(World().decide().decisions)["decision_id"]
    again = World().decide(decided={decision_id})
    assert again.decisions.empty
    assert only(again.refusals)["reasons"] == ["duplicate"]


def test_without_a_number_there_is_no_channel() -> None:
    assert SMS_ONLY.with_person(has_phone=False).refused() == ["no_channel"]
    assert CALL_NOW.with_person(has_phone=False).refused() == ["no_channel"]


@pytest.mark.parametrize(
    ("channel", "known", "reached"),
    [
        ("email", {"has_email": True}, True),
        ("email", {"has_email": False}, False),
        ("whatsapp", {"has_phone": False}, False),
        ("dry_run", {"has_phone": False}, True),
        ("carrier_pigeon", {}, False),
        ("", {}, False),
    ],
)
def test_each_channel_needs_what_it_reaches_people_by(
    channel: str, known: dict[str, Any], *, reached: bool
) -> None:
    world = SMS_ONLY.with_actions(sms={"channel": channel}).with_person(**known)
    if reached:
        assert world.chosen() == "sms"
    else:
        assert world.refused() == ["no_channel"]


def test_only_a_visit_has_a_page_to_show_something_on() -> None:
    world = CHAT_ONLY.with_trigger(actions=("chat",), subject=Subject.INTERACTION)
    assert world.refused() == ["no_channel"]


def test_without_consent_nothing_that_needs_it() -> None:
    assert SMS_ONLY.with_person(**{"consent:sms": None}).refused() == ["no_consent"]


def test_a_consent_of_two_years_ago_is_too_old() -> None:
    day_before = us(NOON - 730 * DAY - MINUTE)
    assert SMS_ONLY.with_person(**{"consent:sms": day_before}).refused() == ["consent_expired"]
    assert SMS_ONLY.with_person(**{"consent:sms": us(NOON - 730 * DAY)}).chosen() == "sms"


def test_a_context_that_was_not_asked_for_the_purpose_stops_the_run() -> None:
    world = SMS_ONLY.with_actions(sms={"needs": "letters"})
    with pytest.raises(WrongUse, match="consent:letters"):
        world.decide()


def test_an_opt_out_stops_every_channel_and_class() -> None:
    for world in (SMS_ONLY, CHAT_ONLY, CALL_NOW, REQUESTED):
        assert world.with_person(suppressed=True).refused() == ["suppressed"]


def test_a_person_whose_hour_nobody_knows_is_neither_called_nor_messaged() -> None:
    for world in (SMS_ONLY, CALL_NOW, REQUESTED):
        assert world.with_person(zones=()).refused() == ["unknown_zone"]
        assert world.with_person(zones=("Europe/Berln",)).refused() == ["unknown_zone"]
        both = ("Europe/Berlin", "Europe/Berln")
        assert world.with_person(zones=both).refused() == ["unknown_zone"]
        assert world.with_person(places=()).refused() == ["unknown_zone"]
    assert CHAT_ONLY.with_person(zones=(), places=()).chosen() == "chat"


def test_a_country_without_a_row_is_never_contacted() -> None:
    assert SMS_ONLY.with_person(places=("CH",)).refused() == ["quiet_hours"]


def test_a_caller_who_waits_for_nobody_is_not_called_outside_the_hours() -> None:
    late = NOON + 7 * HOUR  # 20:00 in Berlin
    world = CALL_NOW.but(now=late)
    assert world.refused() == ["quiet_hours"]


def test_a_message_that_cannot_go_out_within_the_validity_is_refused() -> None:
    late = NOON + 7 * HOUR  # 20:00; the next opening is 13 hours away
    assert SMS_ONLY.with_trigger(actions=("sms",), validity=12 * HOUR).but(now=late).refused() == [
        "quiet_hours"
    ]


@pytest.mark.parametrize(
    ("world", "count", "limit"),
    [
        (SMS_ONLY, "sms_24h", 1),
        (SMS_ONLY, "sms_7d", 2),
        (SMS_ONLY, "sms_30d", 4),
        (CALL_NOW, "call_24h", 1),
        (CALL_NOW, "call_7d", 3),
        (CHAT_ONLY, "chat_24h", 2),
    ],
)
def test_a_used_up_budget_refuses(world: World, count: str, limit: int) -> None:
    assert world.with_person(**{count: limit}).refused() == ["cap"]
    assert world.with_person(**{count: limit - 1}).chosen() in world.triggers[0].actions


def test_one_chat_offer_in_a_visit() -> None:
    heard = {("chat", "ses_1"): 1}
    assert CHAT_ONLY.with_person(by_subject=heard).refused() == ["cap"]
    world = CHAT_ONLY.with_person(by_subject={("chat", "ses_0"): 1})
    assert world.chosen() == "chat"
    assert world.refused([world.candidate(subject_id="ses_0")]) == ["cap"]


def test_a_country_may_limit_the_month() -> None:
    rules = replace(World().rules, attempts_30d={"DE": 4})
    assert SMS_ONLY.but(rules=rules).with_person(all_30d=4).refused() == ["cap"]
    assert SMS_ONLY.but(rules=rules).with_person(all_30d=3).chosen() == "sms"
    assert SMS_ONLY.but(rules=replace(rules, attempts_30d={"FR": 4})).with_person(
        all_30d=9
    ).chosen() == "sms"  # fmt: skip


def test_what_was_asked_for_has_its_own_limits() -> None:
    used_up = {"sms_24h": 9, "sms_7d": 9, "all_24h": 9, "open_action": True}
    resting = {"rest_until": us(NOON + HOUR)}
    assert REQUESTED.with_person(**used_up, **resting).chosen() == "sms"
    told = {("requested", "ses_1"): 4}
    assert REQUESTED.with_person(by_subject=told).refused() == ["cap"]
    told = {("requested", "ses_1"): 3, ("requested", "ses_2"): 4}
    assert REQUESTED.with_person(by_subject=told).chosen() == "sms"


def test_three_dials_a_day_for_what_was_asked_for() -> None:
    world = CALL_NOW.with_trigger(actions=("call_now",), contact_class=ContactClass.REQUESTED)
    assert world.with_person(requested_dials_24h=3).refused() == ["cap"]
    assert world.with_person(requested_dials_24h=2).chosen() == "call_now"


def test_no_setting_raises_the_ceiling() -> None:
    rules = replace(World().rules, caps=replace(World().rules.caps, ceiling_24h=50))
    assert World(rules=rules).with_person(all_24h=3).refused() == ["ceiling"]
    assert World(rules=rules).with_person(all_24h=2).chosen() == "chat"
    lower = replace(rules, caps=replace(rules.caps, ceiling_24h=1))
    assert World(rules=lower).with_person(all_24h=1).refused() == ["ceiling"]


def test_who_declined_is_left_in_peace_for_a_while() -> None:
    assert World().with_person(rest_until=us(NOON + MINUTE)).refused() == ["resting"]
    assert World().with_person(rest_until=us(NOON)).chosen() == "chat"


def test_an_open_offer_comes_before_another() -> None:
    assert World().with_person(open_action=True).refused() == ["open_action"]


def test_nobody_free_and_nothing_to_fall_back_to() -> None:
    world = CHAT_ONLY.with_actions(chat={"fallback": ""})
    busy = replace(world.plan, free_now={"chat": 5.9})
    assert world.but(plan=busy).refused() == ["no_capacity"]
    assert world.but(plan=replace(busy, free_now={"chat": 6.0})).chosen() == "chat"
    assert world.but(plan=replace(busy, free_now={})).refused() == ["no_capacity"]


def test_an_offer_that_costs_more_than_it_gains_is_below_price() -> None:
    world = SMS_ONLY
    # .01 x 2,800 = 28 = 8 for the message + 20 for the annoyance: worth exactly nothing.
    assert world.refused([world.candidate(stake_minor=2_799)]) == ["below_price"]
    assert world.chosen([world.candidate(stake_minor=2_800)]) == "sms"


def test_a_refusal_names_every_reason_once() -> None:
    world = World().with_person(suppressed=True, has_phone=False, excluded=True)
    reasons = world.refused()
    assert sorted(reasons) == ["excluded", "no_channel", "suppressed"]
    assert len(reasons) == len(set(reasons))
