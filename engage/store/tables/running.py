"""How the engine itself runs: job runs, imports, quarantine, the archive, cursors."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import flag, json, metadata, moment, whole, words

job_runs = sa.Table(
    "job_runs",
    metadata,
    words("run_id", key=True),
    words("job"),
    moment("due"),
    moment("started_at"),
    moment("ended_at", null=True),
    words("state"),
    json("report"),
    words("error", empty=True),
    sa.UniqueConstraint("job", "due"),
    sa.Index(None, "job", "started_at"),
    sa.Index(None, "state"),
)

imports = sa.Table(
    "imports",
    metadata,
    words("import_id", key=True),
    words("file"),
    words("sha256"),
    words("kind"),
    words("mapping_sha256", empty=True),
    words("mapping", empty=True),
    words("columns", empty=True),
    whole("rows_read", start=0),
    whole("rows_new", start=0),
    whole("rows_bad", start=0),
    moment("started_at"),
    moment("ended_at", null=True),
    words("state"),
    sa.Index(None, "sha256"),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    words("quarantine_id", key=True),
    words("import_id"),
    words("kind"),
    words("file"),
    whole("line"),
    whole("number", null=True),
    words("reason"),
    words("raw"),
    moment("at"),
    words("state"),
    sa.Index(None, "import_id"),
    sa.Index(None, "state", "at"),
)

history_files = sa.Table(
    "history_files",
    metadata,
    words("path", key=True),
    words("relation"),
    words("partition"),
    whole("rows"),
    whole("first_seq"),
    whole("last_seq"),
    flag("amends", no=True),
    moment("written_at"),
    sa.Index(None, "relation", "partition"),
)

watermarks = sa.Table(
    "watermarks",
    metadata,
    words("relation", key=True),
    whole("seq"),
    moment("pruned_before", null=True),
    whole("amendments", start=0),
)

marks = sa.Table("marks", metadata, words("name", key=True), words("value"))
