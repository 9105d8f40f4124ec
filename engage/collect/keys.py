"""The ids of a file's people and rows, derived from what they are called where they come from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect.chunks import Chunk
from engage.collect.findings import Findings
from engage.collect.mapping import Mapping
from engage.domain.ids import Prefix, derive, derive_column
from engage.domain.relations import Relation

CUSTOMERS = "customer"
"""The numbering that people's keys belong to unless a mapping says otherwise."""

_PREFIXES = {
    "events": Prefix.EVENT,
    "interactions": Prefix.INTERACTION,
    "transactions": Prefix.TRANSACTION,
    "appointments": Prefix.APPOINTMENT,
    "decisions": Prefix.DECISION,
    "outcomes": Prefix.OUTCOME,
}
NATURAL = {
    "events": ("ts", "type", "name", "page"),
    "interactions": ("ts", "channel", "topic", "queue"),
    "transactions": ("ts", "kind", "product", "amount_minor", "currency"),
    "appointments": ("starts_at", "kind"),
    "decisions": ("decided_at", "trigger"),
    "outcomes": ("ts", "goal"),
}
"""What tells a person's rows apart when the mapping names no key."""

_SAME_FILE = {"outcomes": "goal", "decisions": "trigger"}
"""One line of a file may give several of these, told apart by this column."""


def persons(mapping: Mapping, chunk: Chunk, findings: Findings) -> tuple[pa.Array, pa.Array | None]:
    """Return whose each row is and, where rows name both, the anonymous identity beside it.

    A row belongs to the known person when it names one, else to the anonymous identity.
    """
    person, rows = mapping.person, chunk.rows.num_rows
    known = _known(mapping, chunk)
    if not person.anonymous:
        findings.refuse(known.is_null(), "person_id: missing")
        return known, None
    alias = ids(Prefix.PERSON, [chunk.column(person.anonymous)], _numbering(mapping), "anonymous")
    if not person.column:
        known = pa.nulls(rows, pa.string())
    belongs = pc.coalesce(known, alias)
    findings.refuse(belongs.is_null(), "person_id: missing")
    return belongs, pc.if_else(known.is_valid(), alias, pa.scalar(None, pa.string()))


def _known(mapping: Mapping, chunk: Chunk) -> pa.Array:
    person, rows = mapping.person, chunk.rows.num_rows
    if person.row:
        scope = person.source or mapping.source
        numbers = pa.array(chunk.numbers).cast(pa.string())
        return ids(Prefix.PERSON, [numbers], scope, "row")
    if person.constant:
        one = derive(Prefix.PERSON, _numbering(mapping), person.constant)
        return pa.repeat(pa.scalar(one), rows)
    if not person.names():
        return pa.nulls(rows, pa.string())
    return ids(Prefix.PERSON, [chunk.column(name) for name in person.names()], _numbering(mapping))


def _numbering(mapping: Mapping) -> str:
    return mapping.person.source or CUSTOMERS


def row_ids(
    mapping: Mapping, chunk: Chunk, columns: dict[str, pa.Array], findings: Findings
) -> dict[str, pa.Array]:
    """Return the id column of the mapping's relation; nothing for one whose key needs none."""
    relation = mapping.relation
    prefix = _PREFIXES.get(relation.name)
    if prefix is None:
        return {}
    scope = [mapping.source]
    if mapping.key.row:
        keys = [pa.array(chunk.numbers).cast(pa.string())]
        scope.append("row")
    elif mapping.key.columns:
        keys = [chunk.column(name) for name in mapping.key.columns]
        for name, values in zip(mapping.key.columns, keys, strict=True):
            findings.refuse(values.is_null(), f"key: {name} is missing")
    else:
        return {relation.key[0]: _natural(relation, prefix, columns, mapping.source)}
    if relation.name in _SAME_FILE:
        keys.append(columns[_SAME_FILE[relation.name]])
    return {relation.key[0]: ids(prefix, keys, *scope)}


def _natural(
    relation: Relation, prefix: Prefix, columns: dict[str, pa.Array], source: str
) -> pa.Array:
    named = [columns[name] for name in NATURAL[relation.name] if name in columns]
    texts = [_plain(values) for values in (columns["person_id"], *named)]
    return pa.array(derive_column(prefix, [source] * len(texts[0]), *texts), pa.string())


def _plain(values: pa.Array) -> list[str]:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    return pc.fill_null(values.cast(pa.string()), "").to_pylist()  # type: ignore[no-any-return]


def ids(prefix: Prefix, keys: list[pa.Array], *scope: str) -> pa.Array:
    """Return an id per row; null where a part of the key is; an id of ours stays what it is."""
    present = np.ones(len(keys[0]), bool)
    for values in keys:
        present &= values.is_valid().to_numpy(zero_copy_only=False)
    if len(keys) == 1:
        return _of_one(prefix, keys[0], scope)
    texts = [values.filter(pa.array(present)).to_pylist() for values in keys]
    out = np.full(len(present), None, dtype=object)
    out[present] = [derive(prefix, *scope, *parts) for parts in zip(*texts, strict=True)]
    return pa.array(out, pa.string())


def _of_one(prefix: Prefix, values: pa.Array, scope: tuple[str, ...]) -> pa.Array:
    coded = values.dictionary_encode()
    ours = pc.match_substring_regex(coded.dictionary, rf"^{prefix}_[0-9a-f]{{32}}$")
    words = coded.dictionary.to_pylist()
    made = [
        word if own else derive(prefix, *scope, word)
        for word, own in zip(words, ours.to_pylist(), strict=True)
    ]
    return pc.take(pa.array(made, pa.string()), coded.indices)
