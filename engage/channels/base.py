"""What every way out of the building has in common, and how the ways are found.

A channel is one file in this folder: it holds one class whose `name` is the file's name. A file
that does not keep to that stops the start.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
from datetime import datetime
from types import ModuleType
from typing import Any, ClassVar, Protocol, Self, cast

from engage.channels import templates
from engage.domain.actions import ChannelName
from engage.domain.messages import Message, Receipt
from engage.errors import DefinitionError, SendError, SettingsError
from engage.settings import Secrets, Settings

SUPPORT = frozenset({"base", "segments", "templates"})
"""Files of this folder that serve all channels and are none."""


class Channel(Protocol):
    """A way to reach somebody: it sends one message, and can look up whether it was sent."""

    name: ClassVar[str]
    held: ClassVar[bool]
    """Waits for the customer's page to fetch it; no worker ever sends it."""
    repeatable: ClassVar[bool]
    """Absence from the provider's list is proof enough to send once more."""

    @classmethod
    def from_settings(cls, settings: Settings, secrets: Secrets) -> Self:
        """Return the channel as the project has set it up; SettingsError when it has not."""
        ...

    def send(self, message: Message) -> Receipt:
        """Deliver one message within a bounded time; SendError says why it did not leave."""
        ...

    def reconcile(self, message: Message, started_at: datetime) -> Receipt | None:
        """Return what the provider knows of an attempt begun then; None when it knows nothing.

        SendError when the provider's list cannot be read now.
        """
        ...


class Misconfigured(SendError):
    """The provider refuses us, not the recipient; the message is kept until a person mends it."""


class OptedOut(SendError):
    """The provider says that the recipient has asked to be left alone; never try again."""


def discover() -> dict[str, type[Channel]]:
    """Return each channel's class by name, in name order."""
    folder = importlib.import_module(__package__ or "engage.channels")
    names = [m.name for m in pkgutil.iter_modules(folder.__path__) if not m.ispkg]
    return {
        name: channel_in(importlib.import_module(f"{folder.__name__}.{name}"))
        for name in sorted(names)
        if name not in SUPPORT
    }


def channel_in(module: ModuleType) -> type[Channel]:
    """Return the one channel that a file defines; DefinitionError when it is not exactly one."""
    stem = module.__name__.rpartition(".")[2]
    found: list[Any] = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and hasattr(value, "send")
    ]
    if len(found) != 1:
        raise DefinitionError(
            f"{module.__file__}: a channel's file defines exactly one class that can send; "
            f"this one has {len(found)}"
        )
    if found[0].name != stem:
        raise DefinitionError(
            f"{module.__file__}: its channel is named {found[0].name!r}; name it {stem!r}"
        )
    return cast("type[Channel]", found[0])


def build(settings: Settings, secrets: Secrets) -> dict[str, Channel]:
    """Return the channels that the project's actions use, by name.

    In dry run every channel but those that wait for the page is replaced by the one that sends
    nothing. A wording that could not be sent stops the start, and not the message.
    """
    for action, wording in settings.channels.sms.bodies.items():
        _check_wording(action, wording)
    kinds = discover()
    dry = settings.delivery.dry_run
    channels: dict[str, Channel] = {}
    for action, its in sorted(settings.actions.items()):
        if not its.channel or its.channel in channels:
            continue
        kind = _known(its.channel, kinds, action)
        chosen = kinds[ChannelName.DRY_RUN] if dry and not kind.held else kind
        channels[its.channel] = chosen.from_settings(settings, secrets)
    return channels


def _check_wording(action: str, wording: str) -> None:
    try:
        templates.check(wording)
    except DefinitionError as error:
        raise SettingsError(f"settings.toml [channels.sms.bodies] {action}: {error}") from None


def _known(name: str, kinds: dict[str, type[Channel]], action: str) -> type[Channel]:
    if name in kinds:
        return kinds[name]
    near = difflib.get_close_matches(name, kinds, n=1, cutoff=0.0)
    raise SettingsError(
        f"settings.toml [actions.{action}] channel: there is no channel {name!r}; "
        f"the nearest is {near[0]!r}"
    )
