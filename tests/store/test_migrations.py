from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from engage.errors import StoreUnavailable
from engage.store import Store, migrations
from engage.store.tables import metadata


def tables(store: Store) -> set[str]:
    with store.read() as tx:
        return set(sa.inspect(tx).get_table_names())


def test_an_empty_database_comes_up_to_date_and_twice_is_once(empty_url: str) -> None:
    store = Store.open(empty_url)
    assert not store.schema_is_current()
    store.upgrade()
    store.upgrade()
    assert store.schema_is_current()
    assert tables(store) == {*metadata.tables, "alembic_version"}
    store.close()


def test_two_programs_that_upgrade_at_once_both_succeed(empty_url: str) -> None:
    stores = [Store.open(empty_url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(Store.upgrade, stores))
    assert all(store.schema_is_current() for store in stores)
    for store in stores:
        store.close()


def test_the_tables_in_the_code_are_those_that_the_steps_make(store: Store) -> None:
    with store.write() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_upgrade_that_is_interrupted_leaves_nothing_behind(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(empty_url)
    whole = migrations.upgrade

    def interrupted(tx: sa.Connection) -> None:
        whole(tx)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "upgrade", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.upgrade()
    assert tables(store) == set()
    store.upgrade()
    assert store.schema_is_current()
    store.close()


def test_a_database_of_a_newer_engage_is_refused_and_left_as_it_is(empty_url: str) -> None:
    store = Store.open(empty_url)
    store.upgrade()
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    said = r"The database .* belongs to a newer Engage.*'9999'.* Install the newer Engage again"
    with pytest.raises(StoreUnavailable, match=said):
        store.upgrade()
    with store.read() as tx:
        step = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    assert step == ["9999"]
    store.close()


def test_the_steps_stand_in_one_line() -> None:
    steps = list(ScriptDirectory.from_config(migrations.config()).walk_revisions())
    assert [step.revision for step in steps] == sorted((s.revision for s in steps), reverse=True)


def test_a_step_does_not_lean_on_the_tables_of_today() -> None:
    """A step says what was done then; the tables in the code go on changing."""
    for path in Path(migrations.__file__).parent.glob("versions/*.py"):
        imported = [
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module is not None
        ]
        ours = [name for name in imported if name.startswith("engage.")]
        assert set(ours) <= {"engage.store.migrations.types"}, path.name


@pytest.mark.only_on("postgresql")
def test_what_holds_a_person_or_key_is_compared_byte_by_byte(store: Store) -> None:
    """PostgreSQL's order must not depend on the server's locale."""
    with store.read() as tx:
        found = tx.exec_driver_sql(
            "SELECT DISTINCT collation_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name LIKE '%%_id'"
        )
        assert set(found.scalars()) <= {"C", None}
