"""An offer to chat, shown on the page the customer is reading.

The offer is held for the page, which fetches, paints and answers it (`engage.deliver.offers`);
a worker never sends it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from engage.domain.actions import ChannelName
from engage.domain.messages import Message, Receipt
from engage.errors import SendError
from engage.settings import Secrets, Settings


class ChatOffer:
    """Waits for the page: chat now, a call now, or a call later."""

    name: ClassVar[str] = ChannelName.CHAT_OFFER
    held: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    @classmethod
    def from_settings(
        cls,
        settings: Settings,  # noqa: ARG003 - every channel is built the same way
        secrets: Secrets,  # noqa: ARG003 - the same
    ) -> Self:
        """Return the channel; it needs nothing."""
        return cls()

    def send(self, message: Message) -> Receipt:
        """Refuse: an offer reaches the customer only when the page asks for it."""
        raise SendError(
            f"offer {message.message_id} waits for the customer's page and cannot be sent; "
            "leave it to the page or let it lapse",
            permanent=True,
        )

    def reconcile(
        self,
        message: Message,  # noqa: ARG002 - every channel is asked the same way
        started_at: datetime,  # noqa: ARG002 - the same
    ) -> Receipt | None:
        """Return nothing: no provider is involved."""
        return None
