"""Each thing that may change between the decision and the sending, and what it does then."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.domain.exclusions import EXCLUSIONS
from engage.domain.messages import MessageState
from engage.domain.people import LINKS, PEOPLE
from engage.store import people, rows
from tests.deliver.bench import NOON, STOP_KEY, Bench, phone
from tests.store.samples import rows as table

S = MessageState
LATER = NOON + timedelta(seconds=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # parts of a date


def known(**attributes: Any) -> pa.Table:
    return table(
        {
            "person_id": "per_1",
            "valid_from": LATER,
            "known_at": LATER,
            "attributes": json.dumps({"country": "DE", "zone": "Europe/Berlin"} | attributes),
        }
    )


def excluded(*, must_serve: bool) -> pa.Table:
    empty = dict.fromkeys(EXCLUSIONS.column_names)
    listed = {"person_id": "per_1", "reason": "bereavement", "must_serve": must_serve}
    return table(empty | listed | {"valid_from": LATER, "known_at": LATER})


def refused(bench: Bench, message_id: str, word: str) -> None:
    assert bench.deliver().skipped == {word: 1}
    assert bench.state(message_id) is S.SUPPRESSED
    assert bench.row(message_id)["note"] == word
    assert bench.provider.asked == []


def test_nothing_changed(bench: Bench) -> None:
    bench.message(1)
    assert bench.deliver().done == 1


def test_the_person_was_put_on_a_list(bench: Bench) -> None:
    message_id = bench.message(1)
    with bench.store.write() as tx:
        rows.add(tx, EXCLUSIONS, excluded(must_serve=False), LATER)
    bench.later(seconds=2)
    refused(bench, message_id, "excluded")


def test_a_list_that_says_must_be_served_stops_nothing(bench: Bench) -> None:
    bench.message(1)
    with bench.store.write() as tx:
        rows.add(tx, EXCLUSIONS, excluded(must_serve=True), LATER)
    bench.later(seconds=2)
    assert bench.deliver().done == 1


def test_consent_was_taken_back(bench: Bench) -> None:
    message_id = bench.message(1)
    no = {"person_id": "per_1", "purpose": "sms", "granted": False, "at": LATER, "source": "app"}
    with bench.store.write() as tx:
        people.add_consents(tx, table(no))
    bench.later(seconds=2)
    refused(bench, message_id, "no_consent")


def test_consent_became_too_old(bench: Bench) -> None:
    at = NOON + timedelta(days=730)  # 2028-03-01, a Wednesday; the yes was given 740 days before
    message_id = bench.message(1, due_at=at, expires_at=at + timedelta(hours=1))
    bench.clock.set(at)
    refused(bench, message_id, "consent_expired")


def test_the_number_went_to_somebody_else(bench: Bench) -> None:
    message_id = bench.message(1, destination=phone(77))
    refused(bench, message_id, "no_channel")


def test_the_action_was_taken_out_of_the_settings(bench: Bench) -> None:
    message_id = bench.message(1, action="pigeon")
    refused(bench, message_id, "not_approved")


def test_nobody_knows_where_the_person_is_any_more(bench: Bench) -> None:
    message_id = bench.message(1)
    with bench.store.write() as tx:
        rows.add(tx, PEOPLE, known(zone="Mars/Olympus"), LATER)
    bench.later(seconds=2)
    refused(bench, message_id, "unknown_zone")


def test_a_stop_by_another_identity_of_the_same_person_counts(bench: Bench) -> None:
    message_id = bench.message(1)
    link = {"person_id": "per_browser", "canonical_id": "per_1", "known_at": NOON}
    with bench.store.write() as tx:
        rows.add(tx, LINKS, table(link), NOON)
        people.suppress(tx, STOP_KEY, person_id="per_browser", reason="opt_out", at=NOON)
    refused(bench, message_id, "suppressed")


@pytest.mark.parametrize(
    ("at", "state"),
    [
        pytest.param(utc(2026, 3, 2, 7, 59), S.DUE, id="08:59 in Berlin is too early"),
        pytest.param(utc(2026, 3, 2, 8, 0), S.SENT, id="09:00 is not"),
        pytest.param(utc(2026, 3, 2, 17, 49), S.SENT, id="18:49 is still allowed"),
        pytest.param(utc(2026, 3, 2, 17, 50), S.DUE, id="the last ten minutes are not"),
        pytest.param(utc(2026, 3, 1, 12, 0), S.DUE, id="Sunday is closed"),
        pytest.param(utc(2026, 3, 29, 12, 0), S.DUE, id="and so is the day of the change"),
        pytest.param(utc(2026, 3, 30, 7, 0), S.SENT, id="07:00 UTC is 09:00 in summer"),
    ],
)
def test_it_waits_for_the_hours_of_the_place(bench: Bench, at: datetime, state: S) -> None:
    bench.clock.set(at)
    message_id = bench.message(1, due_at=at, expires_at=at + timedelta(days=3))
    with bench.store.write() as tx:
        yes = {"person_id": "per_1", "purpose": "sms", "granted": True, "at": at, "source": "app"}
        people.add_consents(tx, table(yes))
        early = known().set_column(1, "valid_from", pa.array([at - timedelta(days=1)]))
        rows.add(
            tx, PEOPLE, early.set_column(2, "known_at", pa.array([at - timedelta(days=1)])), at
        )
    bench.deliver()
    assert bench.state(message_id) is state
    assert len(bench.provider.creates) == (state is S.SENT)


def test_it_is_due_again_when_the_window_opens(bench: Bench) -> None:
    evening = utc(2026, 3, 2, 20)
    bench.clock.set(evening)
    message_id = bench.message(1, expires_at=evening + timedelta(hours=24))
    assert bench.deliver().skipped == {"quiet_hours": 1}
    # Tuesday 09:00 in Berlin in winter is 08:00 UTC.
    assert bench.claim(message_id).due_at == utc(2026, 3, 3, 8)
    bench.clock.set(utc(2026, 3, 3, 8))
    assert bench.deliver().done == 1


def test_a_life_that_ends_before_the_window_opens_has_ended(bench: Bench) -> None:
    bench.clock.set(utc(2026, 3, 2, 20))
    message_id = bench.message(1)
    assert bench.deliver().skipped == {"quiet_hours": 1}
    assert bench.state(message_id) is S.EXPIRED


def test_a_stop_that_comes_between_the_judgement_and_the_sending_counts(bench: Bench) -> None:
    """The rules are asked about a handful; the stop list is asked before each message."""
    bench.message(1)
    bench.message(2)
    judged = bench.recheck
    original = type(judged).judge

    class Stops(type(judged)):  # type: ignore[misc]  # the rules, and somebody who is quick
        def judge(self, tx: Any, claims: Any, now: datetime) -> Any:
            verdicts = original(self, tx, claims, now)
            people.suppress_number(
                tx, phone(1), key=STOP_KEY, reason="opt_out", source="sms", now=now
            )
            return verdicts

    bench.recheck = Stops(judged.rules, judged.actions, judged.key)
    report = bench.deliver()
    assert (report.done, report.skipped) == (1, {"suppressed": 1})
    assert [one["to"] for one in bench.provider.messages.items] == [phone(2)]
