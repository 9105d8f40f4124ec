"""Will a shop's visit end in a purchase? UCI Online Shoppers, 12,330 real visits, 80/20 by seed."""

from __future__ import annotations

import csv

from against import evaluated, paired
from figures import Figure, at_least
from project import DATA, Project

FILE = "online_shoppers_intention.csv"
SEEDS = range(5)
NOON = "2018-12-15T12:00:30"
AFTER = "2018-12-18T00:00:00"
"""Half a minute after the visits of December, while a chat offer lives; the file has no times, so each month has one."""


def measure(project: Project) -> list[Figure]:
    """Return how well intent is ranked, and what is decided for the visits of December."""
    for kind, mapping in (("people", "people"), ("events", "visits"), ("events", "purchases")):
        project.bring(kind, DATA / FILE, mapping)
    project.told("job", "archive_history")
    decided = _decided(project)
    project.bring("events", DATA / FILE, "purchases_december")
    project.told("job", "archive_history")
    return [
        *_ranked(project, "session_intent", (0.930, 0.740), (".932", ".744")),
        *_ranked(project, "session_intent_plain", (0.780, 0.360), (".783", ".367")),
        *decided,
        *_afterwards(project),
    ]


def _decided(project: Project) -> list[Figure]:
    """Decide for the visits of December before anybody knows how they end."""
    project.told("models", "train", "--at", "2018-12-14T00:00:00")
    project.told("job", "plan_capacity", "--at", NOON)
    scored = project.told("job", "score_sessions", "--at", NOON)[0]
    decided = project.told("decisions", "list", "--limit", "20000")
    offered = sum(one["action"] == "chat_offer" for one in decided)
    with (DATA / FILE).open(newline="") as file:
        in_december = sum(row["Month"] == "Dec" for row in csv.DictReader(file))
    return [
        Figure(
            "visits of December scored before their end",
            f"{scored['seen']:,}",
            f"{in_december:,}",
            "counted in the file",
            scored["seen"] == in_december,
        ),
        Figure("of them offered a chat in dry run / qualified", f"{offered:,} / {len(decided):,}"),
    ]


def _afterwards(project: Project) -> list[Figure]:
    """Measure what the offers changed: they were never shown, so it can be nothing but chance."""
    project.told("job", "deliver_messages", "--at", AFTER)
    project.told("job", "record_outcomes", "--at", AFTER)
    report = project.told("report", "--at", AFTER)["triggers"]
    effect = next(one for one in report if one["name"] == "likely_to_buy")["effect"]
    low, high = effect["low"], effect["high"]
    broken = sum(map(len, project.told("verify").values()))
    return [
        Figure(
            "effect on purchases of offers that nobody saw",
            f"{effect['estimate']:+.3f} ({low:+.3f} to {high:+.3f})",
            "0 within",
            "no effect, by construction",
            low <= 0 <= high,
        ),
        Figure("laws broken (engage verify)", str(broken), "0", "", broken == 0),
    ]


def _ranked(
    project: Project, model: str, targets: tuple[float, float], peers: tuple[str, str]
) -> list[Figure]:
    both = evaluated(project, model, SEEDS)
    runs = [ours for ours, _ in both]
    about = "" if model == "session_intent" else ", without PageValues"
    return [
        at_least(f"ROC AUC{about}", [r["roc_auc"] for r in runs], targets[0], f"{peers[0]} (peer)"),
        at_least(f"PR AUC{about}", [r["pr_auc"] for r in runs], targets[1], f"{peers[1]} (peer)"),
        *paired(both, about),
    ]
