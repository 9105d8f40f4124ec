"""What the models say and what was learned: artifacts, scores, values, effects, beliefs."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import json, metadata, moment, real, words

artifacts = sa.Table(
    "artifacts",
    metadata,
    words("artifact_id", key=True),
    words("model"),
    moment("created_at"),
    words("folder"),
    words("sha256"),
    words("state"),
    json("body"),
    words("promoted_by", null=True),
    moment("promoted_at", null=True),
    sa.Index(None, "model", "created_at"),
)
sa.Index(
    "uq_artifacts_champion",
    artifacts.c.model,
    unique=True,
    sqlite_where=artifacts.c.state == sa.literal_column("'champion'"),
    postgresql_where=artifacts.c.state == sa.literal_column("'champion'"),
)


def _scores(name: str, *, every: bool) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        words("subject_id", key=True),
        words("model", key=True),
        moment("as_of", key=every),
        words("person_id"),
        words("artifact_id"),
        real("score", null=True),
        json("reasons"),
        sa.Index(None, "person_id", "model"),
        *([sa.Index(None, "model", "as_of")] if every else []),
    )


scores = _scores("scores", every=True)
latest_scores = _scores("latest_scores", every=False)

value_snapshots = sa.Table(
    "value_snapshots",
    metadata,
    words("person_id", key=True),
    moment("as_of", key=True),
    words("artifact_id", key=True),
    sa.Column("value_minor", sa.BigInteger(), nullable=False),
    words("purpose", empty=True),
)

effects = sa.Table(
    "effects",
    metadata,
    words("effect_id", key=True),
    words("trigger"),
    moment("computed_at"),
    json("body", null=False),
    sa.Index(None, "trigger", "computed_at"),
)

beliefs = sa.Table(
    "beliefs",
    metadata,
    words("beliefs_id", key=True),
    moment("learned_at"),
    json("body", null=False),
    sa.Index(None, "learned_at"),
)

model_watches = sa.Table(
    "model_watches",
    metadata,
    words("model", key=True),
    moment("watched_at", key=True),
    words("artifact_id"),
    words("state"),
    json("body", null=False),
)
