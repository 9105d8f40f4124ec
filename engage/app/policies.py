"""The policy that a decision of the past obeyed, as it was stored then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from engage.app.definitions import action_of
from engage.app.rules import fingerprint, policy_body, rules_of
from engage.decide.rules import Rules
from engage.domain.actions import Action
from engage.settings import Settings
from engage.store import Tx, policies

NOT_STORED = "the policy of then is not stored"
ALTERED = "the policy of then was altered since it was stored"
UNREADABLE = "the policy of then cannot be read by this version of Engage"


@dataclass(frozen=True)
class Past:
    """Everything a decision obeyed besides its trigger, its person and the plan."""

    rules: Rules
    actions: Mapping[str, Action]
    margins: Mapping[str, int]
    """Of each journey, in minor units."""


def read(tx: Tx) -> dict[str, Past | str]:
    """Return every policy that was ever used, by version, or why one cannot be used again."""
    return {version: _past(version, body) for version, body in policies.bodies(tx).items()}


def with_caps(tx: Tx, settings: Settings) -> frozenset[str]:
    """Return the versions whose caps are those of the settings, whatever else was changed."""
    mine = json.loads(policy_body(settings))["caps"]
    bodies = policies.bodies(tx)
    return frozenset(one for one, body in bodies.items() if json.loads(body).get("caps") == mine)


def _past(version: str, body: str) -> Past | str:
    if fingerprint(body) != version:
        return ALTERED
    try:
        settings = Settings.model_validate_json(body)
    except ValidationError:
        return UNREADABLE
    return Past(
        rules=replace(rules_of(settings), version=version),
        actions={name: action_of(name, one) for name, one in settings.actions.items()},
        margins={name: journey.margin_minor for name, journey in settings.journeys.items()},
    )
