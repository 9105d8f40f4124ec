"""Will a call end in a term deposit? UCI Bank Marketing, 41,188 real calls, without `duration`.

The targets and the figures marked "peer" are of other draws of the split. The mean of five draws moves
by about .004 (ROC AUC) and .006 (PR AUC) from one set of draws to another; the differences from peers
who learn from the same rows and are judged on the same ones do not.
"""

from __future__ import annotations

from against import evaluated, paired
from figures import Figure, at_least
from project import DATA, Project

FILE = "bank-additional-full.csv"
SEEDS = range(5)


def measure(project: Project) -> list[Figure]:
    """Return how well the calls that end in a deposit are ranked, 80/20 by seed."""
    for kind, mapping in (
        ("people", "people"),
        ("interactions", "calls"),
        ("transactions", "deposits"),
    ):
        project.bring(kind, DATA / FILE, mapping)
    project.told("job", "archive_history")
    both = evaluated(project, "deposit", SEEDS)
    runs = [ours for ours, _ in both]
    eces = [run["ece"] for run in runs]
    broken = sum(map(len, project.told("verify").values()))
    return [
        at_least("ROC AUC", [run["roc_auc"] for run in runs], 0.804, ".807 (peer)"),
        at_least("PR AUC", [run["pr_auc"] for run in runs], 0.475, ".481 (peer)"),
        *paired(both),
        Figure("calibration error (ECE)", f"{sum(eces) / len(eces):.3f}", "", ".008 (peer)"),
        Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0),
    ]
