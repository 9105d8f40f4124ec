from __future__ import annotations

from pathlib import Path

import pytest

from engage.collect.checks import check_file
from engage.collect.mapping_file import load, parse
from engage.errors import SourceFileError, WrongUse

EVENTS = """
kind = "events"
[person]
column = "who"
[columns]
ts = { column = "when" }
type = { constant = "page" }
"""


def refused(toml: str, kind: str = "") -> str:
    with pytest.raises(WrongUse) as caught:
        parse(toml, kind)
    return str(caught.value)


def test_a_mapping_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "web.toml"
    path.write_text(EVENTS)
    mapping = load(path)
    assert mapping.kind == "events"
    assert mapping.reads() == {"when": "columns.ts", "who": "person"}


def test_the_kind_may_come_from_the_command_but_must_not_contradict() -> None:
    assert parse(EVENTS.replace('kind = "events"', ""), "events").kind == "events"
    assert "it is for events, but outcomes are being imported" in refused(EVENTS, "outcomes")


def test_a_missing_or_broken_mapping_file_is_named(tmp_path: Path) -> None:
    draft = r"`engage import events FILE --guess > .*none\.toml` drafts one"
    with pytest.raises(WrongUse, match=rf"none\.toml: there is no such mapping; {draft}"):
        load(tmp_path / "none.toml", "events")
    with pytest.raises(WrongUse, match="the mapping cannot be read \\(Is a directory\\)"):
        load(tmp_path)
    (tmp_path / "old.toml").write_bytes(b'source = "B\xfcro"\n')
    with pytest.raises(WrongUse, match=r"old\.toml: the mapping is not UTF-8 text"):
        load(tmp_path / "old.toml")
    (tmp_path / "bad.toml").write_text("kind =\n")
    with pytest.raises(WrongUse, match=r"bad\.toml: is not TOML: .*line 1"):
        load(tmp_path / "bad.toml")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('kind = "event"', "there is no kind 'event' to import; did you mean 'events'?"),
        ('sorce = "x"', "has no key 'sorce'; did you mean 'source'?"),
        ('[file]\ndelimeter = ";"', "[file] has no key 'delimeter'; did you mean 'delimiter'?"),
        ('[key]\ncolumn = "a"', "[key] has no key 'column'; did you mean 'columns'?"),
        ('[file]\nskip_lines = "2"', "[file] skip_lines: Expected `int`, got `str`"),
        ('[where]\nin = ["1"]', "[where] Object missing required field `column`"),
        ('[file]\ndelimiter = "::"', "'::' is neither one character nor 'blanks'"),
        ('[contact.phone]\ncolumn = "p"', "contact and consents belong to people"),
    ],
)
def test_a_slip_is_named_with_its_place(change: str, words: str) -> None:
    base = EVENTS if not change.startswith("kind") else EVENTS.replace('kind = "events"\n', "")
    assert words in refused(f"{change}\n{base}" if "[" not in change else f"{base}\n{change}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('nam = { column = "n" }', "columns.nam: events have no such column; did you mean 'name'?"),
        ('event_id = { column = "i" }', "say what they come from under [key]"),
        ('person_id = { column = "i" }', "say what they come from under [person]"),
        ('session_id = { column = "i" }', "visits are worked out from the events' times"),
        ("name = { colum = 1 }", "[columns.name] has no key 'colum'; did you mean 'column'?"),
        (
            "name = {}",
            "give exactly one of column, constant, start, from and pack (there is nothing)",
        ),
        ('name = { column = "a", constant = 1 }', "(there is column and constant)"),
        ('name = { column = "a", scale = 100 }', "scale means nothing for a text column"),
        ('properties = { pack = "al" }', "[columns.properties] pack: Invalid enum value 'al'"),
        ('known_at = { column = "a", zone = "Berlin" }', "there is no time zone 'Berlin'"),
        ('known_at = { column = "a", format = "%q" }', "'q' is a bad directive"),
        ('known_at = { start = "soon" }', "columns.known_at.start: not a time in ISO 8601"),
        ('known_at = { constant = "0000-01-01" }', "the year lies outside 1900 to 9999"),
        ('known_at = { from = "tz" }', "from = 'tz' is no filled time column of its own"),
        ('known_at = { from = "known_at" }', "is no filled time column of its own"),
    ],
)
def test_a_column_that_cannot_be_filled_is_refused_before_the_file_is_read(
    line: str, words: str
) -> None:
    assert words in refused(f"{EVENTS}\n{line}")


def test_a_required_column_must_be_filled() -> None:
    lacking = EVENTS.replace('type = { constant = "page" }', "")
    assert "columns.type: events need it (page, track, form" in refused(lacking)


def test_a_value_outside_the_choices_is_found_in_the_mapping_itself() -> None:
    toml = """
    kind = "decisions"
    person = { column = "c" }
    [columns]
    decided_at = { column = "d" }
    trigger = { constant = "x" }
    action = { column = "a" }
    arm = { column = "a", values = { yes = "treated", no = "control" } }
    """
    assert "'control': not one of treated, held_out" in refused(toml)
    impossible = toml.replace("control", "held_out") + 'propensity = { constant = "4/3" }'
    assert "a chance lies above 0 and up to 1" in refused(impossible)


def test_whose_rows_they_are_must_be_said_once() -> None:
    for person in ("{}", '{ column = "a", row = true }', '{ row = true, anonymous = "b" }'):
        toml = EVENTS.replace('[person]\ncolumn = "who"', f"person = {person}")
        assert "person: " in refused(toml.replace("[columns]", "[columns]"))


def test_a_consent_needs_its_date() -> None:
    toml = """
    kind = "people"
    person = { column = "id" }
    [consents.sms]
    granted = { column = "ok" }
    """
    assert "[consents.sms] Object missing required field `at`" in refused(toml)


# ── Against the file ─────────────────────────────────────────────────────────────────────────────


def test_a_column_the_file_lacks_is_named_with_the_nearest_it_has() -> None:
    with pytest.raises(WrongUse) as caught:
        check_file(parse(EVENTS), ["whom", "when", "page"], "web.csv")
    assert str(caught.value) == (
        "web.csv has no column 'who', which person reads; did you mean 'whom'?"
    )


def test_one_column_where_several_are_needed_looks_like_a_wrong_separator() -> None:
    with pytest.raises(SourceFileError, match=r"was read as one column, 'who;when'.*delimiter"):
        check_file(parse(EVENTS), ["who;when"], "web.csv")
