"""Migrations on a filled SQLite database: no child is lost, a copy is made, what would break keys is not kept (R16)."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from mixlite.core.db import db
from mixlite.migrations import upgrade as migrations
from mixlite.migrations.__main__ import differences
from mixlite.migrations.upgrade import BrokenMigration
from tests.app.everywhere import Whole, everything


@pytest.fixture
def step(monkeypatch):
    """Makes the next upgrade run one made-up step."""

    def use(change):
        def run(config, _target):
            change(Operations(MigrationContext.configure(config.attributes["connection"])))

        monkeypatch.setattr("alembic.command.upgrade", run)
        monkeypatch.setattr(migrations, "is_current", lambda: False)

    return use


def _rebuild(table: str, operations: Operations) -> None:
    """What batch mode does: a new table, the rows copied, the old one dropped; with keys on, its children would go."""
    with operations.batch_alter_table(table, recreate="always") as batch:
        batch.add_column(sa.Column("motto", sa.String(20), nullable=False, server_default="none"))


def _rebuild_members(operations: Operations) -> None:
    _rebuild("members", operations)


def _upgrade(whole: Whole):
    with whole.site.inside():
        return migrations.upgrade(whole.site.settings)


def test_the_steps_make_what_the_models_say():
    assert differences() == []


@pytest.mark.parametrize("table", ["members", "entries"])
def test_a_batch_step_on_a_table_with_children_deletes_none_of_them(whole, step, table):
    before = everything(whole.site)
    step(lambda operations: _rebuild(table, operations))
    _upgrade(whole)
    assert everything(whole.site) == before
    assert len(before["friendships"]) > 4
    assert len(before["comments"]) == 4
    with whole.site.inside():
        assert "motto" in {column["name"] for column in sa.inspect(db.engine).get_columns(table)}
    assert whole.site.sign_in("author").get("/").status_code == 200


def test_without_the_recipe_the_children_would_be_gone(whole):
    """Why all this: the same step with foreign keys on takes diaries, comments and likes along, silently."""
    with whole.site.inside(), db.engine.begin() as connection:
        _rebuild("entries", Operations(MigrationContext.configure(connection)))
        assert connection.exec_driver_sql("SELECT count(*) FROM entries").scalar() == 4
        assert connection.exec_driver_sql("SELECT count(*) FROM diaries").scalar() == 0
        connection.rollback()


def test_a_copy_with_every_row_is_made_first_and_only_its_owner_can_read_it(whole, step):
    before = everything(whole.site)
    step(_rebuild_members)
    copy = _upgrade(whole)
    assert copy is not None
    assert copy.parent == whole.site.settings.instance / "backups"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(copy)) as database:
        for table, rows in before.items():
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == len(rows), table
        assert "motto" not in [row[1] for row in database.execute("PRAGMA table_info(members)")]


def _orphan(operations: Operations) -> None:
    operations.execute("CREATE TABLE made_by_the_step (id INTEGER)")
    operations.execute("DELETE FROM members WHERE handle = 'friend'")


def test_a_step_that_leaves_rows_pointing_at_nothing_is_refused_and_nothing_of_it_is_kept(whole, step):
    before = everything(whole.site)
    step(_orphan)
    with pytest.raises(BrokenMigration, match="point at nothing") as broken:
        _upgrade(whole)
    assert "friendships" in str(broken.value)
    assert everything(whole.site) == before
    with whole.site.inside():
        assert "made_by_the_step" not in sa.inspect(db.engine).get_table_names()


@pytest.mark.parametrize("statement", ["SELECT * FROM nowhere", "INSERT INTO circle (id) VALUES (2)"])
def test_a_step_that_fails_in_the_middle_leaves_the_database_as_it_was(whole, step, statement):
    before = everything(whole.site)

    def fails(operations: Operations) -> None:
        _rebuild_members(operations)
        operations.execute(statement)

    step(fails)
    with pytest.raises(sa.exc.DatabaseError):
        _upgrade(whole)
    assert everything(whole.site) == before
    with whole.site.inside():
        assert "motto" not in {column["name"] for column in sa.inspect(db.engine).get_columns("members")}


@pytest.mark.parametrize("change", [_rebuild_members, _orphan])
def test_foreign_keys_hold_again_afterwards_whatever_happened(whole, step, change):
    step(change)
    try:
        _upgrade(whole)
    except BrokenMigration:
        assert change is _orphan
    with whole.site.inside(), db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql("INSERT INTO likes VALUES (4711, 4711, '2026-11-22')")


def test_what_is_up_to_date_is_left_alone(whole):
    before = whole.site.settings.sqlite_file.read_bytes()
    assert _upgrade(whole) is None
    assert whole.site.settings.sqlite_file.read_bytes() == before
