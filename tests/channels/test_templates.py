from __future__ import annotations

import pytest

from engage.channels.segments import Encoding
from engage.channels.templates import VARIABLES, check, compose, render
from engage.errors import DefinitionError

BANK = {"company": "Example Bank", "purpose": "your mortgage enquiry"}


def test_the_first_message_names_company_purpose_and_how_to_stop() -> None:
    body = compose("May we call you?", BANK, reference="BCDF23", first=True)
    assert body.text == (
        "Example Bank: May we call you? This is about your mortgage enquiry. "
        "Reply STOP to opt out. Ref BCDF23"
    )
    # 14 + 16 + 37 + 23 + 11 - one space counted once each: the text is 101 characters long.
    assert (len(body.text), body.encoding, body.segments) == (101, Encoding.GSM7, 1)


def test_later_messages_name_the_company_and_keep_the_reference() -> None:
    body = compose("See you at {{ slot }}.", {**BANK, "slot": "10:30"}, reference="X2", first=False)
    assert body.text == "Example Bank: See you at 10:30. Ref X2"


def test_words_that_the_wording_already_has_are_not_said_twice() -> None:
    wording = "{{ company }} about {{ purpose }}. Reply STOP to opt out."
    body = compose(wording, BANK, reference="X2", first=True)
    assert body.text == ("Example Bank about your mortgage enquiry. Reply STOP to opt out. Ref X2")


def test_a_missing_value_has_a_default_or_is_refused() -> None:
    assert render("Hello {{ first_name | default: 'there' }}", {}) == "Hello there"
    for nothing in ({}, {"first_name": ""}):
        with pytest.raises(DefinitionError, match="first_name"):
            render("Hello {{ first_name }}", nothing)


@pytest.mark.parametrize(
    "wording",
    [
        "Your balance is {{ balance }}",
        "{{ company.secret }}",
        "{{7*7}}",
        "{{ company | base64_encode }}",
        "{% for i in (1..999999999) %}x{% endfor %}",
        "{% include 'passwords' %}",
        "{% assign company = 'Other' %}",
        "{{ company",
        "{% if company %}never closed",
    ],
)
def test_a_wording_that_asks_for_more_is_refused_when_saved(wording: str) -> None:
    with pytest.raises(DefinitionError):
        check(wording)


@pytest.mark.parametrize(
    "value", ["{{ company }}", "{{7*7}}", "{% include 'x' %}", "{x.__class__}"]
)
def test_what_stands_in_a_value_is_never_read_as_a_template(value: str) -> None:
    assert render("Hello {{ first_name }}", {"first_name": value}) == f"Hello {value}"


def test_a_value_that_no_wording_can_name_is_refused() -> None:
    with pytest.raises(DefinitionError, match="balance"):
        render("Hello", {"balance": "1,000"})


def test_conditions_are_allowed() -> None:
    wording = "{% if slot %}At {{ slot }}{% else %}Soon{% endif %}"
    check(wording)
    assert render(wording, {"slot": "10:30"}) == "At 10:30"
    assert render(wording, {"slot": ""}) == render(wording, {}) == "Soon"


def test_a_text_longer_than_the_provider_takes_is_refused() -> None:
    with pytest.raises(DefinitionError, match="1600"):
        compose("x" * 1600, BANK, reference="X2", first=False)


def test_a_message_without_a_company_is_refused() -> None:
    with pytest.raises(DefinitionError, match="company"):
        compose("Hello", {}, reference="X2", first=False)


def test_every_variable_has_a_meaning() -> None:
    assert all(VARIABLES.values())
