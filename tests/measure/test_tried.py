"""Evidence for uplift comes from those whom a trigger's condition held for."""

from __future__ import annotations

from engage.measure.report import Watched
from engage.measure.tried import tried
from tests.measure.conftest import DAY, START, history, qualifications


def test_who_was_let_in_from_the_band_teaches_nothing_of_the_trigger() -> None:
    arms = ("treated", "held_out", "treated", "held_out")
    rows = [
        {"person_id": f"p{one}", "arm_trigger": arm, "band": 0.1 if one >= 2 else None}
        for one, arm in enumerate(arms)
    ]
    watched = [Watched("call_unresolved", "submitted", 0.5)]
    with history() as engine:
        found = tried(engine, qualifications(*rows), watched, START + 30 * DAY)
    assert found["call_unresolved"].rows["person_id"].to_pylist() == ["p0", "p1"]
