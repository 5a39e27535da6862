"""Bringing a database up to date, safely.

SQLite: the database is copied first; foreign keys are off before the transaction begins (Alembic's batch mode rebuilds
tables, and with foreign keys on, dropping the old parent deletes all children silently), all steps run in one
transaction, and the keys are checked before it commits. PostgreSQL: one transaction; copies are the server's business.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from mixlite.core import clock
from mixlite.core.config import Settings
from mixlite.core.db import db

FOLDER = Path(__file__).parent


class BrokenMigration(Exception):
    """A step left rows that point at nothing; nothing of it was kept."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic, told where our steps are."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def is_current() -> bool:
    """Whether the database has the shape that this code expects."""
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(ScriptDirectory.from_config(alembic_config()).get_heads())


def is_empty() -> bool:
    """Whether nothing was ever made in it."""
    return not inspect(db.engine).get_table_names()


def upgrade(settings: Settings) -> Path | None:
    """Run every missing step. Returns where the copy was put, if one was made. Raises BrokenMigration."""
    if is_current():
        return None
    copy = (
        _copy(settings.sqlite_file, settings.instance / "backups") if settings.sqlite_file and not is_empty() else None
    )
    db.session.remove()
    with db.engine.connect() as connection:
        if settings.is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(writer=True).begin():
                command.upgrade(alembic_config(connection), "head")
                _check_keys(connection)
        finally:
            if settings.is_sqlite:
                connection.connection.execute("PRAGMA foreign_keys=ON")
    if settings.sqlite_file:
        settings.sqlite_file.chmod(0o600)
    return copy


def _check_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise BrokenMigration(f"{len(broken)} rows would point at nothing (in {tables})")


def _copy(database: Path, folder: Path) -> Path:
    """A whole copy through SQLite's own backup, which also has what is only in the write-ahead log."""
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-upgrade-{clock.now():%Y%m%d-%H%M%S}.sqlite3"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    target.chmod(0o600)
    return target
