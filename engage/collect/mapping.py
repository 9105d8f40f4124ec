"""How a file's columns become a relation's columns, written by the company in a TOML file."""

from __future__ import annotations

from typing import Literal

import msgspec

from engage.collect.layout import Layout
from engage.domain.catalog import IMPORTABLE
from engage.domain.relations import Relation

Text = str | int | float | bool
"""What TOML may hold where a file would hold text."""


class Fill(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"base": "from", "meanings": "values"},
):
    """How one column is filled; exactly one of column, constant, start, from and pack is given."""

    column: str = ""
    """The file's column."""
    constant: Text | None = None
    """The same value in every row."""
    start: str = ""
    """A time for files without times: row n, counted from 0, gets start + n * step_s."""
    step_s: float = 0.0
    base: str = ""
    """Another time column of the same row, written `from`; plus_s or plus_column is added."""
    plus_s: float = 0.0
    plus_column: str = ""
    """The file's column that holds the seconds to add, for example a call's length."""
    pack: Literal["all", "rest"] | tuple[str, ...] | dict[str, str] | None = None
    """Columns packed into one JSON object: all, those used nowhere else, or the ones named."""
    drop: tuple[str, ...] = ()
    """Columns that `all` and `rest` leave out."""
    meanings: dict[str, Text] = msgspec.field(default_factory=dict)
    """What each text of the file means, written `values`."""
    unlisted: Literal["refuse", "keep", "empty"] = "refuse"
    """What happens to a text that `values` does not list."""
    otherwise: Text | None = None
    """The meaning of every text that `values` does not list."""
    missing: tuple[str, ...] = ()
    """Texts that mean "no value" here."""
    zone: str = "UTC"
    """IANA time zone of times that do not say theirs."""
    format: str = ""
    """strptime format of the times, or epoch_s, epoch_ms, epoch_us; ISO 8601 when empty."""
    scale: float = 1.0
    """What a number is multiplied by: 100 turns euros into minor units."""
    decimal: Literal["", ".", ","] = ""
    """The decimal mark; once it is given, the other of the two may group thousands."""

    def columns(self) -> tuple[str, ...]:
        """Return the file's columns that this reads, those of `all` and `rest` excepted."""
        packed: tuple[str, ...] = ()
        if isinstance(self.pack, dict):
            packed = tuple(self.pack.values())
        elif isinstance(self.pack, tuple):
            packed = self.pack
        return tuple(name for name in (self.column, self.plus_column, *packed) if name)


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What tells one row of a file from another."""

    columns: tuple[str, ...] = ()
    row: bool = False
    """The row's place in the file: only for a complete file that never changes."""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose row it is; exactly one of column, columns, row and constant is given."""

    column: str = ""
    columns: tuple[str, ...] = ()
    row: bool = False
    constant: str = ""
    anonymous: str = ""
    """The column with the browser's own id; beside `column` it joins the two identities."""
    source: str = ""
    """Whose numbering it is; the same word in every file that counts people alike."""

    def names(self) -> tuple[str, ...]:
        """Return the columns of the known person's key."""
        return self.columns or ((self.column,) if self.column else ())


class Where(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"among": "in"},
):
    """Which rows are taken: those whose column holds one of these texts."""

    column: str
    among: tuple[Text, ...]
    skip: tuple[Text, ...] = ()
    """When given, a row that holds neither is quarantined instead of left out."""


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of phone numbers or e-mail addresses."""

    column: str
    region: str = ""
    """ISO country of phone numbers written without +."""


class ConsentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a person's yes or no to one purpose stands."""

    granted: Fill
    at: Fill
    """When it was said: a yes without a date could never grow old."""
    text_version: str = ""


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one kind of file is read; `mapping_file.load` and `guess.guess` make one."""

    kind: str = ""
    source: str = "import"
    """The word that keeps this file's ids apart from those of other systems."""
    file: Layout = msgspec.field(default_factory=Layout)
    person: Person = msgspec.field(default_factory=Person)
    key: Key = msgspec.field(default_factory=Key)
    columns: dict[str, Fill] = msgspec.field(default_factory=dict)
    where: tuple[Where, ...] = ()
    contact: dict[Literal["phone", "email"], Contact] = msgspec.field(default_factory=dict)
    consents: dict[str, ConsentRule] = msgspec.field(default_factory=dict)

    @property
    def relation(self) -> Relation:
        """Return the relation that the rows become part of."""
        return IMPORTABLE[self.kind]

    def reads(self) -> dict[str, str]:
        """Return each of the file's columns that is read by name, with what reads it."""
        found: dict[str, str] = {}
        for target, fill in self.columns.items():
            found.update(dict.fromkeys(fill.columns(), f"columns.{target}"))
        people = (*self.person.names(), self.person.anonymous)
        found.update({name: "person" for name in people if name})
        found.update(dict.fromkeys(self.key.columns, "key"))
        found.update({where.column: "where" for where in self.where})
        found.update({one.column: f"contact.{kind}" for kind, one in self.contact.items()})
        for purpose, rule in self.consents.items():
            for fill in (rule.granted, rule.at):
                found.update(dict.fromkeys(fill.columns(), f"consents.{purpose}"))
        return found
