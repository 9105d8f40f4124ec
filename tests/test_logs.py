from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from engage import logs


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**before)
    root.handlers, root.level = handlers, level


def written(**entry: Any) -> dict[str, Any]:
    """Return what one entry looks like in the log."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logs.get_logger("test").info(entry.pop("event", "something happened"), **entry)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


@pytest.mark.parametrize(
    "text",
    [
        "+49 1555 5123456",
        "+12125550123",
        "(212) 555-0123 x",
        "0049.1555.5123456",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "jane.doe+bank@example.co.uk",
        "Bearer abc.def-ghi",
        "eyJhbGciOi.eyJzdWIiOi.SflKxwRJSM",
        "AC0123456789abcdef0123456789abcdef",
        "sk_0123456789abcdef0123456789abcdef",
    ],
)
def test_what_names_a_person_or_opens_a_door_is_hidden(text: str) -> None:
    line = written(event=f"sending to {text}.", note=[{"deep": text}])
    shown = json.dumps(line)
    assert text.strip(" x()") not in shown
    assert logs.HIDDEN in line["event"]
    assert logs.HIDDEN in line["note"][0]["deep"]


def test_a_password_inside_an_address_is_hidden() -> None:
    line = written(event="cannot reach postgresql://engage:s3cret@db/engage")
    assert line["event"] == f"cannot reach postgresql://{logs.HIDDEN}@db/engage"


@pytest.mark.parametrize("name", ["auth_token", "password", "ENGAGE_SECRET", "to", "phone", "body"])
def test_what_stands_under_a_telling_name_is_hidden_whatever_it_is(name: str) -> None:
    assert written(**{name: "harmless"})[name] == logs.HIDDEN


def test_a_number_long_enough_for_a_telephone_is_hidden_as_a_number_too() -> None:
    line = written(customer=4915555123456, rows=999_999_999, share=0.123456789012)
    assert line["customer"] == logs.HIDDEN
    assert line["rows"] == 999_999_999
    assert line["share"] == 0.123456789012


@pytest.mark.parametrize(
    "text",
    [
        "dec_0123456789abcdef0123456789abcdef",
        "per_00000000001111111111222222222233",
        "2026-11-22T13:32:08.123456+00:00",
        "2026-11-22 13:32:08",
        "score_sessions saw 1200, did 37",
        "version 2026.6",
    ],
)
def test_our_own_ids_moments_and_counts_stay_readable(text: str) -> None:
    assert written(event=text)["event"] == text


def test_an_exception_is_told_without_the_number_it_mentions() -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)
    try:
        int("call +4915555123456")
    except ValueError:
        logs.get_logger("test").exception("sending failed")
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "5123456" not in stream.getvalue()


def test_what_libraries_log_goes_the_same_way() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    logging.getLogger("some.library").warning("POST To=%s", "+4915555123456")
    line = json.loads(stream.getvalue())
    assert line["part"] == "some.library"
    assert line["event"] == f"POST To={logs.HIDDEN}"


def test_entries_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    logs.configure("warning", "json", stream)
    logs.get_logger("test").info("quiet")
    assert stream.getvalue() == ""


def test_the_log_never_goes_where_results_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "text")
    logs.get_logger("test").info("a line")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "a line" in printed.err


@given(
    st.from_regex(r"\+[1-9][0-9]{9,14}", fullmatch=True), st.text(alphabet="abc :,;=", max_size=8)
)
def test_no_e164_number_survives_among_other_words(number: str, around: str) -> None:
    assert number not in logs.redacted(f"{around} {number} {around}")
    assert number[1:] not in logs.redacted(f"{around} {number} {around}")
