from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from engage.store import Store, decisions
from tests.store.samples import HOUR, MINUTE, NOON, decision, rows

TRIGGER = "application_abandoned"


def refused(minute: int, *reasons: str, person: str = "per_a") -> dict[str, object]:
    return {
        "person_id": person,
        "trigger": TRIGGER,
        "subject_id": "ses_a",
        "reasons": list(reasons),
        "at": NOON + minute * MINUTE,
    }


def test_a_decision_is_kept_whole_and_counts_once(store: Store) -> None:
    made = decision(
        propensities=json.dumps({"none": 0.1, "sms": 0.9}), features=json.dumps({"clicks": 3})
    )
    with store.write() as tx:
        assert decisions.add(tx, rows(made)) == 1
        assert decisions.add(tx, rows(made)) == 0
        held = decisions.get(tx, "dec_1")
        assert decisions.get(tx, "dec_2") is None
    assert held is not None
    assert held["propensities"] == {"none": 0.1, "sms": 0.9}
    assert held["features"] == {"clicks": 3}
    assert held["decided_at"] == held["known_at"] == held["stored_at"] == NOON
    assert held["source"] == "engage"


def test_the_first_qualification_of_a_person_for_a_trigger_is_marked(store: Store) -> None:
    later = decision(2, decided_at=NOON + HOUR)
    other = decision(3, trigger="call_abandoned", decided_at=NOON + HOUR)
    refused_once = decision(4, person_id="per_b", qualified=False)
    with store.write() as tx:
        decisions.add(tx, rows(later, decision(1), other, refused_once))
        decisions.add(tx, rows(decision(5, decided_at=NOON + 2 * HOUR)))
        every = decisions.qualifications(tx)
        first = decisions.qualifications(tx, first_only=True)
    assert every.num_rows == 4
    assert sorted(first["decision_id"].to_pylist()) == ["dec_1", "dec_3"]


def test_two_processes_that_decide_at_once_mark_one_first(store: Store) -> None:
    def decide(number: int) -> None:
        with store.write() as tx:
            decisions.add(tx, rows(decision(number)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decide, range(24)))
    with store.read() as tx:
        assert decisions.qualifications(tx).num_rows == 24
        assert decisions.qualifications(tx, first_only=True).num_rows == 1


def test_a_refusal_is_stored_once_per_change(store: Store) -> None:
    with store.write() as tx:
        assert decisions.add_refusals(tx, rows(refused(0, "cap", "quiet_hours")), "run_1") == 1
        # The same reasons, in another order, are no news.
        assert decisions.add_refusals(tx, rows(refused(1, "quiet_hours", "cap")), "run_2") == 0
        assert decisions.add_refusals(tx, rows(refused(2, "cap")), "run_3") == 1
        assert decisions.add_refusals(tx, rows(refused(3, "cap", person="per_b")), "run_3") == 1
        kept = decisions.refusals(tx, person_id="per_a")["reasons"].to_pylist()
    assert kept == ['["cap", "quiet_hours"]', '["cap"]']


def test_a_refusal_after_a_qualification_is_news_again(store: Store) -> None:
    with store.write() as tx:
        decisions.add_refusals(tx, rows(refused(0, "cap")), "run_1")
        decisions.add(tx, rows(decision(1, decided_at=NOON + MINUTE)))
        assert decisions.add_refusals(tx, rows(refused(2, "cap")), "run_2") == 1
        assert decisions.add_refusals(tx, rows(refused(3, "cap")), "run_3") == 0


def test_refusals_are_counted_by_run_and_reason_even_when_they_are_no_news(store: Store) -> None:
    with store.write() as tx:
        for person in ("per_a", "per_b"):
            decisions.add_refusals(tx, rows(refused(0, "cap", person=person)), "run_1")
        decisions.add_refusals(tx, rows(refused(1, "cap", "resting")), "run_2")
        counted = decisions.refusal_counts(tx).select(["run_id", "reason", "n"]).to_pylist()
    assert counted == [
        {"run_id": "run_1", "reason": "cap", "n": 2},
        {"run_id": "run_2", "reason": "cap", "n": 1},
        {"run_id": "run_2", "reason": "resting", "n": 1},
    ]
