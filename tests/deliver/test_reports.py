"""What the provider reports: kept, in any order, before our own commit too: promises B5 and B6."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from engage.channels.twilio.webhooks import Report
from engage.deliver import reports
from engage.deliver.claim import Verdict
from engage.domain.ids import Prefix, derive
from engage.domain.messages import Message, MessageState, Receipt
from engage.errors import SendError
from engage.store import Store, Tx, outbox
from engage.store.outbox import Claim
from tests.deliver.bench import NOON, Bench
from tests.store.samples import rows as table

S = MessageState
SID = "SM" + "1" * 32


def tell(bench: Bench, status: str, message_id: str | None, sid: str = SID, raw: str = "") -> bool:
    report = Report(sid, status, message_id, 1, "")
    with bench.store.write() as tx:
        return reports.take(tx, report, {"raw": raw or status}, bench.clock.now())


def kept(bench: Bench) -> list[str]:
    """Return every status that the provider itself reported."""
    with bench.store.read() as tx:
        rows = outbox.receipts(tx).to_pylist()
    return sorted(row["status"] for row in rows if row["raw"])


def sent(bench: Bench, number: int = 1) -> tuple[str, str]:
    """Send a message; return its id and the provider's."""
    message_id = bench.message(number)
    bench.deliver()
    return message_id, str(bench.row(message_id)["provider_id"])


def test_a_report_moves_the_message_on_and_an_old_one_moves_nothing(bench: Bench) -> None:
    message_id, sid = sent(bench)
    for status, state in (
        ("sent", S.SENT),
        ("delivered", S.DELIVERED),
        ("sending", S.DELIVERED),
        ("undelivered", S.DELIVERED),
        ("read", S.DELIVERED),
        ("a_new_one", S.DELIVERED),
    ):
        assert tell(bench, status, message_id, sid)
        assert bench.state(message_id) is state
    assert not tell(bench, "read", message_id, sid)  # that very report once more
    assert kept(bench) == sorted(
        ["sent", "delivered", "sending", "undelivered", "read", "a_new_one"]
    )


def test_forty_disorders_of_a_messages_way_end_where_it_ended(bench: Bench) -> None:
    drawn = random.Random(40)  # noqa: S311  so that a failure can be tried again
    ends = {"delivered": S.DELIVERED, "undelivered": S.FAILED, "failed": S.FAILED}
    for number in range(40):
        end = drawn.choice(sorted(ends))
        message_id = bench.message(number)
        told = ["queued", "sending", "sent", end, end]
        drawn.shuffle(told)
        early = drawn.randrange(len(told) + 1)
        begun = bench.begin()
        for status in told[:early]:
            tell(bench, status, message_id, f"SM{number:032x}")
        assert bench.state(message_id) is S.SENDING
        settle(bench, begun, Receipt(f"SM{number:032x}", note="queued"))
        seen = [bench.state(message_id)]
        for status in told[early:]:
            tell(bench, status, message_id, f"SM{number:032x}")
            seen.append(bench.state(message_id))
        assert seen[-1] is ends[end], told
        assert seen == sorted(seen, key=[S.SENT, ends[end]].index), told


def settle(bench: Bench, begun: Claim, answer: Receipt | SendError) -> str:
    from engage.deliver.settle import settle as settled
    from tests.deliver.bench import SETTLING

    with bench.store.write() as tx:
        return settled(tx, begun, answer, SETTLING, bench.clock.now())


class Early:
    """A channel whose provider reports before it answers, to whoever listens."""

    name = "sms"
    held = False
    repeatable = True

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def send(self, message: Message) -> Receipt:
        sid = f"SM-{message.message_id}"
        tell(self.bench, "delivered", message.message_id, sid)
        return Receipt(sid, note="queued")

    def reconcile(self, message: Message, started_at: datetime) -> Receipt | None:
        return None


class Agrees:
    """Rules that allow everything."""

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> Mapping[str, Verdict]:
        return {one.message.message_id: Verdict() for one in claims}

    def opted_out(self, tx: Tx, message: Message) -> bool:
        return False


def messages(store: Store, count: int) -> list[str]:
    """Put many messages to as many people into the outbox at once."""
    made: list[dict[str, Any]] = []
    for number in range(count):
        decision_id = derive(Prefix.DECISION, "many", str(number))
        made.append(
            {
                "message_id": derive(Prefix.MESSAGE, decision_id),
                "decision_id": decision_id,
                "person_id": f"per_{number}",
                "channel": "sms",
                "action": "sms",
                "class": "service",
                "destination": f"+4915112{number:06d}",
                "body": "…",
                "reference": f"R{number}",
                "details": json.dumps({}),
                "due_at": NOON,
                "expires_at": NOON + timedelta(hours=1),
            }
        )
    with store.write() as tx:
        assert outbox.add(tx, table(*made), NOON).all()
    return [one["message_id"] for one in made]


@pytest.mark.timeout(300)
def test_of_five_hundred_reports_before_our_own_commit_none_is_lost(bench: Bench) -> None:
    ids = messages(bench.store, 500)
    bench.recheck = Agrees()
    bench.channels["sms"] = Early(bench)  # type: ignore[assignment]  # it reports early
    for _ in range(3):
        bench.deliver(batch=200)
    with bench.store.read() as tx:
        states = outbox.read(tx, message_ids=ids)["state"].to_pylist()
    assert states == [S.DELIVERED] * 500


def test_a_report_without_our_id_that_comes_early_is_joined_by_the_providers(bench: Bench) -> None:
    message_id = bench.message(1)
    begun = bench.begin()
    tell(bench, "delivered", None)
    settle(bench, begun, Receipt(SID, note="queued"))
    assert bench.state(message_id) is S.DELIVERED


def test_a_report_on_a_message_that_a_dead_worker_left_in_doubt_settles_it(bench: Bench) -> None:
    message_id = bench.message(1)
    bench.begin(lease_s=-1)
    tell(bench, "sent", message_id)
    with bench.store.write() as tx:
        outbox.recover(tx, now=bench.clock.now())
        assert bench.provider.creates == ()
        assert reports.join_parked(tx, bench.clock.now()) == 1
        assert reports.join_parked(tx, bench.clock.now()) == 0
    row = bench.row(message_id)
    assert (row["state"], row["provider_id"]) == (S.SENT, SID)


def test_a_message_that_is_due_again_but_has_left_is_not_sent_twice(bench: Bench) -> None:
    message_id = bench.message(1)
    settle(bench, bench.begin(), SendError("?", ambiguous=True, code="timeout"))
    bench.reconcile()
    bench.later(seconds=61)
    bench.reconcile()
    assert bench.state(message_id) is S.DUE  # absent from two lists
    tell(bench, "delivered", message_id)
    assert bench.state(message_id) is S.DELIVERED
    bench.deliver()
    assert bench.provider.creates == ()


def test_a_failure_reported_of_a_message_that_is_due_again_does_not_end_it(bench: Bench) -> None:
    message_id = bench.message(1)
    tell(bench, "failed", message_id)
    assert bench.state(message_id) is S.DUE


def test_a_report_of_nobodys_message_is_kept(bench: Bench) -> None:
    assert tell(bench, "delivered", "msg_nobody")
    assert tell(bench, "delivered", None, "SM" + "2" * 32)
    assert kept(bench) == ["delivered", "delivered"]
