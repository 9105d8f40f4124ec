"""What a person finds who reads the record of a contact that was drawn for an audit."""

from __future__ import annotations

from enum import StrEnum

AUDITED = "interaction_unresolved"
"""The model whose labels and scores are audited."""


class Verdict(StrEnum):
    """Whether the customer's matter was solved, as far as the record tells."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    UNCLEAR = "unclear"
