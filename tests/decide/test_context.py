from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from engage.decide import context
from engage.decide.frequency import COUNTED
from engage.decide.rules import Rules
from tests.decide.world import DAY, HOUR, MINUTE, NOON, World, only, trigger

PEOPLE = ["per_a", "per_b", "per_c"]
TIME = pa.timestamp("us")


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """Return rows as the store hands them over: naive UTC microseconds."""
    plain = [
        {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in rows
    ]
    return pa.Table.from_pylist(plain)


def ledger(*rows: dict[str, Any]) -> pa.Table:
    given: dict[str, Any] = {
        "decision_id": "dec_1",
        "person_id": "per_a",
        "subject_id": "ses_1",
        "channel": "sms",
        "class": "service",
        "at": NOON,
        "state": "used",
        "rest_until": None,
        "action": "sms",
    }
    made = table(*(given | row for row in rows))
    at = made.schema.get_field_index("rest_until")
    return made.set_column(at, "rest_until", made["rest_until"].cast(TIME))


def built(lives: Mapping[str, timedelta] | None = None, **tables: pa.Table) -> pd.DataFrame:
    return context.build(PEOPLE, NOON, tables, ["sms"], lives)


def test_somebody_nobody_knows_can_only_be_met_on_the_page() -> None:
    row = built().loc["per_a"]
    assert (row["places"], row["zones"], row["country"], row["region"]) == ((), (), "", "")
    assert not row[["has_phone", "has_email", "suppressed", "excluded", "must_serve"]].any()
    assert not row[["gpc", "open_action"]].any()
    assert pd.isna(row["consent:sms"])
    assert pd.isna(row["rest_until"])
    assert pd.isna(row["arm_global"])
    assert row["by_subject"] is None
    assert row["all_24h"] == 0


def test_there_is_one_row_for_each_person_asked_about() -> None:
    assert context.build(["per_b", "per_a", "per_b"], NOON, {}, []).index.tolist() == [
        "per_b",
        "per_a",
    ]


def test_record_number_and_browser_all_say_where_somebody_may_be() -> None:
    row = built(
        people=table(
            {
                "person_id": "per_a",
                "attributes": '{"country": "US", "region": "CA", "zone": "America/Los_Angeles"}',
            }
        ),
        contact_points=table(
            {"person_id": "per_a", "kind": "phone", "value": "+12125551234"},
            {"person_id": "per_a", "kind": "email", "value": "a@example.com"},
            {"person_id": "per_b", "kind": "email", "value": "b@example.com"},
        ),
        zones=table({"person_id": "per_a", "zone": "Europe/Berlin", "country": "DE"}),
    )
    first = row.loc["per_a"]
    assert first["zones"] == ("America/Los_Angeles", "America/New_York", "Europe/Berlin")
    assert first["places"] == ("DE", "US-CA")
    assert (first["country"], first["region"]) == ("US", "CA")
    assert row["has_phone"].tolist() == [True, False, False]
    assert row["has_email"].tolist() == [True, True, False]


def test_a_visitor_is_where_the_browser_says() -> None:
    row = built(zones=table({"person_id": "per_a", "zone": "Europe/Paris", "country": None})).iloc[
        0
    ]
    assert (row["places"], row["zones"]) == ((), ("Europe/Paris",))


def test_privacy_is_a_wish_that_the_record_keeps() -> None:
    people = table(
        {"person_id": "per_a", "attributes": '{"gpc": true}'},
        {"person_id": "per_b", "attributes": None},
        {"person_id": "per_c", "attributes": '["odd"]'},
    )
    assert built(people=people)["gpc"].tolist() == [True, False, False]


def test_the_stop_list_and_the_exclusions() -> None:
    frame = built(
        suppressions=table({"person_id": "per_b", "scope": "number"}),
        exclusions=table(
            {"person_id": "per_a", "reason": "staff", "must_serve": None},
            {"person_id": "per_b", "reason": "vulnerability", "must_serve": True},
            {"person_id": "per_c", "reason": "vulnerability", "must_serve": True},
            {"person_id": "per_c", "reason": "deceased", "must_serve": False},
        ),
    )
    assert frame["suppressed"].tolist() == [False, True, False]
    assert frame["excluded"].tolist() == [True, False, True]
    assert frame["must_serve"].tolist() == [False, True, False]


def test_the_latest_word_on_a_purpose_counts_and_a_no_before_a_yes() -> None:
    def said(person: str, ago: timedelta, *, granted: bool, purpose: str = "sms") -> dict[str, Any]:
        return {"person_id": person, "purpose": purpose, "at": NOON - ago, "granted": granted}

    frame = built(
        consents=table(
            said("per_a", DAY, granted=True),
            said("per_a", 2 * DAY, granted=False),
            said("per_b", 2 * DAY, granted=True),
            said("per_b", DAY, granted=False),
            said("per_c", DAY, granted=True),
            said("per_c", DAY, granted=False),
            said("per_b", HOUR, granted=True, purpose="letters"),
        )
    )
    given = frame["consent:sms"]
    assert given["per_a"] == pd.Timestamp("2026-11-02 12:00")
    assert given[["per_b", "per_c"]].isna().all()


def test_open_offers_and_promised_calls_are_open_but_reminders_are_not() -> None:
    frame = built(
        open_actions=table(
            {"person_id": "per_a", "kind": "message", "class": "marketing"},
            {"person_id": "per_b", "kind": "message", "class": "requested"},
            {"person_id": "per_c", "kind": "callback", "class": "requested"},
        )
    )
    assert frame["open_action"].tolist() == [True, False, True]


def test_contacts_count_in_rolling_windows() -> None:
    row = built(
        contacts=ledger(
            {"at": NOON - 24 * HOUR},  # exactly a day ago: outside the day
            {"at": NOON - 24 * HOUR + MINUTE},
            {"at": NOON + 10 * HOUR},  # planned for tomorrow morning
            {"at": NOON - 2 * HOUR, "channel": "callback"},
            {"at": NOON - 6 * DAY, "channel": "callback", "state": "reserved"},
            {"at": NOON - 3 * HOUR, "channel": "chat_offer"},
            {"at": NOON - HOUR, "state": "returned"},
            {"at": NOON - HOUR, "class": "requested"},
            {"at": NOON - HOUR, "class": "requested", "channel": "callback"},
            {"at": NOON - 29 * DAY, "channel": "whatsapp"},
        )
    ).loc["per_a"]
    assert (row["sms_24h"], row["sms_7d"], row["sms_30d"]) == (2, 3, 4)
    assert (row["call_24h"], row["call_7d"], row["chat_24h"]) == (1, 2, 1)
    assert (row["all_24h"], row["all_30d"]) == (4, 7)
    assert row["requested_dials_24h"] == 1
    assert row["by_subject"] == {("chat", "ses_1"): 1, ("requested", "ses_1"): 1}


def test_a_ghost_counts_like_the_contact_it_stands_for() -> None:
    rows: list[dict[str, Any]] = [
        {"at": NOON - HOUR},
        {"at": NOON - HOUR, "channel": "chat_offer"},
    ]
    real = built(contacts=ledger(*rows)).to_dict("index")["per_a"]
    ghost = built(ghosts=ledger(*rows).drop_columns(["state"])).to_dict("index")["per_a"]
    counted = [*COUNTED, "all_24h", "all_30d"]
    assert [real[name] for name in counted] == [1, 1, 1, 0, 0, 1, 0, 2, 2]
    assert [ghost[name] for name in counted] == [1, 1, 1, 0, 0, 1, 0, 2, 2]
    assert real["by_subject"] == ghost["by_subject"] == {("chat", "ses_1"): 1}


def test_a_ghost_of_nothing_uses_nothing() -> None:
    ghosts = ledger({"action": "none", "channel": ""}).drop_columns(["state"])
    row = built(ghosts=ghosts).loc["per_a"]
    assert (row["all_24h"], row["open_action"], row["by_subject"]) == (0, False, None)


def test_a_ghost_stays_open_as_long_as_its_action_would() -> None:
    ghosts = ledger(
        {"person_id": "per_a", "action": "chat", "channel": "chat_offer", "at": NOON - 2 * MINUTE},
        {"person_id": "per_b", "action": "sms", "at": NOON - 2 * MINUTE},
        {"person_id": "per_c", "action": "sms", "at": NOON - 31 * MINUTE},
    ).drop_columns(["state"])
    assert built({"chat": MINUTE}, ghosts=ghosts)["open_action"].tolist() == [False, True, False]
    planned = ledger({"person_id": "per_a", "at": NOON + HOUR}).drop_columns(["state"])
    assert built(ghosts=planned)["open_action"].tolist() == [True, False, False]


def test_the_longest_rest_counts() -> None:
    row = built(
        contacts=ledger(
            {"rest_until": NOON + HOUR}, {"rest_until": NOON + DAY}, {"rest_until": None}
        )
    ).loc["per_a"]
    assert row["rest_until"] == pd.Timestamp("2026-11-04 12:00")


def test_stored_arms_have_a_column_for_each_scope() -> None:
    frame = built(
        assignments=table(
            {"person_id": "per_a", "scope": "global", "arm": "treated"},
            {"person_id": "per_a", "scope": "night", "arm": "held_out"},
            {"person_id": "per_b", "scope": "global", "arm": "held_out"},
        )
    )
    assert frame["arm_global"].tolist()[:2] == ["treated", "held_out"]
    assert frame.loc["per_a", "arm:night"] == "held_out"
    assert frame["arm:night"].isna().tolist() == [False, True, True]


def decided_with(frame: pd.DataFrame, world: World) -> dict[str, Any]:
    class Known(World):
        @property
        def context(self) -> pd.DataFrame:
            return frame

    known = Known(triggers=world.triggers, rules=world.rules, plan=world.plan, now=world.now)
    decided = known.decide()
    return only(decided.refusals if decided.decisions.empty else decided.decisions)


@pytest.mark.parametrize(
    ("number", "consent", "expected"),
    [
        ("+4915112345678", True, {"action": "sms"}),
        ("+4915112345678", False, {"reasons": ["no_consent"]}),
        ("+18005550100", True, {"reasons": ["quiet_hours"]}),
    ],
)
def test_what_is_built_is_what_decides(
    number: str, *, consent: bool, expected: dict[str, Any]
) -> None:
    frame = built(
        contact_points=table({"person_id": "per_a", "kind": "phone", "value": number}),
        consents=table(
            {"person_id": "per_a", "purpose": "sms", "at": NOON - DAY, "granted": consent}
        ),
    )
    hours = next(iter(World().rules.windows.values()))
    rules = Rules("policy-1", {"DE": hours, "US": hours}, holdout_global=0.0)
    found = decided_with(frame, World(triggers=(trigger(actions=("sms",)),), rules=rules))
    assert expected.items() <= found.items()


def test_the_moment_may_be_told_in_any_zone() -> None:
    contacts = ledger({"at": NOON - 24 * HOUR + MINUTE})
    berlin = NOON.astimezone(UTC).astimezone(tz=datetime.now(UTC).astimezone().tzinfo)
    for moment in (NOON, berlin):
        row = context.build(PEOPLE, moment, {"contacts": contacts}, []).loc["per_a"]
        assert row["sms_24h"] == 1
