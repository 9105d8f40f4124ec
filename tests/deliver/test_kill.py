"""Workers are killed at any moment, while the provider answers 40 ms after it has accepted."""

from __future__ import annotations

import os
import signal
import time
import warnings

import pytest

from engage.domain.ids import draw
from engage.domain.messages import MessageState
from engage.store import Store, outbox
from tests.deliver.bench import DRAW_KEY, Bench, phone

S = MessageState
MESSAGES, KILLS = 24, 8
FINAL = {S.SENT, S.DELIVERED, S.FAILED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED, S.DEAD}


def killed_worker(bench: Bench, url: str, after_s: float) -> None:
    """Let a worker of its own process send, and kill it as `kill -9` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread of ours
        child = os.fork()
    if child == 0:
        try:
            Bench(Store.open(url), bench.provider, bench.clock).deliver()
        finally:
            os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.timeout(180)
def test_nothing_is_sent_twice_and_nothing_is_lost(bench: Bench, store_url: str) -> None:
    ids = [bench.message(number) for number in range(MESSAGES)]
    bench.provider.late_s = 0.04
    for kill in range(KILLS):
        killed_worker(bench, store_url, 0.15 + 0.4 * draw(DRAW_KEY, "kill", str(kill)))
        with bench.store.write() as tx:
            outbox.recover(tx, now=bench.clock.now(), everything=True)
        bench.reconcile()
        bench.later(seconds=61)
        bench.reconcile()
    while bench.deliver().seen:
        bench.later(seconds=61)
    states = [bench.state(one) for one in ids]
    sent = [len(bench.provider.messages.to(phone(number))) for number in range(MESSAGES)]
    assert max(sent) == 1
    assert set(states) <= FINAL
    # Only a message whose worker died three times on it may stay behind, and it says so.
    assert sum(sent) == states.count(S.SENT)
    assert states.count(S.SENT) + states.count(S.DEAD) == MESSAGES
