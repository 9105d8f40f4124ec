"""Records that come late and are corrected, where one trouble meets another."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from tests.simulation.played import frame, offers, unresolved_qualifiers
from tests.simulation.troubled import Path, bank


def test_contacts_that_the_fuller_queues_bring_about_are_corrected_like_others(calm: Path) -> None:
    asked = offers(unresolved_qualifiers(calm), "callback")
    late, full = bank("late"), bank("late", "crowding")
    for world in (late, full):
        world.respond(asked)
    usual, within = (frame(world.path()["interactions"]) for world in (late, full))
    instead = within[~within["interaction_id"].isin(usual["interaction_id"])]
    served = instead[~instead["abandoned"].astype(bool)].sort_values("known_at")
    versions = served.groupby("interaction_id")
    assert versions.ngroups > 50
    assert (versions.size() == 2).sum() > 0.1 * versions.ngroups
    first, last = versions.first(), versions.last()
    twice = versions.size() == 2
    assert (first.loc[twice, "disposition"] != last.loc[twice, "disposition"]).all()
    # Whatever was told at all is told in two versions where it was wrong, as in `path`.
    told = full.history()["interactions"], full.until(full.ends_at + timedelta(days=400))
    both = pd.concat([frame(told[0]), frame(told[1]["interactions"])])
    assert both.groupby("interaction_id").size().to_dict() == (
        within.groupby("interaction_id").size().to_dict()
    )
