"""A person who was met under several ids keeps one arm, and two that differed are marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from engage.app import intake
from engage.app.effects import build_report
from engage.app.joining import join
from engage.collect.identity import STATEMENTS
from engage.collect.schema import arrow_schema
from engage.domain.people import LINKS
from engage.store import Store, assignments
from tests.bank import Bank

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def assign(store: Store, **arms: tuple[str, int]) -> None:
    """Store who is in which arm since which hour."""
    rows = [
        {
            "person_id": person,
            "scope": "global",
            "arm": arm,
            "epoch": "1",
            "share": 0.5,
            "assigned_at": NOON + hours * HOUR,
        }
        for person, (arm, hours) in arms.items()
    ]
    with store.write() as tx:
        assignments.store_first(tx, pa.Table.from_pylist(rows))


def state(store: Store, *pairs: tuple[str, str], hours: int = 0) -> None:
    """Say of each first one that it turned out to be the second."""
    known_at = (NOON + hours * HOUR).replace(tzinfo=None)
    rows = [{"alias_id": one, "person_id": other, "known_at": known_at} for one, other in pairs]
    with store.write() as tx:
        join(tx, pa.Table.from_pylist(rows, schema=STATEMENTS), NOON)


def arms(store: Store) -> dict[str, tuple[str, bool]]:
    with store.read() as tx:
        held = assignments.read(tx).to_pylist()
    return {row["person_id"]: (row["arm"], row["merged_flag"]) for row in held}


# The browser came first, and a chain of two steps leads from it to the customer.
STEPS = (("account", "customer"), ("browser", "account"))


@pytest.mark.parametrize("steps", [STEPS, STEPS[::-1]], ids=["from the end", "from the start"])
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
def test_the_earliest_arm_goes_along_the_whole_chain(
    store: Store, steps: tuple[tuple[str, str], ...], *, at_once: bool
) -> None:
    assign(store, browser=("held_out", 0), account=("treated", 1), customer=("treated", 2))
    for part in [steps] if at_once else [[step] for step in steps]:
        state(store, *part)
    assert arms(store) == dict.fromkeys(("account", "browser", "customer"), ("held_out", True))


def test_whoever_is_linked_anew_with_the_same_word_stays_as_they_are(store: Store) -> None:
    assign(store, browser=("treated", 0), customer=("treated", 1))
    state(store, ("browser", "customer"), hours=5)
    state(store, ("browser", "customer"), hours=3)
    assert arms(store) == dict.fromkeys(("browser", "customer"), ("treated", False))


def test_a_computer_of_two_people_joins_nobodys_arms(store: Store) -> None:
    assign(store, browser=("held_out", 0), ada=("treated", 1), grace=("treated", 2))
    state(store, ("browser", "ada"), ("browser", "grace"))
    assert arms(store) == {
        "browser": ("held_out", False),
        "ada": ("treated", False),
        "grace": ("treated", False),
    }


def test_two_visitors_who_turn_out_to_be_one_are_in_one_arm_and_counted(bank: Bank) -> None:
    left = [person for person, _ in bank.abandon_forms(16)]
    of = {row["person_id"]: row["arm"] for row in bank.rows("select person_id, arm from decisions")}
    treated = next(one for one in left if of[one] == "treated")
    held_out = next(one for one in left if of[one] == "held_out")
    known_at = bank.app.now().replace(tzinfo=None)
    link = {"person_id": treated, "canonical_id": held_out, "known_at": known_at}
    links = pa.Table.from_pylist([link], schema=arrow_schema(LINKS))
    intake.take(bank.app.store, {LINKS.name: links}, now=bank.app.now())
    stored = bank.rows(
        "select scope, arm, merged_flag from assignments where person_id in (:a, :b)",
        a=treated,
        b=held_out,
    )
    by_scope = {
        scope: {r["arm"] for r in stored if r["scope"] == scope}
        for scope in {r["scope"] for r in stored}
    }
    assert all(len(found) == 1 for found in by_scope.values())
    assert any(row["merged_flag"] for row in stored)
    bank.run("archive_history")
    (told,) = [
        t for t in build_report(bank.app)["triggers"] if t["name"] == "application_abandoned"
    ]
    assert told["mixed_arms"] == 1
