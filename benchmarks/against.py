"""Engage beside other libraries, on the same rows: they run in environments of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from figures import Figure
from project import HERE, ROOT, CommandFailed, Project

INSTALLED = ROOT / "var" / "peers"
NAMES = {"roc_auc": "ROC AUC", "pr_auc": "PR AUC"}
NOISE = {"roc_auc": 0.002, "pr_auc": 0.004}
"""Of a paired difference of two equal models, from benchmarks.md."""

Runs = Sequence[tuple[Mapping[str, Any], Mapping[str, Mapping[str, float]]]]
"""Of each seed what Engage tells, and the figures of the peers by name; none without them."""


def asked(peers: str, *files: Path) -> str | None:
    """Run `peers/PEERS.py` in its own environment; return what it prints, None if not installed."""
    python = INSTALLED / peers / "bin" / "python"
    if not python.exists():
        return None
    # -I: nothing of Engage's own environment reaches theirs.
    command = [str(python), "-I", str(HERE / "peers" / f"{peers}.py"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(
            f"peers/{peers}.py ended with {done.returncode}; if a library is missing, run make peers: "
            f"{done.stderr.strip()[-2000:]}"
        )
    return done.stdout


def missing(what: str) -> Figure:
    """Return the line that stands where peers are not installed."""
    return Figure(what, "not installed: make peers")


def evaluated(project: Project, model: str, seeds: Sequence[int]) -> Runs:
    """Judge a model on random fifths of the people, and each peer on the same ones."""
    return [_evaluated(project, model, seed) for seed in seeds]


def _evaluated(
    project: Project, model: str, seed: int
) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, float]]]:
    rows = project.folder / "rows.parquet"
    command = ["models", "evaluate", model, "--split", "random", "--seed", str(seed)]
    ours = project.told(*command, "--rows", rows.name)
    told = asked("scores", rows)
    return ours, json.loads(told) if told else {}


def paired(runs: Runs, about: str = "") -> list[Figure]:
    """Return the mean difference from the best peer on the same rows, or that there is no peer."""
    told = [peers for _, peers in runs if peers]
    if not told:
        return [missing(f"peers on the same rows{about}")]
    return [_paired(told, metric, about) for metric in NAMES]


def _paired(told: Sequence[Mapping[str, Mapping[str, float]]], metric: str, about: str) -> Figure:
    means = {name: mean(one[name][metric] for one in told) for name in told[0] if name != "Engage"}
    best = max(means, key=lambda name: means[name])
    apart = [one["Engage"][metric] - one[best][metric] for one in told]
    everyone = ", ".join(f"{name} {value:.3f}" for name, value in sorted(means.items()))
    return Figure(
        f"{NAMES[metric]}{about}, minus the best peer's on the same rows",
        f"{mean(apart):+.4f} (sd of {len(apart)} seeds {stdev(apart):.4f})",
        f">= {-NOISE[metric]:.3f}, the noise of two equals",
        everyone,
        mean(apart) >= -NOISE[metric],
    )
