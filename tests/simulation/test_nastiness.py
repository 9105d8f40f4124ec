"""Troubles are switched on by one, and leave all other draws and the truth alone."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engage.simulate.nastiness import NAMES, Nastiness
from engage.simulate.world import World
from tests.simulation.played import (
    LAUNCH,
    NIGHT,
    RELATIONS,
    UNRESOLVED,
    digest,
    everything_told,
    finished,
    frame,
    in_order,
    night_qualifiers,
    offers,
    qualified_table,
    randomised,
    recovered,
    unresolved_qualifiers,
)
from tests.simulation.troubled import (
    GAP,
    PEOPLE,
    SEED,
    Path,
    bank,
)

STEADY = frozenset(NAMES) - {"outage", "seasons"}
"""Those that do not change what people have on their mind, or when."""
UNTOUCHED = {
    "crowding": RELATIONS,
    "merges": ("interactions", "transactions", "appointments"),
    "unseen": RELATIONS,
    "outage": ("appointments",),
    "late": ("events", "appointments", "links"),
    "giant": ("events", "interactions", "appointments", "links"),
    "skew": ("transactions", "appointments", "links"),
    "bots": ("interactions", "transactions", "appointments", "links"),
}
"""By switch, the relations in which it changes nothing while nobody is approached."""


def test_a_bank_has_no_troubles_unless_asked(calm: Path) -> None:
    assert digest(World(PEOPLE, SEED).path()) == digest(calm)
    assert Nastiness.none() == Nastiness()
    assert Nastiness.all() == Nastiness.only(*NAMES)


@pytest.mark.parametrize("name", UNTOUCHED)
def test_a_trouble_leaves_what_it_is_not_about_alone(name: str, calm: Path) -> None:
    path = bank(name).path()
    for relation in UNTOUCHED[name]:
        assert path[relation].equals(calm[relation]), relation


@pytest.mark.parametrize("name", sorted(STEADY))
def test_what_people_would_do_does_not_depend_on_how_it_is_told(name: str) -> None:
    assert bank(name).potential_outcomes().equals(bank().potential_outcomes())


@pytest.mark.parametrize("name", sorted(STEADY))
def test_a_switch_works_the_same_beside_all_others(name: str) -> None:
    """Whatever else is on: the rows that this switch makes or loses are the same rows."""
    others = STEADY - {name}

    def keys(*names: str) -> dict[str, set[tuple[object, ...]]]:
        path = bank(*names, people=300).path()
        return {r: {tuple(row.values())[:2] for row in path[r].to_pylist()} for r in RELATIONS}

    plain, one, rest, all_of_them = keys(), keys(name), keys(*others), keys(name, *others)
    for relation in RELATIONS:
        assert all_of_them[relation] - rest[relation] == one[relation] - plain[relation]


def test_all_at_once_what_is_told_step_by_step_is_the_path() -> None:
    at_once, in_steps = (World(150, 2, nastiness=Nastiness.all()) for _ in range(2))
    steps = [in_steps.until(moment) for moment in in_steps.moments()]
    told = at_once.until(at_once.moments()[-1])
    for name, rows in told.items():
        assert pa.concat_tables([step[name] for step in steps]).equals(rows), name
    world = World(150, 2, nastiness=Nastiness.all())
    told, path = everything_told(world), world.path()
    for name, rows in told.items():
        assert in_order(name, rows).equals(in_order(name, path[name])), name


def test_all_at_once_what_has_been_told_never_changes() -> None:
    world = World(600, 3, nastiness=Nastiness.all())
    alone = world.path()
    told = [world.history(), world.until(LAUNCH + timedelta(days=14))]
    world.respond(offers(night_qualifiers(alone), "chat_offer"))
    world.respond(offers(unresolved_qualifiers(alone), "callback"))
    told += [world.until(LAUNCH + timedelta(days=days)) for days in (15, 20, 40, 600)]
    path = world.path()
    for name in RELATIONS:
        rows = pa.concat_tables([part[name] for part in told])
        assert in_order(name, rows).equals(in_order(name, path[name])), name


def test_all_at_once_the_order_in_which_offers_arrive_does_not_matter() -> None:
    forwards, backwards = (World(400, 3, nastiness=Nastiness.all()) for _ in range(2))
    alone = forwards.path()
    chats = offers(night_qualifiers(alone), "chat_offer")
    calls = offers(unresolved_qualifiers(alone), "callback")
    forwards.respond(chats)
    forwards.respond(calls)
    for asked in (calls, chats):
        for k in reversed(range(len(asked))):
            backwards.respond(asked.slice(k, 1))
    one, other = forwards.path(), backwards.path()
    for name in RELATIONS:
        assert in_order(name, one[name]).equals(in_order(name, other[name])), name
        known = frame(one[name])["known_at"]
        assert not ((known >= GAP[0]) & (known < GAP[1])).any(), "answers are held back as well"


def test_all_at_once_a_fair_coin_still_finds_the_truth_in_most_banks() -> None:
    covered = dict.fromkeys((NIGHT, UNRESOLVED), 0)
    for seed in range(20):
        world = World(600, seed, nastiness=Nastiness.all())
        alone = world.path()
        night = randomised(night_qualifiers(alone), 1_000 + seed)
        calls = randomised(unresolved_qualifiers(alone), 2_000 + seed)
        world.respond(offers(night[night["arm"] == "treated"], "chat_offer"))
        world.respond(offers(calls[calls["arm"] == "treated"], "callback"))
        truth, path = world.truth(qualified_table(pd.concat([night, calls]))), world.path()
        for name, people, success in ((NIGHT, night, finished), (UNRESOLVED, calls, recovered)):
            true, outcome = truth[name], success(people, path).astype(float)
            treated = (people["arm"] == "treated").to_numpy()
            arms = outcome[treated], outcome[~treated]
            error = 1.96 * np.sqrt(sum(arm.var(ddof=1) / len(arm) for arm in arms))
            # Bots gain nothing in either arm; the held out feel the queues as well.
            aim = true["between_arms"]
            covered[name] += abs(arms[0].mean() - arms[1].mean() - aim) <= error
    assert min(covered.values()) >= 17, covered
