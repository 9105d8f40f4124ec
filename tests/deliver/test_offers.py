from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engage.deliver import killswitch, offers
from engage.deliver.offers import Answered, Choice, Offer
from engage.domain.callbacks import CallbackState
from engage.domain.messages import MessageState
from engage.store import callbacks, ledger, outbox, people
from tests.deliver.bench import NOON, STOP_KEY, Bench, phone
from tests.deliver.test_booking import booked, promise, publish

S = MessageState
REST = timedelta(hours=72)
MINUTE = timedelta(minutes=1)


def offer(bench: Bench, number: int = 1, *, slot_ids: str = "") -> str:
    """A chat offer for a visit that is going on, which lives for a minute."""
    details = {"subject_id": f"ses_{number}", "trigger": "visitor_struggling"}
    return bench.message(
        number,
        channel="chat_offer",
        action="chat",
        destination="",
        body="",
        details=json.dumps(details | ({"slot_ids": slot_ids} if slot_ids else {})),
        expires_at=NOON + MINUTE,
    )


def pending(bench: Bench, subject_id: str = "") -> tuple[Offer, ...]:
    with bench.store.write() as tx:
        return offers.pending(
            tx, "per_1", recheck=bench.recheck, now=bench.clock.now(), subject_id=subject_id
        )


def shown(bench: Bench, message_id: str) -> bool:
    with bench.store.write() as tx:
        return offers.shown(tx, message_id, bench.clock.now())


def answer(bench: Bench, message_id: str, choice: Choice, slot_id: str = "") -> Answered | None:
    with bench.store.write() as tx:
        return offers.answer(
            tx, message_id, choice, now=bench.clock.now(), rest=REST, slot_id=slot_id
        )


def test_the_page_fetches_paints_and_answers(bench: Bench) -> None:
    message_id = offer(bench)
    (found,) = pending(bench)
    assert (found.message_id, found.action, found.slots) == (message_id, "chat", ())
    assert shown(bench, message_id)
    assert bench.state(message_id) is S.SENT
    assert pending(bench) == ()
    assert answer(bench, message_id, Choice.CHAT_NOW) == Answered(Choice.CHAT_NOW)
    row = bench.row(message_id)
    assert (row["state"], row["note"]) == (S.DELIVERED, "chat_now")


def test_the_hours_do_not_bind_who_is_awake_on_our_page(bench: Bench) -> None:
    bench.clock.set(NOON - timedelta(hours=9))  # 04:00 in Berlin
    offer(bench)
    assert len(pending(bench)) == 1


def test_an_offer_belongs_to_its_person_and_visit(bench: Bench) -> None:
    offer(bench, 1)
    offer(bench, 2)
    assert len(pending(bench)) == 1
    assert len(pending(bench, "ses_1")) == 1
    assert pending(bench, "ses_2") == ()


def test_an_offer_that_nobody_fetched_lapses(bench: Bench) -> None:
    message_id = offer(bench)
    bench.later(seconds=60)
    assert pending(bench) == ()
    assert not shown(bench, message_id)
    assert bench.deliver().skipped == {"expired": 1}
    assert bench.state(message_id) is S.EXPIRED


def test_two_tabs_show_it_once(bench: Bench) -> None:
    message_id = offer(bench)
    assert shown(bench, message_id)
    assert not shown(bench, message_id)


def test_who_said_stop_is_offered_nothing(bench: Bench) -> None:
    message_id = offer(bench)
    with bench.store.write() as tx:
        people.suppress_number(tx, phone(1), key=STOP_KEY, reason="opt_out", source="sms", now=NOON)
    assert pending(bench) == ()
    assert bench.state(message_id) is S.SUPPRESSED


def test_the_kill_switch_stops_offers_and_keeps_them(bench: Bench) -> None:
    message_id = offer(bench)
    with bench.store.write() as tx:
        killswitch.stop(tx, "somebody", NOON)
    assert pending(bench) == ()
    assert not shown(bench, message_id)
    assert bench.state(message_id) is S.DUE


def test_an_offer_is_answered_only_once_it_was_shown(bench: Bench) -> None:
    message_id = offer(bench)
    assert answer(bench, message_id, Choice.CHAT_NOW) is None
    assert answer(bench, "msg_unknown", Choice.CHAT_NOW) is None
    shown(bench, message_id)
    assert answer(bench, message_id, Choice.CHAT_NOW) is not None
    assert answer(bench, message_id, Choice.DECLINE) is None


def test_a_call_now_goes_on_the_agents_list(bench: Bench) -> None:
    message_id = offer(bench)
    shown(bench, message_id)
    taken = answer(bench, message_id, Choice.CALL_NOW)
    assert taken is not None
    assert taken.callback is not None
    assert (taken.callback.state, taken.callback.phone_needed) == (CallbackState.BOOKED, False)


def test_a_call_later_books_the_slot_that_was_picked(bench: Bench) -> None:
    publish(bench.store, "s1", "s2")
    message_id = offer(bench, slot_ids="s1,s2")
    assert [slot["slot_id"] for slot in pending(bench)[0].slots] == ["s1", "s2"]
    shown(bench, message_id)
    taken = answer(bench, message_id, Choice.SLOT, "s2")
    assert taken is not None
    assert taken.callback is not None
    assert (taken.callback.slot_id, taken.callback.state) == ("s2", CallbackState.BOOKED)
    assert (booked(bench.store, "s1"), booked(bench.store, "s2")) == (0, 1)


def test_a_slot_that_was_taken_meanwhile_leaves_the_offer_open(bench: Bench) -> None:
    publish(bench.store, "s1", "s2")
    message_id = offer(bench, slot_ids="s1,s2")
    shown(bench, message_id)
    promise(bench.store, "somebody else", ["s1"])
    assert answer(bench, message_id, Choice.SLOT, "s1") is None
    assert bench.state(message_id) is S.SENT
    assert answer(bench, message_id, Choice.SLOT, "s2") is not None


def test_only_slots_with_places_left_are_shown(bench: Bench) -> None:
    publish(bench.store, "s1", "s2")
    publish(bench.store, "begun", starts=NOON - MINUTE)
    promise(bench.store, "somebody else", ["s1"])
    offer(bench, slot_ids="s1,s2,begun,gone")
    assert [slot["slot_id"] for slot in pending(bench)[0].slots] == ["s2"]


def test_an_answer_that_comes_second_takes_no_slot(bench: Bench) -> None:
    publish(bench.store, "s1")
    message_id = offer(bench, slot_ids="s1")
    shown(bench, message_id)
    claim = bench.claim(message_id)
    answer(bench, message_id, Choice.CHAT_NOW)
    with bench.store.write() as tx:
        # The state was read before the other tab's answer was stored.
        assert offers._take(tx, claim, Choice.SLOT, "s1", NOON) is None
    assert booked(bench.store, "s1") == 0
    with bench.store.read() as tx:
        assert callbacks.read(tx, person_ids=["per_1"]) == []


def test_who_declines_is_left_in_peace(bench: Bench) -> None:
    message_id = offer(bench)
    shown(bench, message_id)
    assert answer(bench, message_id, Choice.DECLINE) == Answered(Choice.DECLINE)
    with bench.store.read() as tx:
        (spent,) = ledger.contacts(tx, ["per_1"]).to_pylist()
    assert spent["rest_until"].replace(tzinfo=NOON.tzinfo) == NOON + REST
    assert spent["state"] == ledger.USED


@pytest.mark.parametrize("choice", list(Choice))
def test_every_choice_closes_the_offer(bench: Bench, choice: Choice) -> None:
    publish(bench.store, "s1")
    message_id = offer(bench, slot_ids="s1")
    shown(bench, message_id)
    assert answer(bench, message_id, choice, "s1") is not None
    with bench.store.read() as tx:
        assert outbox.pending_offers(tx, "per_1", NOON) == []
    assert bench.state(message_id) is S.DELIVERED
