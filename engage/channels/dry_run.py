"""Nothing leaves the building: what a new installation does until somebody confirms it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from engage.domain.actions import ChannelName
from engage.domain.messages import Message, Receipt
from engage.settings import Secrets, Settings


class DryRun:
    """Takes every message and sends none, so that all the rest can be watched safely."""

    name: ClassVar[str] = ChannelName.DRY_RUN
    held: ClassVar[bool] = False
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
        """Return what a provider would have said."""
        return Receipt(f"dry-run-{message.message_id}", note="dry run: nothing left the building")

    def reconcile(
        self,
        message: Message,
        started_at: datetime,  # noqa: ARG002 - every channel is asked the same way
    ) -> Receipt | None:
        """Return the same answer again: nothing can have been sent twice."""
        return self.send(message)
