"""Whether each model can do its work: trained, unaltered, and still fit for the people it scores."""

from __future__ import annotations

from collections.abc import Iterator

from engage.app.app import App
from engage.app.champions import serving
from engage.app.finding import Finding
from engage.decide.stake import CHURN
from engage.domain.watch import STEADY, UNKNOWN
from engage.errors import EngageError
from engage.scoring.artifact import read
from engage.store import artifacts, watches
from engage.store.watches import Watch


def models_found(app: App) -> Iterator[Finding]:
    """Yield what was found of each model of the project, in name order."""
    with app.store.read() as tx:
        in_use = {record.model: record for record in artifacts.champions(tx)}
        looks = watches.latest(tx)
    for name in sorted(app.models):
        record = in_use.get(name)
        if record is None:
            words = f"it was never trained well enough to be used; {_meanwhile(name)}"
            remedy = f"engage models train {name} says what is missing"
            yield Finding("look", f"model {name}", words, remedy)
            continue
        yield _files(app, record)
        look = looks.get(name)
        if look and look.artifact_id == record.artifact_id and look.state not in (STEADY, UNKNOWN):
            yield _watched(look)


def _meanwhile(name: str) -> str:
    return "each trigger's stake_share stands in" if name == CHURN else "its triggers stay silent"


def _files(app: App, record: artifacts.Record) -> Finding:
    about = f"model {record.model}"
    try:
        # Read anew: what this process has at hand may be older than what is on the disk.
        read(app.folder / record.folder, record.sha256, app.artifact_key)
    except EngageError as error:
        instead = serving(app, record)
        words = f"{instead.artifact_id}, in charge before it, serves" if instead else "no scores"
        says = f"{str(error).removeprefix(f'{about}: ')}; meanwhile: {words}"
        return Finding("broken", about, says, f"engage models train {record.model}")
    return Finding("ok", about, f"in use since {record.promoted_at:%Y-%m-%d %H:%M}")


def _watched(look: Watch) -> Finding:
    remedy = look.body.get("proposal") or f"engage models train {look.model} learns it anew"
    says = "; ".join(look.body["says"])
    when = f"{look.watched_at:%Y-%m-%d %H:%M}"
    return Finding("look", f"drift {look.model}", f"{look.state} on {when}: {says}", remedy)
