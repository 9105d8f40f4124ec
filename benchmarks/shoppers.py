"""Will a shop's visit end in a purchase? UCI Online Shoppers, 12,330 real visits, 80/20 by seed."""

from __future__ import annotations

from figures import Figure, at_least
from project import DATA, Project

FILE = "online_shoppers_intention.csv"
SEEDS = range(5)
NOON = "2018-12-15T12:00:30"
"""Half a minute after the visits of December, while a chat offer lives; the file has no times, so each month has one."""


def measure(project: Project) -> list[Figure]:
    """Return how well intent is ranked, and what is decided for the visits of December."""
    for kind, mapping in (("people", "people"), ("events", "visits"), ("events", "purchases")):
        project.bring(kind, DATA / FILE, mapping)
    project.told("job", "archive_history")
    figures = [
        *_ranked(project, "session_intent", (0.930, 0.740), (".932", ".744")),
        *_ranked(project, "session_intent_plain", (0.780, 0.360), (".783", ".367")),
    ]
    project.told("models", "train", "--at", "2018-12-14T00:00:00")
    project.told("job", "plan_capacity", "--at", NOON)
    scored = project.told("job", "score_sessions", "--at", NOON)[0]
    decided = project.told("decisions", "list", "--limit", "20000")
    offered = sum(one["action"] == "chat_offer" for one in decided)
    broken = sum(map(len, project.told("verify").values()))
    return [
        *figures,
        Figure("visits of December scored and decided in dry run", f"{scored['seen']:,} scored"),
        Figure("of them offered a chat / decided", f"{offered:,} / {len(decided):,}"),
        Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0),
    ]


def _ranked(
    project: Project, model: str, targets: tuple[float, float], peers: tuple[str, str]
) -> list[Figure]:
    runs = [
        project.told("models", "evaluate", model, "--split", "random", "--seed", str(seed))
        for seed in SEEDS
    ]
    about = "" if model == "session_intent" else ", without PageValues"
    return [
        at_least(f"ROC AUC{about}", [r["roc_auc"] for r in runs], targets[0], f"{peers[0]} (peer)"),
        at_least(f"PR AUC{about}", [r["pr_auc"] for r in runs], targets[1], f"{peers[1]} (peer)"),
    ]
