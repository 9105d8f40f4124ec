"""The shape of a relation that features, goals and imports read: its columns and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What a column holds."""

    ID = "id"
    TEXT = "text"
    TIME = "time"
    """UTC, microseconds."""
    INTEGER = "integer"
    REAL = "real"
    FLAG = "flag"
    MONEY = "money"
    """Integer minor units; the relation's `currency` column names the currency."""
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds and what it means."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    choices: tuple[str, ...] = ()
    derived: bool = False
    """Worked out by Engage, so that no file gives it."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A named set of rows with one natural key, the same on every engine."""

    name: str
    key: tuple[str, ...]
    meaning: str
    columns: tuple[Column, ...]
    time: str
    """The column that says when it happened."""
    partition: Literal["day", "month"] = "day"
    first_stays: bool = False
    """Of two rows of one key the one stored first counts; otherwise the one stored last."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def personal(self) -> bool:
        """Return whether each row is somebody's."""
        return "person_id" in self.column_names

    def column(self, name: str) -> Column:
        """Return the column of this name; raises KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def known_at() -> Column:
    """Return the column every relation has: when we learned of the row."""
    return Column("known_at", Kind.TIME, "when Engage learned of it", required=True)


def person_id() -> Column:
    """Return the column that says whose row it is."""
    return Column("person_id", Kind.ID, "whose it is", required=True)
