from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engage.domain.messages import TRANSITIONS, MessageState
from engage.store import Store, decisions, ledger, outbox
from engage.store.lapses import POISONED
from engage.store.tables import table
from tests.store.samples import HOUR, MINUTE, NOON, contact, decision, message, rows

S = MessageState
LEASE_S = 30.0


def given(store: Store, *messages: dict[str, object]) -> None:
    with store.write() as tx:
        assert outbox.add(tx, rows(*messages), NOON).all()


def take(
    store: Store, worker: str = "w1", limit: int = 10, lease_s: float = LEASE_S
) -> list[outbox.Claim]:
    with store.write() as tx:
        return outbox.claim(tx, ["sms"], worker, limit, lease_s, now=NOON)


def pass_on(store: Store, claim: outbox.Claim, before: S, after: S) -> bool:
    with store.write() as tx:
        return outbox.move(tx, claim.message.message_id, claim.fence, before, after, now=NOON)


def state(store: Store, message_id: str) -> S:
    with store.read() as tx:
        found = outbox.get(tx, message_id)
    assert found is not None
    return found.state


def test_a_decision_and_its_message_stand_or_fall_together(store: Store) -> None:
    def decide_and_crash() -> None:
        with store.write() as tx:
            decisions.add(tx, rows(decision(1, person_id="per_1")))
            outbox.add(tx, rows(message(1)), NOON)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decide_and_crash()
    with store.read() as tx:
        assert decisions.read(tx).num_rows == 0
        assert outbox.read(tx).num_rows == 0


def test_only_what_is_due_and_alive_is_claimed_the_longest_due_first(store: Store) -> None:
    given(
        store,
        message(1, due_at=NOON - MINUTE),
        message(2, due_at=NOON - HOUR),
        message(3, due_at=NOON + MINUTE),
        message(4, due_at=NOON - HOUR, expires_at=NOON),
        message(5, channel="chat_offer"),
    )
    assert [one.message.message_id for one in take(store)] == ["msg_00002", "msg_00001"]
    assert take(store, "w2") == []


def test_workers_at_once_never_claim_the_same_message(open_store: Callable[[], Store]) -> None:
    given(open_store(), *(message(n) for n in range(200)))

    def work(worker: int) -> list[str]:
        own, claimed = open_store(), []
        while batch := take(own, f"w{worker}", limit=7):
            claimed += [one.message.message_id for one in batch]
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [one for part in pool.map(work, range(4)) for one in part]
    assert len(claimed) == len(set(claimed)) == 200


def test_a_late_owner_cannot_write(store: Store) -> None:
    given(store, message(1))
    late = take(store, "frozen", lease_s=-1)[0]
    with store.write() as tx:
        assert outbox.recover(tx, now=NOON).due == 1
    fresh = take(store, "awake")[0]
    assert fresh.fence > late.fence
    assert not pass_on(store, late, S.CLAIMED, S.SENDING)
    assert pass_on(store, fresh, S.CLAIMED, S.SENDING)
    assert not pass_on(store, late, S.SENDING, S.SENT)
    assert state(store, "msg_00001") is S.SENDING


def test_an_answer_that_comes_twice_changes_nothing(store: Store) -> None:
    given(store, message(1))
    held = take(store)[0]
    assert pass_on(store, held, S.CLAIMED, S.SENDING)
    assert pass_on(store, held, S.SENDING, S.SENT)
    assert not pass_on(store, held, S.SENDING, S.FAILED)
    assert not pass_on(store, held, S.CLAIMED, S.SENDING)
    assert state(store, "msg_00001") is S.SENT


def test_a_held_lease_can_be_renewed_and_a_lost_one_cannot(store: Store) -> None:
    given(store, message(1))
    held = take(store, lease_s=-1)[0]
    with store.write() as tx:
        assert outbox.renew(tx, "msg_00001", held.fence, LEASE_S)
        assert outbox.recover(tx, now=NOON) == outbox.Recovered()
        assert not outbox.renew(tx, "msg_00001", held.fence - 1, LEASE_S)


def test_what_a_dead_worker_may_have_sent_is_unknown_and_not_due_again(store: Store) -> None:
    given(store, message(1))
    held = take(store, lease_s=-1)[0]
    assert pass_on(store, held, S.CLAIMED, S.SENDING)
    with store.write() as tx:
        assert outbox.recover(tx, now=NOON) == outbox.Recovered(unknown=1)
    assert state(store, "msg_00001") is S.UNKNOWN


def test_a_new_process_on_sqlite_may_void_every_lease(store: Store) -> None:
    given(store, message(1))
    take(store)
    with store.write() as tx:
        assert outbox.recover(tx, now=NOON) == outbox.Recovered()
        assert outbox.recover(tx, now=NOON, everything=True) == outbox.Recovered(due=1)


def test_a_message_that_kills_its_workers_is_left_alone(store: Store) -> None:
    given(store, message(1))
    for _ in range(POISONED):
        take(store, lease_s=-1)
        with store.write() as tx:
            outbox.recover(tx, now=NOON)
    assert state(store, "msg_00001") is S.DEAD


def test_a_message_whose_sending_killed_three_workers_is_not_due_again(store: Store) -> None:
    given(store, message(1))
    for _ in range(POISONED):
        held = take(store, lease_s=-1)[0]
        pass_on(store, held, S.CLAIMED, S.SENDING)
        with store.write() as tx:
            outbox.recover(tx, now=NOON)
            outbox.move(tx, "msg_00001", None, S.UNKNOWN, S.DUE, now=NOON)
    assert state(store, "msg_00001") is S.DEAD


def test_no_message_takes_a_step_that_the_table_does_not_have(store: Store) -> None:
    given(store, message(1))
    held = table("messages")
    with store.write() as tx:
        for before, after in itertools.product(S, S):
            tx.execute(sa.update(held).values(state=before))
            if after in TRANSITIONS[before]:
                assert outbox.move(tx, "msg_00001", None, before, after, now=NOON)
                tx.execute(sa.delete(table("message_attempts")))
            else:
                with pytest.raises(ValueError, match=f"never goes from {before} to {after}"):
                    outbox.move(tx, "msg_00001", None, before, after, now=NOON)


def test_every_attempt_is_written_down_with_its_end(store: Store) -> None:
    given(store, message(1))
    for after, code in ((S.DUE, "20429"), (S.SENT, "")):
        held = take(store)[0]
        pass_on(store, held, S.CLAIMED, S.SENDING)
        with store.write() as tx:
            outbox.move(tx, "msg_00001", held.fence, S.SENDING, after, now=NOON, code=code)
    with store.read() as tx:
        made = outbox.attempts(tx, "msg_00001").select(["number", "result", "code"]).to_pylist()
    assert made == [
        {"number": 1, "result": "due", "code": "20429"},
        {"number": 2, "result": "sent", "code": ""},
    ]


def test_a_person_has_one_open_offer_whoever_decides_at_once(store: Store) -> None:
    def offer(number: int) -> bool:
        with store.write() as tx:
            return bool(outbox.add(tx, rows(message(number, person_id="per_a")), NOON)[0])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(offer, range(50))) == 1


def test_what_the_customer_asked_for_comes_on_top_of_an_open_offer(store: Store) -> None:
    given(store, message(1, person_id="per_a"))
    given(store, message(2, person_id="per_a", **{"class": "requested"}))
    with store.write() as tx:
        assert outbox.add(tx, rows(message(3, person_id="per_a")), NOON).tolist() == [False]


def test_a_message_past_its_life_ends_and_gives_its_budget_back(store: Store) -> None:
    with store.write() as tx:
        ledger.reserve(tx, rows(contact(1, person_id="per_1")), [])
        outbox.add(tx, rows(message(1)), NOON)
        assert outbox.expire(tx, NOON + HOUR - MINUTE) == 0
        assert outbox.expire(tx, NOON + HOUR) == 1
        assert ledger.contacts(tx, ["per_1"])["state"].to_pylist() == ["returned"]
    assert state(store, "msg_00001") is S.EXPIRED


def test_a_message_that_left_uses_its_budget(store: Store) -> None:
    with store.write() as tx:
        ledger.reserve(tx, rows(contact(1, person_id="per_1")), [])
    given(store, message(1))
    held = take(store)[0]
    pass_on(store, held, S.CLAIMED, S.SENDING)
    pass_on(store, held, S.SENDING, S.SENT)
    with store.read() as tx:
        assert ledger.contacts(tx, ["per_1"])["state"].to_pylist() == ["used"]


def test_a_stop_cancels_what_has_not_left(store: Store) -> None:
    given(store, message(1), message(2), message(3))
    first = take(store, limit=1)[0]
    sending = take(store, limit=1)[0]
    pass_on(store, sending, S.CLAIMED, S.SENDING)
    with store.write() as tx:
        stopped = outbox.cancel(tx, ["per_1", "per_2", "per_3"], now=NOON, note="STOP")
    assert stopped == ["msg_00001", "msg_00003"]
    assert not pass_on(store, first, S.CLAIMED, S.SENDING)


def test_a_page_shows_the_offers_that_are_alive(store: Store) -> None:
    given(
        store,
        message(1, channel="chat_offer", person_id="per_a"),
        message(2, channel="chat_offer", person_id="per_b"),
    )
    with store.read() as tx:
        shown = outbox.pending_offers(tx, "per_a", NOON)
        assert [one.message.message_id for one in shown] == ["msg_00001"]
        assert outbox.pending_offers(tx, "per_a", NOON + HOUR) == []


def test_a_report_counts_once_and_may_come_before_the_message(store: Store) -> None:
    with store.write() as tx:
        for expected in (True, False):
            added = outbox.add_receipt(
                tx, receipt_id="rcp_1", provider_id="SM1", status="sent", at=NOON
            )
            assert added is expected
        assert outbox.receipts(tx, provider_id="SM1").num_rows == 1
