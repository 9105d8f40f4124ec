"""A random share of the contacts on no list is judged by people, who are told no score."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from engage.app import auditing, intake
from engage.app.card import as_markdown, card
from engage.app.training import train_model
from engage.clock import MovingClock
from engage.domain.audits import AUDITED, Verdict
from engage.errors import WrongUse
from engage.simulate.world import World
from engage.store import Store, cases, contact_audits, retention
from tests.bank import LAUNCH, SECRET, Bank, begin

Audited = Callable[[str], Bank]


@pytest.fixture(scope="module")
def judged_by(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a bank that has learned which contacts stay unresolved."""
    folder = begin(tmp_path_factory.mktemp("audited") / "project")
    bank = Bank(folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    intake.take(bank.app.store, World(people=400, weeks_before=6).history(), now=LAUNCH)
    bank.run("archive_history")
    assert train_model(bank.app, bank.app.models[AUDITED]).promoted
    bank.app.store.close()
    return folder


@pytest.fixture
def with_share(judged_by: Path, tmp_path: Path) -> Iterator[Audited]:
    """Return a way to open that bank with this share of contacts audited."""
    made: list[Bank] = []

    def make(share: str) -> Bank:
        folder = Path(shutil.copytree(judged_by, tmp_path / "audited"))
        file = folder / "settings.toml"
        file.write_text(file.read_text().replace("audit_share = 0.05", f"audit_share = {share}"))
        made.append(Bank(folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH)))
        return made[-1]

    yield make
    for one in made:
        one.app.store.close()


def calls(bank: Bank, number: int, listed: int = 0) -> list[str]:
    """Let this many customers call about a card on Monday at ten, the first of them with a case."""
    bank.later(hours=9)
    ids = [bank.cast.contact(bank.cast.person(f"caller {n}")) for n in range(number)]
    bank.cast.tell()
    bank.run("plan_capacity", "score_interactions")
    cases_of = [
        {
            "case_id": f"cas_{place}",
            "person_id": "per_any",
            "subject_id": contact,
            "trigger": "call_unresolved",
            "opened_at": bank.clock.now(),
        }
        for place, contact in enumerate(ids[:listed])
    ]
    if cases_of:
        with bank.app.store.write() as tx:
            cases.open_new(tx, pa.Table.from_pylist(cases_of))
    bank.run("build_recovery_list")
    return ids


def drawn(bank: Bank) -> set[str]:
    return {one["contact"] for one in auditing.waiting(bank.app)}


def test_who_is_on_the_list_is_not_audited_and_all_others_may_be(with_share: Audited) -> None:
    bank = with_share("1.0")
    ids = calls(bank, 60, listed=20)
    assert drawn(bank) & {*ids} == {*ids[20:]}


def test_contacts_of_long_ago_are_not_audited(with_share: Audited) -> None:
    bank = with_share("1.0")
    calls(bank, 5)
    week_ago = bank.clock.now() - timedelta(days=7)
    ages = (
        "select ts < :then as old from interactions i join contact_audits a using (interaction_id)"
    )
    found = bank.rows(ages, then=int(week_ago.timestamp() * 1e6))
    assert len(found) > 5, "the simulated bank's last week is there too"
    assert not any(row["old"] for row in found)
    assert bank.count("scores") > 2 * len(found)


def test_about_the_stated_share_is_drawn_and_no_more_later(with_share: Audited) -> None:
    bank = with_share("0.25")
    ids = calls(bank, 200)
    first = drawn(bank)
    # Four standard errors of a share of a quarter.
    assert abs(len(first & {*ids}) - 50) < 4 * math.sqrt(200 * 3 / 16)
    bank.later(hours=20)
    bank.run("build_recovery_list")
    assert drawn(bank) == first


def test_a_share_of_nothing_draws_nobody(with_share: Audited) -> None:
    bank = with_share("0.0")
    calls(bank, 20)
    assert bank.count("contact_audits") == 0


def test_whoever_judges_sees_the_record_and_not_the_score(with_share: Audited) -> None:
    bank = with_share("1.0")
    ids = calls(bank, 20)
    told = next(one for one in auditing.waiting(bank.app) if one["contact"] in ids)
    assert told["topic"] == "card"
    assert told["channel"] == "call"
    assert "score" not in told


def test_verdicts_stand_beside_scores_and_labels(with_share: Audited) -> None:
    bank = with_share("1.0")
    a, b, c, d, e = calls(bank, 5)
    with bank.app.store.read() as tx:
        rows = {row["interaction_id"]: row for row in contact_audits.read(tx).to_pylist()}
    said = {a: "unresolved", b: "unresolved", c: "unresolved", d: "resolved", e: "unclear"}
    for contact, verdict in said.items():
        auditing.judge(bank.app, contact, verdict, "anna")
    found = auditing.findings(bank.app)
    assert found is not None
    assert (found["judged"], found["unclear"], found["unresolved"]) == (5, 1, 0.75)
    assert found["stated"] == pytest.approx(sum(rows[one]["score"] for one in (a, b, c, d)) / 4)
    # Wilson for 3 of 4: (3/4 + z²/8 ± z sqrt(3/64 + z²/64)) / (1 + z²/4), z = 1.96.
    z = 1.959964
    middle, half = 0.75 + z * z / 8, z * math.sqrt(3 / 64 + z * z / 64)
    assert found["low"] == pytest.approx((middle - half) / (1 + z * z / 4), abs=1e-5)
    assert found["high"] == pytest.approx((middle + half) / (1 + z * z / 4), abs=1e-5)
    assert found["labelled"] == 0, "no horizon has passed"

    bank.later(days=2)
    bank.cast.contact(rows[a]["person_id"])  # the same matter again: what was judged comes true
    bank.cast.tell()
    bank.later(days=6)
    bank.run("archive_history")
    found = auditing.findings(bank.app)
    assert found is not None
    # The label says 1 of a, and 0 of b, c and d, who never came back: right of a and d.
    assert (found["labelled"], found["agree"]) == (4, 2)
    page = as_markdown(card(bank.app, bank.app.models[AUDITED]))
    assert "Unresolved: 75.0% (30.1% to 95.4%)" in page
    assert "Of 4 whose outcome is known, the label says the same of 2." in page


def test_a_verdict_may_be_mended_and_must_be_one(with_share: Audited) -> None:
    bank = with_share("1.0")
    calls(bank, 20)
    contact = min(drawn(bank))
    with pytest.raises(WrongUse, match=r"did you mean 'unresolved'\?"):
        auditing.judge(bank.app, contact, "unresolve", "anna")
    with pytest.raises(WrongUse, match="was not drawn"):
        auditing.judge(bank.app, "int_nowhere", "resolved", "anna")
    with pytest.raises(WrongUse, match="--by NAME"):
        auditing.judge(bank.app, contact, "resolved", " ")
    auditing.judge(bank.app, contact, "unclear", "anna")
    assert contact not in drawn(bank)
    assert "none of them clearly" in auditing.audit_in_words(auditing.findings(bank.app) or {})
    auditing.judge(bank.app, contact, "resolved", "ben")
    found = auditing.findings(bank.app)
    assert found is not None
    assert (found["judged"], found["unresolved"]) == (1, 0.0)


def test_nothing_judged_is_nothing_found(with_share: Audited) -> None:
    bank = with_share("1.0")
    assert auditing.findings(bank.app) is None
    assert "Judged by people" not in as_markdown(card(bank.app, bank.app.models[AUDITED]))


def test_audits_are_kept_on_both_databases_and_forgotten_in_time(store: Store) -> None:
    rows = [
        {
            "interaction_id": f"int_{days}",
            "person_id": "per_a",
            "as_of": LAUNCH - timedelta(days=days),
            "score": 0.2,
            "share": 0.05,
            "drawn_at": LAUNCH - timedelta(days=days),
        }
        for days in (401, 399)
    ]
    with store.write() as tx:
        assert contact_audits.add(tx, pa.Table.from_pylist(rows)) == 2
        assert contact_audits.add(tx, pa.Table.from_pylist(rows)) == 0
        assert contact_audits.judge(tx, "int_399", Verdict.RESOLVED, "anna", LAUNCH)
        assert not contact_audits.judge(tx, "int_1", Verdict.RESOLVED, "anna", LAUNCH)
        assert contact_audits.waiting(tx)["interaction_id"].to_pylist() == ["int_401"]
        assert retention.purge(tx, LAUNCH)["contact_audits"] == 1
        (left,) = contact_audits.read(tx).to_pylist()
    assert (left["interaction_id"], left["verdict"], left["judged_by"]) == (
        "int_399",
        "resolved",
        "anna",
    )
