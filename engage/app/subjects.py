"""Rows become subjects: what is scored, as whom, as of when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa


def as_of_now(rows: pa.Table, key: str, canonical: Mapping[str, str], now: datetime) -> pa.Table:
    """Return (subject_id, person_id, as_of), each as the person it is now known to be."""
    people = [canonical.get(one, one) for one in rows["person_id"].to_pylist()]
    moment = now.astimezone(UTC).replace(tzinfo=None)
    return pa.table(
        {
            "subject_id": rows[key],
            "person_id": pa.array(people, pa.string()),
            "as_of": pa.array([moment] * rows.num_rows, pa.timestamp("us")),
        }
    ).sort_by("subject_id")
