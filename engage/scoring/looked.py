"""One look at a model in use: what was found, in figures to keep and in words to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.domain.watch import STEADY, UNKNOWN, Alarm
from engage.scoring.drift import Limits, shifts, silences
from engage.scoring.honesty import Honesty, by_week, honesty
from engage.scoring.population import person_codes, stored

Floats = NDArray[np.float64]
SHOWN = 5
"""As many columns as are told in words; the body has them all."""


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """Rows with their scores and, where known, what became of them."""

    frame: pa.Table
    scores: Floats
    label: Floats | None = None

    @property
    def people(self) -> int:
        """Return how many people these are."""
        return len(self.frame["person_id"].unique())

    def honesty(
        self, objective: Objective, *, largest_error: float, chance: float
    ) -> Honesty | None:
        """Return whether the scores mean what they say; None where too few are known."""
        if self.label is None or not len(self.label):
            return None
        return honesty(
            objective,
            self.label,
            self.scores,
            person_codes(self.frame),
            largest_error=largest_error,
            chance=chance,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, and which of it is an alarm."""

    enough: bool
    """Whether there were people enough to tell."""
    alarms: tuple[Alarm, ...] = ()
    says: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Return the alarms in a word or several."""
        return " and ".join(sorted(self.alarms)) or (STEADY if self.enough else UNKNOWN)

    def body(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"says": list(self.says), **self.figures}


def look_at_people(
    body: Mapping[str, Any],
    rows: ScoredRows,
    *,
    now: datetime,
    stale_h: float,
    fewest: int,
    limits: Limits,
) -> Look:
    """Return whether the people scored lately are those the artifact was trained on."""
    known = stored(body)
    counted = {"rows": rows.frame.num_rows, "people": rows.people}
    if not known or rows.people < fewest:
        why = (
            f"only {rows.people} people came lately, {fewest} are needed to tell"
            if known
            else "it was trained before its people were kept; training it again lets it be watched"
        )
        return Look(False, (), (why,), {"lately": counted})
    moved = shifts(known, rows.frame, rows.scores, limits)
    moment = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    silent = silences(known, rows.frame, now=moment, least_h=stale_h, limits=limits)
    drifted, stale = [s for s in moved if s.drifted], [s for s in silent if s.stale]
    says = [one.words() for one in drifted[:SHOWN]]
    says += [f"{s.name}: nothing new for {s.hours:.0f} hours, {s.people} people" for s in stale]
    alarms = [*([Alarm.DRIFTED] if drifted else []), *([Alarm.STALE] if stale else [])]
    figures = {
        "lately": counted,
        "shifts": [asdict(one) for one in moved],
        "freshness": [asdict(one) for one in silent],
    }
    return Look(True, tuple(alarms), tuple(says), figures)


def look_at_outcomes(
    look: Look,
    objective: Objective,
    rows: ScoredRows,
    *,
    delay: Mapping[str, Any],
    largest_error: float,
    chance: float,
) -> Look:
    """Return the look with quality by week, and whether scores still mean what they say."""
    found = rows.honesty(objective, largest_error=largest_error, chance=chance)
    figures = {**look.figures, "label_delay": dict(delay), "weeks": [], "honesty": None}
    if rows.label is not None and len(rows.label):
        as_of = rows.frame["as_of"].cast(pa.timestamp("us")).to_numpy()
        figures["weeks"] = by_week(objective, as_of, rows.label, rows.scores)
    if found is None:
        return replace(look, figures=figures)
    figures["honesty"] = asdict(found)
    broken = found.broken
    return Look(
        True,
        (*look.alarms, Alarm.UNCALIBRATED) if broken else look.alarms,
        (found.words(), *look.says) if broken else look.says,
        figures,
    )
