"""A small bank made of dice: every relation, every kind of row, ties, gaps and late knowledge.

It has no truth to find. It is there to be cut, shuffled and stored in pieces while the features
must not notice.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from tests.features.rows import NOON, table

START = NOON - timedelta(days=132)
DAYS = 150
_PAGES = {
    "mortgage": ("/mortgage/calculator", "/mortgage/rates", "/mortgage/apply"),
    "card": ("/card/apply", "/card/compare"),
    "loan": ("/loan/calculator", "/loan/apply"),
    "help": ("/help/complaint", "/help/faq"),
}
_GOALS = ("application_submitted", "complaint_submitted", "address_changed")
_ZONES = ("Europe/Berlin", "America/New_York", None, "Nowhere/Atlantis")


class _Dice:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.count = 0

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def upto(self, highest: float) -> float:
        return float(self.rng.random() * highest)

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def known(self, ts: datetime) -> datetime:
        """Mostly at once; sometimes hours or weeks late."""
        late = self.upto(2)
        if self.chance(0.25):
            late = self.upto(self.pick((40, 500))) * 3600
        return ts + timedelta(seconds=round(late))


def bank(seed: int = 7, people: int = 16) -> dict[str, pa.Table]:
    """Return all relations of a bank with a few hundred visits and contacts over five months."""
    dice = _Dice(seed)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ARCHIVED}
    for number in range(people):
        _add_person(dice, rows, f"per{number}")
    _add_corrections(_Dice(seed + 1), rows)
    return {name: table(name, *some) for name, some in rows.items()}


def _add_person(dice: _Dice, rows: dict[str, list[dict[str, Any]]], person: str) -> None:
    zone = dice.pick(_ZONES)
    identities = [person]
    if dice.chance(0.5):
        anonymous = f"anon-{person}"
        known = START + timedelta(days=dice.upto(DAYS))
        rows["links"].append({"person_id": anonymous, "canonical_id": person, "known_at": known})
        identities.append(anonymous)
    for _ in range(dice.number(4, 14)):
        started = START + timedelta(seconds=round(dice.upto(DAYS * 86400)))
        _add_visit(dice, rows, dice.pick(identities), zone, started)
    for _ in range(dice.number(1, 9)):
        _add_contact(dice, rows, person)
    for _ in range(dice.number(0, 25)):
        _add_transaction(dice, rows, person)
    for _ in range(dice.number(0, 3)):
        _add_version(dice, rows, person, zone)
    _add_ours(dice, rows, person)


def _add_visit(
    dice: _Dice,
    rows: dict[str, list[dict[str, Any]]],
    person: str,
    zone: str | None,
    started: datetime,
) -> None:
    session = dice.name("ses")
    journey = dice.pick(tuple(_PAGES))
    device = dice.pick(("desktop", "mobile", None))
    campaign = "spring" if dice.chance(0.3) else None
    rows["sessions"].append(
        {"session_id": session, "person_id": person, "started_at": started, "device": device}
        | {"known_at": dice.known(started)}
        | {"channel": dice.pick(("web", "app")), "campaign": campaign}
    )
    ts = started
    for _ in range(dice.number(1, 15)):
        row = _event(dice, dice.pick(tuple(_PAGES)) if dice.chance(0.2) else journey)
        ids = {"event_id": dice.name("evt"), "person_id": person, "session_id": session}
        rows["events"].append({**ids, **row, "ts": ts, "known_at": dice.known(ts), "zone": zone})
        ts += timedelta(seconds=0 if dice.chance(0.1) else round(dice.upto(500)))


def _event(dice: _Dice, journey: str) -> dict[str, Any]:
    properties: dict[str, Any] = {"journey": journey} if dice.chance(0.6) else {}
    if dice.chance(0.3):
        properties |= {"amount": dice.number(1, 400) * 1000, "device": "mobile", "campaign": "x"}
    kind = dice.pick(("page", "page", "page", "track", "form", "error", "click"))
    names = {
        "track": ("calculator_used", "application_started", *_GOALS),
        "form": ("form_started", "form_submitted"),
        "error": ("field_error",),
        "click": ("rage_click", "click"),
    }
    if kind == "form":
        properties["step"] = dice.pick(("income", "address", "summary"))
    page = dice.pick(_PAGES[journey]) if dice.chance(0.95) else "/"
    text = "{broken" if dice.chance(0.03) else json.dumps(properties)
    name = dice.pick(names[kind]) if kind in names else None
    return {"type": kind, "name": name, "page": page, "properties": text}


def _add_contact(dice: _Dice, rows: dict[str, list[dict[str, Any]]], person: str) -> None:
    ts = START + timedelta(seconds=round(dice.upto(DAYS * 86400)))
    topic, wait = dice.pick(("card", "mortgage", None)), float(dice.number(0, 900))
    if dice.chance(0.4):  # looked for help on the page before
        _add_visit(dice, rows, person, None, ts - timedelta(hours=dice.upto(30)))
    for _ in range(dice.number(1, 4)):  # some come back about it
        ended = ts + timedelta(seconds=dice.number(10, 3000))
        row = {
            "interaction_id": dice.name("int"),
            "person_id": person,
            "ts": ts,
            "ended_at": ended if dice.chance(0.9) else None,
            "known_at": dice.known(ended),
            "channel": dice.pick(("call", "chat", "e-mail")),
            "direction": dice.pick(("inbound", "outbound")),
            "initiated_by": dice.pick(("customer", "customer", "customer", "company", "engine")),
            "topic": topic,
            "queue": dice.pick(("cards", "loans", None)),
            "wait_s": wait,
            "talk_s": dice.upto(900) if dice.chance(0.9) else None,
            "wrap_s": dice.upto(60),
            "transfers": dice.number(0, 3),
            "abandoned": dice.chance(0.2),
            "disposition": dice.pick(("solved", "unresolved", "other", "other", None)),
            "resolved": dice.pick(("true", "false", "unknown", None)),
            "handled_by": dice.pick(("person", "bot")),
            "thread_id": dice.pick(("thread1", "thread2", None)),
            "survey_score": float(dice.number(1, 6)) if dice.chance(0.3) else None,
        }
        rows["interactions"].append(row)
        ts += timedelta(hours=dice.upto(dice.pick((10, 100))))


def _add_corrections(dice: _Dice, rows: dict[str, list[dict[str, Any]]]) -> None:
    for record in rows["interactions"]:
        for _ in range(dice.pick((0, 0, 1, 2))):
            moment = record["known_at"] + timedelta(hours=dice.upto(200))
            said = {
                "disposition": dice.pick(("solved", "unresolved")),
                "topic": dice.pick(("card", None)),
            }
            dates = {"known_at": moment, "corrected_at": moment}
            rows["corrections"].append({**record, **said, **dates})


def _add_transaction(dice: _Dice, rows: dict[str, list[dict[str, Any]]], person: str) -> None:
    ts = START + timedelta(seconds=round(dice.upto(DAYS * 86400)))
    amount = dice.number(-2000, 90000)
    row = {"transaction_id": dice.name("trx"), "person_id": person, "ts": ts, "currency": "EUR"}
    kind = dice.pick(("purchase", "fee", "interest", "interest", "account_closed"))
    product = dice.pick(("card", "loan", "mortgage"))
    money = {"amount_minor": amount, "margin_minor": amount // 10 if dice.chance(0.9) else None}
    rows["transactions"].append(
        {**row, **money, "known_at": dice.known(ts), "kind": kind, "product": product}
    )


def _add_version(
    dice: _Dice, rows: dict[str, list[dict[str, Any]]], person: str, zone: str | None
) -> None:
    ts = START + timedelta(days=dice.upto(DAYS))
    products = dice.pick((["card"], ["card", "loan"], [], 2, None))
    attributes = {"tenure": dice.number(0, 30), "products": products, "zone": zone}
    attributes["region"] = dice.pick(("north", "south"))
    rows["people"].append(
        {"person_id": person, "valid_from": ts, "known_at": dice.known(ts)}
        | {"attributes": json.dumps(attributes)}
    )


def _add_ours(dice: _Dice, rows: dict[str, list[dict[str, Any]]], person: str) -> None:
    ts = START + timedelta(days=dice.upto(DAYS))
    if dice.chance(0.4):
        rows["decisions"].append(
            {"decision_id": dice.name("dec"), "person_id": person, "trigger": "t"}
            | {"decided_at": ts, "arm": "treated", "action": dice.pick(("sms", "none"))}
        )
    if dice.chance(0.4):
        rows["outcomes"].append(
            {"outcome_id": dice.name("out"), "person_id": person, "goal": "g", "ts": ts}
        )
    if dice.chance(0.4):
        rows["appointments"].append(
            {"appointment_id": dice.name("apt"), "person_id": person, "kind": "advice"}
            | {"starts_at": ts + timedelta(days=3), "known_at": ts, "state": "booked"}
        )
