from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

from engage.domain.messages import MessageState
from engage.store import Store, ledger, messages_a_day
from engage.store.ledger import Cap
from engage.store.lock import lock_people
from engage.store.messages_a_day import DayBudget
from tests.store.samples import DAY, HOUR, MINUTE, NOON, contact, rows

ONE_A_DAY = [Cap(1, DAY, "sms"), Cap(2, timedelta(days=7), "sms"), Cap(3, DAY)]


def reserve(store: Store, caps: list[Cap], *contacts: dict[str, object]) -> list[bool]:
    with store.write() as tx:
        answers: list[bool] = ledger.reserve(tx, rows(*contacts), caps).tolist()
        return answers


def test_fifty_decisions_at_once_use_exactly_the_budget(open_store: Callable[[], Store]) -> None:
    store = open_store()

    def decide(number: int) -> bool:
        return reserve(store, [Cap(3, DAY)], contact(number))[0]

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(decide, range(50))) == 3
    with store.read() as tx:
        assert ledger.contacts(tx, ["per_a"]).num_rows == 3


TEXTS = DayBudget("sms", 7, ZoneInfo("Europe/Berlin"))


def text(number: int, **changes: object) -> dict[str, object]:
    return contact(number, person_id=f"per_{number}", channel="sms", **changes)


def granted(store: Store, *contacts: dict[str, object]) -> list[bool]:
    with store.write() as tx:
        answers: list[bool] = ledger.reserve(tx, rows(*contacts), [], [TEXTS]).tolist()
        return answers


def test_fifty_people_at_once_use_exactly_the_day_s_messages(
    open_store: Callable[[], Store],
) -> None:
    store = open_store()
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(lambda number: granted(store, text(number))[0], range(50))) == 7
    with store.read() as tx:
        assert ledger.contacts(tx, None).num_rows == 7


def test_a_day_s_messages_are_those_of_its_civil_day(store: Store) -> None:
    ends = TEXTS.bounds(TEXTS.day(NOON))[1]
    assert ends.hour in (22, 23)  # in Berlin the day ends before it does in UTC
    assert granted(store, *(text(n, at=ends - MINUTE) for n in range(8))) == [True] * 7 + [False]
    assert granted(store, text(8, at=ends)) == [True]
    with store.read() as tx:
        assert messages_a_day.left(tx, TEXTS, NOON) == [
            (ends, 0),
            (TEXTS.bounds(TEXTS.day(ends))[1], 6),
        ]


def test_what_was_asked_for_and_what_was_given_back_take_no_message_of_the_day(
    store: Store,
) -> None:
    assert all(granted(store, *(text(n, **{"class": "requested"}) for n in range(9))))
    assert sum(granted(store, *(text(n) for n in range(10, 20)))) == 7
    with store.write() as tx:
        ledger.settle(tx, ["dec_10"], MessageState.DUE, MessageState.CANCELLED)
    assert granted(store, text(30), text(31)) == [True, False]
    # Deciding the same again takes none: it has its own.
    assert granted(store, text(30)) == [True]


def test_a_night_may_hold_more_people_than_the_database_has_locks(store: Store) -> None:
    people = [f"per_{number}" for number in range(20_000)]
    with store.write() as tx:
        lock_people(tx, people)
        lock_people(tx, reversed(people))


def test_the_window_rolls(store: Store) -> None:
    assert reserve(store, ONE_A_DAY, contact(1)) == [True]
    assert reserve(store, ONE_A_DAY, contact(2, at=NOON + DAY - MINUTE)) == [False]
    assert reserve(store, ONE_A_DAY, contact(3, at=NOON + DAY)) == [True]
    # Two in seven days, whatever the day says.
    assert reserve(store, ONE_A_DAY, contact(4, at=NOON + 3 * DAY)) == [False]


def test_several_wishes_in_one_call_share_the_budget(store: Store) -> None:
    wishes = [contact(n, channel="chat_offer") for n in range(5)]
    assert reserve(store, [Cap(2, DAY, "chat_offer")], *wishes) == [True, True, False, False, False]


def test_one_budget_holds_across_channels(store: Store) -> None:
    caps = [Cap(2, DAY)]
    channels = ["sms", "callback", "chat_offer"]
    wishes = [contact(n, channel=channel) for n, channel in enumerate(channels)]
    assert reserve(store, caps, *wishes) == [True, True, False]


def test_one_offer_in_a_visit(store: Store) -> None:
    caps = [Cap(1, DAY, "chat_offer", per_subject=True)]
    first = contact(1, channel="chat_offer")
    again = contact(2, channel="chat_offer")
    elsewhere = contact(3, channel="chat_offer", subject_id="ses_b")
    assert reserve(store, caps, first, again, elsewhere) == [True, False, True]


def test_what_the_customer_asked_for_is_outside_the_budget(store: Store) -> None:
    asked = [contact(n, **{"class": "requested"}) for n in range(3)]
    assert reserve(store, ONE_A_DAY, *asked, contact(4)) == [True, True, True, True]


def test_a_contact_that_did_not_happen_is_given_back(store: Store) -> None:
    reserve(store, ONE_A_DAY, contact(1))
    with store.write() as tx:
        ledger.settle(tx, ["dec_1"], MessageState.DUE, MessageState.SUPPRESSED)
    assert reserve(store, ONE_A_DAY, contact(2)) == [True]


def test_a_contact_planned_for_later_counts_already(store: Store) -> None:
    reserve(store, ONE_A_DAY, contact(1, at=NOON + HOUR))
    assert reserve(store, ONE_A_DAY, contact(2)) == [False]


def test_asking_twice_for_the_same_decision_takes_one_place(store: Store) -> None:
    assert reserve(store, ONE_A_DAY, contact(1)) == [True]
    assert reserve(store, ONE_A_DAY, contact(1)) == [True]
    with store.read() as tx:
        assert ledger.contacts(tx, ["per_a"]).num_rows == 1


def test_a_refusal_by_the_person_is_kept_with_its_rest(store: Store) -> None:
    reserve(store, ONE_A_DAY, contact(1))
    with store.write() as tx:
        ledger.decline(tx, "dec_1", NOON + 3 * DAY)
        rest = ledger.contacts(tx, ["per_a"])["rest_until"].to_pylist()
    assert rest == [(NOON + 3 * DAY).replace(tzinfo=None)]
