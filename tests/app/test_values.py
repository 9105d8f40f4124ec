"""A company's own customer values come in, stand behind stakes, and are what effects are told in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from engage.app import intake
from engage.app.effects import build_report
from engage.app.intake_preview import preview
from engage.collect.mapping_file import parse
from engage.domain.people import LINKS
from engage.domain.values import VALUES
from engage.features.schema import arrow_schema
from engage.store import Store, worth
from tests.app.importing import HOUR, NOW, Bring, held, person
from tests.app.test_checkup import about
from tests.app.test_interactions import hangs_up
from tests.app.test_loop import HUNG_UP, NOBODY_HELD_OUT
from tests.bank import Bank, MakeBank
from tests.collect.samples import utc

MAPPING = """
kind = "values"
person = { column = "who" }
[columns]
valid_from = { column = "as_of" }
value_minor = { column = "clv", scale = 100 }
source = { constant = "finance" }
"""
UNDATED = MAPPING.replace('valid_from = { column = "as_of" }\n', "")
TOLD = "who,as_of,clv\na,2026-01-01,100.50\na,2026-04-01,90\nb,2026-01-01,-7\n"
OWN = {'source = "model"': 'source = "imported"', **NOBODY_HELD_OUT}
BY_VALUE = HUNG_UP.replace("stake_minor = 20000", 'stake = "customer"\nstake_share = 0.5')
DAY = timedelta(days=1)


# ── They come in ─────────────────────────────────────────────────────────────────────────────────


def test_every_statement_is_kept_and_a_file_brought_in_again_changes_nothing(
    bring: Bring, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "look.csv").write_text(TOLD)
    look = preview(tmp_path / "look.csv", parse(MAPPING), now=NOW, store=store)
    assert (look.rows_new, held(store, VALUES).num_rows) == (3, 0)
    assert bring(MAPPING, TOLD).rows_new == 3
    before = held(store, VALUES)
    again = bring(MAPPING, TOLD, now=NOW + HOUR)
    assert (again.rows_new, again.rows_known) == (0, 3)
    assert held(store, VALUES) == before
    assert sorted(before["value_minor"].to_pylist()) == [-700, 9000, 10050]
    assert bring(MAPPING, TOLD + "a,2026-05-01,80\n").rows_new == 1


def test_what_cannot_be_read_is_set_aside_with_its_reason(bring: Bring, store: Store) -> None:
    odd = "who,as_of,clv\na,2026-01-01,much\n,2026-01-01,5\nb,soon,5\nc,2026-01-01,5\n"
    report = bring(MAPPING, odd)
    assert (report.rows_new, report.rows_bad) == (1, 3)
    assert {one.partition(":")[0] for one in report.reasons} == {
        "value_minor",
        "person_id",
        "valid_from",
    }


def test_without_a_date_they_count_from_the_import_on(bring: Bring, store: Store) -> None:
    assert bring(UNDATED, "who,clv\na,100\nb,5\na,7\n").reasons == {
        "a second row about the same; give valid_from, so that one is the newer": 1
    }
    later = bring(UNDATED, "who,clv\na,100\nb,6\n", now=NOW + HOUR)
    assert (later.rows_new, later.rows_known) == (1, 1)
    moment = NOW.replace(tzinfo=None)
    said = [(row["valid_from"], row["value_minor"]) for row in held(store, VALUES).to_pylist()]
    assert sorted(said) == [(moment, 500), (moment, 10000), (moment + HOUR, 600)]


def test_the_last_word_known_by_then_counts(bring: Bring, store: Store) -> None:
    """Known with its date, unless the mapping says when; a correction is known later."""
    bring(MAPPING, TOLD)
    mended = MAPPING.replace("[columns]", '[columns]\nknown_at = { column = "told" }')
    bring(mended, "who,as_of,told,clv\na,2026-04-01,2026-05-01,60\na,2027-01-01,2026-05-02,1\n")

    def last(day: str) -> dict[str, int]:
        with store.read() as tx:
            found = worth.last(
                tx, [person("a"), person("b")], datetime.fromisoformat(f"{day}T00:00Z"), "EUR"
            )
        return dict(zip(found["person_id"].to_pylist(), found["value_minor"].to_pylist(), strict=True))  # fmt: skip

    assert last("2025-12-31") == {}
    assert last("2026-03-31") == {person("a"): 10050, person("b"): -700}
    assert last("2026-04-30")[person("a")] == 9000
    assert last("2026-05-03")[person("a")] == 6000


def test_another_currency_is_kept_and_not_used(bring: Bring, store: Store) -> None:
    dollars = MAPPING + 'currency = { constant = "USD" }\n'
    bring(dollars, TOLD)
    with store.read() as tx:
        assert worth.last(tx, [person("a")], NOW, "EUR").num_rows == 0
        assert worth.last(tx, [person("a")], NOW, "USD").num_rows == 1
        assert (worth.foreign(tx, "EUR"), worth.people(tx, NOW, "USD")) == (3, 2)


# ── They are used ────────────────────────────────────────────────────────────────────────────────


def tell(bank: Bank, *rows: tuple[str, datetime, int]) -> None:
    """Let values be known on their date: (person, date, minor units)."""
    table = [
        {"person_id": who, "valid_from": day, "known_at": day, "value_minor": minor}
        for who, day, minor in rows
    ]
    told = pa.Table.from_pylist(table, arrow_schema(VALUES))
    intake.take(bank.app.store, {VALUES.name: told}, now=bank.app.now())


def caller(bank: Bank, name: str) -> str:
    hangs_up(bank, name, -HOUR / 60)
    return bank.cast.person(name)


def test_they_stand_behind_stakes_and_the_recovery_list(make_bank: MakeBank) -> None:
    """Half of 8,000.00 is a stake of 4,000.00; who has no value puts nothing at stake."""
    bank = make_bank(OWN, BY_VALUE)
    rich, poor, unknown = (caller(bank, name) for name in ("rich", "poor", "unknown"))
    bank.cast.tell()
    yesterday, tomorrow = utc(2026, 3, 2), utc(2026, 3, 4)
    tell(bank, (rich, yesterday, 800_000), (rich, tomorrow, 1), (poor, yesterday, 600_000))
    bank.run("plan_capacity", "score_interactions", "build_recovery_list")
    decided = {row["person_id"]: row for row in bank.rows("select * from decisions")}
    assert {who: row["stake_minor"] for who, row in decided.items()} == {
        rich: 400_000,
        poor: 300_000,
    }
    assert json.loads(decided[rich]["artifacts"])["customer_value"] == "imported"
    refused = bank.rows("select person_id, reasons from refusals where trigger = 'hung_up'")
    assert [(row["person_id"], json.loads(row["reasons"])) for row in refused] == [
        (unknown, ["below_price"])
    ]
    listed = bank.rows("select person_id from cases order by rank_value desc")
    assert [row["person_id"] for row in listed] == [rich, poor]


def test_the_model_s_value_counts_unless_the_settings_say_otherwise(make_bank: MakeBank) -> None:
    bank = make_bank(NOBODY_HELD_OUT, BY_VALUE)
    rich = caller(bank, "rich")
    bank.cast.tell()
    tell(bank, (rich, utc(2026, 3, 2), 800_000))
    bank.run("plan_capacity", "score_interactions")
    assert bank.count("decisions") == 0


def test_values_of_before_people_were_known_under_one_id_are_theirs(make_bank: MakeBank) -> None:
    bank = make_bank(OWN, BY_VALUE)
    who = caller(bank, "two ids")
    bank.cast.tell()
    tell(bank, ("per_before", utc(2026, 3, 2), 800_000))
    link = {"person_id": "per_before", "canonical_id": who, "known_at": utc(2026, 3, 2)}
    links = pa.Table.from_pylist([link], arrow_schema(LINKS))
    intake.take(bank.app.store, {"links": links}, now=bank.app.now())
    bank.run("plan_capacity", "score_interactions")
    assert [row["stake_minor"] for row in bank.rows("select * from decisions")] == [400_000]


def test_the_check_up_tells_of_values_that_are_not_there(make_bank: MakeBank) -> None:
    bank = make_bank(OWN)
    assert "no imported value of anybody is known" in about(bank)["values"]
    tell(bank, ("per_a", utc(2026, 3, 2), 5))
    assert "values" not in about(bank)
    bank.change("update \"values\" set currency = 'USD'")
    assert about(bank)["values"].startswith("1 imported values are not in EUR")


def test_the_report_compares_people_by_them(make_bank: MakeBank) -> None:
    """All 12 of 12 were worth 80.00; 40 days later the treated 90.00, the held out 70.00."""
    bank = make_bank(OWN, BY_VALUE.replace("holdout = 0.0", "holdout = 0.5"))
    callers = [caller(bank, f"caller {number}") for number in range(12)]
    bank.cast.tell()
    tell(bank, *((who, utc(2026, 3, 2), 800_000) for who in callers))
    bank.run("plan_capacity", "score_interactions", "archive_history")
    arms = {row["person_id"]: row["arm"] for row in bank.rows("select * from decisions")}
    assert len(arms) == 12
    bank.later(days=45)
    after = {"treated": 900_000, "held_out": 700_000}
    day = utc(2026, 4, 12)
    tell(bank, *((who, day, after[arm]) for who, arm in list(arms.items())[1:]))
    caller(bank, "somebody later")
    bank.cast.tell()
    entry = next(one for one in build_report(bank.app)["triggers"] if one["name"] == "hung_up")
    change = entry["clv_change"]
    assert (change["source"], change["surrogate"], change["without_value"]) == ("imported", True, 1)
    assert change["estimate"] == 200_000
    assert (change["saved"]["estimate"], change["expanded"]["estimate"]) == (100_000, 100_000)
    assert any(one.startswith("Imported customer value per person") for one in entry["sentences"])
    assert any(one.startswith("1 person left out of that") for one in entry["sentences"])
