"""What only an earlier reading of the same roster saw, by another mapping, is taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from engage.app import versions
from engage.app.intake_reading import undated
from engage.collect.mapping import Mapping
from engage.collect.roster import Roster
from engage.collect.schema import TIME
from engage.domain.staffing import STAFFING
from engage.store import imports, rows, staffing
from engage.store.store import Tx

_BEFORE = timedelta(microseconds=1)


def take_back(
    tx: Tx, mapping: Mapping, roster: Roster, sha256: str, moment: datetime, now: datetime
) -> int:
    """Put nobody where an earlier reading of a file put somebody and this one says nothing.

    A roster that was read in the wrong zone would otherwise leave agents at the ends of its days.
    It is for the queues that this reading names, since a file may be read queue by queue, and for
    what was not said anew since by another file. It counts from just before the moment of the
    import, so that a row that waits in quarantine can still come in. Returns how many.
    """
    found = imports.of_content(tx, sha256=sha256, kind=mapping.kind)
    earlier = [one.started_at for one in found if one.started_at < moment]
    if not earlier or not undated(mapping):
        return 0
    held = staffing.of(tx, earlier)
    held = held.filter(pa.array(roster.lacks(held)))
    if held.num_rows == 0:
        return 0
    last = held.filter(pa.array(~versions.unstated(tx, STAFFING, held, moment)))
    last = last.filter(pc.greater(last["agents"], 0.0))
    known = pa.scalar(moment - _BEFORE, pa.timestamp("us", "UTC")).cast(TIME)
    for name, value in (("agents", pa.scalar(0.0)), ("known_at", known)):
        place = last.schema.get_field_index(name)
        last = last.set_column(place, name, pa.repeat(value, last.num_rows))
    return rows.add(tx, STAFFING, last, now)
