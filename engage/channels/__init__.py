"""A message leaves the building: one file a channel, found by its name."""

from __future__ import annotations

from engage.channels.base import Channel, build

__all__ = ["Channel", "build"]
