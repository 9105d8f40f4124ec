from __future__ import annotations

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engage.domain.ids import Prefix
from engage.simulate import bank, ledger
from engage.simulate.streams import Draws
from engage.simulate.world import World
from tests.simulation.played import RELATIONS, digest, everything_told, in_order, nasty_bank

BANK_OF_SEED_1 = "17ad5209432605f18aa6fed3edc091c1"
"""The bank of 200 people and seed 1. Whoever means to change the bank writes the new one here."""
NASTY_BANK_OF_SEED_1 = "f9186e3fbb38a4fc86b2e8f128b71b86"
"""The same bank with every trouble, once all who could be helped had been approached."""

TELL = """
import pyarrow
pyarrow.set_cpu_count({threads})
from engage.simulate.world import World
from tests.simulation.played import digest
from tests.simulation.played import nasty_bank
print(digest(World(200, 1).path()), digest(nasty_bank().path()), nasty_bank().moments()[-1])
"""


def test_the_same_seed_gives_the_same_bank() -> None:
    assert digest(World(200, 5).history()) == digest(World(200, 5).history())
    assert digest(World(200, 5).path()) == digest(World(200, 5).path())


def test_another_seed_gives_another_bank() -> None:
    assert digest(World(200, 5).history()) != digest(World(200, 6).history())


def test_the_bank_is_the_same_on_every_machine() -> None:
    assert digest(World(200, 1).path()) == BANK_OF_SEED_1


def test_the_nasty_bank_is_the_same_on_every_machine() -> None:
    assert digest(nasty_bank().path()) == NASTY_BANK_OF_SEED_1


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_hash_seeds_and_processor_features_do_not_matter(threads: int) -> None:
    plain = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR AVX2 FMA3"
    environment = os.environ | {
        "OMP_NUM_THREADS": str(threads),
        "PYTHONHASHSEED": str(7 * threads),
        # numpy then computes logarithms and exponentials as an old processor would
        "NPY_DISABLE_CPU_FEATURES": plain if threads == 1 else "",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONWARNINGS": "ignore",
    }
    told = subprocess.run(
        [sys.executable, "-c", TELL.format(threads=threads)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    moment = nasty_bank().moments()[-1]
    assert told.stdout.strip() == f"{BANK_OF_SEED_1} {NASTY_BANK_OF_SEED_1} {moment}"


def test_a_column_does_not_depend_on_which_others_are_drawn_before_it() -> None:
    alone = Draws(7, "people").uniform("skill", 5)
    draws = Draws(7, "people")
    draws.uniform("something_new", 1_000)
    assert draws.uniform("skill", 5).tolist() == alone.tolist()
    assert Draws(7, "other").uniform("skill", 5).tolist() != alone.tolist()


def test_the_first_people_of_a_larger_bank_are_those_of_a_smaller_one() -> None:
    small, large = World(50, 3).history()["people"], World(80, 3).history()["people"]
    assert large.slice(0, 50).equals(small.slice(0, 50))


def test_ids_have_the_shape_of_derived_ones() -> None:
    ids = Draws(1, "events").ids(Prefix.EVENT, 1_000)
    assert len(ids.unique()) == 1_000
    assert pc.all(pc.match_substring_regex(ids, "^evt_[0-9a-f]{32}$")).as_py()


def test_what_is_told_does_not_depend_on_how_often_one_asks() -> None:
    at_once, in_steps = World(100, 2), World(100, 2)
    steps = [in_steps.until(moment) for moment in in_steps.moments()]
    told = at_once.until(at_once.moments()[-1])
    for name, rows in told.items():
        assert pa.concat_tables([step[name] for step in steps]).equals(rows), name


def test_all_that_is_told_in_the_end_is_the_path() -> None:
    world = World(100, 2)
    told, path = everything_told(world), world.path()
    for name, rows in told.items():
        assert in_order(name, rows).equals(in_order(name, path[name])), name


def test_history_in_pieces_is_history(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = World(300, 2).history()
    monkeypatch.setattr(bank, "PIECE", 1_000)
    monkeypatch.setattr(ledger, "ROWS_OF_A_PAGE", 1)
    pieces: dict[str, list[pa.Table]] = {}
    for name, piece in World(300, 2).history_in_pieces():
        pieces.setdefault(name, []).append(piece)
    assert len(pieces["events"]) > 3
    # Bookings before launch lie in 25 months, and the first days of the launch's own.
    assert len(pieces["transactions"]) in (25, 26)
    for name, rows in whole.items():
        both = [rows, pa.concat_tables(pieces[name])]
        if name in RELATIONS:
            both = [in_order(name, one) for one in both]
        assert both[0].equals(both[1]), name
