from __future__ import annotations

from datetime import timedelta

import pytest

from engage.channels.dry_run import DryRun
from engage.channels.twilio.fake import Fault
from engage.domain.messages import MessageState
from engage.store import outbox
from tests.deliver.bench import NOON, Bench, phone

S = MessageState
WAITS = {"absent from the first list": 1}


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.HANG_AFTER])
def test_accepted_but_never_answered_is_found_and_not_sent_twice(
    bench: Bench, fault: Fault
) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(fault)
    assert bench.deliver().skipped == {"unknown": 1}
    assert bench.deliver().seen == 0
    report = bench.reconcile()
    assert (report.seen, report.done) == (1, 1)
    row = bench.row(message_id)
    assert (row["state"], row["provider_id"]) == (S.SENT, bench.provider.messages.items[0]["sid"])
    assert bench.deliver().seen == 0
    assert len(bench.provider.messages.to(phone(1))) == 1


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR, Fault.HTML])
def test_what_was_not_accepted_is_sent_once_after_two_lists_a_minute_apart(
    bench: Bench, fault: Fault
) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(fault)
    assert bench.deliver().skipped == {"unknown": 1}
    assert bench.reconcile().skipped == WAITS
    bench.later(seconds=59)
    assert bench.reconcile().skipped == WAITS
    assert bench.deliver().seen == 0
    bench.later(seconds=1)
    assert bench.reconcile().skipped == {"due": 1}
    assert bench.deliver().done == 1
    assert len(bench.provider.messages.to(phone(1))) == 1
    with bench.store.read() as tx:
        tries = outbox.attempts(tx, message_id).to_pylist()
    assert [(one["result"], one["code"]) for one in tries] == [("due", "absent"), ("sent", "")]


def test_a_message_that_turns_up_on_the_second_list_is_not_sent_again(bench: Bench) -> None:
    message_id = bench.message(1)
    begun = bench.begin(lease_s=-1.0)
    assert bench.reconcile().skipped == WAITS
    bench.channels["sms"].send(begun.message)  # the slow worker gets through after all
    bench.later(seconds=60)
    assert bench.reconcile().done == 1
    assert bench.state(message_id) is S.SENT
    assert len(bench.provider.messages.to(phone(1))) == 1


def test_a_second_doubt_needs_two_lists_of_its_own(bench: Bench) -> None:
    bench.message(1)
    for _ in range(2):
        bench.provider.fail_creates(Fault.DROP_BEFORE)
        assert bench.deliver().skipped == {"unknown": 1}
        assert bench.reconcile().skipped == WAITS
        bench.later(seconds=60)
        assert bench.reconcile().skipped == {"due": 1}
    assert bench.deliver().done == 1


def test_a_worker_killed_before_the_provider_was_called_loses_nothing(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.begin(lease_s=-1.0)
    assert bench.reconcile().skipped == WAITS
    bench.later(seconds=60)
    bench.reconcile()
    assert bench.deliver().done == 1
    assert bench.state(message_id) is S.SENT
    assert len(bench.provider.messages.to(phone(1))) == 1


def test_a_call_in_doubt_that_was_made_is_found(bench: Bench) -> None:
    message_id = bench.message(1, channel="callback", action="call")
    bench.provider.fail_creates(Fault.DROP_AFTER)
    bench.deliver()
    assert bench.reconcile().done == 1
    assert bench.state(message_id) is S.SENT
    assert len(bench.provider.calls.items) == 1


def test_a_call_in_doubt_is_never_dialled_again(bench: Bench) -> None:
    message_id = bench.message(1, channel="callback", action="call")
    bench.provider.fail_creates(Fault.DROP_BEFORE)
    bench.deliver()
    assert bench.reconcile().skipped == WAITS
    bench.later(seconds=60)
    assert bench.reconcile().skipped == {"dead": 1}
    assert bench.row(message_id)["note"] == "unknown, not repeated"
    bench.deliver()
    assert len(bench.provider.creates) == 1


def test_a_list_that_cannot_be_read_decides_nothing(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(Fault.DROP_AFTER)
    bench.deliver()
    bench.provider.fail_reads(Fault.HTML, Fault.RATE_LIMIT)
    for _ in range(2):
        bench.later(seconds=120)
        assert bench.reconcile().skipped == {"the provider's list cannot be read": 1}
    assert bench.state(message_id) is S.UNKNOWN
    assert bench.reconcile().done == 1


def test_after_the_last_attempt_absence_is_the_end(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(Fault.DROP_BEFORE)
    bench.deliver()
    bench.reconcile(attempts=1)
    bench.later(seconds=60)
    assert bench.reconcile(attempts=1).skipped == {"dead": 1}
    assert bench.state(message_id) is S.DEAD


def test_what_was_in_doubt_too_long_expires_and_is_not_sent(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(Fault.DROP_BEFORE)
    bench.deliver()
    bench.reconcile()
    bench.later(hours=2)
    bench.reconcile()
    assert bench.deliver().skipped == {"expired": 1}
    assert bench.state(message_id) is S.EXPIRED
    assert len(bench.provider.creates) == 1


def test_switching_to_dry_run_does_not_declare_real_messages_sent(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.provider.fail_creates(Fault.DROP_BEFORE)
    bench.deliver()
    live, bench.channels["sms"] = bench.channels["sms"], DryRun()
    bench.later(minutes=5)
    assert bench.reconcile().skipped == {"its channel is not in use": 1}
    assert bench.state(message_id) is S.UNKNOWN
    bench.channels["sms"] = live
    assert bench.reconcile().skipped == WAITS


def test_a_worker_killed_in_dry_run_leaves_nothing_in_doubt(bench: Bench) -> None:
    live, bench.channels["sms"] = bench.channels["sms"], DryRun()
    message_id = bench.message(1)
    bench.begin(lease_s=-1.0)
    bench.channels["sms"] = live
    assert bench.reconcile().done == 1
    assert bench.state(message_id) is S.SENT
    assert bench.provider.asked == []


def test_a_message_that_kills_its_worker_three_times_is_left_alone(bench: Bench) -> None:
    message_id = bench.message(1, expires_at=NOON + timedelta(hours=6))
    for _ in range(3):
        bench.begin(lease_s=-1.0)
        bench.reconcile()
        bench.later(seconds=60)
        bench.reconcile()
    assert bench.state(message_id) is S.DEAD
    assert bench.deliver().seen == 0
