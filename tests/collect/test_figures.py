from __future__ import annotations

import math

import pyarrow as pa
import pytest

from engage.collect.figures import flags, numbers, whole
from engage.collect.findings import Findings


def number(text: str, **how: object) -> tuple[float, str]:
    findings = Findings(1)
    found = numbers(pa.array([text]), "x", findings, **how)  # type: ignore[arg-type]
    return float(found[0]), str(findings.reasons[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-3.5", -3.5), ("+.5", 0.5), ("1e3", 1000), ("7.", 7), ("1,234.50", 1234.5)],
)
def test_numbers_are_read(text: str, value: float) -> None:
    assert number(text) == (value, "")


@pytest.mark.parametrize("text", ["NaN", "nan", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_refused(text: str) -> None:
    value, reason = number(text)
    assert math.isnan(value)
    assert reason == "x: not a finite number"


@pytest.mark.parametrize("text", ["", "abc", "1,5", "1,234", "0x10", "1_000", "12 EUR", "--1"])
def test_what_is_no_number_is_refused_rather_than_guessed(text: str) -> None:
    # 1,234 may be a thousand or a little over one: the mapping has to say which.
    assert number(text)[1] == "x: not a number"


def test_the_decimal_mark_is_the_mappings() -> None:
    assert number("1.234,50", decimal=",") == (1234.5, "")
    assert number("12,5", decimal=",") == (12.5, "")
    assert number("1,234", decimal=".") == (1234, "")


def test_euros_become_cents_without_losing_one() -> None:
    findings = Findings(4)
    text = pa.array(["11.77", "0.29", "1.005", "999999999.99"])
    cents = whole(numbers(text, "x", findings, scale=100), "x", findings, rounded=True)
    # 11.77 * 100 is 1176.9999999999998 in floating point: rounding, not cutting, makes it 1177.
    assert cents.to_pylist() == [1177, 29, 100, 99999999999]
    assert not findings.bad.any()


def test_an_amount_with_cents_where_minor_units_are_expected_is_refused() -> None:
    findings = Findings(2)
    amounts = whole(numbers(pa.array(["11.77", "1177"]), "x", findings), "x", findings)
    assert list(findings.reasons) == ["x: not a whole number", ""]
    assert amounts.to_pylist()[1] == 1177


def test_a_number_too_large_to_be_exact_is_refused() -> None:
    findings = Findings(1)
    whole(numbers(pa.array(["90071992547409931"]), "x", findings), "x", findings)
    assert findings.reasons[0] == "x: larger than 2^53"


def test_flags_are_read_in_the_usual_words() -> None:
    findings = Findings(6)
    found = flags(pa.array(["TRUE", "yes", "0", "N", None, "maybe"]), "x", findings)
    assert found.to_pylist() == [True, True, False, False, None, None]
    assert list(findings.reasons) == ["", "", "", "", "", "x: neither yes nor no"]
