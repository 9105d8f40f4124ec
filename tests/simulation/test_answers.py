from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.simulate.world import World
from tests.simulation.played import (
    LAUNCH,
    RELATIONS,
    digest,
    finished,
    frame,
    in_order,
    night_qualifiers,
    offers,
    owned,
    recovered,
    unresolved_qualifiers,
)


@pytest.fixture(scope="module")
def alone() -> dict[str, pa.Table]:
    return World(1_000, 11).path()


@pytest.fixture(scope="module")
def visitors(alone: dict[str, pa.Table]) -> pd.DataFrame:
    return night_qualifiers(alone)


@pytest.fixture(scope="module")
def callers(alone: dict[str, pa.Table]) -> pd.DataFrame:
    return unresolved_qualifiers(alone)


def respond(world: World, asked: pa.Table) -> pd.Series:
    answered = frame(world.respond(asked))
    assert answered["decision_id"].tolist() == asked["decision_id"].to_pylist()
    return answered["answer"]


def test_nobody_changes_course_when_left_alone(
    alone: dict[str, pa.Table], visitors: pd.DataFrame
) -> None:
    world = World(1_000, 11)
    answers = respond(world, offers(visitors, "chat_offer", action="none"))
    assert set(answers) == {"ignored"}
    assert digest(world.path()) == digest(alone)


def test_an_offer_by_no_known_channel_reaches_nobody(
    alone: dict[str, pa.Table], visitors: pd.DataFrame
) -> None:
    world = World(1_000, 11)
    assert set(respond(world, offers(visitors, "carrier_pigeon"))) == {"ignored"}
    assert digest(world.path()) == digest(alone)


def test_an_offer_to_somebody_who_does_not_exist_is_ignored(visitors: pd.DataFrame) -> None:
    strangers = visitors.assign(person_id="per_nobody")
    assert set(respond(World(1_000, 11), offers(strangers, "sms"))) == {"ignored"}


def test_who_has_left_the_page_does_not_see_a_chat_offer(visitors: pd.DataFrame) -> None:
    late = visitors.assign(qualified_at=visitors["qualified_at"] + timedelta(minutes=29))
    assert (respond(World(1_000, 11), offers(late, "chat_offer")) == "ignored").mean() > 0.9


def test_visitors_answer_a_chat_offer_in_every_way(visitors: pd.DataFrame) -> None:
    answers = respond(World(1_000, 11), offers(visitors, "chat_offer"))
    assert set(answers) == {"chat_now", "call_now", "slot", "declined", "ignored"}
    assert answers.value_counts().idxmax() == "chat_now"


def test_an_offer_of_slots_ends_in_slots(visitors: pd.DataFrame) -> None:
    for channel in ("chat_offer", "callback"):
        asked = offers(visitors, channel, action="callback_slot")
        assert set(respond(World(1_000, 11), asked)) <= {"slot", "declined", "ignored"}


def test_messages_are_read_or_not(visitors: pd.DataFrame) -> None:
    assert set(respond(World(1_000, 11), offers(visitors, "sms"))) == {"read", "ignored"}


def test_a_dry_run_goes_the_way_its_action_is_named(visitors: pd.DataFrame) -> None:
    dry = respond(World(1_000, 11), offers(visitors, "dry_run", action="sms_morning"))
    assert dry.tolist() == respond(World(1_000, 11), offers(visitors, "sms")).tolist()


def test_more_visitors_apply_when_they_are_offered_a_chat(
    alone: dict[str, pa.Table], visitors: pd.DataFrame
) -> None:
    world = World(1_000, 11)
    answers = respond(world, offers(visitors, "chat_offer"))
    before, after = finished(visitors, alone), finished(visitors, world.path())
    gained, lost = after & ~before, before & ~after
    assert 0.12 < after.mean() - before.mean() < 0.35
    assert lost.sum() > 0, "some are put off"
    assert (before & after).sum() > 0, "some would have come anyway"
    spoken = answers.isin(["chat_now", "call_now", "slot"]).to_numpy()
    assert (gained & ~spoken).sum() == 0, "nobody is helped by an offer they did not take"


def test_a_helped_visitor_applies_within_days_and_brings_margin(
    alone: dict[str, pa.Table], visitors: pd.DataFrame
) -> None:
    world = World(1_000, 11)
    respond(world, offers(visitors, "chat_offer"))
    path = world.path()
    gained = visitors[finished(visitors, path) & ~finished(visitors, alone)]
    gained = gained.assign(owner=owned(gained[["person_id"]], path["links"])["person_id"])
    money = frame(path["transactions"])
    gone = money.loc[money["kind"] == "account_closed", "person_id"]
    gained = gained[~gained["owner"].isin(gone)]
    money = money.merge(gained, left_on="person_id", right_on="owner", suffixes=("", "_qualified"))
    opened = money[(money["kind"] == "product_opened") & (money["product"] == "mortgage")]
    assert set(opened["owner"]) == set(gained["owner"])
    # A year's margin of 2,400 euros comes in twelfths.
    monthly = money.loc[money["margin_minor"] == 240_000 // 12, "owner"]
    assert set(monthly) == set(gained["owner"])


def test_a_helped_browser_says_who_it_is(visitors: pd.DataFrame) -> None:
    world = World(1_000, 11)
    respond(world, offers(visitors, "chat_offer"))
    events = frame(world.path()["events"])
    sent = set(events.loc[events["name"] == "application_submitted", "person_id"])
    said = set(events.loc[events["type"] == "identify", "person_id"])
    assert not sent & said, (
        "an application carries the customer's id, an identification the browser's"
    )
    assert said == set(world.path()["links"]["person_id"].to_pylist())


def test_who_is_called_back_calls_less(alone: dict[str, pa.Table], callers: pd.DataFrame) -> None:
    world = World(1_000, 11)
    respond(world, offers(callers, "callback"))
    before, after = recovered(callers, alone), recovered(callers, world.path())
    assert 0.15 < after.mean() - before.mean() < 0.45
    assert (before & ~after).sum() > 0, "some are put off"


def test_conversations_that_the_engine_starts_are_marked(callers: pd.DataFrame) -> None:
    world = World(1_000, 11)
    answers = respond(world, offers(callers, "callback"))
    contacts = frame(world.path()["interactions"])
    ours = contacts[contacts["initiated_by"] == "engine"]
    assert len(ours) == answers.isin(["call_now", "slot"]).sum()
    assert set(ours["direction"]) == {"outbound"}
    assert set(ours["channel"]) == {"call"}
    assert (contacts.loc[contacts["direction"] == "inbound", "initiated_by"] == "customer").all()


def test_a_reminder_brings_people_to_their_meeting(alone: dict[str, pa.Table]) -> None:
    meetings = frame(alone["appointments"])
    booked = meetings[(meetings["state"] == "booked") & (meetings["starts_at"] > "2026-03-03")]
    reminded = booked.assign(
        decision_id="dec_" + booked["appointment_id"],
        subject_id=booked["appointment_id"],
        trigger="appointment_reminder",
        qualified_at=booked["starts_at"] - timedelta(hours=20),
    )
    reminded = reminded[reminded["qualified_at"] > reminded["known_at"]].reset_index(drop=True)
    world = World(1_000, 11)
    respond(world, offers(reminded, "sms"))

    def kept(path: dict[str, pa.Table]) -> float:
        states = frame(path["appointments"])
        theirs = states[states["appointment_id"].isin(reminded["subject_id"])]
        ended = theirs[theirs["state"] != "booked"]
        assert ended["appointment_id"].is_unique
        return float((ended["state"] == "kept").mean())

    assert kept(world.path()) > kept(alone) + 0.03


def test_asking_twice_changes_nothing(visitors: pd.DataFrame) -> None:
    once, twice = World(1_000, 11), World(1_000, 11)
    asked = offers(visitors, "chat_offer")
    first = once.respond(asked)
    assert twice.respond(pa.concat_tables([asked, asked])).slice(0, len(asked)).equals(first)
    assert twice.respond(asked).equals(first)
    assert digest(once.path()) == digest(twice.path())


def test_the_order_in_which_offers_arrive_does_not_matter(
    visitors: pd.DataFrame, callers: pd.DataFrame
) -> None:
    forwards, backwards = World(1_000, 11), World(1_000, 11)
    chats, calls = offers(visitors, "chat_offer"), offers(callers, "callback")
    forwards.respond(chats)
    forwards.respond(calls)
    backwards.respond(calls.take(list(range(len(calls)))[::-1]))
    backwards.respond(chats.slice(30))
    for k in reversed(range(30)):
        backwards.respond(chats.slice(k, 1))
    one, other = forwards.path(), backwards.path()
    for name in RELATIONS:
        assert in_order(name, one[name]).equals(in_order(name, other[name])), name


def test_what_has_been_told_never_changes(visitors: pd.DataFrame) -> None:
    world = World(1_000, 11)
    told = [world.until(LAUNCH + timedelta(days=14))]
    # All offers arrive two weeks in: whatever was told by then must stay as it is.
    respond(world, offers(visitors, "chat_offer"))
    told.append(world.until(LAUNCH + timedelta(days=600)))
    history, path = world.history(), world.path()
    for name in RELATIONS:
        rows = pa.concat_tables([history[name], *(part[name] for part in told)])
        assert in_order(name, rows).equals(in_order(name, path[name])), name


def test_the_first_answer_that_changes_anything_decides(visitors: pd.DataFrame) -> None:
    world = World(1_000, 11)
    again = visitors.assign(
        decision_id=visitors["decision_id"] + "_again",
        qualified_at=visitors["qualified_at"] + timedelta(hours=1),
    )
    respond(world, offers(visitors, "chat_offer"))
    respond(world, offers(again, "callback"))
    events = owned(frame(world.path()["events"]), world.path()["links"])
    sent = events[events["name"] == "application_submitted"]
    amounts = sent["properties"].str.extract(r'"amount":(\d+)', expand=False)
    # Two mortgages of one person and one amount would be one application sent twice.
    assert not pd.concat([sent["person_id"], amounts], axis=1).dropna().duplicated().any()


def test_a_live_bank_answers_moment_by_moment() -> None:
    world = World(150, 3)
    night = night_qualifiers(World(150, 3).path())
    waiting = night.sort_values("qualified_at")
    told = [world.history()]
    for moment in world.moments():
        told.append(world.until(moment))
        due = waiting[waiting["qualified_at"] <= moment.replace(tzinfo=None)]
        if len(due):
            respond(world, offers(due, "chat_offer"))
            waiting = waiting.drop(due.index)
    told.append(world.until(world.ends_at + timedelta(days=400)))
    path = world.path()
    for name in RELATIONS:
        rows = pa.concat_tables([part[name] for part in told])
        assert in_order(name, rows).equals(in_order(name, path[name])), name
    assert not waiting.size


def test_offers_without_a_column_are_refused_by_name() -> None:
    short = pa.table({"decision_id": ["dec_1"]})
    with pytest.raises(DefinitionError, match="person_id"):
        World(20, 1).respond(short)


def test_no_offers_give_no_answers(visitors: pd.DataFrame) -> None:
    nothing = offers(visitors.iloc[:0], "sms")
    assert World(20, 1).respond(nothing).num_rows == 0
