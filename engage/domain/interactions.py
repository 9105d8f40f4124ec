"""A contact with the company: a call, a chat, a message, an e-mail, a visit to a branch."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from engage.domain.relations import Column, Kind, Relation, known_at, person_id


class InitiatedBy(StrEnum):
    """Who began a contact; what the engine began never counts as a customer coming back."""

    CUSTOMER = "customer"
    COMPANY = "company"
    ENGINE = "engine"


class Resolved(StrEnum):
    """Whether the contact solved the matter, as far as the record says."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


INTERACTIONS = Relation(
    "interactions",
    ("interaction_id",),
    "a call, chat, message, e-mail or branch visit",
    (
        Column("interaction_id", Kind.ID, "the contact", required=True),
        person_id(),
        Column("ts", Kind.TIME, "when it began", required=True),
        Column("ended_at", Kind.TIME, "when it ended"),
        known_at(),
        Column(
            "channel",
            Kind.TEXT,
            "call, chat, message, e-mail, branch",
            required=True,
            choices=("call", "chat", "message", "e-mail", "branch"),
        ),
        Column("direction", Kind.TEXT, "inbound or outbound", choices=("inbound", "outbound")),
        Column(
            "initiated_by",
            Kind.TEXT,
            "customer, company or engine",
            required=True,
            choices=tuple(InitiatedBy),
        ),
        Column("topic", Kind.TEXT, "what it was about; the queue where the record has none"),
        Column("queue", Kind.TEXT, "which queue took it"),
        Column("wait_s", Kind.REAL, "seconds waited before an agent answered"),
        Column("talk_s", Kind.REAL, "seconds of conversation"),
        Column("wrap_s", Kind.REAL, "seconds of wrap-up"),
        Column("transfers", Kind.INTEGER, "how often it was passed on"),
        Column("abandoned", Kind.FLAG, "the customer gave up waiting"),
        Column("disposition", Kind.TEXT, "how the agent closed it"),
        Column(
            "resolved",
            Kind.TEXT,
            "true, false or unknown",
            choices=tuple(Resolved),
        ),
        Column("handled_by", Kind.TEXT, "person or bot", choices=("person", "bot")),
        Column("thread_id", Kind.TEXT, "the conversation it continues"),
        Column("survey_score", Kind.REAL, "the customer's own rating"),
    ),
    time="ts",
    first_stays=True,
)

CORRECTIONS = replace(
    INTERACTIONS,
    name="corrections",
    key=("interaction_id", "known_at"),
    meaning=(
        "what the record of a contact said later, after a correction; `interactions` keeps what "
        "it said first"
    ),
    columns=(
        *INTERACTIONS.columns,
        Column(
            "corrected_at",
            Kind.TIME,
            "when it was said: the greatest is the last word, under whatever identity",
            required=True,
        ),
    ),
)
"""`known_at` moves on when an identity becomes a person, `corrected_at` never does."""
