from __future__ import annotations

import pandas as pd

from engage.decide.stake import stakes
from engage.domain.triggers import Stake
from tests.decide.world import trigger

MARGINS = {"mortgage": 240_000, "card": 5_000}


def test_a_fixed_stake_is_the_trigger_s_own() -> None:
    frame = pd.DataFrame({"subject_id": ["a", "b"]})
    assert stakes(frame, trigger(stake_minor=700), MARGINS).tolist() == [700, 700]


def test_a_journey_s_stake_is_what_is_lost_if_the_visitor_gives_up() -> None:
    frame = pd.DataFrame({"session_intent": [0.25, None, 1.0]})
    named = trigger(stake=Stake.JOURNEY, journey="mortgage")
    assert stakes(frame, named, MARGINS).tolist() == [180_000, 240_000, 0]


def test_a_visit_may_name_its_own_journey() -> None:
    frame = pd.DataFrame({"journey": ["card", "mortgage", "other", None], "session_intent": 0.5})
    own = trigger(stake=Stake.JOURNEY, stake_minor=1_000)
    assert stakes(frame, own, MARGINS).tolist() == [2_500, 120_000, 500, 500]


def test_a_journey_nobody_named_has_the_trigger_s_stake() -> None:
    frame = pd.DataFrame({"session_intent": [0.5]})
    assert stakes(frame, trigger(stake=Stake.JOURNEY, stake_minor=1_000), MARGINS).tolist() == [500]
    unknown = trigger(stake=Stake.JOURNEY, journey="boat", stake_minor=1_000)
    assert stakes(frame, unknown, MARGINS).tolist() == [0]


def test_a_customer_s_stake_is_their_value_times_the_chance_to_leave() -> None:
    frame = pd.DataFrame({"customer_value": [10_000.4, None, -500.0]})
    leaving = trigger(stake=Stake.CUSTOMER, stake_share=0.2)
    assert stakes(frame, leaving, {}).tolist() == [2_000, 0, 0]
    assert stakes(pd.DataFrame({"x": [1]}), leaving, {}).tolist() == [0]


def test_a_model_that_says_who_leaves_goes_before_the_share() -> None:
    """100.00 that leave with a chance of 0.3 are 30.00 at stake; unknown, the share of 0.25 counts."""
    frame = pd.DataFrame(
        {
            "customer_value": [10_000.0, 10_000.0, 10_000.0, None],
            "interaction_churn": [0.3, 0.0, None, 0.3],
        }
    )
    leaving = trigger(stake=Stake.CUSTOMER, stake_share=0.25)
    assert stakes(frame, leaving, {}).tolist() == [3_000, 0, 2_500, 0]


def test_who_leaves_moves_no_other_stake() -> None:
    frame = pd.DataFrame({"session_intent": [0.25], "interaction_churn": [0.5]})
    named = trigger(stake=Stake.JOURNEY, journey="mortgage")
    assert stakes(frame, named, MARGINS).tolist() == [180_000]
    assert stakes(frame, trigger(stake_minor=700), MARGINS).tolist() == [700]
