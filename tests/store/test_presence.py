from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engage.domain.messages import MessageState
from engage.domain.runs import RunState
from engage.errors import StoreUnavailable
from engage.store import Store, jobs, outbox
from engage.store.presence import at_work
from tests.store.samples import NOON, message, rows

S = MessageState
LONG_S = 3600.0

# Claims two messages, begins to send one, begins a job, says so, and is killed at that.
DIES = """
import sys
from datetime import datetime
from engage.domain.messages import MessageState as S
from engage.store import Store, jobs, outbox
from engage.store.presence import at_work
store, now = Store.open(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
with at_work(store, now):
    with store.write() as tx:
        first, second = outbox.claim(tx, ["sms"], "dies", 2, 3600.0, now=now)
        outbox.move(tx, first.message.message_id, first.fence, S.CLAIMED, S.SENDING, now=now)
        jobs.claim_run(tx, "deliver_messages", now, now)
    print("claimed", flush=True)
    sys.stdin.read()
"""


def states(store: Store) -> dict[str, str]:
    with store.read() as tx:
        held = outbox.read(tx)
        last = jobs.last(tx, "deliver_messages")
    found = dict(zip(held["message_id"].to_pylist(), held["state"].to_pylist(), strict=True))
    return found | ({"run": last.state} if last else {})


def test_who_comes_after_a_killed_process_takes_over_at_once_and_not_before(
    store: Store, store_url: str
) -> None:
    with store.write() as tx:
        outbox.add(tx, rows(message(1), message(2)), NOON)
    held = {"msg_00001": S.SENDING, "msg_00002": S.CLAIMED, "run": RunState.RUNNING}
    command = [sys.executable, "-c", DIES, store_url, NOON.isoformat()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "claimed\n"
        with at_work(store, NOON):
            assert states(store) == held  # it lives: what it holds is its own
        process.kill()
    freed = {"msg_00001": S.UNKNOWN, "msg_00002": S.DUE, "run": RunState.FAILED}
    with at_work(store, NOON):
        # On PostgreSQL others may be at work elsewhere, so that leases have to lapse.
        assert states(store) == (freed if store.dialect == "sqlite" else held)


def test_those_who_work_at_once_leave_each_other_alone(open_store: Callable[[], Store]) -> None:
    first, second = open_store(), open_store()
    with first.write() as tx:
        outbox.add(tx, rows(message(1)), NOON)
    with at_work(first, NOON):
        with first.write() as tx:
            outbox.claim(tx, ["sms"], "first", 1, LONG_S, now=NOON)
        for _ in range(2):
            with at_work(second, NOON + timedelta(minutes=1)):
                assert states(second) == {"msg_00001": S.CLAIMED}


@pytest.mark.only_on("sqlite")
def test_a_lock_that_cannot_be_opened_is_named(store: Store) -> None:
    assert store.path is not None
    lock = Path(f"{store.path}.lock")
    lock.mkdir()
    with pytest.raises(StoreUnavailable, match=r"process lock .*engage\.db\.lock cannot"):  # noqa: SIM117
        with at_work(store, NOON):
            pytest.fail("at work without the lock")
