"""Recovered means: did not come back about it, did not complain, and is still a customer."""

from __future__ import annotations

from typing import Any

import pytest

from engage.measure.attribution import first_of_trigger
from engage.measure.recovered import stages
from tests.measure.conftest import DAY, START, at, history, qualifications

CALL = {
    "interaction_id": "int_1",
    "person_id": "a",
    "at": -0.1,
    "channel": "call",
    "initiated_by": "customer",
    "topic": "card",
    "thread_id": "t1",
}
AGAIN = {**CALL, "interaction_id": "int_2", "thread_id": None}
VISIT = {"person_id": "a", "type": "page"}
CLOSED = {"person_id": "a", "kind": "account_closed"}


def found(days: float = 200, **relations: Any) -> dict[str, tuple[bool, bool]]:
    """Return for each stage whether it is ripe and whether the one person has recovered."""
    calls = [CALL, *relations.pop("interactions", [])]
    now = START + days * DAY
    with history(interactions=calls, **relations) as engine:
        rows = qualifications({"person_id": "a", "subject_id": "int_1"})
        units = first_of_trigger(engine, rows, now)
        return {
            one.name: (bool(one.ripe[0]), bool(one.recovered[0]))
            for one in stages(engine, units, now)
        }


def recovered(**relations: Any) -> list[bool]:
    """Return whether the person has recovered at the horizon, after 30 days and after 90."""
    return [well for _, well in found(**relations).values()]


def test_who_does_not_come_back_has_recovered() -> None:
    assert recovered() == [True, True, True]


@pytest.mark.parametrize(
    ("contact", "counts"),
    [
        ({"at": 3}, True),
        ({"at": 7}, True),
        ({"at": 3, "channel": "chat"}, True),
        ({"at": 7.01}, False),
        ({"at": -0.05}, False),
        ({"at": 3, "topic": "loan"}, False),
        ({"at": 3, "initiated_by": "engine"}, False),
        ({"at": 3, "initiated_by": "company"}, False),
        ({"at": 3, "thread_id": "t1"}, False),
        ({"at": 3, "known_at": at(300)}, False),
        ({"at": 3, "topic": None, "queue": "card"}, True),
    ],
    ids=[
        "within the horizon",
        "at its last moment",
        "on another channel",
        "after it",
        "before qualifying",
        "on another topic",
        "begun by the engine",
        "begun by the company",
        "the same conversation",
        "not known yet",
        "its topic is its queue",
    ],
)
def test_a_contact_begun_by_the_customer_on_the_topic_is_a_return(
    contact: dict[str, Any], counts: bool
) -> None:
    assert recovered(interactions=[{**AGAIN, **contact}]) == [not counts] * 3


@pytest.mark.parametrize(
    ("day", "expected"),
    [(3, [False] * 3), (20, [True, False, False]), (31, [True, True, True])],
)
def test_a_complaint_within_thirty_days_is_no_recovery(day: float, expected: list[bool]) -> None:
    event = {**VISIT, "type": "track", "name": "complaint_submitted", "at": day}
    call = {**AGAIN, "topic": "complaint", "at": day}
    assert recovered(events=[event]) == expected
    assert recovered(interactions=[call]) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(3, [False] * 3), (60, [True, True, False]), (91, [True, True, True])],
)
def test_an_account_closed_within_ninety_days_is_no_recovery(
    day: float, expected: list[bool]
) -> None:
    assert recovered(transactions=[{**CLOSED, "at": day}]) == expected


def test_silence_of_four_usual_gaps_is_no_recovery() -> None:
    """A visit every fifth day: after 20 silent days, at day 30 and 90, the customer has left."""
    before = [{**VISIT, "at": -day} for day in (20, 15, 10, 5)]
    assert recovered(events=before) == [True, False, False]


def test_who_was_silent_for_as_long_before_has_not_left() -> None:
    """Visits in bursts a month apart: the median gap is one day, the longest 30 days (61 to 31).

    Seven silent days are more than four times one, and 30 are no more than 30; 90 are.
    """
    bursts = [{**VISIT, "at": -day} for day in (64, 63, 62, 61, 31, 30, 29, 28, 1)]
    assert recovered(events=bursts) == [True, True, False]


def test_who_goes_on_as_usual_has_recovered() -> None:
    """The last visit before day 30 is at 28, before day 90 at 75: less than 20 days ago."""
    days = [-20, -15, -10, -5, 12, 28, 52, 75]
    assert recovered(events=[{**VISIT, "at": day} for day in days]) == [True, True, True]


def test_contacts_that_the_engine_began_are_no_activity() -> None:
    before = [{**VISIT, "at": -day} for day in (20, 15, 10, 5)]
    ours = [{**AGAIN, "initiated_by": "engine", "topic": "other", "at": 28}]
    assert recovered(events=before, interactions=ours)[1] is False


def test_without_a_usual_gap_silence_says_nothing() -> None:
    """The call itself and one visit are two active days, one gap: too few."""
    assert recovered(events=[{**VISIT, "at": -1.5}]) == [True, True, True]


def test_each_stage_waits_for_its_days() -> None:
    assert [ripe for ripe, _ in found(days=6).values()] == [False, False, False]
    assert [ripe for ripe, _ in found(days=7).values()] == [True, False, False]
    assert [ripe for ripe, _ in found(days=30).values()] == [True, True, False]
    assert [ripe for ripe, _ in found(days=90).values()] == [True, True, True]


def test_where_the_subject_has_no_topic_any_contact_is_a_return() -> None:
    now = START + 100 * DAY
    with history(interactions=[{**AGAIN, "at": 2}]) as engine:
        units = first_of_trigger(engine, qualifications({"person_id": "a"}), now)
        assert [one.recovered[0] for one in stages(engine, units, now)] == [0.0, 0.0, 0.0]


def correction(day: float, **said: Any) -> dict[str, Any]:
    """Return what the record of AGAIN, a return on day 3, says from another day on."""
    return {**AGAIN, "at": 3, **said, "known_at": at(day), "corrected_at": at(day)}


@pytest.mark.parametrize(
    ("corrections", "days", "expected"),
    [
        ([correction(10, topic="loan")], 200, True),
        ([correction(10, topic="loan")], 9, False),
        ([correction(10, topic="loan"), correction(12, topic="card")], 200, False),
        ([correction(10, topic="loan"), correction(12, topic="card")], 11, True),
        ([correction(2.5, topic="loan")], 200, False),
        ([correction(10, person_id="b")], 200, True),
    ],
    ids=["corrected", "not known yet", "back again", "not back yet", "an older word", "not hers"],
)
def test_a_corrected_contact_counts_by_its_last_word_known_by_then(
    corrections: list[dict[str, Any]], days: float, *, expected: bool
) -> None:
    again = {**AGAIN, "at": 3}
    told = found(days, interactions=[again], corrections=corrections)
    assert told["horizon"] == (True, expected)


def test_a_contact_that_turns_out_to_be_a_complaint_is_no_recovery() -> None:
    other = {**AGAIN, "topic": "loan", "at": 3}
    said = correction(5, topic="loan", disposition="Complaint")
    assert recovered(interactions=[other]) == [True, True, True]
    assert recovered(interactions=[other], corrections=[said]) == [False] * 3


def test_the_last_word_is_the_last_under_every_identity() -> None:
    """All of it became hers at once, on day 20: only `corrected_at` tells which word came last."""
    browser = {"person_id": "browser"}
    links = [{"person_id": "browser", "canonical_id": "a", "known_at": at(20)}]
    again = {**AGAIN, "at": 3, **browser}
    for last, well in (("loan", True), ("card", False)):
        words = [correction(12, topic=last, **browser), correction(10, topic="login", **browser)]
        for told in (words, words[::-1]):
            came = found(interactions=[again], corrections=told, links=links)
            assert came["horizon"] == (True, well)


def test_units_come_back_in_their_order() -> None:
    now = START + 100 * DAY
    again = [{**AGAIN, "person_id": f"p{one}", "at": 2} for one in (1, 3)]
    with history(
        interactions=[{**one, "interaction_id": f"i{n}"} for n, one in enumerate(again)]
    ) as (engine):
        rows = qualifications(*({"person_id": f"p{one}"} for one in range(5)))
        units = first_of_trigger(engine, rows, now)
        assert stages(engine, units, now)[2].recovered.tolist() == [1, 0, 1, 0, 1]
