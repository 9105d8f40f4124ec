"""Whether anybody in the United States is contacted outside the hours: sends against an oracle.

People of every state and zone, moments of two years. The policy decides whom to approach and when,
and the worker asks again within its claim, both by the shipped settings; an oracle that knows only the
table says of each send whether it was inside. `python -m benchmarks.windows`
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from benchmarks.window_oracle import changes, holidays, inside
from engage.app.rules import rules_of
from engage.decide import context, policy
from engage.decide.board import naive
from engage.decide.capacity import Plan
from engage.decide.hours import microseconds
from engage.decide.quiet_hours import Calendar
from engage.decide.rules import Rules
from engage.deliver import recheck
from engage.deliver.recheck import Standing
from engage.domain.actions import Action, ContactClass
from engage.domain.events import EVENTS
from engage.domain.messages import Message, MessageState
from engage.domain.people import PEOPLE
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.settings import load
from engage.store import Store, rows
from engage.store import context as stored_context
from engage.store.claims import Claim

ROOT = Path(__file__).resolve().parent.parent
_KEY = b"stop list"
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
TOGETHER = 40
"""People looked at in one moment."""
EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    f"America/{one}" for one in ("New_York", "Chicago", "Denver", "Los_Angeles")
)
ZONES: dict[str, str] = {
    EASTERN: "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC TN VA VT WV",
    CENTRAL: "AL AR FL IA IL IN KS KY LA MI MN MO MS ND NE OK SD TN TX WI",
    MOUNTAIN: "CO ID KS MT ND NE NM OR SD TX UT WY AZ",
    PACIFIC: "CA ID NV OR WA",
    "America/Phoenix": "AZ",
    "America/Boise": "ID OR",
    "America/Detroit": "MI",
    "America/Menominee": "MI",
    **dict.fromkeys((f"America/Kentucky/{one}" for one in ("Louisville", "Monticello")), "KY"),
    **{
        f"America/Indiana/{one}": "IN"
        for one in (
            "Indianapolis", "Knox", "Marengo", "Petersburg", "Tell_City", "Vevay", "Vincennes",
            "Winamac",
        )
    },
    **{f"America/North_Dakota/{one}": "ND" for one in ("Beulah", "Center", "New_Salem")},
    **{
        f"America/{one}": "AK"
        for one in ("Anchorage", "Juneau", "Sitka", "Metlakatla", "Yakutat", "Nome", "Adak")
    },
    "Pacific/Honolulu": "HI",
}  # fmt: skip
"""Each zone of the states with the states that lie in it, wholly or in part."""
NOTE = Action("note", "dry_run", prior_lift=0.5, life=timedelta(hours=12))
CALL = Action("call", "dry_run", prior_lift=0.5, queue="agents", agent_minutes=1)
ACTIONS = {one.name: one for one in (NOTE, CALL)}
TRIGGERS = {
    f"{contact_class}_{action}": Trigger(
        f"{contact_class}_{action}",
        Subject.INTERACTION,
        "true",
        (action,),
        "recovered",
        timedelta(days=7),
        contact_class=contact_class,
        validity=timedelta(days=14),
        holdout=0.0,
        exploration=0.0,
    )
    for contact_class in (ContactClass.SERVICE, ContactClass.MARKETING)
    for action in ACTIONS
}
EVERYBODY_FREE = Plan(
    "", {"agents": 1e9}, pd.DataFrame(columns=["slot_id", "queue", "starts_at", "ends_at", "free"]), {}
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who may be in one zone of a state, or in any of several."""

    person_id: str
    state: str
    zones: tuple[str, ...]


def population() -> list[Person]:
    """Return somebody in each zone of each state, and somebody between each two of a state."""
    by_state: dict[str, list[str]] = {}
    for zone, states in ZONES.items():
        for state in states.split():
            by_state.setdefault(state, []).append(zone)
    wheres = [
        (state, one)
        for state, zones in sorted(by_state.items())
        for one in [*((zone,) for zone in zones), *itertools.pairwise(zones)]
    ]
    return [Person(f"per_{n:03}", state, zones) for n, (state, zones) in enumerate(wheres)]


@dataclass
class Found:
    """What came of the sends."""

    sends: int = 0
    outside: list[str] = field(default_factory=list)
    open: int = 0
    """Of uniformly drawn moments and people, those at which the table allows contact, ..."""
    unused: int = 0
    """... and those of them at which we would not send."""
    asked: Counter[str] = field(default_factory=Counter)
    """Sends by contact class."""

    def send(self, person: Person, contact_class: str, moment: datetime, by: str) -> None:
        """Count a send and ask the oracle about it."""
        self.sends += 1
        self.asked[contact_class] += 1
        if not inside(moment, person.state, person.zones, contact_class):
            where = f"{person.state} {'+'.join(person.zones)}"
            self.outside.append(f"{contact_class} {where} {moment:%Y-%m-%d %H:%M:%S} UTC, {by}")


@dataclass(frozen=True)
class Country:
    """A store that knows these people, and the rules they are contacted by."""

    people: Sequence[Person]
    rules: Rules
    store: Store
    tables: dict[str, pa.Table]

    @staticmethod
    def of(rules: Rules, folder: Path) -> Country:
        """Return the country with everybody in it: home zone by record, a second one by browser."""
        people = population()
        folder.mkdir(exist_ok=True)
        store = Store.open(f"sqlite:///{folder / 'country.db'}")
        store.upgrade()
        with store.write() as tx:
            rows.add(tx, PEOPLE, pa.Table.from_pylist([_record(one) for one in people]), FIRST)
            seen = [_visit(one) for one in people if len(one.zones) > 1]
            rows.add(tx, EVENTS, pa.Table.from_pylist(seen), FIRST)
        with store.read() as tx:
            tables = stored_context.read(tx, [one.person_id for one in people], FIRST, _KEY)
        return Country(people, rules, store, tables)

    def look(self, moment: datetime, draw: Random, found: Found, *, fair: bool) -> None:
        """Let the policy decide about some people and the worker ask again; count every send.

        `fair`: the moment was drawn uniformly, so that what is left unused can be counted.
        """
        chosen = {one: draw.choice(list(TRIGGERS)) for one in draw.sample(self.people, TOGETHER)}
        may = self._asked(moment, chosen)
        for person, trigger in chosen.items():
            contact_class = str(TRIGGERS[trigger].contact_class)
            if may[person.person_id]:
                found.send(person, contact_class, moment, "asked within the claim")
            if fair and inside(moment, person.state, person.zones, contact_class):
                found.open += 1
                found.unused += not may[person.person_id]
        self._decide(moment, chosen, draw, found)

    def _asked(self, moment: datetime, chosen: Mapping[Person, str]) -> dict[str, bool]:
        """Return of whom a worker that holds a message says at this moment that it may leave."""
        claims = [
            Claim(
                Message(one.person_id, "", one.person_id, "dry_run", "note", "", "", "", LAST),
                1, MessageState.CLAIMED, str(TRIGGERS[trigger].contact_class), moment, 0, 0, "",
            )
            for one, trigger in chosen.items()
        ]  # fmt: skip
        with self.store.read() as tx:
            verdicts = Standing(self.rules, ACTIONS, _KEY).judge(tx, claims, moment)
        return {who: verdict.reason is None for who, verdict in verdicts.items()}

    def _decide(
        self, moment: datetime, chosen: Mapping[Person, str], draw: Random, found: Found
    ) -> None:
        people = {one.person_id: one for one in chosen}
        known = context.build(list(people), moment, self.tables, [])
        made = policy.decide(
            _candidates(moment, chosen), TRIGGERS, ACTIONS, known, self.rules, EVERYBODY_FREE,
            now=moment, salt=b"salt", secret=b"secret", run_id="",
        ).messages  # fmt: skip
        for who, due, contact_class in zip(
            made["person_id"], made["due_at"], made["class"], strict=True
        ):
            at = due.to_pydatetime().replace(tzinfo=UTC)
            found.send(people[who], contact_class, at, "as decided")
            late = draw.choice((draw.uniform(0, 60), draw.uniform(0, 43_200)))
            sent = self._late(people[who], known, contact_class, at + timedelta(seconds=late))
            if sent is not None:
                found.send(people[who], contact_class, sent, "decided, and asked again")

    def _late(
        self, person: Person, known: pd.DataFrame, contact_class: str, moment: datetime
    ) -> datetime | None:
        """Return when a worker sends that comes to a message late: now, or when it may again."""
        calendar = Calendar(self.rules, microseconds(moment))
        row = known.loc[person.person_id].to_dict()
        verdict = recheck._hours(row, ContactClass(contact_class), calendar)  # noqa: SLF001
        return moment if verdict.reason is None else verdict.until


def _record(person: Person) -> dict[str, Any]:
    told = {"country": "US", "region": person.state, "zone": person.zones[0]}
    known = {"person_id": person.person_id, "attributes": json.dumps(told)}
    return known | {"valid_from": FIRST, "known_at": FIRST}


def _visit(person: Person) -> dict[str, Any]:
    empty = dict.fromkeys(EVENTS.column_names)
    known = {"event_id": f"evt_{person.person_id}", "person_id": person.person_id, "type": "page"}
    return (
        empty | known | {"ts": FIRST, "known_at": FIRST, "country": "US", "zone": person.zones[1]}
    )


def _candidates(moment: datetime, chosen: Mapping[Person, str]) -> pd.DataFrame:
    who = [one.person_id for one in chosen]
    return pd.DataFrame(
        {
            "trigger": list(chosen.values()),
            "subject_id": [f"{one}@{moment.isoformat()}" for one in who],
            "person_id": who,
            "as_of": naive(moment),
            "moment": naive(moment),
            "stake_minor": 100_000,
        }
    )


def nasty(draw: Random) -> datetime:
    """Return a moment at which mistakes show: about a full hour on the clock of some zone.

    On any day, on one on which the clock there is changed, or on a holiday; a few seconds about
    the hour or about the guarded minutes before it.
    """
    zone = ZoneInfo(draw.choice(list(ZONES)))
    day = draw.choice((_any_day, _changed_day, _holiday))(draw, zone.key)
    second = draw.choice((0, -1, 1, -599, -600, -601, draw.randint(-3600, 3600)))
    local = datetime(day.year, day.month, day.day, draw.randint(7, 22), tzinfo=zone)
    return local.astimezone(UTC) + timedelta(seconds=second)


def _any_day(draw: Random, _: str) -> datetime:
    return FIRST + timedelta(days=draw.randrange((LAST - FIRST).days))


def _changed_day(draw: Random, zone: str) -> datetime:
    return draw.choice(changes(zone, FIRST, LAST) or [_any_day(draw, zone)])


def _holiday(draw: Random, _: str) -> datetime:
    year = draw.choice((2026, 2027))
    month, day = draw.choice(sorted(holidays(year)))
    return datetime(year, month, day, tzinfo=UTC)


def every_change() -> Iterator[datetime]:
    """Yield every three hours of each day on which some zone's clock is changed."""
    days = {day for zone in ZONES for day in changes(zone, FIRST, LAST)}
    for day in sorted(days):
        yield from (day + timedelta(hours=hours) for hours in range(0, 39, 3))


def shipped() -> Rules:
    """Return the contact policy as the shipped settings have it."""
    return rules_of(load(ROOT, {}))


def simulate(sends: int, folder: Path, *, seed: int = 1) -> Found:
    """Return what came of at least so many sends by the shipped settings."""
    draw, found = Random(seed), Found()  # noqa: S311 - moments and people, nothing secret
    country = Country.of(shipped(), folder)
    for moment in every_change():
        country.look(moment, draw, found, fair=False)
    while found.sends < sends:
        fair = draw.random() < 0.5
        uniform = FIRST + (LAST - FIRST) * draw.random()
        country.look(uniform if fair else nasty(draw), draw, found, fair=fair)
    country.store.close()
    return found


def main() -> int:
    """Simulate the sends and print what was found; exit with 1 when one was outside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = simulate(asked.sends, Path(folder), seed=asked.seed)
    for one in found.outside[:20]:
        print("outside:", one)
    told = ", ".join(f"{n:,} {name}" for name, n in sorted(found.asked.items()))
    print(f"{found.sends:,} sends ({told}): {len(found.outside):,} outside")
    print(
        f"of the open time {found.unused / max(found.open, 1):.2%} is left unused ({found.open:,})"
    )
    print(f"{time.perf_counter() - begun:.0f} seconds")
    return 1 if found.outside else 0


if __name__ == "__main__":
    sys.exit(main())
