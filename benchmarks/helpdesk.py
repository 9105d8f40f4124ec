"""Which closed tickets come back? 4TU's help-desk log, 3,804 tickets of which 3.4 % came back.

The log is put in order of time and cut at a moment in June 2012: what was known by then is imported,
learned from, scored, decided in dry run and ranked as cases; then the rest of the log arrives. 130
tickets that came back are few to learn from, so the model's figures move by several points with the
seed. The log names no customers: one customer a ticket is made up, with numbers kept for fiction.
"""

from __future__ import annotations

import csv
from pathlib import Path

from figures import Figure
from project import DATA, Project

FILE = "helpdesk.csv"
SEEDS = range(5)
MOMENT = "2012-06-20 11:00:00"
"""A Wednesday morning, in the log's own civil time (Rome)."""
MOMENT_UTC = "2012-06-20T09:00:00"
LATER_UTC = "2012-12-31T09:00:00"
CLOSING = "6"


def measure(project: Project) -> list[Figure]:
    """Return how well returns are foretold, and what is decided and ranked at the moment."""
    lines = _in_order(DATA / FILE)
    before, whole = project.folder / "before.csv", project.folder / "log.csv"
    _write(before, lines[:1] + [line for line in lines[1:] if line[2] <= MOMENT])
    _write(whole, lines)
    _write(project.folder / "contacts.csv", _contacts(lines[1:]))
    project.bring("people", project.folder / "contacts.csv", "people")
    _arrive(project, before)
    decided = _decided(project, lines)
    _arrive(project, whole)
    return [*_foretold(project), *decided, *_afterwards(project)]


def _in_order(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        head, *lines = csv.reader(file)
    return [head, *sorted(lines, key=lambda line: line[2])]


def _write(path: Path, lines: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(lines)


def _contacts(lines: list[list[str]]) -> list[list[str]]:
    """Return a number for each ticket: Ofcom keeps 020 7946 0000 to 0999 for fiction."""
    tickets = sorted({line[0] for line in lines}, key=int)
    numbers = [[case, f"020 7946 {place % 1000:04d}"] for place, case in enumerate(tickets)]
    return [["CaseID", "phone"], *numbers]


def _arrive(project: Project, log: Path) -> None:
    project.bring("events", log, "activities")
    project.bring("interactions", log, "closings")
    project.told("job", "archive_history")


def _decided(project: Project, lines: list[list[str]]) -> list[Figure]:
    project.told("models", "train", "--at", MOMENT_UTC)
    project.told("job", "plan_capacity", "--at", MOMENT_UTC)
    scored = project.told("job", "score_interactions", "--at", MOMENT_UTC)[0]
    project.told("job", "deliver_messages", "--at", MOMENT_UTC)
    ranked = project.told("job", "build_recovery_list", "--at", MOMENT_UTC)[0]
    decided = project.told("decisions", "list", "--limit", "20000")
    called = sum(one["action"] == "call_back" for one in decided)
    held_out = sum(one["arm"] == "held_out" for one in decided)
    closed = len({line[0] for line in lines[1:] if line[1] == CLOSING and line[2] <= MOMENT})
    return [
        Figure(
            "tickets closed by 20 June 2012 and scored",
            f"{scored['seen']:,}",
            f"{closed:,}",
            "counted in the file",
            scored["seen"] == closed,
        ),
        Figure("decided: call back / held out / all", f"{called} / {held_out} / {len(decided)}"),
        Figure("cases on the ranked list", str(ranked["done"]), "> 0", "", ranked["done"] > 0),
    ]


def _foretold(project: Project) -> list[Figure]:
    by_seed = [
        project.told("models", "evaluate", "came_back", "--split", "random", "--seed", str(seed))
        for seed in SEEDS
    ]
    n = len(by_seed)
    auc, precision = ([one[name] for one in by_seed] for name in ("roc_auc", "pr_auc"))
    base = sum(one["base_rate"] for one in by_seed) / n
    return [
        Figure(
            "tickets that came back",
            f"{by_seed[0]['rarer']} of {by_seed[0]['rows']:,}",
            "130 of 3,804",
            "counted in the file",
            (by_seed[0]["rarer"], by_seed[0]["rows"]) == (130, 3804),
        ),
        Figure(
            "ROC AUC", f"{sum(auc) / n:.3f} ({min(auc):.3f} to {max(auc):.3f})", "", ".500 (chance)"
        ),
        Figure(
            "PR AUC",
            f"{sum(precision) / n:.3f} ({min(precision):.3f} to {max(precision):.3f})",
            "",
            f"{base:.3f} (base rate of the judged)",
        ),
    ]


def _afterwards(project: Project) -> list[Figure]:
    project.told("job", "deliver_messages", "--at", LATER_UTC)
    project.told("job", "record_outcomes", "--at", LATER_UTC)
    project.told("report", "--at", LATER_UTC)
    broken = sum(map(len, project.told("verify").values()))
    return [Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0)]
