"""What a customer's message means; a file of words for each language."""

from __future__ import annotations

from engage.collect.replies.meaning import understand

__all__ = ["understand"]
