"""What our client sends, and what our stand-in answers, against Twilio's own OpenAPI description."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from engage.channels.callback import Callback
from engage.channels.sms import Sms
from engage.channels.twilio.client import connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, Asked, FakeTwilio
from engage.clock import MovingClock
from engage.domain.messages import Message

FORM = "application/x-www-form-urlencoded"
SENDER = "+15005550006"
SERVICE = "MG" + "1" * 32


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    shared = Path(__file__).resolve().parents[3] / "shared" / "twilio"
    folder = Path(os.environ.get("ENGAGE_SHARED_TWILIO", shared))
    path = folder / "twilio_api_v2010.json"
    if not path.is_file():
        pytest.skip(f"Twilio's OpenAPI description is not here: {path}")
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def operation(contract: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Return the one described operation that this request calls."""
    found = [
        described[asked.method.lower()]
        for path, described in contract["paths"].items()
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), asked.path)
    ]
    assert len(found) == 1, f"{asked.method} {asked.path} is not described exactly once"
    chosen: dict[str, Any] = found[0]
    return chosen


def fits(contract: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Return whether a value is what its description allows; form values come as text."""
    if "$ref" in schema:
        named = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return fits(contract, named, value)
    if value is None:
        return bool(schema.get("nullable"))
    kind = schema.get("type")
    if kind == "integer":
        return re.fullmatch(r"\d+", str(value)) is not None
    if kind == "object":
        return isinstance(value, dict)
    return (
        isinstance(value, str)
        and value in schema.get("enum", [value])
        and re.search(schema.get("pattern", ""), value) is not None
    )


def check_request(contract: dict[str, Any], asked: Asked) -> None:
    described = operation(contract, asked)
    if asked.method == "GET":
        known = {one["name"]: one["schema"] for one in described["parameters"]}
        assert all(fits(contract, known[name], value) for name, value in asked.query.items())
        return
    schema = described["requestBody"]["content"][FORM]["schema"]
    assert set(schema["required"]) <= set(asked.form)
    for name, values in asked.form.items():
        assert len(values) == 1
        assert fits(contract, schema["properties"][name], values[0]), name


def check_answer(contract: dict[str, Any], item: dict[str, Any], name: str) -> None:
    described = contract["components"]["schemas"][f"api.v2010.account.{name}"]["properties"]
    for field, value in item.items():
        assert fits(contract, described[field], value), field


def test_messages_are_asked_for_as_twilio_describes(
    contract: dict[str, Any], provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    for channel in (Sms(client, sender=SENDER), Sms(client, messaging_service=SERVICE)):
        channel.send(message)
        channel.reconcile(message, clock.now())
    client.messages(provider.messages.items[0]["sid"]).fetch()
    assert len(provider.asked) == 5
    for asked in provider.asked:
        check_request(contract, asked)
    for item in provider.messages.items:
        check_answer(contract, item, "message")


def test_calls_are_asked_for_as_twilio_describes(
    contract: dict[str, Any], provider: FakeTwilio, message: Message, clock: MovingClock
) -> None:
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url)
    channel = Callback(client, sender=SENDER)
    channel.send(message)
    channel.reconcile(message, clock.now())
    assert len(provider.asked) == 2
    for asked in provider.asked:
        check_request(contract, asked)
    check_answer(contract, provider.calls.items[0], "call")


def test_a_field_that_twilio_does_not_know_would_be_noticed(
    contract: dict[str, Any], provider: FakeTwilio
) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    with pytest.raises(KeyError, match="Text"):
        check_request(contract, Asked("POST", path, form={"To": ["+491"], "Text": ["Hello"]}))
    with pytest.raises(AssertionError):
        check_request(contract, Asked("POST", path, form={"Body": ["Hello"]}))
    with pytest.raises(AssertionError, match="ValidityPeriod"):
        check_request(
            contract, Asked("POST", path, form={"To": ["+491"], "ValidityPeriod": ["soon"]})
        )
