"""Upgrading: a copy first, and no id is given out twice."""

import sqlite3
import stat
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from mixlite.app.keeping.archive import Archive
from mixlite.app.keeping.backup import copy_before_upgrade
from mixlite.core.db import db
from mixlite.migrations import upgrade as migrations
from tests.support.site import gather


@pytest.fixture
def rebuild(monkeypatch):
    """A step that builds the table of entries anew, as Alembic's batch mode does for most changes."""

    def run(config, target):
        operations = Operations(MigrationContext.configure(config.attributes["connection"]))
        with operations.batch_alter_table(
            "entries", recreate="auto", table_kwargs={"sqlite_autoincrement": True}
        ) as batch:
            batch.alter_column("kind", type_=sa.String(30), existing_type=sa.String(20), existing_nullable=False)

    monkeypatch.setattr("alembic.command.upgrade", run)
    monkeypatch.setattr(migrations, "is_current", lambda: False)


def test_s26_a_step_that_rebuilds_a_table_does_not_make_it_forget_its_ids(any_site, rebuild):
    gather(any_site)
    kept, gone = any_site.diary("author"), any_site.diary("author")
    with any_site.inside():
        db.session.execute(sa.text("DELETE FROM entries WHERE id = :gone"), {"gone": gone})
        db.session.commit()
    with any_site.inside():
        migrations.upgrade(any_site.settings)
        columns = {column["name"]: column["type"] for column in sa.inspect(db.engine).get_columns("entries")}
    assert str(columns["kind"]) == "VARCHAR(30)"
    assert any_site.diary("author") > gone > kept


def test_before_an_upgrade_everything_is_copied_on_either_engine(any_site, rebuild):
    gather(any_site)
    entry = any_site.diary("author", body="as it was")
    with any_site.inside():
        copy = migrations.upgrade(any_site.settings, copy_before_upgrade)
    assert copy is not None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    if any_site.settings.is_sqlite:
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute("SELECT entry_id, body FROM diaries").fetchall()
    else:
        with Archive(copy) as archive:
            columns = archive.manifest.tables["diaries"].columns
            rows = [dict(zip(columns, row, strict=True)) for row in archive.rows("diaries")]
        found = [(row["entry_id"], row["body"]) for row in rows]
    assert found == [(entry, "as it was")]
