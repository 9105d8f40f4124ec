"""How people can be reached and what they agreed to, as rows of people carry it."""

from __future__ import annotations

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect import fill as filling
from engage.collect.aside import aside
from engage.collect.chunks import Chunk
from engage.collect.findings import Findings, Mask, as_mask
from engage.collect.mapping import ConsentRule, Fill, Mapping
from engage.domain.relations import Column, Kind

_EMAIL = r"^[^@\s<>\",;]+@[^@\s<>\",;]+\.[^@\s<>\",;.]+$"


def contacts_of(mapping: Mapping, chunk: Chunk, rows: pa.Table, good: Mask) -> dict[str, pa.Table]:
    """Return contact_points, consents and the parts of rows that could not be read.

    A person with a number that cannot be called is still a person: only the number is set aside.
    """
    if not (mapping.contact or mapping.consents):
        return {}
    findings: list[Findings] = []
    points = [
        _points(kind, chunk.column(one.column), one.region, rows, findings, good)
        for kind, one in mapping.contact.items()
    ]
    consents = [
        _consents(purpose, rule, mapping, chunk, rows, findings, good)
        for purpose, rule in mapping.consents.items()
    ]
    made = {"parts": _parts(chunk, findings, good)}
    if points:
        made["contact_points"] = pa.concat_tables(points)
    if consents:
        made["consents"] = pa.concat_tables(consents)
    return made


def _points(
    kind: str, text: pa.Array, region: str, rows: pa.Table, findings: list[Findings], good: Mask
) -> pa.Table:
    found = Findings(len(text))
    values = phones(text, region, found) if kind == "phone" else emails(text, found)
    findings.append(found)
    table = pa.table(
        {
            "person_id": rows["person_id"],
            "kind": pa.repeat(pa.scalar(kind), len(text)),
            "value": values,
            "known_at": rows["known_at"],
        }
    )
    return table.filter(pa.array(good & as_mask(values.is_valid())))


def phones(text: pa.Array, region: str, findings: Findings) -> pa.Array:
    """Return phone numbers as E.164; one that cannot exist is set aside."""
    coded = text.dictionary_encode()
    made = [_e164(word, region or None) for word in coded.dictionary.to_pylist()]
    values = pc.take(pa.array(made, pa.string()), coded.indices)
    findings.refuse(pc.and_(text.is_valid(), values.is_null()), "phone: not a number to call")
    return values


def _e164(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def emails(text: pa.Array, findings: Findings) -> pa.Array:
    """Return e-mail addresses in lower case; what cannot be one is set aside."""
    lowered = pc.utf8_lower(text)
    known = pc.match_substring_regex(lowered, _EMAIL)
    findings.refuse(pc.and_not(text.is_valid(), known), "email: not an address")
    return pc.if_else(known, lowered, pa.scalar(None, pa.string()))


def _consents(
    purpose: str,
    rule: ConsentRule,
    mapping: Mapping,
    chunk: Chunk,
    rows: pa.Table,
    findings: list[Findings],
    good: Mask,
) -> pa.Table:
    found = Findings(len(rows))
    missing = mapping.file.missing
    said = Column(f"consents.{purpose}", Kind.FLAG, "")
    granted = filling.filled(said, rule.granted, chunk, found, missing=missing)
    at = _moment(purpose, rule.at, chunk, found, missing)
    found.refuse(pc.and_(granted.is_valid(), at.is_null()), f"consents.{purpose}: when is missing")
    findings.append(found)
    table = pa.table(
        {
            "person_id": rows["person_id"],
            "purpose": pa.repeat(pa.scalar(purpose), len(rows)),
            "at": at,
            "granted": granted,
            "source": pa.repeat(pa.scalar(mapping.source), len(rows)),
            "text_version": pa.repeat(pa.scalar(rule.text_version), len(rows)),
        }
    )
    usable = good & ~found.bad & as_mask(granted.is_valid())
    return table.filter(pa.array(usable))


def _moment(
    purpose: str, at: Fill, chunk: Chunk, findings: Findings, missing: tuple[str, ...]
) -> pa.Array:
    column = Column(f"consents.{purpose}.at", Kind.TIME, "")
    return filling.filled(column, at, chunk, findings, missing=missing)


def _parts(chunk: Chunk, findings: list[Findings], good: Mask) -> pa.Table:
    """Return what could not be read of each row that is stored all the same, its reasons joined."""
    bad = good & np.logical_or.reduce([one.bad for one in findings])
    reasons = [
        "; ".join(reason for reason in row if reason)
        for row in zip(*(one.reasons[bad] for one in findings), strict=True)
    ]
    return aside(chunk.kept(bad), reasons)
