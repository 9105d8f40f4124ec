"""The relations that queries read, as tables: one each, with the columns the domain declares."""

from __future__ import annotations

import sqlalchemy as sa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.decisions import DECISIONS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.people import LINKS, PEOPLE
from engage.domain.sessions import SESSIONS
from engage.domain.staffing import STAFFING
from engage.domain.transactions import TRANSACTIONS
from engage.domain.values import VALUES
from engage.store.tables.base import flag, hot, json, moment, real, whole, words

events = hot(EVENTS)
sessions = hot(SESSIONS, moment("last_at", null=True), sa.Index(None, "last_at"))
interactions = hot(INTERACTIONS)
corrections = hot(CORRECTIONS)
transactions = hot(TRANSACTIONS)
people = hot(PEOPLE)
links = hot(LINKS, sa.Index(None, "canonical_id"))
appointments = hot(APPOINTMENTS)
outcomes = hot(OUTCOMES)
exclusions = hot(EXCLUSIONS)
staffing = hot(STAFFING)
values = hot(VALUES)

decisions = hot(
    DECISIONS,
    words("source", empty=True),
    words("subject_id", null=True),
    whole("trigger_version", null=True),
    words("run_id", null=True),
    flag("qualified", null=True),
    words("arm_global", null=True),
    words("arm_trigger", null=True),
    json("allowed"),
    json("propensities"),
    json("values"),
    json("reasons"),
    words("plan_version", null=True),
    words("policy_version", null=True),
    json("artifacts"),
    json("features"),
    real("draw", null=True),
    whole("stake_minor", null=True),
    moment("horizon_until", null=True),
    moment("moment", null=True),
    flag("must_serve", null=True),
    real("band", null=True),
    sa.Index(None, "trigger", "decided_at"),
    sa.Index(None, "subject_id"),
)
