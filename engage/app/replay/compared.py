"""Decisions that were made again are held against what was stored, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from engage.app.replay.arms import JOINED
from engage.app.replay.choices import Made
from engage.app.replay.log import NO_TRIGGER, Log
from engage.app.replay.stage import Stage
from engage.store import Tx, ledger

NO_MOMENT = "the moment that it was for is not stored"
"""Of decisions that were made before it was."""
_PARTS = ("stake", "cost", "price", "annoyance", "total")
_SINCE = ("minutes", "reached", "usual")
"""Logged since decisions expect an agent's minutes, and where a call's hour counts."""


def compared(tx: Tx, log: Log, made: Made) -> dict[str, Stage]:
    """Return every step behind the scores, with what came out otherwise than it was stored."""
    both = _Both(log, made)
    return {
        "uplift": _uplift(both),
        "values": _values(both),
        "allowed": _allowed(both),
        "chances": both.stage(propensities=_json),
        "arms": _arms(both),
        "draw": _draw(both),
        "action": both.stage(action=_same, propensity=_same, reasons=_json, qualified=_same),
        "ghost": _ghost(tx, both),
        "id": _id(both),
    }


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str) else value


class _Both:
    """What was stored and what was made, of the decisions that could be made again."""

    def __init__(self, log: Log, made: Made) -> None:
        self.log, self.made = log, made
        self.rows: list[int] = made.rows.index.tolist()

    def begun(self) -> Stage:
        """Return a stage in which what could not be made again is named."""
        stage = Stage(self.log.ids)
        for row, why in self.made.lost.items():
            stage.cannot([row], why)
        return stage

    def stage(self, **columns: Callable[[Any], Any]) -> Stage:
        """Return a stage in which these columns are compared, each as it is read."""
        stage = self.begun()
        for name, read in columns.items():
            held = self.log.texts(name)
            stored = [read(held[row]) for row in self.rows]
            stage.compare(name, self.rows, stored, self.column(name))
        return stage

    def column(self, name: str) -> list[Any]:
        """Return a column of what was made."""
        return [] if self.made.rows.empty else self.made.rows[name].tolist()

    def parts(self) -> Iterable[tuple[int, str, dict[str, Any], dict[str, Any]]]:
        """Yield (row, action, stored, made) for everything that was weighed, then or now."""
        for row, now in zip(self.rows, self.column("values"), strict=True):
            stored = self.log.weighed[row]
            for action in sorted(stored.keys() & now.keys()):
                yield row, action, stored[action], now[action]


def _uplift(both: _Both) -> Stage:
    stage = both.begun()
    for row, why in both.made.uplift.items():
        stage.cannot([row], why)
    for row, action, stored, now in both.parts():
        if row not in both.made.uplift:
            stage.compare(action, [row], [stored["uplift"]], [now["uplift"]])
    return stage


def _values(both: _Both) -> Stage:
    stage = both.stage(stake_minor=_same)
    for row, action, stored, now in both.parts():
        for part in _PARTS:
            stage.compare(f"{action} {part}", [row], [stored.get(part)], [now[part]])
        for part in _SINCE:
            if part in stored:
                stage.compare(f"{action} {part}", [row], [stored[part]], [now.get(part)])
    return stage


def _allowed(both: _Both) -> Stage:
    stage = both.stage(allowed=_json)
    offered = [sorted(both.log.weighed[row]) for row in both.rows]
    now = [sorted(one) for one in both.column("values")]
    stage.compare("what may be offered", both.rows, offered, now)
    for row, action, stored, told in both.parts():
        stage.compare(f"{action} refused", [row], [stored["refused"]], [told["refused"]])
    return stage


def _arms(both: _Both) -> Stage:
    stage = both.stage(arm=_same, arm_global=_same, arm_trigger=_same)
    for row, scope, stored, drawn in both.made.arms.false:
        stage.compare(f"stored arm of {scope}", [row], [stored], [drawn])
    stage.apart.update(dict.fromkeys(both.made.arms.joined, JOINED))
    return stage


def _draw(both: _Both) -> Stage:
    stage = Stage(both.log.ids)
    stage.compare("draw", range(both.log.n), both.log.texts("draw"), both.made.draws)
    return stage


def _ghost(tx: Tx, both: _Both) -> Stage:
    stage = both.begun()
    held = ledger.ghosts(tx, sorted(set(both.log.texts("person_id"))))
    done = dict(zip(held["decision_id"].to_pylist(), held["action"].to_pylist(), strict=True))
    stored = [done.get(both.log.ids[row]) for row in both.rows]
    stage.compare("ghost", both.rows, stored, both.column("ghost"))
    return stage


def _id(both: _Both) -> Stage:
    stage = Stage(both.log.ids)
    stage.cannot(both.log.without_trigger, NO_TRIGGER)
    stage.cannot(both.made.nameless, NO_MOMENT)
    stage.compare("decision_id", range(both.log.n), both.log.ids, both.made.ids)
    return stage
