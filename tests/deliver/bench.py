"""A small bank with one database, one local provider and one clock, for the tests of delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from engage.channels.base import Channel
from engage.channels.callback import Callback
from engage.channels.chat_offer import ChatOffer
from engage.channels.sms import Sms
from engage.channels.twilio.client import connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio
from engage.clock import MovingClock
from engage.decide.hours import DAYS, Window
from engage.decide.rules import Rules
from engage.deliver import claim
from engage.deliver.recheck import Standing
from engage.deliver.reconcile import reconcile_unknown
from engage.deliver.send import deliver_due
from engage.deliver.settle import Settling
from engage.domain.actions import Action, ContactClass
from engage.domain.ids import Prefix, derive
from engage.domain.messages import MessageState
from engage.domain.people import PEOPLE
from engage.domain.runs import JobReport
from engage.settings.sending import Delivery
from engage.store import Store, ledger, outbox, people, rows
from engage.store.outbox import Claim
from tests.store.samples import rows as table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday; in Berlin it is 13:00."""
SENDER = "+15005550006"
STOP_KEY, DRAW_KEY = b"stop list", b"draws"

RULES = Rules(
    version="test",
    windows={"DE": {ContactClass.SERVICE: (Window.of(DAYS[:6], "09:00", "19:00"),)}},
)
ACTIONS = {
    "sms": Action("sms", "sms", needs="sms"),
    "call": Action("call", "callback", queue="mortgage", agent_minutes=6),
    "chat": Action("chat", "chat_offer"),
}


@dataclass
class Bench:
    """Everything a test of delivery touches."""

    store: Store
    provider: FakeTwilio
    clock: MovingClock
    settings: Delivery = field(default_factory=Delivery)
    channels: dict[str, Channel] = field(default_factory=dict)
    recheck: Any = None

    def __post_init__(self) -> None:
        client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=self.provider.url, read_s=2.0)
        live: dict[str, Channel] = {
            "sms": Sms(client, sender=SENDER),
            "callback": Callback(client, sender=SENDER),
            "chat_offer": ChatOffer(),
        }
        self.channels = {**live, **self.channels}
        self.recheck = self.recheck or Standing(RULES, ACTIONS, STOP_KEY)

    def person(self, number: int, **attributes: str) -> str:
        """Store a customer in Berlin with a mobile and a yes to messages; return the id."""
        person_id = f"per_{number}"
        known = {"country": "DE", "zone": "Europe/Berlin"} | attributes
        at = NOON - timedelta(days=10)
        version = {
            "person_id": person_id,
            "valid_from": at,
            "known_at": at,
            "attributes": json.dumps(known),
        }
        point = {"person_id": person_id, "kind": "phone", "value": phone(number), "known_at": at}
        yes = {"person_id": person_id, "purpose": "sms", "granted": True, "at": at, "source": "app"}
        with self.store.write() as tx:
            rows.add(tx, PEOPLE, table(version), at)
            people.add_contact_points(tx, table(point))
            people.add_consents(tx, table(yes))
        return person_id

    def message(self, number: int = 1, **columns: Any) -> str:
        """Store a person and a message to them, due now with an hour to live; return its id."""
        person_id = self.person(number)
        decision_id = derive(Prefix.DECISION, str(number))
        made = {
            "message_id": derive(Prefix.MESSAGE, decision_id),
            "decision_id": decision_id,
            "person_id": person_id,
            "channel": "sms",
            "action": "sms",
            "class": "service",
            "destination": phone(number),
            "body": f"Example Bank: may we help? Ref {code(number)}",
            "reference": code(number),
            "details": json.dumps({"subject_id": f"ses_{number}"}),
            "due_at": self.clock.now(),
            "expires_at": self.clock.now() + timedelta(hours=1),
        } | columns
        budget = {"at": made["due_at"], "subject_id": f"ses_{number}"}
        spent = {name: made[name] for name in ("decision_id", "person_id", "channel", "class")}
        with self.store.write() as tx:
            assert ledger.reserve(tx, table(spent | budget), []).all()
            assert outbox.add(tx, table(made), self.clock.now()).all()
        return str(made["message_id"])

    def deliver(self, **settings: Any) -> JobReport:
        """Let a worker make one round."""
        return deliver_due(
            self.store,
            self.channels,
            clock=self.clock,
            worker="worker",
            recheck=self.recheck,
            settings=self.settings.model_copy(update=settings),
            draw_key=DRAW_KEY,
            suppression_key=STOP_KEY,
        )

    def reconcile(self, **settings: Any) -> JobReport:
        """Let a worker look up what is in doubt."""
        chosen = self.settings.model_copy(update=settings)
        return reconcile_unknown(self.store, self.channels, clock=self.clock, settings=chosen)

    def begin(self, lease_s: float = 30.0) -> Claim:
        """Claim the next message and begin it, as a worker does that dies before it sends."""
        now = self.clock.now()
        with self.store.write() as tx:
            (held,) = claim.claim(
                tx, self.channels, self.recheck, now=now, worker="w", limit=1, lease_s=lease_s
            ).claims
            channel = self.channels[held.message.channel]
            begun = claim.begin(tx, held, channel, self.recheck, now=now, lease_s=lease_s)
        assert isinstance(begun, Claim)
        return begun

    def claim(self, message_id: str) -> Claim:
        """Return a message as it stands."""
        with self.store.read() as tx:
            found = outbox.get(tx, message_id)
        assert found is not None
        return found

    def state(self, message_id: str) -> MessageState:
        """Return the state of a message."""
        return self.claim(message_id).state

    def row(self, message_id: str) -> Mapping[str, Any]:
        """Return a message with all that is stored of it."""
        with self.store.read() as tx:
            row: Mapping[str, Any] = outbox.read(tx, message_ids=[message_id]).to_pylist()[0]
        return row

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**by))


SETTLING = Settling(attempts=8, draw_key=DRAW_KEY, suppression_key=STOP_KEY)


def phone(number: int) -> str:
    """Return the mobile of a person."""
    return f"+49151123{number:05d}"


def code(number: int) -> str:
    """Return the reference code of a message."""
    return f"HTX{number:04d}"
