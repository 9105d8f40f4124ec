"""A mapping is drafted from a file's head: what can be guessed is in force, the rest is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from engage.collect.checks import DATED_BY_IMPORT, fillable, unused
from engage.collect.mapping import Fill, Mapping
from engage.collect.mapping_file import toml_key, toml_value
from engage.collect.private import EMAIL, PHONE, Point
from engage.collect.refine import distinct, styles_of
from engage.domain.people import PEOPLE
from engage.domain.relations import Column, Kind

_SHOWN, _LETTERS = 3, 30
_PRIVATE = {"(an e-mail address)": EMAIL, "(a phone number)": PHONE}
"""A mapping is kept and shared, so that nobody's number or address should stand in it."""

_NEEDED = "needed"
_FIGURE = r"[+-]?[\d.,]*\d[\d.,]*"


def drafted(mapping: Mapping, head: pa.Table, file: str) -> str:
    """Return the text of a mapping file for this file, with what was not guessed as comments.

    `mapping` is what was guessed, `head` the file's first rows as text. The text is a mapping as it
    stands; a comment with "needed" names what the import asks for before it accepts it.
    """
    sections = [
        _heading(mapping, head, file),
        _file(head),
        _person(mapping),
        _key(mapping),
        _columns(mapping, head),
        _beside(mapping),
    ]
    return "\n\n".join("\n".join(lines) for one in sections if (lines := list(one))) + "\n"


def _heading(mapping: Mapping, head: pa.Table, file: str) -> Iterator[str]:
    yield f"# Drafted from {_one_line(file)}. What begins with # is not in force:"
    yield "# change it, then take the # away."
    yield "# The file's columns, and some of their values:"
    width = max(len(name) for name in head.column_names)
    for name in head.column_names:
        values = ", ".join(_shown(value) for value in distinct(head, name)[:_SHOWN].to_pylist())
        yield f"#   {_one_line(name):{width}}  {values or '(nothing)'}"
    yield ""
    yield f"kind = {toml_value(mapping.kind)}"
    yield f"source = {toml_value(mapping.source)}  # a word for the system that these rows come from"


def _shown(value: str) -> str:
    for words, pattern in _PRIVATE.items():
        if re.fullmatch(pattern, value):
            return words
    text = _one_line(value)
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"


def _one_line(text: str) -> str:
    return toml_value(text)[1:-1]


def _file(head: pa.Table) -> Iterator[str]:
    if any(re.fullmatch(_FIGURE, name) for name in head.column_names):
        names = toml_value(["…"] * head.num_columns)
        yield "# Its first line looks like a row. If it is one, name the columns here and below:"
        yield f"# [file]\n# header = false\n# columns = {names}"


def _person(mapping: Mapping) -> Iterator[str]:
    person = mapping.person
    if not mapping.relation.personal:
        return
    yield "[person]"
    if person.column:
        yield f"column = {toml_value(person.column)}"
    if person.anonymous:
        yield f"anonymous = {toml_value(person.anonymous)}"
    if not (person.column or person.anonymous):
        yield f'# column = "…"  # {_NEEDED}: the key of the person whose row it is'
        yield "# row = true  # or: every row is a person of its own"


def _key(mapping: Mapping) -> Iterator[str]:
    if len(mapping.relation.key) > 1:
        return
    yield "[key]"
    if mapping.key.columns:
        yield f"columns = {toml_value(mapping.key.columns)}"
    else:
        yield '# columns = ["…"]  # what tells rows apart; else their person, time and main columns do'
        yield "# row = true  # or: the row's place, in a complete file that never changes"


def _columns(mapping: Mapping, head: pa.Table) -> Iterator[str]:
    yield "[columns]"
    for name in fillable(mapping.relation):
        column, fill = mapping.relation.column(name), mapping.columns.get(name)
        if fill is None:
            yield _asked(column, mapping)
        else:
            yield f"{name} = {toml_value(fill)}{_remark(column, fill, head)}"
    left = unused(mapping, head.column_names)
    dropped = {name for fill in mapping.columns.values() for name in fill.drop}
    if rest := [name for name in left if name not in dropped]:
        packed = any(fill.pack == "rest" for fill in mapping.columns.values())
        what = "Packed as the rest" if packed else "Not read"
        yield f"# {what}: {', '.join(_one_line(name) for name in rest)}"
    if aside := [name for name in left if name in dropped]:
        yield (
            f"# Left out: {', '.join(_one_line(name) for name in aside)}. Numbers and addresses "
            "stand under [contact], one column each"
        )


def _asked(column: Column, mapping: Mapping) -> str:
    fill = '{ constant = "…" }' if column.choices else '{ column = "…" }'
    dated = column.name == DATED_BY_IMPORT.get(mapping.kind)
    needed = column.required and not dated and column.name != "known_at"
    unsaid = [one for one in column.choices if one not in column.meaning]
    one_of = f"; one of {', '.join(column.choices)}" if unsaid else ""
    said = f"{_NEEDED}: " if needed else ""
    return f"# {column.name} = {fill}  # {said}{column.meaning}{one_of}"


def _remark(column: Column, fill: Fill, head: pa.Table) -> str:
    values = distinct(head, fill.column) if fill.column in head.column_names else None
    if column.kind is Kind.MONEY and fill.scale != 1:
        return "  # taken for whole units: 100 makes them minor ones"
    if values is None:
        return ""
    if column.kind is Kind.TIME:
        return _remark_on_times(values, fill)
    if column.choices:
        return _remark_on_choices(column, values)
    return ""


def _remark_on_times(values: pa.Array, fill: Fill) -> str:
    if fill.format.startswith("epoch"):
        return ""
    styles = styles_of(values)
    if not styles:
        return '  # not ISO 8601: say how it is written, format = "…"'
    if len(styles) > 1:
        return f"  # is it format = {' or '.join(toml_value(style) for style in styles)}?"
    if fill.zone != "UTC":
        return "  # by the clock of this zone unless they say otherwise"
    return '  # in UTC unless they say otherwise: zone = "Europe/Berlin"'


def _remark_on_choices(column: Column, values: pa.Array) -> str:
    odd = [one for one in values.to_pylist() if one.lower() not in column.choices]
    if not odd:
        return ""
    meant = ", ".join(f"{toml_key(one)} = {toml_value('…')}" for one in odd[:_SHOWN])
    return f"  # say what they mean: values = {{ {meant} }}, of {', '.join(column.choices)}"


def _beside(mapping: Mapping) -> Iterator[str]:
    if mapping.relation is not PEOPLE:
        return
    yield from _contact(mapping, "phone")
    yield from _contact(mapping, "email")
    yield '# [consents.sms_marketing]\n# granted = { column = "…" }\n# at = { column = "…" }'


def _contact(mapping: Mapping, point: Point) -> Iterator[str]:
    guessed = mapping.contact.get(point)
    off = "" if guessed else "# "
    yield f"{off}[contact.{point}]"
    yield f"{off}column = {toml_value(guessed.column if guessed else '…')}"
    if point == "phone":
        known = guessed.region if guessed else ""
        off = "" if known else "# "
        yield f"{off}region = {toml_value(known or 'DE')}  # the country of numbers without +"
