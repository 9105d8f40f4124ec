"""`engage models`: lineage, promotion, going back, cards, and groups that the model never sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from engage.domain.ids import Prefix, derive
from engage.scoring.artifact import read, write
from engage.store import artifacts
from engage.store.artifacts import Record
from tests.bank import SECRET, Bank

Engage = Callable[..., tuple[int, str, str]]
MODEL = "customer_value"


@pytest.fixture
def models(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], learned: Bank
) -> Engage:
    """Return `engage models` in a bank that has learned: words in, exit code and outputs out."""
    from engage.cli.command import main

    monkeypatch.setenv("ENGAGE_SECRET", SECRET)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["engage", "models", *words, "-p", str(learned.folder)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return run


def champion(bank: Bank) -> Record:
    with bank.app.store.read() as tx:
        found = artifacts.champion(tx, MODEL)
    assert found is not None
    return found


def trained_again(bank: Bank, *, failures: list[str]) -> str:
    """Put a second artifact beside the champion, of which its gates found this; return its id."""
    before, app = champion(bank), bank.app
    sound = read(app.folder / before.folder, before.sha256, app.artifact_key)
    again = replace(sound, body={**sound.body, "seed": 2})
    folder = write(app.artifacts_folder, again, app.artifact_key)
    second = Record(
        derive(Prefix.ARTIFACT, MODEL, again.sha256),
        MODEL,
        before.created_at + timedelta(days=1),
        str(folder.relative_to(app.folder)),
        again.sha256,
        body={**again.body, "failures": failures},
    )
    with app.store.write() as tx:
        artifacts.add(tx, second)
    return second.artifact_id


def test_a_challenger_is_listed_with_why_it_is_not_in_use(models: Engage, learned: Bank) -> None:
    waiting = trained_again(learned, failures=["roc_auc is 0.1"])
    row = next(r for r in json.loads(models("list", "--json")[1]) if r["name"] == MODEL)
    assert row["challenger"] == {"artifact": waiting, "why_not": "roc_auc is 0.1"}
    assert (row["state"], row["promoted_by"]) == ("champion", "train_models")
    assert f"{MODEL}: {waiting} beside it: roc_auc is 0.1" in models("list")[1]


def test_lineage_shows_each_artifact_with_data_figures_and_who(
    models: Engage, learned: Bank
) -> None:
    first = champion(learned)
    second = trained_again(learned, failures=[])
    history = json.loads(models("show", MODEL, "--json")[1])["history"]
    assert [one["artifact"] for one in history] == [second, first.artifact_id]
    assert [one["state"] for one in history] == ["challenger", "champion"]
    assert history[0]["why_not"] == f"waits for engage models promote {second}"
    assert history[1]["promoted_by"] == "train_models"
    assert history[1]["from"] < history[1]["to"]
    assert history[1]["rows"] == first.body["rows"]
    told = models("show", MODEL)[1]
    assert second in told
    assert "Not watched yet" in told


def test_what_the_last_look_found_is_shown(models: Engage, learned: Bank) -> None:
    learned.run("watch_drift")
    told = models("show", MODEL)[1]
    assert "Watched 2026-03-02 00:00: steady" in told
    assert "Moved most since training" in told


def test_quality_by_minutes_into_a_visit_is_told_wherever_quality_is(
    models: Engage, learned: Bank
) -> None:
    """Each visit is judged once, so that the ages together are the judged rows."""
    visits = "session_struggle"
    shown = json.loads(models("show", visits, "--json")[1])
    card = json.loads(models("card", visits, "--json")[1])
    evaluated = json.loads(models("evaluate", visits, "--json")[1])
    ages = ["under 1", "1 to 3", "3 to 10", "10 to 30", "30 and more"]
    for told in (shown, card, evaluated):
        assert [one["minutes"] for one in told["by_minute"]] == ages
    assert sum(one["n"] for one in shown["by_minute"]) == shown["metrics"]["n"]
    assert shown["by_minute"] == card["by_minute"]
    few = next(one for one in shown["by_minute"] if "note" in one)
    assert "By minutes since the visit began" in models("show", visits)[1]
    assert "By minutes since the visit began" in models("evaluate", visits)[1]
    page = models("card", visits)[1]
    assert "### By minutes since the visit began" in page
    assert f"- {few['minutes']}: n {few['n']} ({few['note']})" in page


def test_what_is_no_visit_has_no_minutes(models: Engage) -> None:
    assert "by_minute" not in json.loads(models("show", MODEL, "--json")[1])
    assert "By minutes" not in models("card", MODEL)[1]


def test_promotion_and_going_back_are_kept_with_a_name(models: Engage, learned: Bank) -> None:
    first, second = champion(learned).artifact_id, trained_again(learned, failures=[])
    assert models("promote", second)[:2] == (0, f"{second} is now in charge of {MODEL}\n")
    assert (champion(learned).artifact_id, champion(learned).promoted_by) == (
        second,
        "command line",
    )
    code, out, _ = models("rollback", MODEL)
    assert (code, out) == (0, f"{first} is in charge of {MODEL} again, {second} retired\n")
    assert champion(learned).artifact_id == first


def test_there_may_be_nothing_to_go_back_to(models: Engage) -> None:
    code, _, err = models("rollback", MODEL)
    assert code == 2
    assert f"{MODEL} has no model to go back to" in err


def test_what_its_gates_refused_is_promoted_only_when_asked_twice(
    models: Engage, learned: Bank
) -> None:
    refused = trained_again(learned, failures=["ngini is 0.1 on the newest rows"])
    code, _, err = models("promote", refused)
    assert code == 2
    assert "refused when it was trained: ngini is 0.1 on the newest rows; add --anyway" in err
    assert champion(learned).artifact_id != refused
    assert models("promote", refused, "--anyway")[0] == 0
    assert champion(learned).artifact_id == refused


def test_altered_files_are_never_promoted(models: Engage, learned: Bank) -> None:
    second = trained_again(learned, failures=[])
    with learned.app.store.read() as tx:
        record = artifacts.get(tx, second)
    assert record is not None
    book = learned.folder / record.folder / f"{MODEL}.txt"
    book.write_text(book.read_text().replace("leaf_value=", "leaf_value=9", 1))
    code, _, err = models("promote", second, "--anyway")
    assert code == 3
    assert "are not the ones that were written" in err
    assert champion(learned).artifact_id != second


def test_a_card_tells_purpose_data_features_quality_and_limits(
    models: Engage, learned: Bank
) -> None:
    learned.run("watch_drift")
    told: dict[str, Any] = json.loads(models("card", MODEL, "--json")[1])
    assert told["purpose"].startswith("The margin this customer brings in")
    assert told["data"]["rows"] == champion(learned).body["rows"]
    features = {one["name"]: one for one in told["features"]}
    assert not features["region"]["mention"]
    assert features["visits_90d"]["mention"]
    assert set(told["segments"]) <= {"region", "account_closed"}
    assert "gender" in told["barred"]["protected"]
    assert told["watch"]["state"] == "steady"
    assert any("does not say what an action changes" in one for one in told["limits"])
    page = models("card", MODEL)[1]
    assert page.startswith(f"# {MODEL}\n")
    assert "- region: the customer lives in {value} (not to be mentioned to customers)" in page


def test_a_model_without_an_artifact_has_no_card(models: Engage) -> None:
    code, _, err = models("card", "session_intent")
    assert code == 2
    assert "has not been trained yet" in err


def test_the_policy_refuses_options_that_it_does_not_know(models: Engage, tmp_path: Path) -> None:
    code, _, err = models("evaluate", "action_uplift", "--rows", str(tmp_path / "rows.parquet"))
    assert code == 2
    assert "--seed, but not --rows" in err
    assert models("evaluate", "action_uplift", "--seed", "2")[0] == 0


def test_the_rows_a_model_is_judged_on_can_be_handed_to_another(
    models: Engage, learned: Bank, tmp_path: Path
) -> None:
    kept = tmp_path / "rows.parquet"
    asked = ("evaluate", MODEL, "--split", "random", "--json", "--rows")

    told = json.loads(models(*asked, str(kept))[1])

    rows = pq.read_table(kept)
    judged, rest = (rows.filter(pc.equal(rows["part"], part)) for part in ("judged", "rest"))
    assert judged.num_rows
    assert rest.num_rows
    assert not {*judged["person_id"].to_pylist()} & {*rest["person_id"].to_pylist()}
    assert rest["score"].null_count == rest.num_rows
    label, score = judged["label"].to_numpy(), judged["score"].to_numpy()
    assert told["rmse"] == pytest.approx(((label - score) ** 2).mean() ** 0.5)
    assert told == json.loads(models(*asked[:-1])[1]), "keeping rows changes nothing"
    code, _, err = models(*asked, str(tmp_path / "rows.txt"))
    assert code == 2
    assert "ends in .parquet" in err


def test_groups_that_the_model_never_sees_are_compared(models: Engage, learned: Bank) -> None:
    people = [row["person_id"] for row in learned.rows("select distinct person_id from people")]
    held = Path(learned.folder) / "held.csv"
    lines = [f"{one},{'even' if place % 2 else 'odd'}" for place, one in enumerate(sorted(people))]
    held.write_text("\n".join(["person_id,half", *lines]))
    code, out, err = models(
        "evaluate", MODEL, "--split", "random", "--segment-by", f"{held}/half", "--json"
    )
    found = json.loads(out)["parity"]
    assert {one["group"] for one in found} == {"even", "odd"}
    assert all(one["low"] < one["gap"] < one["high"] for one in found)
    assert code == (1 if any(one["unequal"] for one in found) else 0), err
    code, _, err = models("evaluate", MODEL, "--segment-by", f"{held}/whole")
    assert code == 2
    assert "there is no column 'whole'" in err
