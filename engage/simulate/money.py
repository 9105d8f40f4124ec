"""What the bank earns: monthly margins, products that goals lead to, accounts that are closed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from engage.domain.ids import Prefix
from engage.domain.transactions import TRANSACTIONS
from engage.simulate.calendar import DAY, HOUR, NEVER, micros
from engage.simulate.journeys import JOURNEYS, NAMES, of
from engage.simulate.people import PRODUCTS, People
from engage.simulate.streams import Draws, Floats, Ints
from engage.simulate.tables import BASELINE, NO_NEED, Rows, arrow, words

CURRENCY = "EUR"
MONTHLY_MARGIN_MINOR = np.array([450.0, 600.0, 900.0, 3_800.0, 9_500.0])
"""Usual margin of each product in a month, in cents."""
MARGIN_SHARE = np.array([0.02, 0.004, 0.03, 0.12, 0.06])
"""Margin as a share of the amount that moved."""
KINDS = ("fee", "interest", "fee", "interest", "interest")
OPENED, CLOSED = "product_opened", "account_closed"
BOOKED_AFTER = 6 * HOUR
"""The engine learns of a booking some hours later."""
GIANT = 500
"""The enormous customer earns as much as so many others."""
MONTH = 30 * DAY
YEAR = 365 * DAY


def months(start: datetime, before: int, until: int) -> Ints:
    """Return the first of each month, from `before` months ahead of `start` to a last time."""
    zero = start.year * 12 + start.month - 1
    span = range(zero - before, zero + 1 + (until - micros(start)) // MONTH + 1)
    firsts = [micros(datetime(m // 12, m % 12 + 1, 1, tzinfo=UTC)) for m in span]
    return np.array([first for first in firsts if first <= until], dtype=np.int64)


def usual_margin(people: People, seed: int) -> Floats:
    """Return each person's usual margin in a month and product, in cents; 0 for what they lack."""
    scale = np.exp(0.5 * Draws(seed, "margins").bell("scale", len(people), len(PRODUCTS)))
    return np.where(people.holds, np.round(MONTHLY_MARGIN_MINOR * scale), 0.0)


def with_giant(usual: Floats, among: Ints, seed: int) -> Floats:
    """Return the margins with those of one of some people raised to GIANT times the mean of all."""
    if not len(among):
        return usual
    one = among[int(Draws(seed, "giant").uniform("who", 1)[0] * len(among))]
    raised = usual.copy()
    raised[one, PRODUCTS.index("current")] += np.round(GIANT * usual.sum(axis=1).mean())
    return raised


def monthly_rows(people: People, usual: Floats, firsts: Ints, number: int, seed: int) -> Rows:
    """Return the fees and interest of some months: one row for each product that somebody holds.

    `firsts` are the firsts of the months, `number` the place of the first of them in the books.
    """
    holding, product = np.nonzero(people.holds)
    n, always = len(holding), Draws(seed, "transactions")
    on = (1 + always.uniform("booking_day", n) * 27).astype(np.int64) * DAY + 3 * HOUR
    months = [Draws(seed, f"transactions {number + k}") for k in range(len(firsts))]
    varies = 0.8 + 0.4 * np.concatenate([month.uniform("varies", n) for month in months])
    ids = pa.concat_arrays([month.ids(Prefix.TRANSACTION, n) for month in months])
    holding, product = np.tile(holding, len(firsts)), np.tile(product, len(firsts))
    ts = np.repeat(firsts, n) + np.tile(on, len(firsts))
    theirs = np.flatnonzero(ts >= people.joined[holding])
    person, product, ts = holding[theirs], product[theirs], ts[theirs]
    margin = np.round(usual[person, product] * varies[theirs]).astype(np.int64)
    return _rows(
        ids.take(pa.array(theirs)),
        people,
        person,
        ts,
        words(KINDS, product),
        product,
        np.round(margin / MARGIN_SHARE[product]).astype(np.int64),
        margin,
    )


def product_months(finished: Ints, journey: Ints, until: int) -> tuple[Ints, Ints, Ints]:
    """Return (index, month, ts) of the bookings that finished applications lead to.

    Month 0 is the opening, which earns nothing; each month after it earns a twelfth of the year's
    margin. Journeys that sell nothing lead to nothing.
    """
    index = np.flatnonzero((finished != NEVER) & (of("annual_margin_minor", journey) > 0))
    opened = opening(finished[index], journey[index])
    number = np.maximum((until - opened) // MONTH + 1, 0)
    row = np.repeat(np.arange(len(index)), number)
    month = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    return index[row], month, opened[row] + month * MONTH


def opening(finished: Ints, journey: Ints) -> Ints:
    """Return when the product is opened after an application."""
    return finished + of("approval_days", journey).astype(np.int64) * DAY


def product_rows(
    ids: pa.Array,
    people: People,
    person: Ints,
    journey: Ints,
    month: Ints,
    ts: Ints,
    *,
    amount: Ints,
    need: Ints,
    finished: Ints,
    log: Ints | None = None,
) -> Rows:
    """Return bookings of new products; they stand as long as the application does."""
    product = np.array([PRODUCTS.index(j) if j in PRODUCTS else 0 for j in NAMES])[journey]
    yearly = of("annual_margin_minor", journey)
    margin = np.where(month > 0, yearly / 12, 0).astype(np.int64)
    moved = np.where(month > 0, np.round(margin / MARGIN_SHARE[product]), amount * 100)
    kinds = words((*KINDS, OPENED), np.where(month > 0, product, len(KINDS)))
    return _rows(
        ids, people, person, ts, kinds, product, moved.astype(np.int64), margin,
        need=need, anchor=finished, log=log,
    )  # fmt: skip


def closing_rows(
    ids: pa.Array, people: People, person: Ints, ts: Ints, need: Ints, anchor: Ints
) -> Rows:
    """Return closed accounts."""
    n = len(person)
    nothing = np.zeros(n, dtype=np.int64)
    return _rows(
        ids, people, person, ts, words((CLOSED,), nothing), nothing, nothing, nothing,
        need=need, anchor=anchor,
    )  # fmt: skip


def own_closings(people: People, seed: int) -> Rows:
    """Return the accounts that are closed for reasons of people's own."""
    person = np.flatnonzero(people.closed != NEVER)
    ts = people.closed[person]
    ids = Draws(seed, "closings").ids(Prefix.TRANSACTION, len(person))
    none = np.full(len(person), NO_NEED, dtype=np.int64)
    return closing_rows(ids, people, person, ts, none, ts)


def yearly_value(journey: Ints) -> Ints:
    """Return what a year of each journey's product earns, in cents."""
    return np.array([j.annual_margin_minor for j in JOURNEYS], dtype=np.int64)[journey]


def _rows(
    ids: pa.Array,
    people: People,
    person: Ints,
    ts: Ints,
    kinds: pa.Array,
    product: Ints,
    amount: Ints,
    margin: Ints,
    *,
    need: Ints | None = None,
    anchor: Ints | None = None,
    log: Ints | None = None,
) -> Rows:
    n = len(person)
    known = ts + BOOKED_AFTER
    table = arrow(
        TRANSACTIONS,
        n,
        {
            "transaction_id": ids,
            "person_id": people.ids.take(pa.array(person)),
            "ts": ts,
            "known_at": known,
            "kind": kinds,
            "product": words(PRODUCTS, product),
            "amount_minor": amount,
            "margin_minor": margin,
            "currency": CURRENCY,
        },
    )
    conditional = np.zeros(n, dtype=np.bool_) if log is None else log != BASELINE
    return Rows.of(
        table, known=known, ts=ts, person=person, need=need, anchor=anchor, log=log,
        conditional=conditional,
    )  # fmt: skip
