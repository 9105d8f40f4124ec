"""A mapping is checked before the first row is read: against the relation, then against the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from engage.collect import fill as filling
from engage.collect.findings import Findings, without_value
from engage.collect.kinds import known_kind
from engage.collect.layout import BLANKS
from engage.collect.mapping import Fill, Mapping, Person
from engage.collect.names import nearest
from engage.collect.times import EPOCHS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.people import PEOPLE
from engage.domain.relations import Column, Kind, Relation
from engage.domain.staffing import STAFFING
from engage.domain.values import VALUES
from engage.errors import SourceFileError, WrongUse

_ALLOWED: dict[Kind, frozenset[str]] = {
    Kind.TIME: frozenset({"start", "step_s", "from", "plus_s", "plus_column", "zone", "format"}),
    Kind.INTEGER: frozenset({"scale", "decimal"}),
    Kind.REAL: frozenset({"scale", "decimal"}),
    Kind.MONEY: frozenset({"scale", "decimal"}),
    Kind.JSON: frozenset({"pack", "drop"}),
}
_EVERYWHERE = frozenset({"column", "constant", "values", "unlisted", "otherwise", "missing"})

DATED_BY_IMPORT = {
    PEOPLE.name: PEOPLE.time,
    EXCLUSIONS.name: EXCLUSIONS.time,
    STAFFING.name: "known_at",
    VALUES.name: VALUES.time,
}
"""Kinds whose rows may come without this time: they count from the import on."""


def check(mapping: Mapping) -> Mapping:
    """Return the mapping, or raise WrongUse with the key that cannot be used and what to do."""
    known_kind(mapping.kind)
    relation = mapping.relation
    for target, one in mapping.columns.items():
        _check_fill(_column(relation, target), one, mapping)
    _check_person(mapping)
    _check_required(mapping)
    _check_parts(mapping)
    return mapping


def derived(relation: Relation) -> frozenset[str]:
    """Return the columns that Engage works out itself, so that no mapping fills them."""
    worked_out = (one.name for one in relation.columns if one.derived or one.kind is Kind.ID)
    return frozenset(worked_out)


def fillable(relation: Relation) -> list[str]:
    """Return the columns that a mapping may fill."""
    return [name for name in relation.column_names if name not in derived(relation)]


def _column(relation: Relation, target: str) -> Column:
    if target in derived(relation):
        how = "[person]" if target == "person_id" else "[key]"
        if relation is EVENTS and target == "session_id":
            raise WrongUse("columns.session_id: visits are worked out from the events' times")
        if target in relation.column_names and relation.column(target).derived:
            raise WrongUse(f"columns.{target}: Engage works it out; leave it away")
        raise WrongUse(f"columns.{target}: ids are derived; say what they come from under {how}")
    if target not in relation.column_names:
        known = fillable(relation)
        raise WrongUse(
            f"columns.{target}: {relation.name} have no such column; {nearest(target, known)}"
        )
    return relation.column(target)


def _check_fill(column: Column, one: Fill, mapping: Mapping) -> None:
    place = f"columns.{column.name}"
    ways = filling.origins(one)
    if len(ways) != 1:
        given = " and ".join(ways) or "nothing"
        raise WrongUse(
            f"{place}: give exactly one of column, constant, start, from and pack (there is {given})"
        )
    allowed = _EVERYWHERE | _ALLOWED.get(column.kind, frozenset())
    if wrong := filling.settings_of(one) - allowed:
        raise WrongUse(f"{place}: {min(wrong)} means nothing for a {column.kind} column")
    if column.kind is Kind.TIME:
        _check_time(place, one, mapping)
    _check_values(column, one)


def _check_time(place: str, one: Fill, mapping: Mapping) -> None:
    _check_zone(place, one.zone)
    if one.format and one.format not in EPOCHS:
        try:
            pd.to_datetime(pd.Series(["1"]), format=one.format, errors="coerce")
        except ValueError as error:
            raise WrongUse(f"{place}: format {one.format!r}: {error}") from None
    if one.base:
        times = [c.name for c in mapping.relation.columns if c.kind is Kind.TIME]
        others = [name for name in times if name in mapping.columns and f"columns.{name}" != place]
        if one.base not in others or mapping.columns[one.base].base:
            raise WrongUse(f"{place}: from = {one.base!r} is no filled time column of its own")
    if one.start:
        _must_convert(Column("start", Kind.TIME, ""), one.start, one, f"{place}.start")


def _check_zone(place: str, zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise WrongUse(
            f"{place}: there is no time zone {zone!r}; write it as in Europe/Berlin"
        ) from None


def _check_values(column: Column, one: Fill) -> None:
    """Let constants and value tables fail now, not once per row."""
    listed = [*one.meanings.values(), one.constant, one.otherwise]
    for value in listed:
        if value is not None:
            text = filling.as_text(value, column.kind)
            _must_convert(column, text, one, f"columns.{column.name}: {value!r}")


def _must_convert(column: Column, text: str, one: Fill, place: str) -> None:
    findings = Findings(1)
    filling.typed(column, pa.array([text], pa.string()), one, findings)
    if findings.reasons[0]:
        raise WrongUse(f"{place}: {without_value(findings.reasons[0]).partition(': ')[2]}")


def _check_person(mapping: Mapping) -> None:
    person = mapping.person
    if not mapping.relation.personal:
        if person != Person():
            raise WrongUse(f"person: {mapping.kind} is not about people; leave [person] away")
        return
    ways = [bool(person.column), bool(person.columns), person.row, bool(person.constant)]
    if sum(ways) > 1 or not (any(ways) or person.anonymous):
        raise WrongUse(
            "person: give exactly one of column, columns, row and constant, "
            'for example [person] column = "customer_id"'
        )
    if person.anonymous and (person.row or person.constant or person.columns):
        raise WrongUse("person: anonymous goes with column, or stands alone")


def _check_required(mapping: Mapping) -> None:
    relation = mapping.relation
    needed = [name for name in fillable(relation) if relation.column(name).required]
    for name in needed:
        may_lack = name in {"known_at", DATED_BY_IMPORT.get(relation.name)}
        if name not in mapping.columns and not may_lack:
            raise WrongUse(
                f"columns.{name}: {relation.name} need it ({relation.column(name).meaning}); "
                f'for example {name} = {{ column = "…" }} under [columns]'
            )


def _check_parts(mapping: Mapping) -> None:
    delimiter = mapping.file.delimiter
    if delimiter and delimiter != BLANKS and len(delimiter) != 1:
        raise WrongUse(f"file.delimiter: {delimiter!r} is neither one character nor {BLANKS!r}")
    if mapping.key.row and mapping.key.columns:
        raise WrongUse("key: give columns or row, not both")
    if (mapping.contact or mapping.consents) and mapping.relation is not PEOPLE:
        raise WrongUse("contact and consents belong to people; import them with kind people")
    for purpose, rule in mapping.consents.items():
        _check_fill(Column(f"consents.{purpose}", Kind.FLAG, ""), rule.granted, mapping)
        _check_fill(Column(f"consents.{purpose}.at", Kind.TIME, ""), rule.at, mapping)


def check_file(mapping: Mapping, found: Sequence[str], file: str) -> None:
    """Raise when the file lacks a column that the mapping reads; names the nearest one it has."""
    lacking = {name: place for name, place in mapping.reads().items() if name not in found}
    if not lacking:
        return
    if len(found) == 1 and len(mapping.reads()) > 1:
        raise SourceFileError(
            f"{file}: was read as one column, {found[0][:80]!r}, where the mapping needs "
            f"{len(mapping.reads())}; the values may be separated by something else: "
            'write delimiter = "…" under [file] in the mapping'
        )
    raise WrongUse("; ".join(_lack(file, name, at, found) for name, at in lacking.items()))


def _lack(file: str, name: str, place: str, found: Sequence[str]) -> str:
    return f"{file} has no column {name!r}, which {place} reads; {nearest(name, found)}"


def unused(mapping: Mapping, found: Sequence[str]) -> tuple[str, ...]:
    """Return the file's columns that nothing reads by name: what `pack = "rest"` packs."""
    read = mapping.reads()
    return tuple(name for name in found if name not in read)


def warnings(mapping: Mapping) -> Iterator[str]:
    """Return what is allowed but worth a thought."""
    if mapping.key.row or mapping.person.row:
        yield (
            "rows are known by their place in the file: import it whole, and never a file with "
            "other rows under the same source"
        )
