"""What stands around a decision: qualifications, refusals, ledgers, the policies and plans of then."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import flag, json, metadata, moment, real, seq, whole, words

qualifications = sa.Table(
    "qualifications",
    metadata,
    words("decision_id", key=True),
    words("person_id"),
    words("trigger"),
    whole("trigger_version"),
    words("subject_id"),
    moment("qualified_at"),
    words("plan_version", empty=True),
    flag("first", no=True),
    sa.Index(None, "person_id", "trigger"),
    sa.Index(None, "trigger", "qualified_at"),
    sa.Index(None, "subject_id"),
)
# One first qualification per person and trigger, however many processes decide at once.
sa.Index(
    "uq_qualifications_first",
    qualifications.c.person_id,
    qualifications.c.trigger,
    unique=True,
    sqlite_where=qualifications.c.first,
    postgresql_where=qualifications.c.first,
)

refusals = sa.Table(
    "refusals",
    metadata,
    seq(),
    words("refusal_id"),
    words("person_id"),
    words("trigger"),
    words("subject_id", null=True),
    json("reasons", null=False),
    moment("at"),
    words("run_id", empty=True),
    sa.UniqueConstraint("refusal_id"),
    sa.Index(None, "person_id", "trigger", "at"),
    sa.Index(None, "subject_id"),
    sqlite_autoincrement=True,
)

refusal_counts = sa.Table(
    "refusal_counts",
    metadata,
    words("run_id", key=True),
    words("trigger", key=True),
    words("reason", key=True),
    whole("n"),
)

ghost_ledger = sa.Table(
    "ghost_ledger",
    metadata,
    words("decision_id", key=True),
    words("person_id"),
    words("trigger"),
    words("subject_id", null=True),
    words("action"),
    words("channel"),
    words("class", empty=True),
    moment("at"),
    real("agent_minutes", null=True),
    whole("cost_minor", null=True),
    moment("rest_until", null=True),
    sa.Index(None, "person_id", "at"),
)

contact_ledger = sa.Table(
    "contact_ledger",
    metadata,
    words("decision_id", key=True),
    words("person_id"),
    words("subject_id", null=True),
    words("channel"),
    words("class"),
    moment("at"),
    words("state"),
    moment("rest_until", null=True),
    sa.Index(None, "person_id", "at"),
    sa.Index(None, "channel", "at"),
)

weighed = sa.Table(
    "weighed",
    metadata,
    words("weighed_id", key=True),
    words("trigger"),
    moment("at"),
    real("weight"),
    json("options", null=False),
    sa.Index(None, "at"),
)

policies = sa.Table(
    "policies",
    metadata,
    words("policy_version", key=True),
    moment("first_used_at"),
    json("body", null=False),
)

plans = sa.Table(
    "plans",
    metadata,
    words("plan_version", key=True),
    moment("created_at"),
    json("body", null=False),
    sa.Index(None, "created_at"),
)
