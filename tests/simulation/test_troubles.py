"""Each trouble shows its mark, and moves the truth only where it must."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from engage.collect.identity import as_statements, flagged, links
from engage.simulate.calendar import HOUR, MINUTE, WEEK, Calendar, micros
from engage.simulate.nastiness import Nastiness
from engage.simulate.people import ZONES
from engage.simulate.queues import TAKES_S, Crowd
from engage.simulate.seasons import busyness, easter, holidays
from engage.simulate.world import World
from tests.simulation.played import (
    LAUNCH,
    NIGHT,
    RELATIONS,
    UNRESOLVED,
    frame,
    in_order,
    local_hour,
    night_qualifiers,
    offers,
    qualified_table,
    randomised,
    recovered,
    unresolved_qualifiers,
)
from tests.simulation.troubled import (
    DAY_OF_OUTAGE,
    GAP,
    PEOPLE,
    Path,
    alike,
    bank,
    share_within,
)

# ── Interference ─────────────────────────────────────────────────────────────────────────────────


def test_each_conversation_of_the_two_hours_before_adds_its_share_to_the_wait() -> None:
    begins = np.array([0, 60, 119, 121]) * MINUTE
    crowd = Crowd(calls=begins, chats=begins[:1], agents=2)
    at = np.array([120, 120, 120, 240, 241]) * MINUTE
    channel = np.array([0, 1, 2, 0, 0])
    # At 120 min the phones carry those of 0, 60 and 119; at 240 that of 121; a chat one, a message
    # none. Two agents share 300 s each.
    assert TAKES_S == 300.0
    assert crowd.added(channel, at).tolist() == [450.0, 150.0, 0.0, 150.0, 150.0]


def test_calls_that_the_engine_makes_lengthen_the_queue_for_others(calm: Path) -> None:
    callers = unresolved_qualifiers(calm)
    plain, full = bank(), bank("crowding")
    for world in (plain, full):
        world.respond(offers(callers, "callback"))
    without, within = (frame(w.path()["interactions"]) for w in (plain, full))
    approached = set(callers["owner"])
    asked = [
        rows[(rows["initiated_by"] == "customer") & ~rows["person_id"].isin(approached)]
        for rows in (without, within)
    ]
    calls = [rows[rows["channel"] == "call"] for rows in asked]
    assert calls[1]["wait_s"].mean() > calls[0]["wait_s"].mean() + 3
    assert calls[1]["abandoned"].mean() > calls[0]["abandoned"].mean()
    # Not a single contact before the first conversation is another one.
    first = within.loc[within["initiated_by"] == "engine", "ts"].min()
    before = [rows[rows["ts"] <= first].sort_values("interaction_id") for rows in (without, within)]
    alike(*before)


def test_with_full_queues_the_truth_is_still_the_difference_between_two_told_worlds() -> None:
    world = World(PEOPLE, 5, nastiness=Nastiness.only("crowding"))
    calls = randomised(unresolved_qualifiers(world.path()), 2)
    world.respond(offers(calls[calls["arm"] == "treated"], "callback"))
    true = world.truth(qualified_table(calls))[UNRESOLVED]
    for arm, figure in (("treated", true["effect"]), ("held_out", true["spill"])):
        people = calls[calls["arm"] == arm].reset_index(drop=True)
        played, without = (recovered(people, world.path(name)) for name in (None, UNRESOLVED))
        assert figure == pytest.approx(played.mean() - without.mean(), abs=1e-12)
    assert true["between_arms"] == pytest.approx(true["effect"] - true["spill"], abs=1e-12)
    assert true["spill"] < 0, "the held out wait longer because others are called back"


# ── Identities ───────────────────────────────────────────────────────────────────────────────────


def test_half_of_the_unknown_browsers_turn_out_days_later_to_be_customers(calm: Path) -> None:
    path = bank("merges").path()
    new = set(path["events"]["event_id"].to_pylist()) - set(calm["events"]["event_id"].to_pylist())
    late = frame(path["events"]).set_index("event_id").loc[sorted(new)]
    assert set(late["type"]) == {"identify"}
    visitors = set(calm["events"]["person_id"].to_pylist())
    customers = set(calm["transactions"]["person_id"].to_pylist())
    unknown = visitors - customers - set(calm["links"]["person_id"].to_pylist())
    assert share_within(len(late), len(unknown), 0.5)
    last = frame(calm["events"]).groupby("person_id")["ts"].max()
    single = late[late["person_id"].isin(unknown)]
    after = single["ts"] - single["person_id"].map(last)
    assert after.between(timedelta(days=1), timedelta(days=10, minutes=7)).all()


def test_a_browser_that_a_household_shares_is_merged_with_neither() -> None:
    world = bank("merges")
    joined = world.path()["links"]
    pairs = frame(joined).drop_duplicates(["person_id", "canonical_id"])
    owners = pairs.groupby("person_id")["canonical_id"].nunique()
    shared = set(owners[owners > 1].index)
    assert owners.max() == 2
    assert len(shared) > 5
    assert set(flagged(links(as_statements(joined)))["person_id"].to_pylist()) == shared


def test_who_shares_a_browser_is_not_taken_for_it_and_who_has_one_alone_is() -> None:
    world = bank("merges")
    joined = frame(world.path()["links"]).drop_duplicates(["person_id", "canonical_id"])
    owners = joined.groupby("person_id")["canonical_id"].nunique()
    for several, units in ((True, 2), (False, 1)):
        browser = owners[(owners > 1) == several].index[0]
        customer = joined.set_index("person_id").loc[[browser], "canonical_id"].iloc[0]
        met = pd.DataFrame(
            {
                "decision_id": ["dec_1", "dec_2"],
                "person_id": [browser, customer],
                "trigger": NIGHT,
                "subject_id": "ses_any",
                "qualified_at": [pd.Timestamp("2026-03-20"), pd.Timestamp("2026-03-21")],
                "arm": "treated",
                "action": "chat",
            }
        )
        assert world.truth(qualified_table(met))[NIGHT]["n"] == units


# ── Offers, outage ───────────────────────────────────────────────────────────────────────────────


def test_three_in_ten_offers_are_painted_into_a_closed_page(calm: Path) -> None:
    asked = offers(night_qualifiers(calm), "chat_offer")
    seen, some = (frame(w.respond(asked))["answer"] for w in (bank(), bank("unseen")))
    answered = seen != "ignored"
    lost = answered & (some == "ignored")
    assert share_within(int(lost.sum()), int(answered.sum()), 0.3)
    assert (some[~lost] == seen[~lost]).all(), "the others answer as they would have"
    messages = offers(night_qualifiers(calm), "sms")
    assert bank("unseen").respond(messages).equals(bank().respond(messages))


def test_on_the_day_of_the_outage_half_the_visits_end_in_errors() -> None:
    path = bank("outage", people=4_000).path()
    events = frame(path["events"])
    that_day = events[events["ts"].between(DAY_OF_OUTAGE, DAY_OF_OUTAGE + timedelta(days=1))]
    counts = pd.crosstab(that_day["person_id"], that_day["type"])
    # Three errors and three impatient clicks are what the outage adds to whatever else went wrong.
    struck = (counts["error"] >= 3) & (counts["click"] >= 3)
    assert len(counts) > 120
    assert share_within(int(struck.sum()), len(counts), 0.5)


def test_the_outage_touches_nothing_but_its_day_and_those_it_hit(calm: Path) -> None:
    world = bank("outage")
    before, after = frame(calm["events"]), frame(world.path()["events"])
    gone = before[~before["event_id"].isin(after["event_id"])]
    made = after[~after["event_id"].isin(before["event_id"])]
    that_day = DAY_OF_OUTAGE, DAY_OF_OUTAGE + timedelta(hours=25)
    # Those who could not send it call, and of those whom that does not help some complain.
    complaints = made["properties"].str.contains('"complaint"') & (made["type"] != "error")
    assert made.loc[~complaints, "ts"].between(*that_day).all()
    assert set(made.loc[~complaints & (made["type"] != "page"), "type"]) <= {"error", "click"}
    assert gone["ts"].between(*that_day).all()
    assert set(gone["type"]) <= {"form", "track", "identify"}
    truth, calm_truth = (frame(w.potential_outcomes()) for w in (world, bank()))
    matters = truth[truth["kind"] == "matter"].reset_index(drop=True)
    usual = calm_truth[calm_truth["kind"] == "matter"].reset_index(drop=True)
    moved = matters["chance_alone"] != usual["chance_alone"]
    assert (matters.loc[moved, "chance_alone"] == 0).all()
    assert usual.loc[moved, "comes_anyway"].all()
    assert not matters.loc[moved, "comes_anyway"].any()
    pd.testing.assert_frame_equal(matters[~moved], usual[~moved])
    others = [t[t["kind"] == "meeting"].drop(columns="need") for t in (truth, calm_truth)]
    alike(*others)


# ── Telling ──────────────────────────────────────────────────────────────────────────────────────


def test_some_records_come_days_late(calm: Path) -> None:
    path = bank("late").path()
    for name, key, share in (
        ("interactions", "interaction_id", 0.08),
        ("transactions", "transaction_id", 0.04),
    ):
        told = frame(path[name]).sort_values("known_at").drop_duplicates(key).set_index(key)
        usual = frame(calm[name]).set_index(key)
        assert set(told.index) == set(usual.index)
        delay = told["known_at"] - usual["known_at"].reindex(told.index)
        late = delay > timedelta(0)
        assert share_within(int(late.sum()), len(told), share)
        assert delay[late].between(timedelta(days=1), timedelta(days=5)).all()
        same = told.drop(columns="known_at").sort_index()
        pd.testing.assert_frame_equal(same, usual.drop(columns="known_at").sort_index())


def test_three_in_four_wrong_dispositions_are_corrected_days_later() -> None:
    world = bank("late")
    told = frame(world.path()["interactions"]).sort_values("known_at")
    versions = told.groupby("interaction_id")
    assert versions.size().max() == 2
    first, second = versions.first(), told[told["interaction_id"].duplicated()]
    second = second.set_index("interaction_id")
    original = first.loc[second.index]
    after = second["known_at"] - original["known_at"]
    assert after.between(timedelta(days=2), timedelta(days=6)).all()
    assert set(second["resolved"]) == {"true", "false"}
    assert (
        not (second["resolved"] == original["resolved"]).where(second["resolved"] == "true").any()
    )
    what = ["known_at", "disposition", "resolved"]
    pd.testing.assert_frame_equal(second.drop(columns=what), original.drop(columns=what))
    # 15 % of the helped are noted as `follow_up`, 75 % of the others as better than they were.
    served = first[~first["abandoned"].astype(bool)]
    noted_well = (served["resolved"] == "true").sum()
    assert 0.5 * len(served) < noted_well < 0.8 * len(served)
    assert 0.1 < len(second) / len(served) < 0.35


def test_nothing_comes_in_during_the_gap_and_all_of_it_after(calm: Path) -> None:
    path = bank("gap").path()
    begins, ends = GAP
    held_back = 0
    for name in RELATIONS:
        before, after = frame(calm[name])["known_at"], frame(path[name])["known_at"]
        silent = (before >= begins) & (before < ends)
        assert not ((after >= begins) & (after < ends)).any()
        assert (after == ends).sum() == silent.sum() + (before == ends).sum()
        held_back += int(silent.sum())
        plain = [in_order(name, p[name]).drop_columns("known_at") for p in (calm, path)]
        assert plain[0].sort_by(plain[0].column_names[0]).num_rows == plain[1].num_rows
    assert held_back > 20
    assert any(moment.replace(tzinfo=None) > ends for moment in bank("gap").moments())


def test_clocks_are_off_by_minutes_and_ours_is_not(calm: Path) -> None:
    path = bank("skew").path()
    events = frame(path["events"]).merge(frame(calm["events"]), on="event_id", suffixes=("", "_0"))
    assert (events["known_at"] == events["known_at_0"]).all()
    minutes = (events["ts"] - events["ts_0"]).dt.total_seconds() / 60
    assert set(minutes) <= set(range(-6, 10))
    by_browser = minutes.groupby(events["person_id"])
    assert by_browser.nunique().max() == 1, "a device's clock is always off by the same"
    assert 0.05 < (by_browser.first() != 0).mean() < 0.15
    contacts = frame(path["interactions"]).merge(
        frame(calm["interactions"]), on="interaction_id", suffixes=("", "_0")
    )
    ahead = (contacts["ts"] - contacts["ts_0"]).dt.total_seconds() / 60
    assert (ahead == np.where(contacts["channel"] == "chat", 4.0, 0.0)).all()


# ── Money, seasons, bots ─────────────────────────────────────────────────────────────────────────


def test_one_customer_earns_what_five_hundred_do(calm: Path) -> None:
    path = bank("giant").path()
    margins = [frame(p["transactions"]) for p in (calm, path)]
    month = [m[m["ts"].between("2026-02-01", "2026-02-28 23:59")] for m in margins]
    usual, now = (m.groupby("person_id")["margin_minor"].sum() for m in month)
    changed = now[now != usual]
    assert len(changed) == 1
    # A month's bookings lie between 80 and 120 % of the usual margin.
    raised = (changed.iloc[0] - usual[changed.index[0]]) / usual.mean()
    assert 0.7 * 500 < raised < 1.3 * 500
    others = [m[m["person_id"] != changed.index[0]].reset_index(drop=True) for m in margins]
    alike(*others)


def test_easter_and_the_holidays_are_where_the_calendar_says() -> None:
    # https://www.feiertage-deutschland.de for 2026; Easter also of 2000, 2024 and 2038.
    known = [date(2000, 4, 23), date(2024, 3, 31), date(2026, 4, 5), date(2038, 4, 25)]
    assert [easter(one.year) for one in known] == known
    moving = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)}
    assert moving <= holidays(2026)


def test_month_ends_are_busy_and_holidays_quiet_by_just_so_much() -> None:
    first = micros(LAUNCH)
    calendar = Calendar.of(ZONES, first, first + 10 * WEEK)
    days = busyness(calendar.first_day, len(calendar.busy))
    told = dict(zip(pd.date_range("2026-02-28", periods=len(days)), days, strict=True))
    expected = {"2026-03-30": 1.6, "2026-04-01": 1.6, "2026-04-02": 1.0, "2026-04-06": 0.2}
    assert {day: told[pd.Timestamp(day)] for day in expected} == expected
    by_day = []
    for nastiness in (Nastiness.none(), Nastiness.only("seasons")):
        path = World(3_000, 8, weeks_live=6, nastiness=nastiness).path()
        contacts = frame(path["interactions"]).sort_values("ts")
        first_ones = contacts.drop_duplicates(["person_id", "topic"])
        by_day.append(first_ones["ts"].dt.normalize().value_counts())
    plain, season = by_day
    ends = pd.date_range("2026-03-30", "2026-04-01")
    # The days share what comes up in 14 weeks, with holidays and month ends at both sides of 1.
    assert season[pd.Timestamp("2026-04-06")] < 0.45 * plain[pd.Timestamp("2026-04-06")]
    assert 1.3 < season[ends].sum() / plain[ends].sum() < 1.8


def test_in_season_people_return_at_night_and_are_the_same_people() -> None:
    plain, season = bank(), bank("seasons")
    night = [
        local_hour(frame(w.path()["events"])).isin([21, 22, 23, 0]).mean() for w in (plain, season)
    ]
    assert night[1] > night[0] + 0.01
    people = [frame(w.potential_outcomes()) for w in (plain, season)]
    matters = [p[p["kind"] == "matter"].drop(columns=["begins", "outcome"]) for p in people]
    alike(*matters)


def test_bots_are_fast_many_and_never_answer(calm: Path) -> None:
    world = bank("bots")
    told, human = world.path()["events"], calm["events"]
    known = pc.is_in(told["event_id"], human["event_id"].combine_chunks())
    assert told.filter(known).equals(human)
    bots = frame(told.filter(pc.invert(known)))
    # One bot for every 150 of the 1,000 people is six; each comes four times and opens 100 pages.
    pages = bots.groupby("person_id")["ts"]
    assert pages.size().tolist() == [100] * 6 * 4
    assert (pages.max() - pages.min()).max() < timedelta(seconds=80)
    assert (frame(human).groupby("person_id").size() < 100).mean() > 0.99
    asked = bots.drop_duplicates("person_id").assign(
        decision_id=lambda rows: "dec_" + rows["person_id"],
        trigger=NIGHT,
        subject_id="ses_bot",
        qualified_at=lambda rows: rows["known_at"],
        arm="treated",
        action="chat",
    )
    for channel in ("chat_offer", "sms", "callback"):
        assert set(frame(world.respond(offers(asked, channel)))["answer"]) == {"ignored"}
    true = world.truth(qualified_table(asked))[NIGHT]
    assert (true["n"], true["strangers"]) == (0, 24)
    people = randomised(night_qualifiers(bank().path()), 1)
    people = people.assign(arm="treated")
    mixed = bank("bots")
    mixed.respond(offers(people, "chat_offer"))
    both = mixed.truth(qualified_table(pd.concat([people, asked])))[NIGHT]
    assert both["n"] == len(people)
    assert both["between_arms"] == pytest.approx(
        both["effect"] * len(people) / (len(people) + 24), abs=1e-12
    )
    assert HOUR == 60 * MINUTE
