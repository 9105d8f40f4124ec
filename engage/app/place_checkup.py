"""Whether the contact policy has hours for every country that people are in."""

from __future__ import annotations

from collections.abc import Iterator

from engage.app.app import App
from engage.app.finding import Finding
from engage.decide.whereabouts import of_phone, place
from engage.store import places


def places_found(app: App) -> Iterator[Finding]:
    """Yield which countries have no row of hours, by records and phone numbers, of how many people."""
    with app.store.read() as tx:
        recorded = _without_hours(app, {one: place(one) for one in places.recorded(tx)})
        numbers = _without_hours(app, {one: of_phone(one)[0] for one in places.numbers(tx)})
        if not (recorded or numbers):
            return
        count = places.people(tx, list(recorded), list(numbers), app.now())
    if count:
        codes = ", ".join(sorted({*recorded.values(), *numbers.values()}))
        words = f"{count:,} people may be in {codes}, where nobody is ever called or written to: "
        words += "no hours are set"
        remedy = "add a row to [policy.windows] in settings.toml once its rules are looked up"
        yield Finding("look", "contact policy", words, remedy)


def _without_hours(app: App, where: dict[str, str]) -> dict[str, str]:
    """Return those in a country that is known and has no row, with the country's code."""
    codes = {one: found.partition("-")[0] for one, found in where.items()}
    windows = app.settings.policy.windows
    return {one: code for one, code in codes.items() if code and code not in windows}
