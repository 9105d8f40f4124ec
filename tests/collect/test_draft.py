from __future__ import annotations

import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.collect.chunks import text_table
from engage.collect.convert import convert
from engage.collect.draft import drafted
from engage.collect.files import head_of, read
from engage.collect.guess import guess_from
from engage.collect.mapping import Contact
from engage.collect.mapping_file import parse
from engage.collect.refine import styles_of
from engage.domain.catalog import IMPORTABLE
from engage.errors import WrongUse
from tests.collect.samples import IMPORTED_AT

SALES: dict[str, list[str | None]] = {
    "customer_id": ["007", "8"],
    "booked at": ["31.01.2026 10:00", "01.02.2026 11:30"],
    "date": ["31.01.2026", "01.02.2026"],
    "amount": ["1.234,50", "3,00"],
    "mail": ["ada@example.org", "grace@example.org"],
    "mobile": ["+49 151 23456789", "0151 23456789"],
}


def draft(kind: str, columns: dict[str, list[str | None]]) -> str:
    head = text_table(columns)
    return drafted(guess_from(kind, head), head, "file.csv")


def test_what_was_guessed_is_in_force_and_reads_the_file() -> None:
    text = draft("transactions", SALES)
    mapping = parse(text)
    assert mapping.person.column == "customer_id"
    assert mapping.columns["ts"].format == "%d.%m.%Y"
    amount = mapping.columns["amount_minor"]
    assert (amount.column, amount.scale, amount.decimal) == ("amount", 100, ",")


def test_what_was_not_guessed_is_a_comment() -> None:
    text = draft("transactions", SALES)
    assert '# margin_minor = { column = "…" }  # what the company earned on it' in text
    assert "# Not read: booked at, mail, mobile" in text
    assert "margin_minor" not in parse(text).columns


def test_columns_are_shown_with_values_but_nobody_s_number_or_address() -> None:
    text = draft("transactions", SALES)
    assert "#   booked at    31.01.2026 10:00, 01.02.2026 11:30" in text
    assert "example.org" not in text
    assert "23456789" not in text
    assert "(an e-mail address)" in text


def test_numbers_and_addresses_stand_under_contact_in_a_draft(tmp_path: Path) -> None:
    people: dict[str, list[str | None]] = {
        "customer_id": ["1", "2"],
        "segment": ["premium", "basic"],
        "mobile": ["+49 151 23456789", None],
        "telephone": ["+49 30 901820", None],
    }
    text = draft("people", people)
    assert "# Packed as the rest: segment\n# Left out: telephone. Numbers" in text
    assert '[contact.phone]\ncolumn = "mobile"\n# region = "DE"' in text
    assert '# [contact.email]\n# column = "…"' in text
    mapping = parse(text)
    assert mapping.contact == {"phone": Contact("mobile")}
    path = tmp_path / "people.csv"
    pacsv.write_csv(text_table(people), path)
    made = convert(mapping, next(read(path)), imported_at=IMPORTED_AT)
    assert made.rows["attributes"].to_pylist() == ['{"segment":"premium"}', '{"segment":"basic"}']


def test_what_the_import_asks_for_is_marked_and_completed_by_hand() -> None:
    text = draft("interactions", {"when": ["2026-01-01"], "date": ["2026-01-01"]})
    with pytest.raises(WrongUse, match="person: give exactly one of"):
        parse(text)
    assert text.count("# needed: ") == 3  # the person, the channel, who began it
    text = text.replace("# row = true  # or: every", "row = true  # or: every")
    for name, value in (("channel", "call"), ("initiated_by", "customer")):
        text = text.replace(
            f'# {name} = {{ constant = "…" }}', f'{name} = {{ constant = "{value}" }}'
        )
    assert parse(text).columns["ts"].column == "date"


def test_a_choice_in_other_words_is_asked_for() -> None:
    columns: dict[str, list[str | None]] = {
        "customer_id": ["1", "2"],
        "starts_at": ["2026-01-01", "2026-01-02"],
        "state": ["booked", "called off"],
    }
    text = draft("appointments", columns)
    assert 'values = { "called off" = "…" }, of booked, cancelled, kept, missed' in text


def test_a_first_line_that_is_a_row_is_noticed() -> None:
    text = draft("transactions", {"00004": ["00021"], "19970101": ["19970102"], "29.33": ["1.50"]})
    assert '# header = false\n# columns = ["…", "…", "…"]' in text


@pytest.mark.parametrize(
    ("values", "styles"),
    [
        (["2026-01-31T10:00:00Z", "2026-02-01"], [""]),
        (["31.01.2026", "01.02.2026"], ["%d.%m.%Y"]),
        (["31/01/2026 10:00", "01/02/2026 11:00"], ["%d/%m/%Y %H:%M"]),
        (["01/31/2026", "02/01/2026"], ["%m/%d/%Y"]),
        (["01/02/2026", "03/02/2026"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["1/31/2026 9:05 PM"], ["%m/%d/%Y %I:%M %p"]),
        (["1767225600"], ["epoch_s"]),
        (["1767225600250"], ["epoch_ms"]),
        (["1767225600250001"], ["epoch_us"]),
        (["Friday"], []),
        ([], []),
    ],
)
def test_the_format_of_times_is_seen_in_their_values(values: list[str], styles: list[str]) -> None:
    assert styles_of(pa.array(values, pa.string())) == styles


def test_days_and_months_that_could_be_swapped_are_asked_for_not_guessed() -> None:
    text = draft("outcomes", {"customer_id": ["1"], "goal": ["sale"], "date": ["03/02/2026"]})
    assert 'is it format = "%d/%m/%Y" or "%m/%d/%Y"?' in text
    assert parse(text).columns["ts"].format == ""


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(st.sampled_from(sorted(IMPORTABLE)), st.dictionaries(WORDS, WORDS, min_size=1, max_size=6))
def test_a_draft_is_toml_whatever_the_columns_are_called(kind: str, row: dict[str, str]) -> None:
    text = draft(kind, {name: [value] for name, value in row.items()})
    assert tomllib.loads(text)["kind"] == kind


@pytest.mark.parametrize(
    ("name", "kind", "completed"),
    [
        ("CDNOW_master.txt", "transactions", {}),
        ("helpdesk.csv", "events", {'# column = "…"  # needed': 'column = "CaseID"  #'}),
        ("bpi_12_w.csv", "events", {'# column = "…"  # needed': 'column = "CaseID"  #'}),
        ("bank-additional-full.csv", "people", {"# row = true  # or: every": "row = true  #"}),
        (
            "hillstrom.csv",
            "decisions",
            {
                "# row = true  # or: every": "row = true  #",
                "# decided_at = { column": 'decided_at = { constant = "2008-03-20" } # {',
                '# action = { column = "…" }': 'action = { column = "segment" }',
            },
        ),
    ],
)
def test_the_draft_of_a_real_file_reads_it(
    shared_data: Path, name: str, kind: str, completed: dict[str, str]
) -> None:
    path = shared_data / name
    head = head_of(path)
    text = drafted(guess_from(kind, head), head, name)
    for asked, answer in completed.items():
        assert asked in text
        text = text.replace(asked, answer, 1)
    mapping = parse(text)
    made = convert(mapping, next(read(path)), imported_at=IMPORTED_AT)
    assert made.bad.num_rows == 0
    assert made.rows.num_rows > 10_000
