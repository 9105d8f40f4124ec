"""Who is let in from the band below a threshold: by chance, apart from all others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from engage.decide.assignment import held_out
from engage.decide.band import below, explored, let_in
from tests.decide.world import World, only, trigger

SCORES = ("session_intent",)
NIGHT = trigger(
    "night", when="views >= 1 and session_intent >= 0.3", band=0.05, exploration=0.1, holdout=0.5
)
MANY = [f"ses_{one}" for one in range(20_000)]


def frame(scores: list[float | None], views: list[int] | None = None) -> pa.Table:
    return pa.table(
        {
            "subject_id": [f"ses_{one}" for one in range(len(scores))],
            "session_intent": pa.array(scores, pa.float64()),
            "views": views or [1] * len(scores),
        }
    )


def test_the_band_reaches_from_its_lower_end_up_to_the_threshold() -> None:
    known = frame([0.2499, 0.25, 0.2999, 0.3, 0.9, None, 0.27], [1, 1, 1, 1, 1, 1, 0])
    # Of .25 to .3 the lower end is in, the threshold is not; without a view nothing helps.
    mask = below(known, [NIGHT], SCORES)["night"]
    assert mask.tolist() == [False, True, True, False, False, False, False]


def test_a_trigger_without_a_band_lets_nobody_in() -> None:
    assert below(frame([0.27]), [trigger("night", when="session_intent >= 0.3")], SCORES) == {}


def test_so_many_are_let_in_as_are_explored() -> None:
    # 20,000 x .1 = 2,000, give or take four standard deviations of 42.
    assert abs(int(let_in(NIGHT, MANY, b"secret").sum()) - 2_000) < 170


def test_looking_again_never_lets_in_more() -> None:
    once = explored(frame([0.27] * 200), [NIGHT], SCORES, b"secret")["night"]
    again = explored(frame([0.28] * 200), [NIGHT], SCORES, b"secret")["night"]
    assert 0 < once.sum() < 200
    assert once.tolist() == again.tolist()


def test_who_is_let_in_says_nothing_about_the_arms() -> None:
    let = let_in(NIGHT, MANY, b"secret")
    for scope in ("global", "night"):
        held = held_out(MANY, scope, 0.5, salt=b"secret", epoch="1")
        table = [[int((let & held).sum()), int((let & ~held).sum())]]
        table.append([int((~let & held).sum()), int((~let & ~held).sum())])
        assert chi2_contingency(table).pvalue > 0.001


def test_a_decision_says_with_which_chance_it_was_let_in() -> None:
    world = World()
    assert only(world.decide([world.candidate(band=0.1)]).decisions)["band"] == 0.1
    decided = world.decide([world.candidate(band=np.nan)])
    assert np.isnan(only(decided.decisions)["band"])
    assert decided.tables()["decisions"]["band"].to_pylist() == [None]
    assert "band" not in only(decided.decisions)["features"]


@pytest.mark.parametrize("order", [1, -1])
def test_nobody_is_let_in_before_one_whom_a_condition_holds_for(order: int) -> None:
    world = World(triggers=(trigger("calm", actions=("sms",)), trigger("night", actions=("chat",))))
    rows = [
        world.candidate(trigger="calm", subject_id="ses_1", stake_minor=10_000),
        world.candidate(trigger="night", subject_id="ses_2", stake_minor=900_000, band=0.1),
    ]
    decided = world.decide(pd.DataFrame(rows[::order]))
    # By worth it would be the other: .04 x 900,000 - 350 against .01 x 10,000 - 28.
    assert only(decided.decisions)["trigger"] == "calm"
    assert only(decided.refusals)["reasons"] == ["open_action"]
