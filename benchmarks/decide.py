"""How long does it take to decide about a million? `python benchmarks/decide.py`.

Candidates of four actions, each of another person, of whom a third are refused by something; from the
frame of candidates and the context of people to decisions, refusals, arms, ghosts and messages as
tables. Each size in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from engage.decide.capacity import Plan
from engage.decide.frequency import COUNTED
from engage.decide.hours import Window
from engage.decide.policy import decide
from engage.decide.rules import Rules
from engage.domain.actions import Action, ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
OPEN = Window.of(("mon", "tue", "wed", "thu", "fri", "sat"), "09:00", "19:00")
ACTIONS = {
    one.name: one
    for one in (
        Action("chat", "chat_offer", agent_minutes=6, queue="chat", prior_lift=0.04),
        Action("call_now", "callback", agent_minutes=6, queue="phone", prior_lift=0.05),
        Action("slot", "callback", agent_minutes=6, queue="phone", prior_lift=0.05, slot=True),
        Action("sms", "sms", cost_minor=8, annoyance_minor=20, needs="sms", prior_lift=0.0005),
    )
}
TRIGGERS = {
    name: Trigger(
        name,
        Subject.SESSION,
        "true",
        ("chat", "call_now", "slot", "sms"),
        "applied",
        timedelta(days=14),
        contact_class=kind,
    )
    for name, kind in (("night", ContactClass.MARKETING), ("struggling", ContactClass.SERVICE))
}
RULES = Rules(
    "policy", {"DE": dict.fromkeys((ContactClass.SERVICE, ContactClass.MARKETING), (OPEN,))}
)


def people(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the context of n people: some without a number, consent or budget, some resting."""
    yes = rng.random((5, n))
    given = np.datetime64("2026-10-01", "us")
    columns = {
        "country": "DE",
        "region": "",
        "places": [("DE",)] * n,
        "zones": [("Europe/Berlin",)] * n,
        "has_phone": yes[0] < 0.9,
        "has_email": True,
        "suppressed": yes[1] < 0.02,
        "excluded": yes[2] < 0.02,
        "must_serve": False,
        "gpc": False,
        "open_action": yes[3] < 0.05,
        "rest_until": np.full(n, "NaT", "datetime64[us]"),
        **{name: (rng.random(n) < 0.1).astype(np.int64) for name in COUNTED},
        **dict.fromkeys(("all_24h", "all_30d", "requested_dials_24h"), 0),
        "by_subject": [None] * n,
        "consent:sms": np.where(yes[4] < 0.7, given, np.datetime64("NaT")),
        "arm_global": [None] * n,
    }
    names = [f"per_{i:032x}" for i in range(n)]
    return pd.DataFrame(columns, index=pd.Index(names, dtype="str", name="person_id"))


def candidates(known: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a candidate of each person, with two features and two scores."""
    n = len(known)
    at = np.datetime64("2026-11-03T11:59:30", "us")
    return pd.DataFrame(
        {
            "trigger": rng.choice(list(TRIGGERS), n),
            "subject_id": [f"ses_{i:032x}" for i in range(n)],
            "person_id": known.index,
            "as_of": at,
            "moment": at,
            "last_alive": at,
            "stake_minor": rng.lognormal(9, 1, n).astype(np.int64),
            "session_intent": rng.random(n),
            "session_struggle": rng.random(n),
            "pages": rng.integers(1, 30, n),
        }
    )


def measure(n: int, price: float) -> dict[str, float]:
    """Decide about n candidates once; return seconds and megabytes."""
    rng = np.random.default_rng(1)
    known = people(n, rng)
    frame = candidates(known, rng)
    starts = np.datetime64("2026-11-03T13:00", "us") + np.arange(12) * np.timedelta64(30, "m")
    slots = pd.DataFrame(
        {
            "slot_id": [f"phone-{i}" for i in range(12)],
            "queue": "phone",
            "starts_at": starts,
            "ends_at": starts + np.timedelta64(30, "m"),
            "free": 100_000,
        }
    )
    plan = Plan("plan", {"chat": 1e6, "phone": 1e6}, slots, {"chat": price, "phone": price})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    decided = decide(
        frame, TRIGGERS, ACTIONS, known, RULES, plan,
        now=NOON, salt=b"salt", secret=b"secret", run_id="run",
    )  # fmt: skip
    judged = time.perf_counter() - begun
    tables = decided.tables()
    return {
        "n": n,
        "decide_s": judged,
        "tables_s": time.perf_counter() - begun - judged,
        "before_mb": before,
        "most_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "qualified": tables["decisions"].num_rows,
    }


def main() -> int:
    """Print each size's figures, and how they grow."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--price", type=float, default=400.0, help="of a minute, in minor units")
    parser.add_argument("--one", action="store_true", help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.sizes[0], asked.price)))
        return 0
    print(
        f"{'candidates':>12}{'qualified':>12}{'decide s':>10}{'us each':>10}{'tables s':>10}{'MB':>8}{'of it input':>13}"
    )
    for n in asked.sizes:
        command = [sys.executable, __file__, str(n), "--one", "--price", str(asked.price)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        got = json.loads(done.stdout)
        print(
            f"{n:>12,}{got['qualified']:>12,}{got['decide_s']:>10.2f}{1e6 * got['decide_s'] / n:>10.1f}"
            f"{got['tables_s']:>10.2f}{got['most_mb']:>8,.0f}{got['before_mb']:>13,.0f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
