"""A STOP against a message that is just leaving: promise C1."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from engage.deliver import claim
from engage.deliver.inbound import receive
from engage.domain.messages import Message, MessageState, Receipt
from engage.domain.replies import Reply
from engage.store import Tx, replies
from tests.deliver.bench import SENDER, STOP_KEY, Bench, phone
from tests.deliver.test_inbound import INBOX

S = MessageState


@dataclass
class Watched:
    """A channel that writes down when it is called, and for whom."""

    name: str = "sms"
    held: bool = False
    repeatable: bool = True
    called: dict[str, float] = field(default_factory=dict)

    def send(self, message: Message) -> Receipt:
        if message.action == "sms":  # and not the confirmation that follows
            self.called[message.destination] = time.monotonic()
        return Receipt(f"SM-{message.message_id}")

    def reconcile(self, message: Message, started_at: datetime) -> Receipt | None:
        return None


def write_stop(bench: Bench, number: int) -> None:
    reply = Reply(f"SMr{number}", "sms", phone(number), SENDER, "STOP", bench.clock.now())
    with bench.store.write() as tx:
        receive(tx, reply, INBOX, bench.clock.now())


def race(bench: Bench, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a STOP meet a message that is decided and sent at the same moment, many times.

    Nobody can call a provider and commit in one step. What the promise comes down to: the message
    was begun, with consent read in that same transaction, before the STOP had its turn.
    """
    channel = Watched()
    bench.channels["sms"] = channel  # type: ignore[assignment]  # it watches instead
    begun: dict[str, float] = {}
    turns: dict[str, float] = {}
    begin: Callable[..., Any] = claim.begin
    add: Callable[..., Any] = replies.add

    def watched_begin(tx: Tx, held: Any, *given: Any, **named: Any) -> Any:
        done = begin(tx, held, *given, **named)
        if held.message.action == "sms" and not isinstance(done, str):
            begun[held.message.destination] = time.monotonic()
        return done

    def watched_add(tx: Tx, reply: Reply, *given: Any) -> Any:
        turns[reply.sender] = time.monotonic()  # the people are locked by now
        return add(tx, reply, *given)

    monkeypatch.setattr(claim, "begin", watched_begin)
    monkeypatch.setattr(replies, "add", watched_add)
    drawn = random.Random(7)  # noqa: S311  so that a failure can be tried again
    committed: dict[str, float] = {}
    late, round_s = [], 0.02
    for number in range(times):
        wait, to = drawn.uniform(0, 1.5 * round_s), phone(number)

        def stop(number: int = number, wait: float = wait) -> None:
            time.sleep(wait)
            write_stop(bench, number)
            committed[phone(number)] = time.monotonic()

        bench.person(number)
        person = threading.Thread(target=stop)
        person.start()
        started = time.monotonic()
        message_id = bench.message(number)
        bench.deliver()
        round_s = 0.8 * round_s + 0.2 * (time.monotonic() - started)
        person.join()
        state = bench.state(message_id)
        assert state in {S.SENT, S.CANCELLED, S.SUPPRESSED}
        assert (to in channel.called) is (state is S.SENT)
        if to in channel.called:
            assert begun[to] <= turns[to], "it was begun after the STOP had its turn"
            late.append(max(0.0, channel.called[to] - committed[to]))
    print(
        f"{times} races: {len(late)} begun before the STOP, {times - len(late)} did not leave; "
        f"{sum(map(bool, late))} that were begun before reached the provider after the STOP's "
        f"commit, by at most {1000 * max(late):.0f} ms"
    )
    assert 0 < len(late) < times


def test_a_stop_that_had_its_turn_first_is_never_followed_by_a_call(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    race(bench, 40, monkeypatch)


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_thousand_stops_are_never_followed_by_a_call(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    race(bench, 1_000, monkeypatch)


def test_a_stop_waits_for_the_message_that_is_being_begun_and_the_next_waits_for_it(
    bench: Bench,
) -> None:
    """Between the look at the stop list and the commit no STOP can slip in."""
    bench.message(1)
    looked, go_on, stopped = threading.Event(), threading.Event(), threading.Event()
    judged = bench.recheck

    class Slow(type(judged)):  # type: ignore[misc]  # the rules, asked by somebody slow
        def opted_out(self, tx: Tx, message: Message) -> bool:
            found: bool = super().opted_out(tx, message)
            looked.set()
            assert go_on.wait(10)
            return found

    bench.recheck = Slow(judged.rules, judged.actions, STOP_KEY)

    def stop() -> None:
        write_stop(bench, 1)
        stopped.set()

    sender = threading.Thread(target=bench.deliver)
    sender.start()
    assert looked.wait(10)
    person = threading.Thread(target=stop)
    person.start()
    assert not stopped.wait(0.5), "the STOP was in force before the message was begun"
    go_on.set()
    assert stopped.wait(10)
    sender.join()
    person.join()
