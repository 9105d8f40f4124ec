"""Money that moved: purchases, fees, payments, with the margin the company made."""

from __future__ import annotations

from engage.domain.relations import Column, Kind, Relation, known_at, person_id

TRANSACTIONS = Relation(
    "transactions",
    ("transaction_id",),
    "a purchase, fee, payment or account change",
    (
        Column("transaction_id", Kind.ID, "the transaction", required=True),
        person_id(),
        Column("ts", Kind.TIME, "when it was booked", required=True),
        known_at(),
        Column("kind", Kind.TEXT, "purchase, fee, interest, account_closed, ..."),
        Column("product", Kind.TEXT, "which product"),
        Column("amount_minor", Kind.MONEY, "amount in minor units"),
        Column("margin_minor", Kind.MONEY, "what the company earned on it, in minor units"),
        Column("currency", Kind.TEXT, "ISO 4217 code"),
    ),
    time="ts",
    partition="month",
)
