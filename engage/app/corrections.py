"""A contact's record that comes in again: what it said first stays, what it says now is kept too.

    add(tx, told, now, undated=...) -> (new, corrected)     stores records and their corrections
    news(tx, told, now, undated=...) -> News                what `add` would store
    last_words(tx, ids) -> pa.Table                         what is said of these contacts now

`interactions` has the record as it was first stored, `corrections` every later word that differs.
The last word is the one with the greatest `known_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.app.versions import texts
from engage.collect.findings import as_mask
from engage.collect.schema import TIME
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.store import rows
from engage.store.store import Tx

_ID = "interaction_id"
_SAID = [name for name in INTERACTIONS.column_names if name != "known_at"]
_ONE_MOMENT = 1_000
"""Microseconds: several words of one import are a microsecond apart, in their order."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a table of contacts, row by row."""

    first: Mask
    """The first word on a contact: its record."""
    later: Mask
    """Another word on a known contact: a correction."""
    known: NDArray[np.int64]
    """From when on a correction is known, in microseconds since 1970."""


def add(
    tx: Tx, told: pa.Table, now: datetime, *, undated: datetime | None = None
) -> tuple[int, int]:
    """Store what is new; return how many rows that was, and how many of them are corrections.

    `undated`: the moment of the import whose rows do not say when they were known. Such a row is a
    correction of that moment when it differs from the last word until then. Any other row is one
    of its own `known_at`; where that is no later than the contact's end, it says nothing about when
    the correction was made, which then counts from `now`, unless the same was said before.
    """
    told = told if undated is not None else _earliest_first(told)
    new = rows.add(tx, INTERACTIONS, told, now)
    if new == told.num_rows:
        return new, 0
    # Records that were stored just now are known and say the same, so only the others are news.
    found = news(tx, told, now, undated=undated)
    later = told.filter(pa.array(found.later))
    known = pa.array(found.known[found.later], pa.int64()).cast(TIME)
    later = later.set_column(later.schema.get_field_index("known_at"), "known_at", known)
    corrected = rows.add(tx, CORRECTIONS, later.append_column("corrected_at", known), now)
    return new + corrected, corrected


def _earliest_first(told: pa.Table) -> pa.Table:
    """Return the rows so that of several about one contact the earliest word becomes its record."""
    if pc.count_distinct(told[_ID]).as_py() == told.num_rows:
        return told
    return told.take(pc.sort_indices(told, sort_keys=[("known_at", "ascending")]))


def news(tx: Tx, told: pa.Table, now: datetime, *, undated: datetime | None = None) -> News:
    """Return which rows `add` would store, looking no further than the database."""
    ids = pd.Series(told[_ID].to_pylist(), dtype=object)
    found = News(np.ones(len(ids), bool), np.zeros(len(ids), bool), np.zeros(len(ids), np.int64))
    held = _held(tx, ids.tolist())
    again = np.array(ids.duplicated(keep=False), bool)
    if held is not None:
        again |= as_mask(pc.is_in(told[_ID], held.words[_ID].combine_chunks()))
    place = np.flatnonzero(again)
    if not len(place):
        return found
    some = _frame(rows.as_stored(INTERACTIONS, told.take(pa.array(place)))).assign(place=place)
    before = _frame(held.words).assign(place=held.later) if held else some.iloc[:0]
    judged = _judged(before, some, _micros(undated or now), dated=undated is None)
    found.first[place] = False
    found.first[judged.loc[judged["first"], "place"]] = True
    later = judged[~judged["first"]]
    found.later[later["place"]] = True
    found.known[later["place"]] = later["known"]
    return found


def said(told: pa.Table) -> NDArray[np.object_]:
    """Return what each row says of its contact, as one text."""
    return texts(rows.as_stored(INTERACTIONS, told), _SAID)


def last_words(tx: Tx, ids: list[str]) -> pa.Table:
    """Return what is said of these contacts now, one row each, in the order of their ids."""
    held = _held(tx, ids)
    if held is None:
        return rows.as_stored(INTERACTIONS, pa.table({_ID: pa.array([], pa.string())}))
    order = pa.table({"id": held.words[_ID], "known_at": held.words["known_at"]})
    order = order.append_column("later", pa.array(held.later)).append_column(
        "place", pa.array(np.arange(len(held.later)))
    )
    ordered = order.sort_by([(name, "ascending") for name in ("id", "known_at", "later")])
    last = ~pd.Series(ordered["id"].to_pylist(), dtype=object).duplicated(keep="last")
    return held.words.take(ordered["place"].filter(pa.array(last.to_numpy(bool))))


@dataclass(frozen=True, slots=True)
class _Held:
    words: pa.Table
    later: NDArray[np.int64]
    """0 for a record, 1 for a correction."""


def _held(tx: Tx, ids: list[str]) -> _Held | None:
    """Return every word that is stored on these contacts; None when nothing is."""
    records = rows.of(tx, INTERACTIONS, _ID, ids)
    if not records.num_rows:
        return None
    later = rows.of(tx, CORRECTIONS, _ID, ids).select(records.column_names)
    return _Held(
        pa.concat_tables([records, later]),
        np.repeat(np.array([0, 1], np.int64), [records.num_rows, later.num_rows]),
    )


def _frame(words: pa.Table) -> pd.DataFrame:
    ends = pc.coalesce(words["ended_at"], words["ts"])
    return pd.DataFrame(
        {
            "id": pd.Series(words[_ID].to_pylist(), dtype=object),
            "known": words["known_at"].cast(pa.int64()).to_numpy(),
            "dated": as_mask(pc.greater(words["known_at"], ends)),
            "text": pd.Series(texts(words, _SAID), dtype=object),
        }
    )


def _judged(held: pd.DataFrame, told: pd.DataFrame, moment: int, *, dated: bool) -> pd.DataFrame:
    """Return the rows of `told` that say something new: place, first, known.

    `place`: in `told` the row's own, in `held` 0 for a record and 1 for a correction. `dated`: rows
    may say themselves when they were known; otherwise all of them are known at the moment.
    """
    told = told.sort_values(["known", "place"] if dated else ["place"], kind="stable")
    is_first = (~told["id"].isin(held["id"]) & ~told["id"].duplicated()).to_numpy(bool)
    first, rest = told[is_first], told[~is_first]
    words = pd.concat([held, first.assign(place=0)])
    if dated:
        # A row that comes again as it was, like a request that is repeated, is no news.
        said = pd.concat([words, rest])[["id", "text"]].duplicated().to_numpy()[len(words) :]
        rest = rest[rest["dated"].to_numpy() | ~said]
    else:
        rest = rest.assign(dated=False)
    new = _differing(_in_line(words, moment), rest, moment)
    new = new[~(new["dated"].to_numpy(bool) & _keys_held(words[words["place"] == 1], new))]
    both = [first.assign(first=True), new.assign(first=False)]
    return pd.concat(both)[["place", "first", "known"]].astype({"first": bool})


def _in_line(words: pd.DataFrame, moment: int) -> pd.DataFrame:
    """Return the words with `at`, by which they stand before or behind those of the moment."""
    now = words["known"].between(moment, moment + _ONE_MOMENT, inclusive="left")
    # A record whose clock was ahead still came before its correction.
    now |= (words["place"] == 0) & (words["known"] > moment)
    return words.assign(at=words["known"].where(~now, moment))


def _differing(words: pd.DataFrame, rest: pd.DataFrame, moment: int) -> pd.DataFrame:
    """Return the rows of `rest` that differ from the word before them, each with its `known`."""
    rest = rest.assign(at=rest["known"].where(rest["dated"], moment))
    line = pd.concat([words.assign(told=False, by=words["known"]), rest.assign(told=True, by=0)])
    line = line.sort_values(["id", "at", "told", "by", "place"], kind="stable")
    before = line.groupby("id", sort=False)["text"].shift()
    new = line[line["told"] & (line["text"] != before)]
    latest = words[words["at"] == moment].groupby("id")["known"].max()
    after = np.maximum(new["id"].map(latest).fillna(0).astype(np.int64) + 1, moment)
    rank = new[~new["dated"]].groupby("id").cumcount().reindex(new.index, fill_value=0)
    return new.assign(known=new["known"].where(new["dated"], after + rank))


def _keys_held(corrections: pd.DataFrame, new: pd.DataFrame) -> Mask:
    """Return which of the new rows are of a moment of which a correction is known already."""
    keys = pd.concat([corrections, new])[["id", "known"]].duplicated()
    return np.asarray(keys.to_numpy()[len(corrections) :], bool)


def _micros(moment: datetime) -> int:
    value: int = pa.scalar(moment, pa.timestamp("us", "UTC")).value
    return value
