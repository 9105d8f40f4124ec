"""A bank with every trouble, approached by fair coins and told to the end: what guards are tried on.

No jobs run here, so that a bank of thousands lives through its weeks in seconds: who qualifies is
found by plain conditions every few hours, arms by the engine's own hash, and what is measured by
its own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.decide.assignment import held_out
from engage.domain.catalog import ARCHIVED
from engage.domain.interactions import CORRECTIONS
from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World

NIGHT, ABANDONED = "mortgage_calculator_at_night", "application_abandoned"
UNRESOLVED = "call_unresolved"
HORIZON = {NIGHT: timedelta(days=14), ABANDONED: timedelta(days=14), UNRESOLVED: timedelta(days=7)}
CHANNEL = {NIGHT: "chat_offer", ABANDONED: "chat_offer", UNRESOLVED: "callback"}
IDLE = timedelta(minutes=10)
"""So long nothing is heard of somebody who has begun a form and not sent it."""
COSTLY = ("loan", "mortgage")
"""Topics whose specialists cost more than a call back is believed to bring."""
SHARE, EPOCH = 0.5, "1"
STEP = timedelta(hours=8)

Relations = dict[str, pa.Table]


@dataclass(frozen=True)
class Lived:
    """What was told of a bank in the end, and who was compared."""

    told: Relations
    qualified: pd.DataFrame
    """decision_id, person_id, trigger, subject_id, qualified_at, until, arm, answer, owner."""
    refused: pd.DataFrame
    """The same columns, for whom the price was too high."""
    truth: Mapping[str, float]
    """What a fair comparison of the arms sees in expectation, by trigger."""
    launch: datetime
    ends: datetime
    salt: bytes


def live_through(people: int, seed: int, nastiness: Nastiness) -> Lived:
    """Return a bank whose qualified people were held out or approached by their arm."""
    world = World(people, seed, weeks_live=3, nastiness=nastiness)
    salt = f"guards-{seed}".encode()
    history, parts, found, at = world.history(), [], _nobody(), world.starts_at
    while at < world.live_until:
        at = min(at + STEP, world.live_until)
        parts.append(world.until(at))
        links = pa.concat_tables([history["links"], *(part["links"] for part in parts)])
        came = [_night(parts[-1]), _unresolved(parts[-1]), _abandoned(parts[-2:], at)]
        fresh = _fresh(found, pd.concat(came), links)
        found = _with_arms(pd.concat([found, fresh], ignore_index=True), links, salt)
        _approach(world, found, found["decision_id"].isin(fresh["decision_id"]))
    parts.append(world.until(world.ends_at + timedelta(days=400)))
    links = pa.concat_tables([history["links"], *(part["links"] for part in parts)])
    found = found.assign(owner=owners(found["person_id"], links), answer=found["answer"].fillna(""))
    costly = _costly(found)
    qualified = found[~costly].reset_index(drop=True)
    true = world.truth(pa.Table.from_pandas(qualified.assign(action="any"), preserve_index=False))
    return Lived(
        told=_told(history, parts),
        qualified=qualified,
        refused=found[costly].reset_index(drop=True),
        truth={name: one["between_arms"] for name, one in true.items()},
        launch=world.starts_at,
        ends=world.ends_at,
        salt=salt,
    )


def hashed(found: pd.DataFrame, column: str, salt: bytes) -> pd.Series:
    """Return the arm that the hash gives each row by the identity in a column."""
    drawn = pd.Series("", index=found.index, dtype=object)
    for trigger, some in found.groupby("trigger"):
        out = held_out(some[column].tolist(), str(trigger), SHARE, salt=salt, epoch=EPOCH)
        drawn[some.index] = np.where(out, "held_out", "treated")
    return drawn


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(columns=["person_id", "owner", "trigger", "subject_id", "topic", "at"])


def _fresh(found: pd.DataFrame, rows: pd.DataFrame, links: pa.Table) -> pd.DataFrame:
    """Return who comes up for a trigger for the first time, by the names known now."""
    rows = rows.assign(owner=owners(rows["person_id"], links)).sort_values(["at", "person_id"])
    rows = rows.drop_duplicates(["trigger", "person_id"])
    before = pd.MultiIndex.from_frame(found[["trigger", "person_id"]])
    again = pd.MultiIndex.from_frame(rows[["trigger", "person_id"]]).isin(before)
    rows = rows[~again].reset_index(drop=True)
    rows["qualified_at"] = rows["at"] + timedelta(seconds=8)
    rows["until"] = rows["qualified_at"] + pd.to_timedelta(rows["trigger"].map(HORIZON))
    rows["decision_id"] = [
        f"dec_{number:032x}" for number in range(len(found), len(found) + len(rows))
    ]
    return rows


def _with_arms(found: pd.DataFrame, links: pa.Table, salt: bytes) -> pd.DataFrame:
    """Return the rows with arms for the new ones: the earliest of whom they are, else the hash's.

    An arm that was given stays.
    """
    owner = owners(found["person_id"], links)
    own = hashed(found, "person_id", salt)
    given = own if "arm" not in found else found["arm"].fillna(own)
    earliest = given.groupby([owner, found["trigger"]]).transform("first")
    new = found["arm"].isna() if "arm" in found else pd.Series(True, index=found.index)
    return found.assign(arm=given.where(~new, earliest))


def owners(people: pd.Series, links: pa.Table) -> pd.Series:
    """Return who each identity is, by these links; a shared browser belongs to nobody else."""
    stated = links.to_pandas().groupby("person_id")["canonical_id"].agg(["first", "nunique"])
    owner = stated.loc[stated["nunique"] == 1, "first"]
    return people.map(owner).fillna(people)


def _costly(found: pd.DataFrame) -> pd.Series:
    return found["topic"].isin(COSTLY) & (found["trigger"] == UNRESOLVED)


def _night(told: Relations) -> pd.DataFrame:
    """Return every use of the mortgage calculator between nine in the evening and five."""
    used = told["events"].filter(pc.field("name") == "calculator_used").to_pandas()
    used = used[used["properties"].str.contains('"journey":"mortgage"', regex=False)]
    hours = pd.Series(-1, index=used.index)
    for zone, some in used.groupby("zone"):
        hours[some.index] = some["ts"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.hour
    used = used[(hours >= 21) | (hours < 5)].assign(topic="")
    return _candidates(used, NIGHT, "session_id")


def _abandoned(parts: list[Relations], now: datetime) -> pd.DataFrame:
    """Return every visit of the last step that began a form, sent none and then fell silent."""
    left = abandoned(pa.concat_tables([part["events"] for part in parts]))
    until = pd.Timestamp(now).tz_localize(None)
    return left[(left["at"] > until - STEP) & (left["at"] <= until)]


def abandoned(told: pa.Table) -> pd.DataFrame:
    """Return every visit that began a form, sent none and then fell silent, as of that moment."""
    events = told.to_pandas()
    events = events.sort_values(["person_id", "ts", "event_id"])
    person, quiet = events["person_id"], events["ts"].diff() > IDLE
    visit = (quiet | (person != person.shift())).cumsum()
    begun = events["name"].isin(["form_started", "application_started"]).groupby(visit).any()
    sent = (events["name"] == "form_submitted").groupby(visit).any()
    last = events.groupby(visit).last()[begun & ~sent]
    return _candidates(
        last.assign(known_at=last["known_at"] + IDLE, topic=""), ABANDONED, "session_id"
    )


def _unresolved(told: Relations) -> pd.DataFrame:
    """Return every contact that its record leaves open, or that was passed on."""
    contacts = told["interactions"].to_pandas()
    served = ~contacts["abandoned"].astype(bool) & (contacts["initiated_by"] == "customer")
    unclear = (contacts["resolved"] != "true") | (contacts["transfers"] > 0)
    return _candidates(contacts[served & unclear], UNRESOLVED, "interaction_id")


def _candidates(rows: pd.DataFrame, trigger: str, subject: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": rows["person_id"],
            "trigger": trigger,
            "subject_id": rows[subject].fillna("ses_any"),
            "topic": rows["topic"],
            "at": rows["known_at"],
        }
    )


def _approach(world: World, found: pd.DataFrame, fresh: pd.Series) -> None:
    """Offer the new treated what their trigger offers, and note what was answered."""
    asked = found[fresh & (found["arm"] == "treated") & ~_costly(found)]
    if asked.empty:
        return
    channel = asked["trigger"].map(CHANNEL)
    names = ["decision_id", "person_id", "trigger", "subject_id"]
    offers = asked[names].assign(action=channel, channel=channel, sent_at=asked["qualified_at"])
    answered = world.respond(pa.Table.from_pandas(offers, preserve_index=False))
    found.loc[asked.index, "answer"] = answered["answer"].to_pylist()


def _told(history: Relations, parts: list[Relations]) -> Relations:
    """Return all that was ever told: the first record of each contact, and its corrections."""
    told = {
        name: pa.concat_tables([table, *(part[name] for part in parts if name in part)])
        for name, table in history.items()
        if name in ARCHIVED
    }
    versions = told["interactions"].sort_by(
        [("interaction_id", "ascending"), ("known_at", "ascending")]
    )
    ids = versions["interaction_id"].combine_chunks()
    first = np.append(True, np.asarray(pc.not_equal(ids[1:], ids[:-1])))
    told["interactions"] = versions.filter(pa.array(first))
    later = versions.filter(pa.array(~first))
    told["corrections"] = later.append_column("corrected_at", later["known_at"]).select(
        list(CORRECTIONS.column_names)
    )
    return told
