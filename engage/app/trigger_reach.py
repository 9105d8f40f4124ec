"""How many a trigger would have fired for lately, tried on all that is stored; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.engines import over_history
from engage.app.frames import Scored, models_of, score_subjects
from engage.decide import triggers
from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.errors import WrongUse
from engage.features.frame import drop_of
from engage.features.looks import count, looked_at, looks

DAYS = 30
NEARLY_EVERYBODY = 0.5
"""A trigger that fires for a larger share of all subjects singles nobody out."""
FEWEST = 20
"""Subjects from which on a share tells anything."""
MOST = 200_000
"""Looks at once; of more, those of a share of the people are taken."""
THINGS = {
    Subject.SESSION: "visits",
    Subject.INTERACTION: "contacts",
    Subject.APPOINTMENT: "appointments",
    Subject.PERSON: "people",
}


@dataclass(frozen=True)
class Lately:
    """Every look at a kind of subject in the last days, with features and scores as of each."""

    since: datetime
    until: datetime
    share: float
    """Of the people, who were looked at: 1, unless they are too many."""
    looks: pa.Table
    scored: Scored


@dataclass(frozen=True, slots=True)
class Reach:
    """Of how many subjects a trigger would have fired for how many."""

    subject: Subject
    looked_at: int
    fired: int

    @property
    def share(self) -> float:
        """Return the share it fires for; 0 of none."""
        return self.fired / self.looked_at if self.looked_at else 0.0

    @property
    def nearly_everybody(self) -> bool:
        """Return whether it singles nobody out, as far as so many subjects can tell."""
        return self.looked_at >= FEWEST and self.share > NEARLY_EVERYBODY

    @property
    def words(self) -> str:
        """Return it as a sentence that begins with `it`."""
        things = THINGS[self.subject]
        if not self.looked_at:
            return f"there were no {things} to try it on"
        return f"it fires for {self.fired} of {self.looked_at} {things} ({self.share:.0%})"


def lately(app: App, subject: Subject, days: int = DAYS) -> Lately:
    """Return the last days as the engine would have looked at them, from database and history."""
    if days < 1:
        raise WrongUse(f"--days {days}: try it on one day at least")
    until = app.now()
    since = until - timedelta(days=days)
    relations = app.history.relations()
    with over_history(app, relations) as duck:
        share = min(1.0, MOST / max(1, count(duck, subject, since, until)))
        found = looks(duck, subject, since, until, share)
    subjects = found.drop_columns(["moment"])
    scored = score_subjects(app, subject, subjects, relations)
    if subject is Subject.SESSION:
        scored = Scored(_with_drops(app, scored.frame), scored.artifacts)
    return Lately(since, until, share, found, scored)


def _with_drops(app: App, frame: pa.Table) -> pa.Table:
    """Return the frame with how far each score lies below the highest of the earlier looks."""
    whole = frame.to_pandas()
    for name in models_of(app, Subject.SESSION):
        highest = whole.sort_values("as_of", kind="stable").groupby("subject_id")[name].cummax()
        column = drop_of(name).name
        fallen = pa.array(
            (highest - whole[name]).reindex(whole.index), pa.float64(), from_pandas=True
        )
        frame = frame.set_column(frame.column_names.index(column), column, fallen)
    return frame


def reach(found: Lately, trigger: Trigger) -> Reach:
    """Return how many of the subjects a trigger's condition holds for at one of the looks at least."""
    ids = pd.Series(found.looks["subject_id"].to_numpy(zero_copy_only=False), dtype="str")
    (mask,) = triggers.fire(found.scored.frame, [trigger]).values()
    fired = pd.Series(found.scored.frame["subject_id"].to_numpy(zero_copy_only=False))[mask]
    return Reach(trigger.subject, int(ids.nunique()), int(fired.nunique()))


def reach_of(app: App, trigger: Trigger, days: int = DAYS) -> Reach | None:
    """Return a trigger's reach over the last days; None where nothing looks at such subjects yet."""
    if not looked_at(trigger.subject):
        return None
    return reach(lately(app, trigger.subject, days), trigger)


def warning(trigger: Trigger, found: Reach) -> str:
    """Return what to say of a trigger that singles nobody out; nothing of any other.

    Who asked to be contacted is contacted: there everybody may be meant.
    """
    if trigger.contact_class is ContactClass.REQUESTED or not found.nearly_everybody:
        return ""
    return f"{trigger.name} singles nobody out: {found.words}; narrow its condition"


def refuse_nearly_everybody(app: App, trigger: Trigger) -> None:
    """Raise WrongUse for a trigger that fires for nearly everybody of the last days."""
    found = reach_of(app, trigger)
    if found is not None and (words := warning(trigger, found)):
        raise WrongUse(f"{words}, or approve it --anyway")
