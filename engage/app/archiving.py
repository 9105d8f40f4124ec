"""What came in is rolled into Parquet, which training and measuring read."""

from __future__ import annotations

from engage.app.app import App
from engage.app.engines import over_history
from engage.domain.catalog import ARCHIVED
from engage.domain.relations import Relation
from engage.domain.runs import JobReport
from engage.store import rows


def archive_history(app: App) -> JobReport:
    """Copy the rows that are new since the last run to Parquet, and prune what is no longer hot."""
    written = app.history.archive(app.now(), app.settings.history.hot_d)
    total = sum(written.values())
    return JobReport(seen=total, done=total)


def known(app: App, relation: Relation) -> int:
    """Return how many rows of a relation are known, hot or archived, each once."""
    name = relation.name
    with over_history(app, app.history.relations([name])) as duck:
        (row,) = duck.table(f"SELECT count(*) AS n FROM {name}").to_pylist()  # noqa: S608 - a name of ours
    return int(row["n"])


def status_of(app: App) -> list[dict[str, object]]:
    """Return, for each relation, how many rows are hot, how many archived, in how many files."""
    with app.store.read() as tx:
        hot = {name: rows.count(tx, relation) for name, relation in ARCHIVED.items()}
        files = app.history.files(tx)
    return [
        {
            "relation": name,
            "hot": hot[name],
            "archived": sum(file.rows for file in files if file.relation == name),
            "files": sum(file.relation == name for file in files),
        }
        for name in ARCHIVED
    ]
