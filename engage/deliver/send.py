"""The worker's round: one message after the other, until nothing is due or the batch is done."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from engage.channels.base import Channel
from engage.clock import Clock
from engage.deliver import booking, claim, killswitch
from engage.deliver.claim import Judged, Recheck
from engage.deliver.settle import Settling, settle
from engage.domain.messages import REACHED_STATES, Message, Receipt
from engage.domain.runs import JobReport
from engage.errors import SendError
from engage.logs import get_logger
from engage.settings.sending import Delivery
from engage.store import Store, outbox
from engage.store.outbox import Claim

FRESH_S = 1.0
"""A verdict of the rules holds for so long."""

_log = get_logger("deliver")


def deliver_due(
    store: Store,
    channels: Mapping[str, Channel],
    *,
    clock: Clock,
    worker: str,
    recheck: Recheck,
    settings: Delivery,
    draw_key: bytes,
    suppression_key: bytes,
) -> JobReport:
    """Send what is due, at most a batch of it, the longest due first.

    Each message is begun in one transaction, sent outside any, and settled in another; a worker
    that dies in between leaves it to be looked up. `JobReport.skipped` counts the states and
    reasons of what did not reach anybody.
    """
    settling = Settling(settings.attempts, draw_key, suppression_key)
    return _Round(store, channels, clock, worker, recheck, settings, settling).run()


@dataclass
class _Round:
    store: Store
    channels: Mapping[str, Channel]
    clock: Clock
    worker: str
    recheck: Recheck
    settings: Delivery
    settling: Settling
    tally: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def run(self) -> JobReport:
        """Work through at most a batch and report."""
        with self.store.write() as tx:
            outbox.recover(tx, now=self.clock.now())
            expired = outbox.expire(tx, self.clock.now())
            self.stopped = killswitch.stopped(tx)
        self.tally.update({"expired": expired} if expired else {})
        left = self.settings.batch
        while left > 0 and not self.stopped:
            taken = self._handful(left)
            if not taken:
                break
            left -= taken
        with self.store.write() as tx:
            booking.release_lapsed(tx, self.clock.now())
        return self._report()

    def _handful(self, limit: int) -> int:
        """Claim a handful and work through it; return how many messages were looked at."""
        began = time.monotonic()
        with self.store.write() as tx:
            judged = claim.claim(
                tx,
                self.channels,
                self.recheck,
                now=self.clock.now(),
                worker=self.worker,
                limit=limit,
                lease_s=self.settings.lease_s,
            )
        self._work_through(self._noted(judged), began)
        return len(judged.claims) + len(judged.put_aside)

    def _work_through(self, held: deque[Claim], began: float) -> None:
        """Send these messages, the rules asked anew where that was a while ago.

        The first one always gets its turn, so that a machine too slow for its lease still makes
        progress; an attempt takes at most half a lease, and whoever waits behind it is given back
        before theirs runs out.
        """
        judged_at = time.monotonic()
        while held:
            self._one(held)
            if self.stopped or time.monotonic() - began > self.settings.lease_s / 3:
                with self.store.write() as tx:
                    claim.release(tx, held, self.clock.now())
                return
            if held and time.monotonic() - judged_at > FRESH_S:
                with self.store.write() as tx:
                    again = claim.judge(tx, list(held), self.recheck, self.clock.now())
                held, judged_at = self._noted(again), time.monotonic()

    def _one(self, held: deque[Claim]) -> None:
        """Begin, send and settle the first of these messages, unless everything is stopped."""
        began = time.monotonic()
        channel = self.channels[held[0].message.channel]
        with self.store.write() as tx:
            self.stopped = killswitch.stopped(tx)
            if self.stopped:
                return
            begun = claim.begin(
                tx,
                held.popleft(),
                channel,
                self.recheck,
                now=self.clock.now(),
                lease_s=self.settings.lease_s,
            )
        if isinstance(begun, str):
            self.tally[begun] += 1
            return
        answer = attempt(channel, begun.message, began + self.settings.lease_s)
        with self.store.write() as tx:
            self.tally[settle(tx, begun, answer, self.settling, self.clock.now())] += 1

    def _noted(self, judged: Judged) -> deque[Claim]:
        self.tally.update(judged.put_aside)
        return deque(judged.claims)

    def _report(self) -> JobReport:
        done = sum(self.tally.pop(state, 0) for state in REACHED_STATES)
        note = f"everything outbound is stopped since {self.stopped}" if self.stopped else ""
        return JobReport(done + self.tally.total(), done, dict(self.tally), note)


def attempt(channel: Channel, message: Message, until: float) -> Receipt | SendError:
    """Hand one message to its channel and return what came of it, whatever happens.

    `until` is when the lease ends, on the monotonic clock: a worker that was frozen past it has
    lost the message, and somebody else may be sending it.
    """
    if time.monotonic() >= until:
        return SendError("the lease ran out before the message left", code="too_late")
    try:
        return channel.send(message)
    except SendError as error:
        return error
    except Exception as error:  # noqa: BLE001 - whatever broke, the message may have left
        _log.exception("a channel broke", channel=channel.name, message_id=message.message_id)
        return SendError(
            f"channel {channel.name} broke: {type(error).__name__}", ambiguous=True, code="broken"
        )
