"""Whether the company's own values, where they are asked for, are there and can be used."""

from __future__ import annotations

from collections.abc import Iterator

from engage.app.app import App
from engage.app.finding import Finding
from engage.store import worth


def values_found(app: App) -> Iterator[Finding]:
    """Yield what was found of imported values; nothing where the model's are used."""
    if app.settings.value.source != "imported":
        return
    currency = app.settings.project.currency
    with app.store.read() as tx:
        people, foreign = worth.people(tx, app.now(), currency), worth.foreign(tx, currency)
    if people:
        yield Finding("ok", "values", f"{people:,} people have an imported value")
    else:
        words = "no imported value of anybody is known, so no customer puts anything at stake"
        remedy = 'engage import values FILE, or [value] source = "model" in settings.toml'
        yield Finding("look", "values", words, remedy)
    if foreign:
        words = f"{foreign:,} imported values are not in {currency} and are not used"
        yield Finding("look", "values", words, f"import them converted into {currency}")
