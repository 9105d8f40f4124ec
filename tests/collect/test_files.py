from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engage.collect import chunks, encodings, parquet
from engage.collect.files import fingerprint
from engage.collect.layout import Layout
from engage.errors import SourceFileError, WrongUse
from tests.collect.reading import only, whole, written

ROWS = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Grace, Hopper"}, {"id": "3", "name": None}]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_content(tmp_path: Path, mark: str) -> None:
    path = written(tmp_path, f"id{mark}name\n1{mark}Ada\n2{mark}Grace\n")
    assert only(path).rows.to_pylist() == [
        {"id": "1", "name": "Ada"},
        {"id": "2", "name": "Grace"},
    ]


def test_runs_of_blanks_separate_when_nothing_else_does(tmp_path: Path) -> None:
    path = written(tmp_path, " id   name\r\n 1    Ada\r\n 2  Grace\r\n")
    assert only(path).rows.column("name").to_pylist() == ["Ada", "Grace"]


def test_a_comma_inside_quotes_does_not_outvote_the_semicolon(tmp_path: Path) -> None:
    path = written(tmp_path, 'id;name\n1;"Hopper, Grace, Admiral"\n2;"Lovelace, Ada, Countess"\n')
    assert only(path).rows.column_names == ["id", "name"]


def test_a_sentence_as_header_of_one_column_is_not_cut_at_its_blanks(tmp_path: Path) -> None:
    path = written(tmp_path, "customer number\n1\n2\n3\n")
    assert only(path).rows.column_names == ["customer number"]


def test_csv_json_lines_parquet_and_gzip_give_the_same_rows(tmp_path: Path) -> None:
    csv = written(tmp_path, 'id,name\n1,Ada\n2,"Grace, Hopper"\n3,\n')
    lines = written(tmp_path, "\n".join(json.dumps(row) for row in ROWS) + "\n", "rows.txt")
    packed = written(tmp_path, gzip.compress(csv.read_bytes()), "packed")
    parquet = tmp_path / "rows.bin"
    pq.write_table(pa.Table.from_pylist(ROWS), parquet)
    for path in (csv, lines, packed, parquet):
        assert only(path).rows.to_pylist() == ROWS, path.name


def test_typed_values_become_the_text_a_csv_would_hold(tmp_path: Path) -> None:
    path = tmp_path / "typed.parquet"
    pq.write_table(
        pa.table(
            {
                "whole": pa.array([5.0, 5.5]),
                "flag": pa.array([True, None]),
                "when": pa.array([0, 1_500_000], pa.timestamp("us", "UTC")),
                "words": pa.array(["a", "b"]).dictionary_encode(),
                "nested": pa.array([{"a": 1}, {"a": None}]),
            }
        ),
        path,
    )
    assert only(path).rows.to_pylist() == [
        {
            "whole": "5",
            "flag": "true",
            "when": "1970-01-01 00:00:00.000000Z",
            "words": "a",
            "nested": '{"a":1}',
        },
        {
            "whole": "5.5",
            "flag": None,
            "when": "1970-01-01 00:00:01.500000Z",
            "words": "b",
            "nested": '{"a":null}',
        },
    ]


def test_json_values_keep_their_meaning_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, '{"a": true, "b": 10, "c": 1.5, "d": {"e": [1]}, "f": null}\n')
    assert only(path).rows.to_pylist() == [
        {"a": "true", "b": "10", "c": "1.5", "d": '{"e":[1]}', "f": None}
    ]


def test_chunks_know_their_lines_and_places_whatever_their_size(tmp_path: Path) -> None:
    path = written(tmp_path, 'id,note\n1,"two\nlines"\n2,x\n\n3,y\n4,z,too many\n5,w\n')
    for size in (1, 2, 3, 50):
        chunks = whole(path, chunk_rows=size)
        lines = [int(line) for chunk in chunks for line in chunk.lines]
        numbers = [int(number) for chunk in chunks for number in chunk.numbers]
        # The header is line 1; row 1 fills lines 2 and 3; line 5 is empty; line 7 is no row.
        assert lines == [2, 4, 6, 8]
        assert numbers == [0, 1, 2, 4]
        assert [one.line for chunk in chunks for one in chunk.malformed] == [7]


def test_wide_rows_come_in_shorter_chunks_that_hold_every_row_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (chunks, parquet):
        monkeypatch.setattr(module, "CHUNK_CHARS", 1_000)
    # 200 letters a row: five rows, and the header in the first, make a thousand.
    rows = [
        {"id": str(n), "note": "".join(chr(97 + (n * k) % 26) for k in range(200))}
        for n in range(23)
    ]
    csv = written(tmp_path, "id,note\n" + "".join(f"{r['id']},{r['note']}\n" for r in rows))
    lines = written(tmp_path, "\n".join(json.dumps(row) for row in rows), "rows.jsonl")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", compression="none")
    for path in (csv, lines, tmp_path / "rows.parquet"):
        found = whole(path)
        assert max(chunk.rows.num_rows for chunk in found) <= 5, path.name
        assert [row for chunk in found for row in chunk.rows.to_pylist()] == rows
        assert [n for chunk in found for n in chunk.numbers.tolist()] == list(range(23))


def test_a_row_of_another_width_is_set_aside_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n1,2,3\n1\n3,4\n")
    chunk = only(path)
    assert chunk.rows.num_rows == 2
    assert [(one.line, one.reason) for one in chunk.malformed] == [
        (3, "the number of values is not the header's 2"),
        (4, "the number of values is not the header's 2"),
    ]
    assert chunk.malformed[0].raw == "1 | 2 | 3"


def test_a_stray_quotation_mark_costs_its_own_row_only(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\n1,2\n"3"x,4\n5,6\n')
    chunk = only(path)
    assert chunk.rows.column("a").to_pylist() == ["1", "5"]
    assert [one.line for one in chunk.malformed] == [3]


def test_a_quotation_mark_that_nobody_closes_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = "".join(f"{n},b\n" for n in range(3, 40_000))
    for path in (
        written(tmp_path, f'a,b\n1,x\n2,"open\n{lines}', "long.csv"),
        written(tmp_path, f'a,b\n1,x\n2,"open\n{lines[:38]}', "short.csv"),
    ):
        chunk = only(path)
        (wrong,) = chunk.malformed
        assert (wrong.line, wrong.raw) == (3, '2,"open')
        assert wrong.reason == "a quotation mark is opened and not closed"
        assert chunk.rows.column("a").to_pylist()[:3] == ["1", "3", "4"]
        assert chunk.lines.tolist() == [2, *range(4, chunk.rows.num_rows + 3)]


def test_a_value_too_long_to_be_one_is_set_aside_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, f"a,b\n1,{'x' * 10_000_000}\n2,y\n")
    chunk = only(path)
    assert chunk.rows.to_pylist() == [{"a": "2", "b": "y"}]
    assert [(one.line, one.reason, len(one.raw)) for one in chunk.malformed] == [
        (2, "a value is longer than 131,072 characters", 2000)
    ]


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encodings, "LONGEST_LINE", 3_000_000)
    fine = written(tmp_path, "a\n" + ("x" * 2_900_000 + "\r\n") * 2)
    fingerprint(fine)
    with pytest.raises(SourceFileError, match="line 2 has more than 3,000,000 characters"):
        fingerprint(written(tmp_path, "a\n" + "x" * 5_000_000))


def test_marks_line_ends_quotes_and_signs_of_every_kind_are_read(tmp_path: Path) -> None:
    text = '\ufeffid,note\r\n007,"two\r\nlines"\r\nnull,"say ""hi"""\r\nNaN,😀 é\r\n'
    for encoding in ("utf-8", "utf-16"):
        content = text.encode() if encoding == "utf-8" else text[1:].encode("utf-16")
        chunk = only(written(tmp_path, content))
        assert chunk.rows.to_pylist() == [
            {"id": "007", "note": "two\r\nlines"},
            {"id": "null", "note": 'say "hi"'},
            {"id": "NaN", "note": "😀 é"},
        ]
    assert only(written(tmp_path, "id,note\r1,a\r2,b\r")).rows["id"].to_pylist() == ["1", "2"]


def test_a_line_that_is_no_json_object_is_set_aside(tmp_path: Path) -> None:
    path = written(tmp_path, '{"a": 1}\n{"a": \n[1]\n{"a": NaN}\n{"a": 2}\n')
    chunk = only(path)
    assert chunk.rows.column("a").to_pylist() == ["1", "2"]
    assert [one.line for one in chunk.malformed] == [2, 3, 4]


def test_a_header_without_rows_gives_its_columns(tmp_path: Path) -> None:
    chunk = only(written(tmp_path, "a,b\n"))
    assert chunk.rows.column_names == ["a", "b"]
    assert chunk.rows.num_rows == 0


def test_names_can_be_given_to_a_file_without_header(tmp_path: Path) -> None:
    path = written(tmp_path, "1,Ada\n2,Grace\n")
    layout = Layout(header=False, columns=("id", "name"))
    assert only(path, layout).rows.column("id").to_pylist() == ["1", "2"]


def test_lines_before_the_table_can_be_skipped_and_still_count(tmp_path: Path) -> None:
    path = written(tmp_path, "Report of May\n\nid,name\n1,Ada\n")
    chunk = only(path, Layout(skip_lines=2))
    assert chunk.rows.to_pylist() == [{"id": "1", "name": "Ada"}]
    assert list(chunk.lines) == [4]


def test_the_same_content_has_the_same_fingerprint_under_any_name(tmp_path: Path) -> None:
    one, other = written(tmp_path, "a\n1\n"), written(tmp_path, "a\n1\n", "b.csv")
    assert fingerprint(one).sha256 == fingerprint(other).sha256


# ── Files that cannot be read ────────────────────────────────────────────────────────────────────


def test_a_truncated_gzip_is_found_before_its_first_row_is_used(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{n * 7919 % 1000}" for n in range(100_000))
    whole_file = gzip.compress(f"id,x\n{rows}\n".encode())
    path = written(tmp_path, whole_file[: len(whole_file) // 2], "events.csv.gz")
    with pytest.raises(
        SourceFileError, match=r"events\.csv\.gz: the gzip data breaks off .* after "
    ):
        fingerprint(path)
    with pytest.raises(SourceFileError, match="fetch the file again"):
        whole(path)


def test_a_gzip_with_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"id,x\n" + b"1,2\n" * 50_000))
    packed[-5] ^= 0x10  # the checksum in the trailer
    with pytest.raises(SourceFileError, match="damaged"):
        fingerprint(written(tmp_path, bytes(packed)))


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    cut = written(tmp_path, path.read_bytes()[:-100], "cut.parquet")
    with pytest.raises(SourceFileError, match="the Parquet data breaks off or is damaged"):
        whole(cut)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x1f\x8b", "breaks off"),
        (gzip.compress(b"", mtime=0), "holds nothing once unpacked"),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
            "is neither text nor Parquet, for it holds zero bytes",
        ),
        (b"PK\x03\x04workbook", "is a zip archive or an Excel workbook"),
        (b'[{"a": 1}, {"a": 2}]', r"is one JSON array; .* jq -c '\.\[\]'"),
        (b"\n\n\n", "holds no header line"),
        (b"id,name\n1,\xfcml\n", "near line 2 the byte 0xfc is not utf-8 text; .*cp1252"),
        (b"id,amount,id\n1,2,3\n", r"names the column 'id' more than once \(columns 1, 3\)"),
    ],
)
def test_a_file_that_is_no_table_says_so(tmp_path: Path, content: bytes, words: str) -> None:
    path = written(tmp_path, content, "input")
    with pytest.raises(SourceFileError, match=rf"input: .*{words}"):
        fingerprint(path), whole(path)


def test_a_folder_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match="is a folder; name the files in it"):
        fingerprint(tmp_path)
    with pytest.raises(SourceFileError, match="there is no such file"):
        whole(tmp_path / "nothing.csv")


def test_random_bytes_never_pass_for_rows_without_a_word(tmp_path: Path) -> None:
    noise = bytes(range(1, 256)) * 50
    with pytest.raises(SourceFileError):
        fingerprint(written(tmp_path, noise))


def test_a_duplicate_header_can_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path, "id,amount,id\n1,2,3\n")
    layout = Layout(columns=("id", "amount", "other_id"))
    assert only(path, layout).rows.to_pylist() == [{"id": "1", "amount": "2", "other_id": "3"}]
    with pytest.raises(WrongUse, match=r"gives 2 names, but the header of .* has 3"):
        whole(path, Layout(columns=("id", "amount")))
