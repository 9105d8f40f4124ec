"""What each customer is worth: the score that stands behind every stake."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from engage.app.app import App
from engage.app.engines import over_history
from engage.app.frames import Scored, models_of, score_subjects
from engage.app.scores import keep_scores
from engage.domain.runs import JobReport
from engage.domain.scores import Subject

_EVERYBODY = """
    select person_id as subject_id, person_id, $now::timestamp as as_of
    from (
        select coalesce(l.canonical_id, p.person_id) as person_id
        from people p left join links l on l.person_id = p.person_id
    )
    group by all order by person_id
"""


def value_customers(app: App) -> JobReport:
    """Score every known customer by the models that score people."""
    if not models_of(app, Subject.PERSON):
        return JobReport(note="no model scores people")
    scored = score_everybody(app, app.now())
    keep_scores(app, scored, Subject.PERSON)
    done = scored.frame.num_rows if scored.artifacts else 0
    note = "" if scored.artifacts else "no model that scores people is trained yet"
    return JobReport(seen=scored.frame.num_rows, done=done, note=note)


def score_everybody(app: App, now: datetime) -> Scored:
    """Return features and scores of every known person as of a moment."""
    relations = app.history.relations()
    with over_history(app, relations) as duck:
        text = _EVERYBODY.replace("$now", f"'{now:%Y-%m-%d %H:%M:%S.%f}'")
        everybody: pa.Table = duck.table(text)
    return score_subjects(app, Subject.PERSON, everybody, relations)
