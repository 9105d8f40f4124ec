from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from engage.store import Store, assignments
from tests.store.samples import HOUR, NOON, rows


def arm(person: str, held: str, hours: int = 0, scope: str = "global") -> dict[str, object]:
    return {
        "person_id": person,
        "scope": scope,
        "arm": held,
        "epoch": "1",
        "share": 0.1,
        "assigned_at": NOON + hours * HOUR,
    }


def test_the_first_arm_stays_and_is_what_everybody_is_told(store: Store) -> None:
    with store.write() as tx:
        assignments.store_first(tx, rows(arm("per_a", "held_out")))
        told = assignments.store_first(
            tx, rows(arm("per_b", "treated"), arm("per_a", "treated", 1))
        )
    assert told.select(["person_id", "arm"]).to_pylist() == [
        {"person_id": "per_b", "arm": "treated"},
        {"person_id": "per_a", "arm": "held_out"},
    ]


def test_of_many_at_once_one_wins_and_all_are_told_the_same(store: Store) -> None:
    def assign(number: int) -> str:
        with store.write() as tx:
            told = assignments.store_first(tx, rows(arm("per_a", f"arm_{number}")))
        return str(told["arm"][0])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(assign, range(40)))) == 1


@pytest.mark.parametrize(
    ("earlier", "canonical", "expected", "flagged"),
    [
        (("held_out", 0), ("treated", 1), "held_out", True),
        (("held_out", 1), ("treated", 0), "treated", True),
        (("treated", 0), ("treated", 1), "treated", False),
    ],
    ids=["browser first", "customer first", "same arm"],
)
def test_a_merge_keeps_the_earliest_arm_and_flags_two_that_differ(
    store: Store,
    earlier: tuple[str, int],
    canonical: tuple[str, int],
    expected: str,
    flagged: bool,
) -> None:
    with store.write() as tx:
        assignments.store_first(tx, rows(arm("per_web", *earlier), arm("per_a", *canonical)))
        merged = assignments.merge(
            tx, pa.table({"person_id": ["per_web"], "canonical_id": ["per_a"]})
        )
        held = assignments.read(tx, ["per_a", "per_web"])
    assert merged == int(flagged)
    assert held["arm"].to_pylist() == [expected] * 2
    assert held["merged_flag"].to_pylist() == [flagged] * 2


def test_a_merge_brings_the_arm_to_a_person_who_had_none(store: Store) -> None:
    with store.write() as tx:
        assignments.store_first(tx, rows(arm("per_web", "held_out")))
        assignments.merge(tx, pa.table({"person_id": ["per_web"], "canonical_id": ["per_a"]}))
        assert assignments.read(tx, ["per_a"])["arm"].to_pylist() == ["held_out"]
