"""Requests that Twilio might send, and a thousand that somebody else would."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import replace

from engage.channels.twilio.webhooks import Request, sign

PUBLIC_URL = "https://engage.example.com"
TOKEN = "the account's token"
SID = "SM" + "0a" * 16

Pairs = list[tuple[str, str]]


def signed(target: str, form: Pairs, *, url: str = PUBLIC_URL, token: str = TOKEN) -> Request:
    """Return a request with the signature that Twilio would give it."""
    request = Request(target, form)
    return replace(request, signature=sign(request, public_url=url, auth_token=token))


def status_report(message_id: str = "msg_1", status: str = "delivered", sid: str = SID) -> Request:
    """Return a genuine report on a message."""
    form = [("MessageSid", sid), ("MessageStatus", status), ("From", "+15005550006"),
            ("To", "+4915112300001"), ("ApiVersion", "2010-04-01")]  # fmt: skip
    return signed(f"/webhooks/twilio/status?message={message_id}&attempt=1", form)


def incoming(body: str, sender: str, sid: str = SID) -> Request:
    """Return a genuine message of a customer."""
    form = [("MessageSid", sid), ("From", sender), ("To", "+15005550006"), ("Body", body),
            ("NumMedia", "0"), ("FromCity", "")]  # fmt: skip
    return signed("/webhooks/twilio/inbound", form)


def forged(genuine: Request, times: int, seed: int = 1) -> Iterator[Request]:
    """Yield requests that differ from a genuine one in something that is signed, or in the signature."""
    drawn = random.Random(seed)  # noqa: S311  so that a failure can be tried again
    ways = (
        _value,
        _name,
        _dropped,
        _added,
        _target,
        _signature,
        _unsigned,
        _token,
        _host,
        _shifted,
    )
    for number in range(times):
        yield ways[number % len(ways)](genuine, drawn)


def _letter(drawn: random.Random) -> str:
    return drawn.choice(string.ascii_letters + string.digits + "+ é\x00\U0001f6d1")


def _changed(text: str, drawn: random.Random) -> str:
    place = drawn.randrange(len(text) + 1)
    while True:
        made = text[:place] + _letter(drawn) + text[place + drawn.randrange(2) :]
        if made != text:
            return made


def _value(genuine: Request, drawn: random.Random) -> Request:
    form, at = list(genuine.form), drawn.randrange(len(genuine.form))
    form[at] = (form[at][0], _changed(form[at][1], drawn))
    return replace(genuine, form=form)


def _name(genuine: Request, drawn: random.Random) -> Request:
    form, at = list(genuine.form), drawn.randrange(len(genuine.form))
    form[at] = (f"X{_changed(form[at][0], drawn)}", form[at][1])
    return replace(genuine, form=form)


def _dropped(genuine: Request, drawn: random.Random) -> Request:
    form = list(genuine.form)
    del form[drawn.randrange(len(form))]
    return replace(genuine, form=form)


def _added(genuine: Request, drawn: random.Random) -> Request:
    pair = ("".join(_letter(drawn) for _ in range(5)), _letter(drawn))
    return replace(genuine, form=[*genuine.form, pair])


def _target(genuine: Request, drawn: random.Random) -> Request:
    made = _changed(genuine.target, drawn)
    return replace(genuine, target=made.replace("#", "%23"))


def _signature(genuine: Request, drawn: random.Random) -> Request:
    return replace(genuine, signature=_changed(genuine.signature or "", drawn))


def _unsigned(genuine: Request, drawn: random.Random) -> Request:
    return replace(genuine, signature=drawn.choice([None, "", "=", "\x00", "é" * 28, "A" * 5000]))


def _token(genuine: Request, drawn: random.Random) -> Request:
    return signed(genuine.target, list(genuine.form), token=_changed(TOKEN, drawn))


def _host(genuine: Request, drawn: random.Random) -> Request:
    url = drawn.choice(
        ["https://evil.example.com", "http://engage.example.com", "https://10.0.0.1"]
    )
    return signed(genuine.target, list(genuine.form), url=url)


def _shifted(genuine: Request, drawn: random.Random) -> Request:
    """Move the border of name and value of what we read: the signature does not see that."""
    form, at = list(genuine.form), 0
    name, value = form[at]
    cut = drawn.randrange(1, 4)
    form[at] = (name + value[:cut], value[cut:])
    return replace(genuine, form=form)
