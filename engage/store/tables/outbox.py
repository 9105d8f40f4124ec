"""Messages on their way out, every attempt to send them, what the provider said, what came back."""

from __future__ import annotations

import sqlalchemy as sa

from engage.domain.actions import ContactClass
from engage.domain.messages import OPEN_STATES
from engage.store.tables.base import json, metadata, moment, whole, words

messages = sa.Table(
    "messages",
    metadata,
    words("message_id", key=True),
    words("decision_id"),
    words("person_id"),
    words("channel"),
    words("action"),
    words("class"),
    words("destination", empty=True),
    words("body", empty=True),
    words("reference", empty=True),
    json("details"),
    words("state"),
    moment("due_at"),
    moment("expires_at"),
    whole("attempts", start=0),
    whole("lapses", start=0),
    words("claimed_by", null=True),
    moment("lease_until", null=True),
    whole("fence", start=0),
    words("provider_id", null=True),
    words("note", empty=True),
    moment("created_at"),
    moment("updated_at"),
    sa.UniqueConstraint("decision_id"),
    sa.Index(None, "state", "channel", "due_at"),
    sa.Index(None, "person_id"),
    sa.Index(None, "provider_id"),
    sa.Index(None, "reference"),
)

_open_outreach = sa.and_(
    messages.c.state.in_([sa.literal_column(f"'{state}'") for state in sorted(OPEN_STATES)]),
    messages.c["class"] != sa.literal_column(f"'{ContactClass.REQUESTED}'"),
)
# One open offer per person, whatever decides at the same moment; what they asked for is extra.
sa.Index(
    "uq_messages_open",
    messages.c.person_id,
    unique=True,
    sqlite_where=_open_outreach,
    postgresql_where=_open_outreach,
)

message_attempts = sa.Table(
    "message_attempts",
    metadata,
    sa.Column(
        "message_id",
        messages.c.message_id.type,
        sa.ForeignKey("messages.message_id"),
        primary_key=True,
    ),
    whole("number", key=True),
    moment("started_at"),
    moment("ended_at", null=True),
    words("result", null=True),
    words("code", empty=True),
)

receipts = sa.Table(
    "receipts",
    metadata,
    words("receipt_id", key=True),
    # No foreign key: a provider's callback may come before our own commit.
    words("message_id", null=True),
    words("provider_id"),
    words("status"),
    moment("at"),
    json("raw"),
    sa.Index(None, "message_id"),
    sa.Index(None, "provider_id"),
)

replies = sa.Table(
    "replies",
    metadata,
    words("reply_id", key=True),
    words("provider_id"),
    words("channel"),
    words("sender"),
    words("recipient", empty=True),
    words("body", empty=True),
    json("raw"),
    moment("received_at"),
    moment("stored_at"),
    words("meaning"),
    whole("digit", null=True),
    words("rule", empty=True),
    # What it was a digit for, and what we said to it (stop, start, help), if anything.
    words("message_id", null=True),
    words("answered", empty=True),
    words("state"),
    words("verdict", null=True),
    words("judged_by", null=True),
    moment("judged_at", null=True),
    sa.UniqueConstraint("channel", "provider_id"),
    sa.Index(None, "sender", "received_at"),
    sa.Index(None, "state", "received_at"),
)
