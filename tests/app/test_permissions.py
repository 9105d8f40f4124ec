"""`engage policy check`: what may be done with a person now, when next, and why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest

from engage.app import incidents
from engage.app.delivering import set_killswitch
from engage.app.permissions import check
from engage.app.rules import budget_of
from engage.domain.reasons import STOPPED
from engage.errors import WrongUse
from engage.store import ledger
from tests.bank import MORNING, Bank

DAY = timedelta(days=1)
WEDNESDAY = datetime(2026, 3, 4, 8, tzinfo=UTC)
"""Nine in Berlin, when the windows open."""


def lines(told: dict[str, Any], trigger: str = "application_abandoned") -> dict[str, Any]:
    return {one["action"]: one for one in told["actions"] if one["trigger"] == trigger}


def test_on_a_tuesday_morning_everything_may_be_offered(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    told = check(bank.app, who)
    assert all(one["now"] and one["next"] == MORNING for one in told["actions"])
    assert told["clocks"] == {"Europe/Berlin": "Tue 11:00"}
    assert told["had"]["all_24h"] == 0
    assert not told["open_action"]


def test_at_night_it_says_when_the_window_opens(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    bank.later(hours=10)  # 21:00 in Berlin
    found = lines(check(bank.app, who))
    assert found["chat_offer"]["now"]
    text = found["sms_followup"]
    assert (text["now"], text["next"], text["reasons"]) == (False, WEDNESDAY, ["quiet_hours"])
    assert text["why_not"] == ["It is outside the hours in which the person may be contacted."]


def test_an_exclusion_holds_until_its_end(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    ends = WEDNESDAY + DAY
    bank.cast.exclude(who, "complaint", valid_until=ends.replace(tzinfo=None))
    bank.cast.tell()
    told = check(bank.app, who)
    (listed,) = told["exclusions"]
    assert (listed["reason"], listed["until"]) == ("complaint", ends)
    assert listed["since"] == MORNING - DAY
    assert not listed["must_serve"]
    for one in told["actions"]:
        assert one["reasons"] == ["excluded"]
        assert one["next"] == ends


def test_an_exclusion_without_an_end_is_not_foreseeable(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    bank.cast.exclude(who, "deceased")
    bank.cast.tell()
    assert {one["next"] for one in check(bank.app, who)["actions"]} == {None}


def test_a_budget_that_is_used_up_rolls_on(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    had = [
        {
            "decision_id": f"dec_{hours}",
            "person_id": who,
            "subject_id": f"ses_{hours}",
            "channel": "sms",
            "class": "marketing",
            "at": MORNING - timedelta(hours=hours),
        }
        for hours in (50, 3)  # two texts in seven days are the most
    ]
    with bank.app.store.write() as tx:
        assert ledger.reserve(tx, pa.Table.from_pylist(had), budget_of(bank.app.settings)).all()
    told = check(bank.app, who)
    assert (told["had"]["sms_24h"], told["had"]["sms_7d"]) == (1, 2)
    text = lines(told)["sms_followup"]
    assert text["reasons"] == ["cap"]
    # The older of the two leaves the seven days on Sunday at eight UTC; texts go out from Monday on.
    left = MORNING - timedelta(hours=50) + 7 * DAY
    assert left == datetime(2026, 3, 8, 8, tzinfo=UTC)
    assert text["next"] == datetime(2026, 3, 9, 8, tzinfo=UTC)
    assert lines(told)["chat_offer"]["now"]


def test_an_open_offer_stands_in_the_way_until_it_lapses(bank: Bank) -> None:
    left = bank.abandon_forms(12)
    held = {row["person_id"] for row in bank.rows("select person_id from messages")}
    open_to = sorted({who for who, _ in left} & held)
    assert open_to
    told = check(bank.app, open_to[0])
    assert told["open_action"]
    text = lines(told)["sms_followup"]
    assert "open_action" in text["reasons"]
    assert text["next"] is None or text["next"] > MORNING


def test_a_no_always_says_why(bank: Bank) -> None:
    who = bank.cast.person("Ann", agreed=("call",))
    abroad = bank.cast.person("Bea", country="US", zone="America/New_York")
    nowhere = bank.cast.person("Cem", country="", zone="")
    bank.cast.tell()
    for _, one in product(range(5), (who, abroad, nowhere)):
        bank.later(hours=5)
        for line in check(bank.app, one)["actions"]:
            assert line["now"] == (not line["why_not"])
            assert line["now"] == (line["next"] == bank.app.now())


def test_the_kill_switch_stands_before_everything(bank: Bank) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    assert check(bank.app, who)["stopped"] == ""
    set_killswitch(bank.app.store, MORNING, on=True, who="Eve")
    told = check(bank.app, who)
    assert told["stopped"] == "2026-03-03T10:00:00+00:00 by Eve"
    for one in told["actions"]:
        assert (one["now"], one["next"], one["why_not"]) == (False, None, [STOPPED])
    assert STOPPED in (Path(__file__).parents[2] / "docs" / "reasons.md").read_text()


@pytest.mark.parametrize("mode", ["pause", "slots"])
def test_an_incident_holds_what_it_holds_in_a_decision(
    bank: Bank, mode: Literal["pause", "slots"]
) -> None:
    who = bank.cast.person("Ann")
    bank.cast.tell()
    incidents.begin(bank.app, mode, "Eve")
    told = check(bank.app, who)
    assert told["incident"] == {"mode": mode, "since": MORNING, "by": "Eve"}
    for one in told["actions"]:
        slot = bank.app.actions[one["action"]].slot
        spared = one["class"] == "requested" or (mode == "slots" and slot)
        assert (one["reasons"] == []) == one["now"] == spared
        assert spared or (one["reasons"], one["next"]) == (["incident"], None)
    incidents.end(bank.app, "Eve")
    told = check(bank.app, who)
    assert told["incident"] is None
    assert all(one["now"] for one in told["actions"])


def test_nobody_known_is_an_error(bank: Bank) -> None:
    with pytest.raises(WrongUse, match=r"nothing is known of '4711'"):
        check(bank.app, "4711")
