"""How simulating grows with the bank: `benchmarks/scale.py simulate 10000 100000 [--nasty]`.

Eight weeks of events and two years of transactions before launch, one live week after it. Each size
is measured in a process of its own: seconds until everything is drawn, until history has been told
in pieces and until the live week has been, rows told, and the memory that the process held at most.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import timedelta

_COLUMNS = "{:>10} {:>9} {:>9} {:>9} {:>12} {:>10}"


def simulate(people: int, nasty: bool) -> dict[str, float]:
    """Return the figures of one bank."""
    from engage.simulate.nastiness import Nastiness
    from engage.simulate.world import World

    began = time.monotonic()
    troubles = Nastiness.all() if nasty else Nastiness.none()
    world = World(people, 1, weeks_before=8, weeks_live=1, nastiness=troubles)
    drawn = time.monotonic()
    rows = sum(piece.num_rows for _, piece in world.history_in_pieces())
    told = time.monotonic()
    rows += sum(t.num_rows for t in world.until(world.starts_at + timedelta(days=7)).values())
    return {
        "people": people,
        "drawn_s": round(drawn - began, 1),
        "history_s": round(told - began, 1),
        "live_s": round(time.monotonic() - began, 1),
        "rows": rows,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Measure each size in a process of its own and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("what", choices=["simulate"])
    options.add_argument("people", type=int, nargs="+")
    options.add_argument("--nasty", action="store_true", help="with every trouble")
    options.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.here:
        print(json.dumps(simulate(asked.people[0], asked.nasty)))
        return
    print(_COLUMNS.format("people", "drawn s", "history s", "live s", "rows", "peak MB"))
    for people in asked.people:
        command = [sys.executable, __file__, "simulate", str(people), "--here"]
        command += ["--nasty"] if asked.nasty else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(_COLUMNS.format(*json.loads(done.stdout).values()), flush=True)


if __name__ == "__main__":
    main()
