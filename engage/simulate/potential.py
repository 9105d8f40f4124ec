"""The truth as it is written apart: what each need comes to alone, and under each answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engage.features.schema import TIME
from engage.simulate.bank import Bank
from engage.simulate.finding import Finder
from engage.simulate.responses import ANSWERS, CALL, CHAT, READ, SLOT, outcomes
from engage.simulate.tables import table, words

KINDS = ("matter", "concern", "meeting")
OUTCOMES = ("nothing", "helped", "put_off")
TRUTH = pa.schema(
    [
        ("need", pa.int64()),
        ("person_id", pa.string()),
        ("kind", pa.string()),
        ("begins", TIME),
        ("chance_alone", pa.float64()),
        ("comes_anyway", pa.bool_()),
        ("answer", pa.string()),
        ("outcome", pa.string()),
    ]
)
"""One row for each need and each answer that can change it."""


def potential_outcomes(bank: Bank, finder: Finder) -> pa.Table:
    """Return what each answer, given as soon as the need begins, does to each need."""
    parts = [_under(bank, finder, mode) for mode in (CHAT, CALL, SLOT, READ)]
    return pa.concat_tables(parts)


def _under(bank: Bank, finder: Finder, mode: int) -> pa.Table:
    n = len(bank.needs)
    need = np.arange(n, dtype=np.int64)
    alone = finder.alone(need)
    outcome = outcomes(
        bank.responses,
        bank.people,
        bank.needs,
        need,
        np.full(n, mode, dtype=np.int64),
        bank.needs.begins,
        **alone,
    )
    columns = {
        "need": need,
        "person_id": bank.people.ids.take(pa.array(bank.needs.person)),
        "kind": words(KINDS, bank.needs.kind),
        "begins": bank.needs.begins,
        "chance_alone": alone["chance"],
        "comes_anyway": alone["comes_anyway"],
        "answer": ANSWERS[mode],
        "outcome": words(OUTCOMES, outcome),
    }
    return table(TRUTH, n, columns)
