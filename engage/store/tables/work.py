"""The work of people: slots that can be kept, call-backs promised, cases to follow up."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import Words, flag, json, metadata, moment, real, whole, words

slots = sa.Table(
    "slots",
    metadata,
    words("slot_id", key=True),
    words("queue"),
    moment("starts_at"),
    moment("ends_at"),
    whole("capacity"),
    whole("booked", start=0),
    sa.Index(None, "queue", "starts_at"),
)

callbacks = sa.Table(
    "callbacks",
    metadata,
    words("callback_id", key=True),
    words("person_id"),
    words("decision_id", null=True),
    sa.Column("slot_id", Words, sa.ForeignKey("slots.slot_id"), nullable=True),
    words("state"),
    flag("phone_needed", no=True),
    moment("created_at"),
    moment("updated_at"),
    sa.Index(None, "person_id"),
    sa.Index(None, "slot_id"),
    sa.Index(None, "state"),
)

cases = sa.Table(
    "cases",
    metadata,
    words("case_id", key=True),
    words("person_id"),
    words("subject_id"),
    words("trigger"),
    words("decision_id", null=True),
    moment("opened_at"),
    words("state"),
    moment("due_at", null=True),
    real("rank_value", null=True),
    json("reasons"),
    words("owner", null=True),
    moment("closed_at", null=True),
    words("disposition", null=True),
    sa.Index(None, "person_id"),
    sa.Index(None, "state", "due_at"),
)

case_attempts = sa.Table(
    "case_attempts",
    metadata,
    sa.Column("case_id", Words, sa.ForeignKey("cases.case_id"), primary_key=True),
    whole("number", key=True),
    moment("at"),
    words("result"),
    words("note", empty=True),
)

contact_audits = sa.Table(
    "contact_audits",
    metadata,
    words("interaction_id", key=True),
    words("person_id"),
    moment("as_of"),
    real("score", null=True),
    real("share"),
    moment("drawn_at"),
    words("verdict", null=True),
    words("judged_by", null=True),
    moment("judged_at", null=True),
    sa.Index(None, "person_id"),
    sa.Index(None, "drawn_at"),
)
