from __future__ import annotations

import pyarrow as pa
import pytest

from engage.decide.triggers import fire
from engage.errors import PredicateRefused
from tests.decide.world import trigger

FRAME = pa.table(
    {
        "subject_id": ["ses_1", "ses_2", "ses_3", "ses_4"],
        "calculator_views": [1, 0, 2, 3],
        "local_hour": [22, 23, 4, 12],
        "session_intent": pa.array([0.3, 0.9, None, 0.8], pa.float64()),
    }
)
NIGHT = "calculator_views >= 1 and (local_hour >= 21 or local_hour < 5) and session_intent >= 0.3"


def test_each_trigger_fires_where_its_condition_holds() -> None:
    fired = fire(FRAME, [trigger("night", when=NIGHT), trigger("keen", when="session_intent > .5")])
    assert fired["night"].tolist() == [True, False, False, False]
    assert fired["keen"].tolist() == [False, True, False, True]


def test_no_trigger_is_no_question() -> None:
    assert fire(FRAME, []) == {}


def test_a_condition_over_an_unknown_column_names_its_trigger() -> None:
    with pytest.raises(PredicateRefused, match="night"):
        fire(FRAME, [trigger("night", when="calculator_view >= 1")])
