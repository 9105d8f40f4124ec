"""Do the demonstration's intervals hold the truth? `python benchmarks/coverage.py --seeds 20`.

Each seed is a bank of its own that lives through the same jobs; the truth is what the simulation
knows. An interval of 95 % should miss about one time in twenty.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

ENGAGE = Path(sys.executable).with_name("engage")


class Shown(NamedTuple):
    """One seed's interval beside its truth, in points."""

    seed: int
    estimate: float
    low: float
    high: float
    truth: float

    @property
    def held(self) -> bool:
        """Return whether the truth lies within."""
        return self.low <= self.truth <= self.high


def main() -> int:
    """Run the seeds one after the other and print how often the truth was held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("more", nargs="*", help="passed on to `engage demo`, behind `--`")
    asked = parser.parse_args()
    found: dict[str, list[Shown]] = defaultdict(list)
    for seed in range(asked.first, asked.first + asked.seeds):
        for trigger, shown in _demo(seed, asked.more):
            found[trigger].append(shown)
        print(f"seed {seed}: {_line(found)}", flush=True)
    print(f"\n{'trigger':<30}{'seeds':>6}{'held':>6}{'mean error':>12}{'mean width':>12}")
    for trigger, seeds in sorted(found.items()):
        error = sum(one.estimate - one.truth for one in seeds) / len(seeds)
        width = sum(one.high - one.low for one in seeds) / len(seeds)
        held = sum(one.held for one in seeds)
        print(f"{trigger:<30}{len(seeds):>6}{held:>6}{error:>+12.1f}{width:>12.1f}")
    print(f"together {_line(found)}")
    return 0


def _line(found: dict[str, list[Shown]]) -> str:
    every = [one for seeds in found.values() for one in seeds]
    return f"{sum(one.held for one in every)} of {len(every)} intervals hold the truth"


def _demo(seed: int, more: list[str]) -> list[tuple[str, Shown]]:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        command = [ENGAGE, "demo", "--seed", str(seed), "--json", str(told), *more]
        command += ["--folder", str(Path(folder) / "demo")]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"seed {seed} failed: {done.stderr[-2000:]}")
        report: dict[str, Any] = json.loads(told.read_text())
    pairs = ((one, report["truth"].get(one["name"], {})) for one in report["triggers"])
    return [
        (one["name"], _shown(seed, one["effect"], truth))
        for one, truth in pairs
        if one["effect"].get("estimate") is not None and _known(truth.get("between_arms"))
    ]


def _known(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _shown(seed: int, effect: dict[str, Any], truth: dict[str, Any]) -> Shown:
    estimate, low, high = (100 * effect[name] for name in ("estimate", "low", "high"))
    return Shown(seed, estimate, low, high, truth=100 * truth["between_arms"])


if __name__ == "__main__":
    sys.exit(main())
