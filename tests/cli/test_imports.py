from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engage.cli.command import main
from engage.starting import begin_project

SALES = "customer_id,date,amount\n1,2026-01-01,10.50\n2,2026-01-02,3\n"
BAD = "3,0000-00-00,1\n"
MAP = """
kind = "transactions"
person = { column = "customer_id" }
[columns]
ts = { column = "date" }
amount_minor = { column = "amount", scale = 100 }
"""

Engage = Callable[..., tuple[int, str, str]]


@pytest.fixture
def engage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Engage:
    """Return the command line in a fresh project: words in, exit code and both outputs out."""
    begin_project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["engage", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(str(ended.value.code or 0)), said.out, said.err

    return run


def write(name: str, content: str) -> str:
    Path(name).write_text(content)
    return name


def test_a_good_file_ends_with_0_and_a_sentence(engage: Engage) -> None:
    code, out, _ = engage(
        "import", "transactions", write("s.csv", SALES), "--map", write("m.toml", MAP)
    )
    assert code == 0
    assert out == "s.csv: 2 rows read, 2 new transactions, 0 known already\n"
    _, again, _ = engage("import", "transactions", "s.csv", "--map", "m.toml")
    assert "This file came in before" in again
    assert "0 new transactions, 2 known already" in again


def test_rows_that_were_read_wrongly_are_told_and_replaced(engage: Engage) -> None:
    keyed = MAP + '[key]\ncolumns = ["date"]\n'
    words = ("import", "transactions", write("s.csv", SALES), "--map")
    assert engage(*words, write("m.toml", keyed))[0] == 0
    mended = write("mended.toml", keyed.replace("scale = 100", "scale = 1000"))
    known = "2 known already, 2 of them saying something else than what is stored"
    hint = "What is stored stays as it is. If it was read wrongly, import the file by the right"
    for more, new in ((["--dry-run"], "would be new"), ([], "new")):
        code, out, _ = engage(*words, mended, *more)
        assert code == 0
        assert f"s.csv: 2 rows read, 0 {new} transactions, {known}\n{hint}" in out
    code, out, _ = engage(*words, mended, "--replace")
    assert (code, out.splitlines()[-1]) == (
        0,
        f"s.csv: 2 rows read, 0 new transactions, {known}, 2 replaced by what the file says",
    )
    assert "0 new transactions, 2 known already\n" in engage(*words, mended)[1]
    code, _, err = engage(*words, mended, "--replace", "--dry-run")
    assert code == 2
    assert "--dry-run alone says how many" in err
    code, _, err = engage("import", "people", write("p.csv", "customer_id\n1\n"), "--replace")
    assert code == 2
    assert "--replace is for events, transactions" in err


def test_rows_without_a_key_that_a_mended_mapping_brings_twice_are_told(engage: Engage) -> None:
    words = ("import", "transactions", write("s.csv", SALES), "--map")
    engage(*words, write("m.toml", MAP))
    mended = write("mended.toml", MAP.replace("scale = 100", "scale = 1000"))
    _, out, _ = engage(*words, mended)
    assert "2 new transactions" in out
    assert "stands beside these rows and counts too" in out
    _, out, _ = engage(*words, mended, "--replace")
    assert "2 rows that only an earlier reading of this file saw are taken back" in out
    assert "beside" not in engage(*words, mended)[1]


def test_contacts_that_say_something_else_are_counted_as_corrections(engage: Engage) -> None:
    calls = "id,customer_id,ts,note\n1,1,2026-01-01,solved\n2,2,2026-01-02,solved\n"
    mapping = """
    kind = "interactions"
    person = { column = "customer_id" }
    key = { columns = ["id"] }
    [columns]
    ts = { column = "ts" }
    channel = { constant = "call" }
    initiated_by = { constant = "customer" }
    disposition = { column = "note" }
    """
    words = ("import", "interactions", "calls.csv", "--map", write("m.toml", mapping))
    write("calls.csv", calls)
    assert engage(*words)[1] == "calls.csv: 2 rows read, 2 new interactions, 0 known already\n"
    write("calls.csv", calls.replace("02,solved", "02,unresolved"))
    found = "1 new interactions, 1 of them corrections of known ones, 1 known already\n"
    would = found.replace("new", "would be new")
    assert engage(*words, "--dry-run")[1].endswith(f"2 rows read, {would}")
    assert engage(*words)[1] == f"calls.csv: 2 rows read, {found}"


def test_a_row_set_aside_ends_with_1_and_is_listed(engage: Engage) -> None:
    code, out, _ = engage("import", "transactions", write("s.csv", SALES + BAD))
    assert code == 1
    assert "line 4: ts: the year lies outside 1900 to 9999: '0000-00-00'" in out
    assert "1 x ts: the year lies outside 1900 to 9999\n" in out
    code, out, _ = engage("quarantine", "list", "--json")
    assert code == 0
    (row,) = json.loads(out)
    assert (row["file"], row["line"]) == ("s.csv", 4)
    assert json.loads(row["raw"]) == {"amount": 1, "customer_id": 3, "date": "0000-00-00"}


def test_a_mended_mapping_brings_in_what_was_set_aside(engage: Engage) -> None:
    comma = SALES.replace("10.50", '"10,50"')
    code, out, _ = engage(
        "import", "transactions", write("s.csv", comma), "--map", write("m.toml", MAP)
    )
    assert code == 1
    command = out.splitlines()[-1].partition("then ")[2].split()[1:]
    assert command[:2] == ["quarantine", "retry"]
    mended = write(
        "mended.toml", MAP.replace('kind = "transactions"', "").replace("100", '100, decimal = ","')
    )
    code, out, _ = engage(*command[:3], "--map", mended, "--dry-run")
    assert (code, out) == (0, "s.csv: 1 rows read, 1 would be new transactions, 0 known already\n")
    code, out, _ = engage(*command[:3], "--map", mended, "--json")
    assert (code, json.loads(out)["rows_new"]) == (0, 1)
    _, out, _ = engage("quarantine", "list")
    assert out == "nothing waits in quarantine\n"


def test_a_retry_of_an_import_that_is_not_there_says_so(engage: Engage) -> None:
    code, _, err = engage("quarantine", "retry", "imp_1")
    assert code == 2
    assert "no import 'imp_1'" in err


def test_a_dry_run_in_a_project_tells_new_rows_from_known_ones(engage: Engage) -> None:
    engage("import", "transactions", write("s.csv", SALES), "--map", write("m.toml", MAP))
    more = write("more.csv", SALES + "3,2026-01-03,1\n")
    _, out, _ = engage("import", "transactions", more, "--map", "m.toml", "--dry-run")
    assert "more.csv: 3 rows read, 1 would be new transactions, 2 known already\n" in out
    _, out, _ = engage("import", "transactions", "more.csv", "--map", "m.toml")
    assert out == "more.csv: 3 rows read, 1 new transactions, 2 known already\n"


def test_a_draft_is_a_mapping_that_the_import_accepts(engage: Engage) -> None:
    code, out, err = engage("import", "transactions", write("s.csv", SALES), "--guess")
    assert (code, err) == (0, "")
    code, out, _ = engage("import", "transactions", "s.csv", "--map", write("m.toml", out))
    assert (code, out) == (0, "s.csv: 2 rows read, 2 new transactions, 0 known already\n")


def test_a_draft_says_what_it_lacks(engage: Engage) -> None:
    code, out, err = engage("import", "events", write("odd.csv", "a,b\n1,2\n"), "--guess")
    assert code == 0
    assert "# needed: when it happened" in out
    assert "it is not complete yet" in err
    code, _, err = engage("import", "events", "odd.csv", "odd.csv", "--guess")
    assert code == 2
    assert "drafts a mapping from one file" in err


def test_a_dry_run_names_the_columns_that_nothing_reads(engage: Engage) -> None:
    wide = write("wide.csv", "customer_id,date,amount,shop\n1,2026-01-01,10.50,x\n")
    words = ("import", "transactions", wide, "--map", write("m.toml", MAP), "--dry-run")
    assert "Nothing reads shop\n" in engage(*words)[1]
    assert json.loads(engage(*words, "--json")[1])[0]["unread"] == ["shop"]


def test_a_list_of_people_to_leave_alone_has_a_command_of_its_own(engage: Engage) -> None:
    listed = write("list.csv", "customer_id,reason\n1,bereavement\n2,staff\n")
    code, out, _ = engage("exclusions", "import", listed)
    assert code == 0
    assert out.endswith("list.csv: 2 rows read, 2 new exclusions, 0 known already\n")
    _, out, _ = engage("import", "exclusions", listed)
    assert "0 new exclusions, 2 known already" in out


def test_json_holds_every_number_and_nothing_else_is_printed(engage: Engage) -> None:
    files = (write("a.csv", SALES), write("b.csv", SALES + BAD))
    code, out, _ = engage("import", "transactions", *files, "--json")
    assert code == 1
    first, second = json.loads(out)
    assert (first["rows_new"], first["rows_bad"]) == (2, 0)
    assert (second["rows_new"], second["rows_known"], second["quarantined"]) == (0, 2, 1)


def test_a_dry_run_shows_columns_guesses_and_errors_and_needs_no_project(
    engage: Engage, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "settings.toml").unlink()
    code, out, _ = engage("import", "transactions", write("s.csv", SALES + BAD), "--dry-run")
    assert code == 1
    assert "s.csv has the columns customer_id, date, amount\nAll of them are read\n" in out
    assert 'amount_minor = { column = "amount", scale = 100.0 }' in out
    assert "2 would come in as transactions, 1 set aside" in out
    assert not (tmp_path / "var").exists()


def test_what_was_guessed_can_be_saved_as_a_mapping(engage: Engage) -> None:
    _, out, _ = engage("import", "transactions", write("s.csv", SALES), "--dry-run", "--json")
    mapping = write("guessed.toml", json.loads(out)[0]["mapping"])
    code, out, _ = engage("import", "transactions", "s.csv", "--map", mapping)
    assert (code, out) == (0, "s.csv: 2 rows read, 2 new transactions, 0 known already\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("transactions", "none.csv"), "none.csv: there is no such file"),
        (("transactions", "."), "is a folder"),
        (("sales", "s.csv"), "there is no kind 'sales'"),
        (("events", "s.csv", "--map", "m.toml"), "it is for transactions, but events are being"),
        (("events", "odd.csv"), r"odd.csv: its columns (a, b) do not say everything: person"),
        (("transactions", "odd.csv", "--map", "m.toml"), "odd.csv has no column 'customer_id'"),
        (
            ("transactions", "s.csv", "--map", "none.toml"),
            "engage import transactions FILE --guess > none.toml",
        ),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(
    engage: Engage, words: tuple[str, ...], said: str
) -> None:
    write("s.csv", SALES)
    write("m.toml", MAP)
    write("odd.csv", "a,b\n1,2\n")
    code, _, err = engage("import", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
