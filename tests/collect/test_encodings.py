"""Text comes in by its own encoding; lines of another one wait, and no other row does."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from engage.collect.files import fingerprint
from engage.collect.layout import Layout
from engage.errors import SourceFileError
from tests.collect.reading import only, written


def test_marks_at_the_start_tell_the_encoding(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = written(tmp_path, "id;name\n1;Zoë\n".encode(encoding), encoding)
        fingerprint(path)
        assert only(path).rows.to_pylist() == [{"id": "1", "name": "Zoë"}]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_utf_16_without_a_mark_shows_itself(tmp_path: Path, encoding: str, *, packed: bool) -> None:
    for name, text in (
        ("a.csv", "id;name\n1;Zoë 😀\n"),
        ("a.json", '{"id": 1, "name": "Zoë 😀"}\n'),
    ):
        content = text.encode(encoding)
        path = written(tmp_path, gzip.compress(content) if packed else content, name)
        fingerprint(path)
        assert only(path).rows.to_pylist() == [{"id": "1", "name": "Zoë 😀"}]


def test_utf_16_of_letters_that_show_nothing_is_read_as_the_mapping_says(tmp_path: Path) -> None:
    path = written(tmp_path, "номер;имя\n1;Зоя\n".encode("utf-16-le"))
    fingerprint(path, Layout(encoding="utf-16-le"))
    assert only(path, Layout(encoding="utf-16-le")).rows.to_pylist() == [
        {"номер": "1", "имя": "Зоя"}
    ]


def test_noise_is_no_text_whether_or_not_it_has_a_zero_byte(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).bytes(5_000)
    for content, why in (
        (noise, "it holds zero bytes"),
        (noise.replace(b"\0", b""), "too many of its bytes stand for no letter"),
    ):
        path = written(tmp_path, content)
        for look in (fingerprint, only):
            with pytest.raises(SourceFileError) as refused:
                look(path)
            assert str(refused.value) == (
                f"{path}: is neither text nor Parquet, for {why}; CSV, JSON lines and Parquet can "
                "be imported, gzipped or not"
            )


def test_lines_of_another_encoding_are_set_aside_and_the_others_come_in(tmp_path: Path) -> None:
    """Two exports joined: ä and é as UTF-8, one line from Windows (0xe9 is its é) in between."""
    joined = "id,name\n1,Jörg\n2,Zoë\n".encode() + "3,René\n".encode("cp1252") + b"4,Ann\n"
    path = written(tmp_path, joined, "joined.csv")
    fingerprint(path)

    chunk = only(path)

    assert [row["id"] for row in chunk.rows.to_pylist()] == ["1", "2", "4"]
    assert list(chunk.numbers) == [0, 1, 3]
    (wrong,) = chunk.malformed
    assert (wrong.line, wrong.raw) == (4, "3 | René")
    assert wrong.reason == "the byte 0xe9 is no utf-8 text, as the rest of the file is"


def test_a_header_of_another_encoding_is_named(tmp_path: Path) -> None:
    joined = "id,Größe\n".encode("cp1252") + "1,Jörg\n2,Zoë\n3,Ünal\n".encode()
    path = written(tmp_path, joined, "joined.csv")
    fingerprint(path)
    with pytest.raises(SourceFileError, match=r"line 1, the header: the byte 0xf6 .*\| Größe"):
        only(path)


def test_a_json_line_of_another_encoding_is_set_aside(tmp_path: Path) -> None:
    joined = '{"name": "Zoë"}\n'.encode() + '{"name": "René"}\n'.encode("cp1252")
    path = written(tmp_path, joined, "joined.jsonl")
    fingerprint(path)

    chunk = only(path)

    assert chunk.rows["name"].to_pylist() == ["Zoë"]
    assert chunk.malformed[0].raw == '{"name": "René"}'


def test_a_value_over_lines_of_another_encoding_is_one_row_set_aside(tmp_path: Path) -> None:
    joined = 'id,note\n1,"Grüße\naus Köln"\n2,"'.encode() + "é\nè".encode("cp1252") + b'"\n3,x\n'
    path = written(tmp_path, joined, "joined.csv")
    fingerprint(path)

    chunk = only(path)

    assert [row["id"] for row in chunk.rows.to_pylist()] == ["1", "3"]
    assert [(one.line, one.raw) for one in chunk.malformed] == [(4, "2 | é\nè")]
