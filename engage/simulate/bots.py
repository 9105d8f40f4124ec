"""Machines on the page: fast, thorough, at any hour, and nobody there to answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from engage.domain.ids import Prefix, derive_column
from engage.simulate import pages
from engage.simulate import visits as v
from engage.simulate.calendar import HOUR, milliseconds
from engage.simulate.journeys import NAMES
from engage.simulate.people import SOURCE, People
from engage.simulate.streams import Draws
from engage.simulate.tables import NO_PERSON, Rows

PEOPLE_FOR_EACH = 150
RUNS = 4
PAGES = 100
OPENS = (v.LANDING, v.INFO, v.CALCULATOR, v.CALCULATED, v.FORM_PAGE)
WEIGHTS = (0.1, 0.45, 0.2, 0.15, 0.1)
JOURNEYS = tuple(NAMES.index(name) for name in ("mortgage", "loan"))


def rows(people: People, seed: int, first: int, last: int) -> Rows:
    """Return all that bots do between two times: each comes RUNS times and opens PAGES pages.

    Half a second on average from one page to the next; every run in a browser of its own.
    """
    draws = Draws(seed, "bots")
    runs = RUNS * max(1, len(people) // PEOPLE_FOR_EACH)
    run, n = np.repeat(np.arange(runs), PAGES), runs * PAGES
    starts = first + milliseconds(draws.uniform("start", runs) * ((last - first - HOUR) / 1e6))
    gaps = milliseconds(0.2 + 0.6 * draws.uniform("seconds", runs, PAGES))
    ts = starts[run] + np.cumsum(gaps, axis=1).ravel()
    known = ts + milliseconds(draws.between("delay", n, 1.0, 4.0))
    names = [f"bot-{one}-{seed}" for one in range(runs)]
    browsers = pa.array(derive_column(Prefix.PERSON, [SOURCE] * runs, names), pa.string())
    nothing = np.zeros(n, dtype=np.int64)
    steps = pages.Steps(
        ids=draws.ids(Prefix.EVENT, n),
        who=browsers.take(pa.array(run)),
        person=nothing,
        step=np.array(OPENS)[draws.pick("page", n, WEIGHTS)],
        ts=ts,
        known=known,
        journey=np.array(JOURNEYS)[draws.pick("journey", runs, (0.7, 0.3))][run],
        device=nothing,
        campaign=nothing - 1,
        amount=nothing,
    )
    nobody = np.full(n, NO_PERSON, dtype=np.int64)
    return Rows.of(pages.events(steps, people), known=known, ts=ts, person=nobody)
