from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from engage.channels.dry_run import DryRun
from engage.channels.twilio.fake import Fault
from engage.deliver import killswitch, send
from engage.deliver.claim import LOST, Recheck, Verdict
from engage.deliver.pacing import backoff
from engage.deliver.send import attempt
from engage.deliver.settle import settle
from engage.domain.ids import draw
from engage.domain.messages import Message, MessageState, Receipt
from engage.errors import SendError
from engage.store import Tx, ledger, outbox, people
from engage.store.outbox import Claim
from tests.deliver.bench import DRAW_KEY, NOON, SETTLING, STOP_KEY, Bench, phone
from tests.store.samples import rows

S = MessageState
LATER = NOON + timedelta(minutes=30)


def test_what_is_due_is_sent_once_and_everything_is_written_down(bench: Bench) -> None:
    message_id = bench.message(1)
    report = bench.deliver()
    assert (report.seen, report.done, report.skipped) == (1, 1, {})
    row = bench.row(message_id)
    sent = bench.provider.messages.to(phone(1))
    assert [one["sid"] for one in sent] == [row["provider_id"]]
    assert (row["state"], row["attempts"], row["note"]) == (S.SENT, 1, "queued")
    with bench.store.read() as tx:
        tries = outbox.attempts(tx, message_id).to_pylist()
        receipts = outbox.receipts(tx, message_id=message_id).to_pylist()
        spent = ledger.contacts(tx, ["per_1"]).to_pylist()
    assert [(one["number"], one["result"]) for one in tries] == [(1, "sent")]
    assert [one["status"] for one in receipts] == ["queued"]
    assert [one["state"] for one in spent] == [ledger.USED]
    assert bench.deliver().seen == 0


def test_the_provider_is_told_how_long_the_message_may_still_travel(bench: Bench) -> None:
    bench.message(1, expires_at=NOON + timedelta(minutes=20))
    bench.later(minutes=5)
    bench.deliver()
    # 20 minutes of life, 5 of them gone: 15 x 60 = 900 s
    assert bench.provider.creates[0].form["ValidityPeriod"] == ["900"]


def test_in_dry_run_everything_happens_but_the_sending(bench: Bench) -> None:
    bench.channels["sms"] = DryRun()
    message_id = bench.message(1)
    assert bench.deliver().done == 1
    row = bench.row(message_id)
    assert (row["state"], row["note"]) == (S.SENT, "dry run: nothing left the building")
    assert bench.provider.asked == []


def test_a_batch_ends_where_the_settings_say(bench: Bench) -> None:
    for number in range(3):
        bench.message(number)
    assert bench.deliver(batch=2).done == 2
    assert bench.deliver(batch=2).done == 1


@pytest.mark.parametrize("left", [timedelta(0), timedelta(seconds=59)])
def test_what_comes_too_late_is_never_sent(bench: Bench, left: timedelta) -> None:
    message_id = bench.message(1)
    bench.clock.set(NOON + timedelta(hours=1) - left)
    assert bench.deliver().skipped == {"expired": 1}
    assert bench.state(message_id) is S.EXPIRED
    assert bench.provider.asked == []


def test_an_offer_for_the_page_is_never_sent_by_a_worker(bench: Bench) -> None:
    message_id = bench.message(1, channel="chat_offer", action="chat")
    assert bench.deliver().seen == 0
    assert bench.state(message_id) is S.DUE


@pytest.mark.parametrize("code", [21211, 21614, 21612, 21610, 21635, 30006, 30005, 30004, 30007])
def test_a_permanent_error_costs_one_request_and_says_why(bench: Bench, code: int) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(code)
    assert bench.deliver().skipped == {"failed": 1}
    for _ in range(3):
        bench.later(minutes=5)
        assert bench.deliver().seen == 0
    assert len(bench.provider.creates) == 1
    row = bench.row(message_id)
    assert row["state"] == S.FAILED
    assert str(code) in row["note"]
    assert phone(1) not in row["note"]


def test_who_unsubscribed_at_the_provider_is_on_our_stop_list_too(bench: Bench) -> None:
    reminder = bench.message(
        1, decision_id="dec_r", message_id="msg_r", **{"class": "requested"}, due_at=LATER
    )
    bench.message(1)
    bench.provider.fail_creates(21610)
    bench.deliver()
    assert bench.state(reminder) is S.CANCELLED
    again = bench.message(1, message_id="msg_again", decision_id="dec_again")
    assert bench.deliver().skipped == {"suppressed": 1}
    assert bench.state(again) is S.SUPPRESSED
    assert len(bench.provider.creates) == 1


def test_too_many_requests_are_tried_again_after_a_drawn_wait(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(Fault.RATE_LIMIT, Fault.RATE_LIMIT)
    assert bench.deliver().skipped == {"due": 1}
    # Full jitter: a draw in [0, 1) of 1 s after the first attempt, of 2 s after the second.
    first = timedelta(seconds=1.0 * draw(DRAW_KEY, message_id, "backoff", "1"))
    assert bench.claim(message_id).due_at == NOON + first
    assert bench.deliver().seen == 0
    bench.later(seconds=1)
    assert bench.deliver().skipped == {"due": 1}
    second = timedelta(seconds=2.0 * draw(DRAW_KEY, message_id, "backoff", "2"))
    assert bench.claim(message_id).due_at == NOON + timedelta(seconds=1) + second
    bench.later(seconds=2)
    assert bench.deliver().done == 1
    assert len(bench.provider.messages.to(phone(1))) == 1
    assert len(bench.provider.creates) == 3


def test_the_wait_grows_to_a_minute_and_no_further() -> None:
    waits = [backoff(DRAW_KEY, "msg_1", number) for number in range(1, 12)]
    ceilings = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    for number, (wait, ceiling) in enumerate(zip(waits, ceilings, strict=True), start=1):
        share = draw(DRAW_KEY, "msg_1", "backoff", str(number))
        assert wait == timedelta(seconds=ceiling * share)


def test_after_the_last_attempt_it_is_given_up_and_says_so(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(*[Fault.RATE_LIMIT] * 20)
    for _ in range(10):
        bench.deliver()
        bench.later(minutes=1)
    assert len(bench.provider.creates) == 8
    row = bench.row(message_id)
    assert (row["state"], row["note"]) == (S.DEAD, "given up after 8 attempts")


def test_a_retry_that_would_come_too_late_is_not_made(bench: Bench) -> None:
    message_id = bench.message(1, expires_at=NOON + timedelta(seconds=61))
    bench.provider.fail_creates(*[Fault.RATE_LIMIT] * 20)
    for _ in range(5):
        bench.deliver()
        bench.later(minutes=1)
    assert bench.state(message_id) is S.EXPIRED
    assert len(bench.provider.creates) == 1


def test_wrong_credentials_cost_three_requests_then_one_each_half_minute(bench: Bench) -> None:
    ids = [bench.message(number) for number in range(5)]
    bench.provider.auth_token = "changed at the provider"
    assert bench.deliver().skipped == {"due": 3, "channel closed": 2}
    assert len(bench.provider.creates) == 3
    for _ in range(3):
        assert bench.deliver().seen == 0
    bench.later(seconds=30)
    assert bench.deliver().skipped == {"due": 1, "channel closed": 4}
    assert bench.deliver().seen == 0
    assert len(bench.provider.creates) == 4
    assert {bench.state(one) for one in ids} == {S.DUE}


def test_once_mended_the_channel_heals_and_no_message_was_lost(bench: Bench) -> None:
    message_id = bench.message(1)
    right, bench.provider.auth_token = bench.provider.auth_token, "changed at the provider"
    for _ in range(10):
        bench.deliver()
        bench.later(seconds=30)
    assert len(bench.provider.creates) == 10  # more than the eight attempts a message has
    bench.provider.auth_token = right
    bench.provider.fail_creates(Fault.RATE_LIMIT)
    assert bench.deliver().skipped == {"due": 1}  # our own mistakes were no attempts of its
    bench.later(minutes=1)
    assert bench.deliver().done == 1
    assert bench.state(message_id) is S.SENT
    others = [bench.message(number) for number in (2, 3)]
    assert bench.deliver().done == 2
    assert {bench.state(one) for one in others} == {S.SENT}


@dataclass
class StopsAfterOne:
    """The rules, and somebody who turns the kill switch when the first message has begun."""

    rules: Recheck
    bench: Bench

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> Mapping[str, Verdict]:
        return self.rules.judge(tx, claims, now)

    def opted_out(self, tx: Tx, message: Message) -> bool:
        killswitch.stop(tx, "somebody", NOON)
        return self.rules.opted_out(tx, message)


@dataclass
class Withdraws:
    """The rules, and somebody who takes their consent back when the first message has begun."""

    rules: Recheck

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> Mapping[str, Verdict]:
        return self.rules.judge(tx, claims, now)

    def opted_out(self, tx: Tx, message: Message) -> bool:
        no = {"person_id": "per_2", "purpose": "sms", "granted": False, "at": NOON, "source": "app"}
        people.add_consents(tx, rows(no))
        return self.rules.opted_out(tx, message)


@dataclass
class BreaksOn:
    """Rules with a mistake that shows on one message."""

    rules: Recheck
    message_id: str

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> Mapping[str, Verdict]:
        if self.message_id in {held.message.message_id for held in claims}:
            raise ZeroDivisionError
        return self.rules.judge(tx, claims, now)

    def opted_out(self, tx: Tx, message: Message) -> bool:
        return self.rules.opted_out(tx, message)


def test_the_kill_switch_is_read_before_each_message(bench: Bench) -> None:
    ids = [bench.message(number) for number in range(3)]
    asked = bench.recheck
    bench.recheck = StopsAfterOne(asked, bench)
    assert bench.deliver().done == 1
    assert sorted(bench.state(one) for one in ids) == [S.DUE, S.DUE, S.SENT]
    stopped = bench.deliver()
    assert stopped.seen == 0
    assert (
        stopped.note == "everything outbound is stopped since 2026-03-02T12:00:00+00:00 by somebody"
    )
    with bench.store.write() as tx:
        killswitch.resume(tx)
    bench.recheck = asked
    assert bench.deliver().done == 2


def test_the_rules_are_asked_anew_when_the_answer_is_not_fresh(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "FRESH_S", -1.0)
    bench.recheck = Withdraws(bench.recheck)
    for number in (1, 2):
        bench.message(number, due_at=NOON - timedelta(minutes=5 - number))
    report = bench.deliver()
    assert (report.done, report.skipped) == (1, {"no_consent": 1})
    assert len(bench.provider.creates) == 1


def test_who_waits_behind_a_slow_provider_does_not_lose_the_lease(bench: Bench) -> None:
    ids = [bench.message(number) for number in range(3)]
    bench.provider.late_s = 0.55
    # A third of the lease is over after one answer, so the other two are given back each time.
    assert bench.deliver(lease_s=1.5).done == 3
    with bench.store.read() as tx:
        held = [outbox.get(tx, one) for one in ids]
    assert [one.lapses for one in held if one] == [0, 0, 0]
    # Each claim and each giving back counts the fence up: 1, 3 and 5.
    assert sorted(one.fence for one in held if one) == [1, 3, 5]
    assert len(bench.provider.creates) == 3


def test_a_stop_after_the_decision_is_in_force_before_the_sending(bench: Bench) -> None:
    message_id = bench.message(1)
    with bench.store.write() as tx:
        people.suppress_number(
            tx, phone(1), key=STOP_KEY, reason="opt_out", source="sms", now=bench.clock.now()
        )
    assert bench.deliver().skipped == {"suppressed": 1}
    assert bench.state(message_id) is S.SUPPRESSED
    assert bench.provider.asked == []


def test_a_late_owner_cannot_write(bench: Bench) -> None:
    message_id = bench.message(1)
    begun = bench.begin(lease_s=-1.0)
    receipt = bench.channels["sms"].send(begun.message)
    bench.deliver()  # another worker takes the lapsed message back
    assert bench.state(message_id) is S.UNKNOWN
    with bench.store.write() as tx:
        assert settle(tx, begun, receipt, SETTLING, NOON) == LOST
    assert bench.state(message_id) is S.UNKNOWN
    bench.reconcile()
    assert bench.row(message_id)["provider_id"] == receipt.provider_id
    assert len(bench.provider.creates) == 1


def test_a_worker_that_was_frozen_past_its_lease_does_not_send_any_more(bench: Bench) -> None:
    bench.message(1)
    answer = attempt(bench.channels["sms"], bench.begin().message, until=0.0)
    assert isinstance(answer, SendError)
    assert (answer.permanent, answer.ambiguous, answer.code) == (False, False, "too_late")
    assert bench.provider.asked == []


class Broken:
    """A channel with a mistake in it."""

    name = held = repeatable = None

    def send(self, message: Message) -> Receipt:
        raise ZeroDivisionError(message.destination)


def test_a_channel_that_breaks_leaves_the_message_in_doubt_and_others_unharmed(
    bench: Bench,
) -> None:
    in_doubt = bench.message(1, channel="callback", action="call")
    sent = bench.message(2)
    broken: Any = Broken()
    bench.channels["callback"] = broken
    report = bench.deliver()
    assert (report.done, report.skipped) == (1, {"unknown": 1})
    assert (bench.state(in_doubt), bench.state(sent)) == (S.UNKNOWN, S.SENT)


def test_a_message_on_which_the_rules_break_does_not_stop_the_others(bench: Bench) -> None:
    poisoned, sent = bench.message(1), bench.message(2)
    bench.recheck = BreaksOn(bench.recheck, poisoned)
    assert bench.deliver().done == 1
    assert bench.state(sent) is S.SENT
    assert bench.row(poisoned)["note"] == "the rules could not be asked"
    assert bench.state(poisoned) is S.DEAD


def test_four_workers_send_each_message_once(bench: Bench) -> None:
    for number in range(12):
        bench.message(number)
    bench.provider.late_s = 0.005
    with ThreadPoolExecutor(4) as workers:
        reports = list(workers.map(lambda _: bench.deliver(), range(4)))
    assert sum(report.done for report in reports) == 12
    assert [len(bench.provider.messages.to(phone(number))) for number in range(12)] == [1] * 12


def test_a_call_is_written_down_as_dialled(bench: Bench) -> None:
    message_id = bench.message(1, channel="callback", action="call", body="We call you back.")
    assert bench.deliver().done == 1
    assert bench.row(message_id)["provider_id"] == bench.provider.calls.items[0]["sid"]
