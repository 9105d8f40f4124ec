"""A text message, sent through Twilio."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from engage.channels.twilio.client import CLOCK_SKEW, account
from engage.channels.twilio.errors import translated, unclear
from engage.channels.twilio.webhooks import status_url
from engage.domain.actions import ChannelName
from engage.domain.messages import Message, MessageState, Receipt
from engage.domain.replies import Reply
from engage.errors import SendError, SettingsError
from engage.settings import Secrets, Settings

LONGEST_VALIDITY_S = 36_000
_LISTED = 200
_FAILED = frozenset({"failed", "undelivered", "canceled"})


class Sms:
    """Sends one text and finds it again by its reference code."""

    name: ClassVar[str] = ChannelName.SMS
    held: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True

    def __init__(
        self,
        client: Client,
        *,
        sender: str = "",
        messaging_service: str = "",
        public_url: str = "",
    ) -> None:
        self.client = client
        self.sender = sender
        self.public_url = public_url
        self.origin = (
            {"messaging_service_sid": messaging_service} if messaging_service else {"from_": sender}
        )

    @classmethod
    def from_settings(cls, settings: Settings, secrets: Secrets) -> Self:
        """Return the channel; it needs a sender or messaging service, and credentials."""
        its = settings.channels.sms
        if not its.sender and not its.messaging_service:
            raise SettingsError(
                "settings.toml [channels.sms]: set sender or messaging_service, or keep "
                "[delivery] dry_run = true"
            )
        client = account(settings, secrets, its.base_url)
        return cls(
            client,
            sender=its.sender,
            messaging_service=its.messaging_service,
            public_url=settings.channels.public_url,
        )

    def send(self, message: Message) -> Receipt:
        """Hand one text to Twilio; its own queue drops it when the message's life ends.

        `details["validity_s"]` is the rest of that life in seconds.
        """
        if not message.reference or message.reference not in message.body:
            raise SendError(
                f"message {message.message_id} lacks its reference code in the text, so it could "
                "not be found again; write the text anew",
                permanent=True,
            )
        with translated():
            answer = self.client.messages.create(
                to=message.destination,
                body=message.body,
                **self.origin,
                **_validity(message),
                **self._callback(message),
            )
        return _receipt(answer)

    def _callback(self, message: Message) -> dict[str, str]:
        attempt = message.details.get("attempt", "")
        url = status_url(self.public_url, message.message_id, attempt)
        return {"status_callback": url} if url else {}

    def received(self, since: datetime) -> list[Reply]:
        """Return what customers have written to us since a moment, the oldest first.

        SendError when the provider's list cannot be read now.
        """
        to = {"to": self.sender} if self.sender else {}
        with translated():
            listed = self.client.messages.list(date_sent_after=since, **to)
        came = [one for one in listed if one.direction == "inbound" and one.date_sent is not None]
        return sorted(
            (_reply(one) for one in came), key=lambda one: (one.received_at, one.provider_id)
        )

    def reconcile(self, message: Message, started_at: datetime) -> Receipt | None:
        """Return the text that Twilio has under this number and reference code, if any."""
        with translated():
            listed = self.client.messages.list(to=message.destination, limit=_LISTED)
        for answer in listed:
            created = answer.date_created
            recent = created is not None and created >= started_at - CLOCK_SKEW
            if recent and message.reference in (answer.body or ""):
                return _receipt(answer)
        return None


def _reply(answer: MessageInstance) -> Reply:
    told = {
        "sid": answer.sid,
        "from": answer.from_,
        "to": answer.to,
        "body": answer.body,
        "status": str(answer.status),
        "date_sent": answer.date_sent.isoformat(),
    }
    return Reply(
        provider_id=str(answer.sid),
        channel=ChannelName.SMS,
        sender=answer.from_ or "",
        recipient=answer.to or "",
        body=answer.body or "",
        received_at=answer.date_sent,
        raw=told,
    )


def _validity(message: Message) -> dict[str, Any]:
    rest = message.details.get("validity_s")
    return {"validity_period": min(int(rest), LONGEST_VALIDITY_S)} if rest else {}


def _receipt(answer: MessageInstance) -> Receipt:
    if not answer.sid:
        raise unclear("no_sid", "the answer names no message")
    status = str(answer.status)
    if status in _FAILED:
        return Receipt(
            answer.sid, MessageState.FAILED, f"{status} {answer.error_code or ''}".strip()
        )
    state = MessageState.DELIVERED if status == "delivered" else MessageState.SENT
    return Receipt(answer.sid, state, status)
