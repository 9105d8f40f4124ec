"""What every step of the loop has at hand: settings, clock, store, history, definitions."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from engage.channels.base import Channel
from engage.clock import Clock
from engage.decide.rules import Rules
from engage.domain.actions import Action
from engage.domain.goals import Goal
from engage.scoring.definition import Model
from engage.settings import Secrets, Settings
from engage.store import Store
from engage.store.history import History


@dataclass(frozen=True)
class App:
    """One running Engage: a project folder opened with its database and its clock."""

    folder: Path
    settings: Settings
    secrets: Secrets
    clock: Clock
    store: Store
    history: History
    models: Mapping[str, Model]
    goals: Mapping[str, Goal]
    actions: Mapping[str, Action]
    channels: Mapping[str, Channel]
    rules: Rules
    secret: bytes

    def now(self) -> datetime:
        """Return the present moment."""
        return self.clock.now()

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the civil time zone that nightly jobs follow."""
        return ZoneInfo(self.settings.project.zone)

    @property
    def artifacts_folder(self) -> Path:
        """Return where trained models are kept."""
        return self.folder / "var" / "artifacts"

    @cached_property
    def salt(self) -> bytes:
        """Return the key of the arms; a new epoch in the settings draws them anew."""
        return self.salt_of(self.settings.assignment.epoch)

    def salt_of(self, epoch: str) -> bytes:
        """Return the key of the arms of an epoch, past ones too."""
        return hmac.digest(self.secret, f"arms:{epoch}".encode(), "sha256")

    @cached_property
    def draw_key(self) -> bytes:
        """Return the key of every draw that is not an arm."""
        return hmac.digest(self.secret, b"draws", "sha256")

    @cached_property
    def suppression_key(self) -> bytes:
        """Return the key under which opted-out numbers are remembered without keeping them."""
        return hmac.digest(self.secret, b"suppressions", "sha256")

    @cached_property
    def artifact_key(self) -> bytes:
        """Return the key that trained models are signed with; derived, never kept."""
        return hmac.digest(self.secret, b"artifacts", "sha256")

    def at(self, clock: Clock) -> App:
        """Return the same application under another clock."""
        return replace(self, clock=clock)
