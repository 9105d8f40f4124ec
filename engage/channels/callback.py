"""A call-back: the customer's phone rings at the agreed time, or an agent finds it on the list.

Without a calling number Engage dials nobody: the call stands on the agents' list, and they make
it. With one, the customer is called and then waits in the provider's queue of the same name as
ours, from which the next free agent takes the call.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.twiml.voice_response import VoiceResponse

from engage.channels.twilio.client import CLOCK_SKEW, account
from engage.channels.twilio.errors import translated, unclear
from engage.domain.actions import ChannelName
from engage.domain.messages import Message, MessageState, Receipt
from engage.settings import Secrets, Settings

RING_S = 25
_LISTED = 50
_FAILED = frozenset({"failed", "canceled"})
"""The phone never rang; busy or not answered is a call that was made."""


class Callback:
    """Puts one call on the agents' list, or dials it; an uncertain call is never dialled again."""

    name: ClassVar[str] = ChannelName.CALLBACK
    held: ClassVar[bool] = False
    repeatable: ClassVar[bool] = False

    def __init__(self, client: Client | None = None, *, sender: str = "") -> None:
        self.client = client
        self.sender = sender

    @classmethod
    def from_settings(cls, settings: Settings, secrets: Secrets) -> Self:
        """Return the channel; without `sender` the calls go on the agents' list."""
        its = settings.channels.callback
        if not its.sender:
            return cls()
        client = account(settings, secrets, its.base_url)
        return cls(client, sender=its.sender)

    def send(self, message: Message) -> Receipt:
        """Dial the customer, or put the call on the agents' list."""
        if self.client is None:
            # The list is where this call's way ends as far as any provider is concerned.
            listed = f"list-{message.message_id}"
            return Receipt(listed, MessageState.DELIVERED, "on the agents' list")
        with translated():
            answer = self.client.calls.create(
                to=message.destination,
                from_=self.sender,
                twiml=_script(message),
                timeout=RING_S,
            )
        return _receipt(answer)

    def reconcile(self, message: Message, started_at: datetime) -> Receipt | None:
        """Return the call to this number since the attempt began.

        A call carries no reference code; as nobody has two open call-backs, number and time
        tell enough.
        """
        if self.client is None:
            return self.send(message)
        with translated():
            listed = self.client.calls.list(
                to=message.destination, from_=self.sender, limit=_LISTED
            )
        for answer in listed:
            if answer.date_created is not None and answer.date_created >= started_at - CLOCK_SKEW:
                return _receipt(answer)
        return None


def _script(message: Message) -> str:
    response = VoiceResponse()
    if message.body:
        response.say(message.body)
    response.enqueue(message.details.get("queue") or "callbacks")
    return str(response)


def _receipt(answer: CallInstance) -> Receipt:
    if not answer.sid:
        raise unclear("no_sid", "the answer names no call")
    status = str(answer.status)
    state = MessageState.FAILED if status in _FAILED else MessageState.SENT
    return Receipt(answer.sid, state, status)
