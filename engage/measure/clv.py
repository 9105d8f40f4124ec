"""What an offer changed in a customer's predicted worth: kept from loss, and new business.

A surrogate, and always marked as one: realised margin is what counts. Both snapshots are valued by
one frozen artifact that may not use what the engine itself does, or are the company's own (`told`).
For a person i

    change_i = after_i - before_i          before: as of qualifying
    loss_i   = max(before_i - after_i, 0)  after: as of the later of horizon and 30 days
    gain_i   = max(after_i - before_i, 0)

and, with means over the held out (h) and the treated (t),

    saved    = mean_h(loss) - mean_t(loss)     loss that was avoided, per person
    expanded = mean_t(gain) - mean_h(gain)     business that was added, per person
    change   = mean_t(change) - mean_h(change) = saved + expanded
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.effects import Estimate
from engage.errors import DefinitionError
from engage.features.engines.duckdb import calculate
from engage.features.schema import SUBJECTS
from engage.measure.attribution import moment
from engage.measure.effect import Comparison, compare
from engage.measure.reached import placed

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SETTLES = timedelta(days=30)
"""Before this long a person's features have hardly moved, so that nothing could be seen."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Predicted value of each unit, before and after, in minor units; NaN where it is not known."""

    before: Floats
    after: Floats
    ripe: Mask


@dataclass(frozen=True, slots=True)
class Imported:
    """Values by the company's own reckoning, every statement of them, instead of a model's."""

    told: pa.Table
    """person_id (as the units have it), valid_from, known_at, value_minor, source"""


Valued: TypeAlias = pa.Table | Imported
"""Where the values come from: those of `moments` by one artifact, or the company's own."""
SPAN = timedelta(days=365)
"""How far ahead a value looks, unless its model says otherwise."""


@dataclass(frozen=True, slots=True)
class ClvChange:
    """The surrogate effect and its two parts, which add up to it."""

    change: Comparison
    saved: Estimate
    expanded: Estimate
    without: int
    """People whose later moment has passed and who lack a value; they are left out."""


def moments(units: pa.Table, now: datetime) -> pa.Table:
    """Return who must be valued as of when: subject_id, person_id, as_of, each once.

    The later snapshot is asked for only where its moment has passed.
    """
    people = units["person_id"]
    before = pa.table({"person_id": people, "as_of": units["qualified_at"]})
    after = pa.table({"person_id": people, "as_of": settled(units)})
    after = after.filter(pc.less_equal(after["as_of"], moment(now)))
    both = pa.concat_tables([before, after]).group_by(["person_id", "as_of"]).aggregate([])
    ordered = both.sort_by([("as_of", "ascending"), ("person_id", "ascending")])
    return pa.table({"subject_id": ordered["person_id"], **_columns(ordered)}).cast(SUBJECTS)


def _columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return {name: table[name] for name in ("person_id", "as_of")}


def taken(units: pa.Table, valued: Valued, now: datetime) -> Snapshots:
    """Return the two values of each unit, wherever they come from."""
    if isinstance(valued, Imported):
        return told(units, valued, now)
    return snapshots(units, valued, now)


def settled(units: pa.Table) -> pa.ChunkedArray:
    """Return the moment of each unit's later value: the horizon's end, at least 30 days on."""
    thirty = pc.add(units["qualified_at"], pa.scalar(SETTLES, pa.duration("us")))
    return pc.max_element_wise(units["until"], thirty)


def snapshots(units: pa.Table, valued: pa.Table, now: datetime) -> Snapshots:
    """Return the two values of each unit, looked up in `valued`.

    `valued`: person_id, as_of, artifact_id, value_minor, of `moments`. Raises DefinitionError when
    more than one artifact valued them: a new model would look like a change of the customer.
    """
    artifacts = sorted(set(valued["artifact_id"].to_pylist()))
    if len(artifacts) > 1:
        raise DefinitionError(
            f"customer values of {len(artifacts)} artifacts ({', '.join(artifacts)}) cannot be "
            f"compared; value both snapshots with one"
        )
    after = settled(units)
    ripe = np.asarray(pc.less_equal(after, moment(now)).to_numpy(zero_copy_only=False), np.bool_)
    return Snapshots(
        _looked_up(units["person_id"], units["qualified_at"], valued),
        _looked_up(units["person_id"], after, valued),
        ripe,
    )


_TOLD = """
WITH asked AS (SELECT place, person_id, qualified_at, settled, now FROM units),
before AS (
    SELECT a.place, t.value_minor, t.source
    FROM asked AS a JOIN told AS t
        ON t.person_id = a.person_id
        AND t.known_at <= a.qualified_at AND t.valid_from <= a.qualified_at
    QUALIFY row_number() OVER (
        PARTITION BY a.place ORDER BY t.valid_from DESC, t.known_at DESC, t.source, t.value_minor
    ) = 1
),
after AS (
    SELECT a.place, t.value_minor
    FROM asked AS a JOIN before AS b ON b.place = a.place JOIN told AS t
        ON t.person_id = a.person_id
        AND t.source IS NOT DISTINCT FROM b.source
        AND t.known_at >= a.settled AND t.valid_from >= a.settled AND t.known_at <= a.now
    QUALIFY row_number() OVER (
        PARTITION BY a.place ORDER BY t.known_at, t.valid_from DESC, t.value_minor
    ) = 1
)
SELECT CAST(b.value_minor AS DOUBLE) AS before, CAST(f.value_minor AS DOUBLE) AS after
FROM asked AS a
LEFT JOIN before AS b ON b.place = a.place
LEFT JOIN after AS f ON f.place = a.place
ORDER BY a.place
"""


def told(units: pa.Table, imported: Imported, now: datetime) -> Snapshots:
    """Return the company's own two values of each unit.

    Before: the last of the statements known when they qualified. After: the first known at or after
    the moment at which a model would value them again, of a date no earlier, for one of before says
    nothing of what came since; and by the same source, so that a new method is no change of the
    customer.
    """
    later = settled(units)
    asked = placed(units, now).append_column("settled", later)
    found = calculate(_TOLD, units=asked, told=imported.told)
    return Snapshots(
        np.asarray(found["before"].to_numpy(), np.float64),
        np.asarray(found["after"].to_numpy(), np.float64),
        np.asarray(pc.less_equal(later, moment(now)).to_numpy(zero_copy_only=False), np.bool_),
    )


def _looked_up(people: pa.ChunkedArray, as_of: pa.ChunkedArray, valued: pa.Table) -> Floats:
    asked = pa.table(
        {"person_id": people, "as_of": as_of, "place": pa.array(range(len(people)), pa.int64())}
    )
    known = valued.select(["person_id", "as_of", "value_minor"])
    found = asked.join(known, ["person_id", "as_of"]).sort_by("place")
    return np.asarray(found["value_minor"].cast(pa.float64()).to_numpy(), np.float64)


def compare_values(
    values: Snapshots, treated: Mask, used: Mask, weights: Floats | None = None
) -> ClvChange:
    """Return the change in predicted value and its parts among the `used`, treated less held out.

    `before` is the covariate of all three, and one slope each keeps saved + expanded = change.
    """
    asked = used & values.ripe
    known = asked & np.isfinite(values.before) & np.isfinite(values.after)
    before, change = values.before[known], (values.after - values.before)[known]
    w = None if weights is None else weights[known]
    arm = treated[known]

    def effect(outcome: Floats, name: str) -> Comparison:
        return compare(outcome, arm, estimand=name, covariate=before, weights=w, surrogate=True)

    return ClvChange(
        change=effect(change, "change in predicted customer value, minor units per person"),
        saved=effect(-np.maximum(-change, 0), "predicted value kept from loss").estimate,
        expanded=effect(np.maximum(change, 0), "predicted value added").estimate,
        without=int(asked.sum() - known.sum()),
    )
