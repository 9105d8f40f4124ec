"""From a roster in a file to the slots that are promised, by the commands a person gives."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.cli.test_imports import Engage, engage, write

__all__ = ["engage"]

BERLIN = ZoneInfo("Europe/Berlin")
TOMORROW = (datetime.now(BERLIN) + timedelta(days=1)).date()
TEN = datetime(TOMORROW.year, TOMORROW.month, TOMORROW.day, 10, tzinfo=BERLIN)


def promised(engage: Engage) -> dict[str, int]:
    """Return the places of each slot of the service queue that begins tomorrow."""
    from engage.project import existing_store
    from engage.store import slots

    assert engage("job", "plan_capacity")[0] == 0
    store = existing_store(Path.cwd())
    assert store is not None
    with store.read() as tx:
        found = slots.free(tx, "service", TEN - timedelta(hours=10), TEN + timedelta(hours=14))
    store.close()
    return {row["slot_id"]: row["free"] for row in found.to_pylist()}


def test_a_roster_is_drafted_imported_and_planned_by(engage: Engage) -> None:
    roster = f"queue,start,agents\nservice,{TOMORROW} 10:00,2.5\nservice,{TOMORROW} 10:30,5\n"
    code, draft, err = engage("import", "staffing", write("roster.csv", roster), "--guess")
    assert (code, err) == (0, "")
    assert "[person]" not in draft
    assert 'zone = "Europe/Berlin"' in draft
    code, out, _ = engage("import", "staffing", "roster.csv", "--map", write("m.toml", draft))
    assert (code, out) == (0, "roster.csv: 2 rows read, 2 new staffing, 0 known already\n")
    # The shipped service queue: 6 minutes a call, inbound contacts need .7 of each agent's time:
    # 2.5 x 30 x .3 = 22.5 minutes are 3 calls, 5 x 30 x .3 = 45 are 7.
    ids = [f"service@{TEN.astimezone(ZoneInfo('UTC')) + n * timedelta(minutes=30):%Y%m%dT%H%MZ}" for n in (0, 1)]  # fmt: skip
    assert promised(engage) == dict(zip(ids, (3, 7), strict=True))
    code, out, _ = engage("import", "staffing", "roster.csv", "--map", "m.toml")
    assert "0 new staffing, 2 known already" in out

    newer = write("newer.csv", roster.replace("10:00,2.5", "10:00,0"))
    assert engage("import", "staffing", newer, "--map", "m.toml")[0] == 0
    assert promised(engage) == {ids[1]: 7}


def test_a_wrong_queue_is_named_with_the_nearest_and_can_be_mended(engage: Engage) -> None:
    roster = write("roster.csv", f"queue,start,agents\nservices,{TOMORROW} 10:00,5\n")
    said = "queue: settings.toml has no [queues.services]; did you mean 'service'?"
    code, out, _ = engage("import", "staffing", roster, "--dry-run")
    assert (code, said in out) == (1, True)
    code, out, _ = engage("import", "staffing", roster, "--json")
    (report,) = json.loads(out)
    assert (code, report["reasons"]) == (1, {said: 1})
    _, draft, _ = engage("import", "staffing", roster, "--guess")
    mended = draft.replace(
        'column = "queue" }', 'column = "queue", values = { services = "service" } }'
    )
    assert mended != draft
    retry = ("quarantine", "retry", report["import_id"], "--map", write("m.toml", mended))
    code, out, _ = engage(*retry)
    assert (code, "1 new staffing" in out) == (0, True)
    assert sum(promised(engage).values()) == 7


def test_the_guess_of_no_project_is_utc_and_says_so(engage: Engage) -> None:
    Path("settings.toml").unlink()
    roster = write("roster.csv", f"queue,start,agents\nservice,{TOMORROW} 10:00,5\n")
    code, out, _ = engage("import", "staffing", roster, "--guess")
    assert (code, "in UTC unless they say otherwise" in out) == (0, True)
