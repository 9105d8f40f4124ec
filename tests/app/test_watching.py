"""Models in use are looked at every night; what changed is said once, and mended as settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from engage.app.checkup import check_up
from engage.app.watching import learned_until, watch_drift
from engage.domain.ids import Prefix, derive
from engage.scoring.artifact import read, write
from engage.store import artifacts, watches
from engage.store.artifacts import Record
from tests.bank import LAUNCH, Bank

VALUE, STRUGGLE = "customer_value", "session_struggle"


def look(bank: Bank, model: str = VALUE) -> watches.Watch:
    """Return the newest look at a model."""
    with bank.app.store.read() as tx:
        return watches.latest(tx)[model]


def champion(bank: Bank, model: str = VALUE) -> Record:
    with bank.app.store.read() as tx:
        found = artifacts.champion(tx, model)
    assert found is not None
    return found


def drift_findings(bank: Bank) -> dict[str, str]:
    found = check_up(bank.app, {}, {})
    return {f.about: f"{f.level}: {f.says} -> {f.remedy}" for f in found if "drift" in f.about}


def put_in_use(bank: Bank, model: str, changes: Mapping[str, Any]) -> Record:
    """Put a copy of the champion with another body in its place, signed as training signs."""
    before = champion(bank, model)
    app = bank.app
    sound = read(app.folder / before.folder, before.sha256, app.artifact_key)
    altered = replace(sound, body={**sound.body, **changes})
    folder = write(app.artifacts_folder, altered, app.artifact_key)
    after = Record(
        derive(Prefix.ARTIFACT, model, altered.sha256),
        model,
        before.created_at + timedelta(hours=1),
        str(folder.relative_to(app.folder)),
        altered.sha256,
        body=altered.body,
    )
    with app.store.write() as tx:
        artifacts.add(tx, after)
        artifacts.promote(tx, after.artifact_id, by="test", at=after.created_at)
    return after


def test_an_unchanged_bank_is_steady_and_nothing_is_said(learned: Bank) -> None:
    with capture_logs() as logged:
        report = watch_drift(learned.app)

    found = look(learned)
    assert (found.state, found.artifact_id) == ("steady", champion(learned).artifact_id)
    assert found.body["lately"] == {"rows": 150, "people": 150}
    assert {one["name"] for one in found.body["shifts"]} >= {"margin_90d", "region", "score"}
    assert {one["name"] for one in found.body["freshness"]} >= {"margin_90d", "region"}
    assert report.seen == report.done == 2
    assert drift_findings(learned) == {}
    assert logged == []


def test_quality_is_told_by_week_and_outcomes_take_time(learned: Bank) -> None:
    weeks = {"judged": {"rows": 9, "from": "2026-01-26T00:00:00.000000", "to": "2026-02-16"}}
    put_in_use(learned, STRUGGLE, {"split": "time", "window": weeks})
    watch_drift(learned.app)

    body = look(learned, STRUGGLE).body
    mondays = [week["week"] for week in body["weeks"]]
    # Of the visits from 26 January on, those until a horizon before 2 March have matured.
    assert mondays == ["2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"]
    assert all(week["n"] > 0 and 0 < week["stated"] < 1 for week in body["weeks"])
    shown = list(body["label_delay"]["shown_by"].values())
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
    assert 0 < body["label_delay"]["half_h"] < 25


def test_people_of_another_kind_are_drift_and_it_is_said_once(learned: Bank) -> None:
    """The model in use says that it was trained on people who had all brought in the least."""
    kept = champion(learned).body["reference"]
    margin = kept["columns"]["margin_90d"]
    counts = [sum(margin["counts"]), *[0] * (len(margin["counts"]) - 1)]
    others = {**kept["columns"], "margin_90d": {**margin, "counts": counts}}
    watch_drift(learned.app)
    put_in_use(learned, VALUE, {"reference": {**kept, "columns": others}})
    with capture_logs() as logged:
        for _ in range(2):
            learned.later(hours=2)
            watch_drift(learned.app)

    found = look(learned)
    assert found.state == "drifted"
    assert found.body["says"][0].startswith("margin_90d: ")
    warned = [one for one in logged if one["model"] == VALUE]
    assert [one["log_level"] for one in warned] == ["warning"]
    told = drift_findings(learned)[f"drift {VALUE}"]
    assert told.startswith("look: drifted on 2026-03-02 04:00: margin_90d: ")
    assert told.endswith(f"-> engage models train {VALUE} learns it anew")


def test_too_few_people_are_no_drift(learned: Bank) -> None:
    learned.later(days=60)
    watch_drift(learned.app)

    found = look(learned, STRUGGLE)
    assert found.state == "unknown"
    assert found.body["says"] == ["only 0 people came lately, 50 are needed to tell"]
    assert f"drift {STRUGGLE}" not in drift_findings(learned)


def dishonest(bank: Bank) -> Record:
    """Put a copy in use that states far lower chances, as if judged four weeks ago."""
    sound = champion(bank, STRUGGLE).body["calibration"]
    since = (LAUNCH - timedelta(days=28)).replace(tzinfo=None).isoformat(timespec="microseconds")
    return put_in_use(
        bank,
        STRUGGLE,
        {
            "calibration": {**sound, "shift": sound["shift"] - 3.0},
            "split": "time",
            "window": {"judged": {"rows": 9, "from": since, "to": since}},
        },
    )


def test_broken_calibration_proposes_the_model_before(learned: Bank) -> None:
    before = champion(learned, STRUGGLE)
    wrong = dishonest(learned)
    watch_drift(learned.app)

    found = look(learned, STRUGGLE)
    assert "uncalibrated" in found.state
    assert found.body["honesty"]["broken"]
    assert champion(learned, STRUGGLE).artifact_id == wrong.artifact_id
    proposed = f"engage models rollback {STRUGGLE}: {before.artifact_id} is honest on these rows"
    assert drift_findings(learned)[f"drift {STRUGGLE}"].endswith(proposed)


def test_broken_calibration_goes_back_by_itself_where_settings_say_so(learned: Bank) -> None:
    before = champion(learned, STRUGGLE)
    dishonest(learned)
    drift = learned.app.settings.drift.model_copy(update={"rollback": "auto"})
    settings = learned.app.settings.model_copy(update={"drift": drift})
    watch_drift(replace(learned.app, settings=settings))

    back = champion(learned, STRUGGLE)
    assert (back.artifact_id, back.promoted_by) == (before.artifact_id, "watch_drift")


def test_a_model_without_a_predecessor_can_only_be_learned_anew(learned: Bank) -> None:
    wrong = dishonest(learned)
    learned.change("delete from artifacts where artifact_id <> :kept", kept=wrong.artifact_id)
    watch_drift(learned.app)
    proposal = look(learned, STRUGGLE).body["proposal"]
    assert proposal.endswith("there is no model before it to go back to")


@pytest.mark.parametrize(
    ("split", "since"),
    [("time", datetime(2026, 2, 1)), ("random", datetime(2026, 2, 9, microsecond=1))],  # noqa: DTZ001 - as the body has it
)
def test_only_rows_new_to_an_artifact_judge_it(split: str, since: datetime) -> None:
    window = {
        "learned": {"rows": 5, "from": "2026-01-01T00:00:00.000000", "to": "2026-02-09T00:00:00"},
        "calibrated": {"rows": 0},
        "judged": {"rows": 5, "from": "2026-02-01T00:00:00.000000", "to": "2026-02-08T00:00:00"},
    }
    record = Record("art_1", "m", LAUNCH, "", "", body={"split": split, "window": window})
    assert learned_until(record).replace(tzinfo=None) == since
