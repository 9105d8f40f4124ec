"""What must always be true, one file each, checked by a job and by `engage verify`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from engage.app.app import App
from engage.domain.runs import JobReport
from engage.invariants.invariant import Invariant


def invariants() -> Iterator[Invariant]:
    """Yield every invariant, in the order of their files' names."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        if module.name != "invariant":
            yield importlib.import_module(f"{__name__}.{module.name}").INVARIANT


def broken(app: App) -> dict[str, list[str]]:
    """Return, for each invariant's sentence, what breaks it; empty lists when all is well."""
    with app.store.read() as tx:
        return {one.sentence: one.breaches(app, tx) for one in invariants()}


def check_all(app: App) -> JobReport:
    """Check them all and report how many hold; each breach is counted under its invariant."""
    found = broken(app)
    breached = {sentence: len(rows) for sentence, rows in found.items() if rows}
    return JobReport(seen=len(found), done=len(found) - len(breached), skipped=breached)
