from __future__ import annotations

import pytest

from engage.collect.kinds import known_kind
from engage.domain.catalog import IMPORTABLE
from engage.errors import WrongUse

ALL = "here are people, events, interactions, transactions, appointments, decisions, outcomes, "


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("visits", "events"),
        ("call", "interactions"),
        ("Customers", "people"),
        ("opt-outs", "exclusions"),
        ("rota", "staffing"),
        ("transaction", "transactions"),
    ],
)
def test_a_kind_that_is_called_otherwise_is_told_what_it_is_here(said: str, meant: str) -> None:
    with pytest.raises(WrongUse) as refused:
        known_kind(said)
    told = str(refused.value)
    assert told.startswith(f"there is no kind {said!r} to import; did you mean {meant!r}? T{ALL}")


def test_a_kind_that_is_like_none_is_told_all() -> None:
    with pytest.raises(WrongUse, match=rf"there is no kind 'xyz' to import; t{ALL}"):
        known_kind("xyz")


def test_every_kind_is_known() -> None:
    for kind in IMPORTABLE:
        known_kind(kind)
