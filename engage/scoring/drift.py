"""Whether the people scored now are still those a model was trained on, with chance allowed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from engage.scoring.population import SCORE, Population, clusters, person_codes

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FEWEST_EXPECTED = 5
"""A bin with fewer rows expected is counted together with others (Cochran 1954)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a change counts as drift."""

    psi: float = 0.2
    """Population stability index beyond what chance explains."""
    chance: float = 0.01
    """Chance of a false alarm over all columns of a model together, when nothing has moved."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one column has moved from its population in training."""

    name: str
    rows: int
    psi: float
    by_chance: float
    """The index that so few rows, of so few people, show without any drift."""
    p: float
    """Chance of as large a difference without drift, this column alone."""
    p_family: float
    """The same over all columns looked at (Holm 1979)."""
    drifted: bool
    share_then: float
    share_now: float
    where: str
    """The range or word whose share changed most, with its shares in training and now."""

    def words(self) -> str:
        """Return the change in a sentence."""
        return (
            f"{self.name}: {self.where} was {self.share_then:.0%} of the rows in training, "
            f"is {self.share_now:.0%} (stability index {self.psi:.2f}, "
            f"of which chance may explain {self.by_chance:.2f})"
        )


def shifts(
    populations: Mapping[str, Population], frame: pa.Table, scores: Floats, limits: Limits
) -> list[Shift]:
    """Return every column's shift, the furthest first.

    `frame`: rows scored lately, over whole weeks so that weekdays weigh as in training, with
    person_id; `scores` one number per row. A column drifted when its stability index exceeds what
    chance explains by `limits.psi` and no chance within `limits.chance` explains the difference.
    """
    person = person_codes(frame)
    columns = {one: frame.column(one) for one in frame.column_names} | {SCORE: scores}
    found = [
        _shift(population, population.bins(columns[name]), person)
        for name, population in sorted(populations.items())
        if name in columns
    ]
    adjusted = holm([one.p for one in found])
    judged = [_judged(one, p, limits) for one, p in zip(found, adjusted, strict=True)]
    return sorted(judged, key=lambda one: (not one.drifted, one.by_chance - one.psi, one.name))


def _judged(shift: Shift, p: float, limits: Limits) -> Shift:
    drifted = bool(p < limits.chance and shift.psi - shift.by_chance >= limits.psi)
    values: dict[str, Any] = {name: getattr(shift, name) for name in Shift.__slots__}
    return Shift(**{**values, "p_family": p, "drifted": drifted})


def _shift(population: Population, bins: Whole, person: Whole) -> Shift:
    """Compare the bins of rows now with those in training.

    The statistic is Pearson's, sum (q - p)^2 / pooled share. Rows of one person are alike, so its
    distribution is taken from the covariance of the shares over people: second-order correction of
    Rao and Scott (1984), the moments matched to an F. Its mean without drift is also the expected
    stability index, (bins - 1)(1 / n + 1 / m) when every row is of another person.
    """
    then = np.array(population.counts, dtype=np.float64)
    now = np.bincount(bins, minlength=len(then)).astype(np.float64)
    n, m = max(now.sum(), 1.0), max(then.sum(), 1.0)
    groups = _pooled((then + now) / (n + m), n)
    p, q = _together(then, groups) / m, _together(now, groups) / n
    both = _together(then + now, groups) / (n + m)
    psi = _index(p, q, m, n)
    largest = int(np.abs(now / n - then / m).argmax())
    told = (bin_in_words(population, largest), float(then[largest] / m), float(now[largest] / n))
    if len(p) < 2 or not len(bins):
        return Shift(population.name, len(bins), psi, 0.0, 1.0, 1.0, False, *told[1:], told[0])
    residual = clusters(groups[bins], len(p), person) / np.sqrt(both) / n
    people = len(residual)
    live = residual.T @ residual * people / max(people - 1, 1)
    spread = np.eye(len(p)) - np.sqrt(np.outer(both, both))
    # Few rows may look less varied than independent ones can be.
    live *= max(1.0, (len(p) - 1) / n / max(np.trace(live), 1e-300))
    covariance = live + population.clumping / m * spread
    mean = float(np.trace(covariance))
    freedom = mean**2 / float((covariance**2).sum())
    statistic = float(((q - p) ** 2 / both).sum()) / mean
    chance = float(stats.f.sf(statistic, freedom, freedom * max(people - 1, 1)))
    return Shift(population.name, len(bins), psi, mean, chance, 1.0, False, *told[1:], told[0])


def _pooled(share: Floats, rows: float) -> Whole:
    """Return the group of each bin: bins that chance hardly fills go together."""
    small = share * rows < FEWEST_EXPECTED
    if small.any() and share[small].sum() * rows < FEWEST_EXPECTED and not small.all():
        small[np.where(small, np.inf, share).argmin()] = True
    groups = np.cumsum(~small) - 1
    groups[small] = groups.max() + 1
    return np.asarray(groups, dtype=np.int64)


def _together(counts: Floats, groups: Whole) -> Floats:
    sums = np.bincount(groups, weights=counts, minlength=int(groups.max()) + 1)
    return np.asarray(sums, dtype=np.float64)


def _index(p: Floats, q: Floats, m: float, n: float) -> float:
    """Return the population stability index, sum (q - p) ln(q / p), half a row in every bin."""
    k = len(p) / 2
    p, q = (p * m + 0.5) / (m + k), (q * n + 0.5) / (n + k)
    return float(((q - p) * np.log(q / p)).sum())


def bin_in_words(population: Population, place: int) -> str:
    """Return a bin in words."""
    cuts = population.cuts
    if place == len(cuts) + 1:
        return "missing"
    if population.kind == "words":
        return f"'{cuts[place]}'" if place < len(cuts) else "another word"
    if place == len(cuts):
        return f"above {cuts[-1]:.4g}" if cuts else "any number"
    if place == 0:
        return f"up to {cuts[0]:.4g}"
    return f"above {cuts[place - 1]:.4g} up to {cuts[place]:.4g}"


def holm(chances: Sequence[float]) -> list[float]:
    """Return chances corrected for being the smallest of several (Holm 1979), in their order."""
    order = np.argsort(chances, kind="stable")
    scaled = np.array(chances)[order] * np.arange(len(chances), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(scaled), 1.0) if len(scaled) else scaled
    found = np.empty(len(chances))
    found[order] = adjusted
    return found.tolist()


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a feature has told nothing: only missing or its usual value."""

    name: str
    since: str | None
    """The newest moment, in UTC, at which it told something; None: at none of these rows."""
    hours: float
    people: int
    """How many people came since."""
    stale: bool


def silences(
    populations: Mapping[str, Population],
    frame: pa.Table,
    *,
    now: np.datetime64,
    least_h: float,
    limits: Limits,
) -> list[Silence]:
    """Return how fresh each feature is, the longest silent first.

    Stale: silent for at least `least_h` hours although it used to tell something of a share s of
    the rows, and (1 - s)^people is rarer than `limits.chance` over all features.
    """
    as_of = frame["as_of"].cast(pa.timestamp("us")).to_numpy()
    person = person_codes(frame)
    family = max(len(populations) - 1, 1)
    found = []
    for name, population in sorted(populations.items()):
        if name == SCORE or name not in frame.column_names or not len(as_of):
            continue
        telling = population.telling(frame.column(name))
        last = as_of[telling].max() if telling.any() else None
        people = len(np.unique(person if last is None else person[as_of > last]))
        hours = float((now - (as_of.min() if last is None else last)) / np.timedelta64(1, "h"))
        chance = (1 - population.unusual) ** (people / population.clumping) * family
        stale = hours >= least_h and chance < limits.chance
        since = None if last is None else str(np.datetime_as_string(last, unit="s"))
        found.append(Silence(name, since, round(hours, 2), people, bool(stale)))
    return sorted(found, key=lambda one: (not one.stale, -one.hours, one.name))
