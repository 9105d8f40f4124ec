"""What two versions of a trigger say differently, key by key, as it stands in a file."""

from __future__ import annotations

from dataclasses import dataclass

from engage.app.definitions import written
from engage.domain.triggers import Trigger
from engage.settings.base import keys_of, meaning_of, unit_of
from engage.settings.outreach import Trigger as Table
from engage.settings.values import written as value


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that says something else."""

    key: str
    before: str
    after: str
    unit: str
    meaning: str

    @property
    def words(self) -> str:
        """Return the difference as a sentence of a list."""
        unit = f" {self.unit}" if self.unit and self.unit != "SQL" else ""
        return f"{self.key}: {self.after}{unit} instead of {self.before}{unit}"


def differences(before: Trigger, after: Trigger) -> list[Difference]:
    """Return what the second says otherwise than the first, in the order of the settings."""
    one, other = written(before).model_dump(by_alias=True), written(after).model_dump(by_alias=True)
    return [
        Difference(name, value(one[name]), value(other[name]), unit_of(field), meaning_of(field))
        for name, field in keys_of(Table).items()
        if one[name] != other[name]
    ]


def same(before: Trigger, after: Trigger) -> bool:
    """Return whether two versions say the same."""
    return not differences(before, after)
