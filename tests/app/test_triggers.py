"""A trigger can be stopped by itself, and goes on where it was."""

from __future__ import annotations

import pytest

from engage.app.triggers import switch
from engage.domain.triggers import TriggerState
from engage.errors import WrongUse
from tests.bank import Bank

NAME = "application_abandoned"


def test_a_paused_trigger_approaches_nobody_until_it_goes_on(bank: Bank) -> None:
    switch(bank.app, NAME, TriggerState.PAUSED, by="Eve")
    bank.abandon_forms(3)
    assert bank.count("decisions") == 0

    assert switch(bank.app, NAME, TriggerState.LIVE, by="Eve").version == 1
    bank.later(seconds=30)
    bank.run("score_sessions")
    assert bank.count("decisions") == 3
    assert [
        (row["verb"], row["by"])
        for row in bank.rows('select verb, "by" from approvals where name = :n', n=NAME)
    ] == [("paused", "Eve"), ("live", "Eve")]


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("application_abandonned", TriggerState.PAUSED, "'application_abandoned'"),
        (NAME, TriggerState.LIVE, f"trigger {NAME} is live; it cannot become live"),
    ],
)
def test_what_cannot_be_switched_says_why(
    bank: Bank, name: str, state: TriggerState, words: str
) -> None:
    with pytest.raises(WrongUse, match=words):
        switch(bank.app, name, state)
