"""What does each customer spend next? CDNOW, 23,570 customers, 39 weeks seen and 39 to predict."""

from __future__ import annotations

from figures import Figure
from project import DATA, Project

FILE = "CDNOW_master.txt"
SEEDS = range(3)
"""Of the training only: the split is the one of Fader and Hardie."""
AFTER = "1998-08-01T00:00:00"


def measure(project: Project) -> list[Figure]:
    """Return how far the predicted spend of each customer is from what they spent."""
    project.bring("transactions", DATA / FILE, "transactions")
    project.told("job", "archive_history")
    runs = [
        project.told(
            "models",
            "evaluate",
            "customer_value",
            "--split",
            "time",
            "--seed",
            str(seed),
            "--at",
            AFTER,
        )
        for seed in SEEDS
    ]
    rmse, gini, bias = (_mean(runs, name) for name in ("rmse", "ngini", "bias"))
    rmse /= 100
    broken = sum(map(len, project.told("verify").values()))
    people = runs[0]["n"]
    return [
        Figure("customers judged", f"{people:,}", "23,570", "", people == 23_570),
        Figure(
            "spend RMSE, dollars", f"{rmse:.1f}", "<= 92.9", "91.7 to 93.0 (peers)", rmse <= 92.9
        ),
        Figure("normalised Gini", f"{gini:.3f}", ">= .715", ".672 to .724 (peers)", gini >= 0.715),
        Figure(
            "bias of the total",
            f"{bias:+.0%}",
            "within 15 %",
            "-9 to -17 % (peers)",
            abs(bias) <= 0.15,
        ),
        Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0),
    ]


def _mean(runs: list[dict[str, float]], name: str) -> float:
    return sum(run[name] for run in runs) / len(runs)
