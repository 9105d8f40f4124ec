"""What the tests of the simulated bank share: reading its rows, and approaching its people."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World

LAUNCH = datetime(2026, 3, 2, tzinfo=UTC)
NIGHT = "mortgage_calculator_at_night"
UNRESOLVED = "call_unresolved"
RELATIONS = ("events", "links", "interactions", "transactions", "appointments")


def digest(tables: Mapping[str, pa.Table]) -> str:
    """Return a fingerprint of every value of every table, in order."""
    told = hashlib.blake2b(digest_size=16)
    for name in sorted(tables):
        out = io.BytesIO()
        csv.write_csv(tables[name], out)
        told.update(name.encode() + out.getvalue())
    return told.hexdigest()


def frame(table: pa.Table) -> pd.DataFrame:
    """Return rows with times as pandas knows them."""
    return pd.DataFrame(table.to_pandas())


def owned(rows: pd.DataFrame, links: pa.Table) -> pd.DataFrame:
    """Return rows with every browser replaced by the customer it turned out to belong to."""
    owner = dict(
        zip(links["person_id"].to_pylist(), links["canonical_id"].to_pylist(), strict=True)
    )
    return rows.assign(person_id=[owner.get(one, one) for one in rows["person_id"]])


def journey(events: pd.DataFrame) -> pd.Series:
    """Return the journey that each event reports."""
    return events["properties"].str.extract(r'"journey":"(\w+)"', expand=False)


def local_hour(rows: pd.DataFrame) -> pd.Series:
    """Return the hour that the visitor's clock shows."""
    hours = pd.Series(-1, index=rows.index)
    for zone, some in rows.groupby("zone"):
        hours[some.index] = some["ts"].dt.tz_localize("UTC").dt.tz_convert(zone).dt.hour
    return hours


def night_qualifiers(path: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return who used the mortgage calculator at night in the live weeks: their first time."""
    used = frame(path["events"].filter(pc.field("name") == "calculator_used"))
    hour = local_hour(used)
    used = used[(journey(used) == "mortgage") & ((hour >= 21) | (hour < 5))]
    return _first(used.assign(at=used["known_at"], subject_id="ses_any"), NIGHT, path)


def unresolved_qualifiers(path: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return whose contact ended without a clear solution in the live weeks: their first one."""
    contacts = frame(path["interactions"])
    served = ~contacts["abandoned"].astype(bool) & (contacts["initiated_by"] == "customer")
    open_ended = contacts[served & ((contacts["resolved"] != "true") | (contacts["transfers"] > 0))]
    return _first(
        open_ended.assign(at=open_ended["known_at"], subject_id=open_ended["interaction_id"]),
        UNRESOLVED,
        path,
    )


def _first(rows: pd.DataFrame, trigger: str, path: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return the first row of each true person: the outcome is asked of people, not browsers."""
    live = rows["at"].between(pd.Timestamp("2026-03-02"), pd.Timestamp("2026-03-30"))
    whom = owned(rows[live], path["links"]).rename(columns={"person_id": "owner"})
    rows = rows[live].assign(owner=whom["owner"], qualified_at=rows["at"] + timedelta(seconds=8))
    first = rows.sort_values(["qualified_at", "person_id"]).drop_duplicates("owner")
    ids = [f"dec_{trigger}_{number:05d}" for number in range(len(first))]
    return first.assign(decision_id=ids, trigger=trigger).reset_index(drop=True)


def randomised(qualified: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the qualifiers with an arm each, by a fair coin."""
    heads = np.random.default_rng(seed).random(len(qualified)) < 0.5
    return qualified.assign(arm=np.where(heads, "treated", "held_out"), action="any")


def offers(people: pd.DataFrame, channel: str, action: str | None = None) -> pa.Table:
    """Return one offer for each row, sent the moment it qualified."""
    columns = people[["decision_id", "person_id", "trigger", "subject_id"]]
    asked = columns.assign(
        action=action or channel, channel=channel, sent_at=people["qualified_at"]
    )
    return pa.Table.from_pandas(asked, preserve_index=False)


def qualified_table(people: pd.DataFrame) -> pa.Table:
    """Return the qualifiers as `World.truth` takes them."""
    names = ["decision_id", "person_id", "trigger", "subject_id", "qualified_at", "arm", "action"]
    return pa.Table.from_pandas(people[names], preserve_index=False)


def finished(people: pd.DataFrame, path: Mapping[str, pa.Table]) -> np.ndarray:
    """Return who sent a mortgage application within 14 days, as events show it."""
    sent = _events(path, "application_submitted")
    return _within(_owners(people, path), sent[journey(sent) == "mortgage"], timedelta(days=14))


def recovered(people: pd.DataFrame, path: Mapping[str, pa.Table]) -> np.ndarray:
    """Return whose concern rested: no repeat in 7 days, complaint in 30, closed account in 90."""
    contacts = frame(path["interactions"])
    asked = contacts[contacts["initiated_by"] == "customer"]
    repeats = asked.assign(person_id=asked["person_id"] + asked["topic"])
    whom = _owners(people, path)
    same_topic = whom.assign(owner=whom["owner"] + whom["topic"])
    closed = frame(path["transactions"].filter(pc.field("kind") == "account_closed"))
    lost = (
        _within(same_topic, repeats, timedelta(days=7))
        | _within(whom, _events(path, "complaint_submitted"), timedelta(days=30))
        | _within(whom, closed, timedelta(days=90))
    )
    return np.asarray(~lost)


def _events(path: Mapping[str, pa.Table], name: str) -> pd.DataFrame:
    return owned(frame(path["events"].filter(pc.field("name") == name)), path["links"])


def _owners(people: pd.DataFrame, path: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return the same people with the owners they turned out to have in this world."""
    return people.assign(owner=owned(people[["person_id"]], path["links"])["person_id"])


def _within(people: pd.DataFrame, rows: pd.DataFrame, horizon: timedelta) -> np.ndarray:
    pairs = people[["decision_id", "owner", "qualified_at"]].merge(
        rows[["person_id", "ts"]], left_on="owner", right_on="person_id"
    )
    after = pairs["ts"] - pairs["qualified_at"]
    hit = pairs.loc[(after > timedelta(0)) & (after <= horizon), "decision_id"]
    return people["decision_id"].isin(hit).to_numpy()


def in_order(name: str, rows: pa.Table) -> pa.Table:
    """Return the rows of a relation in one order, however they were put together."""
    key = {"links": "person_id"}.get(name, f"{name.rstrip('s')}_id")
    ordered = rows.sort_by([(key, "ascending"), ("known_at", "ascending")])
    return ordered.combine_chunks()


def everything_told(world: World) -> dict[str, pa.Table]:
    """Return history and all that follows, as the engine would have heard it."""
    history, rest = world.history(), world.until(world.ends_at + timedelta(days=400))
    return {name: pa.concat_tables([history[name], rest[name]]) for name in RELATIONS}


def nasty_bank() -> World:
    """Return a bank with every trouble in which everybody who could be helped was approached."""
    world = World(200, 1, nastiness=Nastiness.all())
    alone = world.path()
    world.respond(offers(night_qualifiers(alone), "chat_offer"))
    world.respond(offers(unresolved_qualifiers(alone), "callback"))
    return world
