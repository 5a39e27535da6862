"""Bringing a database up to date, safely.

SQLite: the database is copied first; foreign keys are off before the transaction begins (Alembic's batch mode rebuilds
tables, and with foreign keys on, dropping the old parent deletes all children silently), all steps run in one
transaction, and the keys are checked before it commits. PostgreSQL: one transaction, after whatever copy the caller
makes. On both, no step makes a table forget which ids it has given out.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from mixlite.core import clock
from mixlite.core.config import Settings
from mixlite.core.db import db
from mixlite.migrations import sequences

FOLDER = Path(__file__).parent
COPIES = "backups"  # the folder of the instance for copies that mixlite makes by itself


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


def revision_of(connection: Connection) -> str | None:
    """The step that this database stands at; None when nothing was ever made in it."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether we have this step; one of a newer mixlite we have not."""
    try:
        return ScriptDirectory.from_config(alembic_config()).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(settings: Settings, copy: Callable[[Settings], Path] | None = None) -> Path | None:
    """Run every missing step. Returns where the copy was put, if one was made. Raises BrokenMigration.

    A SQLite file is always copied, as it is; of another engine `copy` makes the copy.
    """
    if is_current():
        return None
    made = None if is_empty() else _copied(settings, copy)
    db.session.remove()
    with db.engine.connect() as connection:
        if settings.is_sqlite:
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.execution_options(writer=True).begin():
                run_steps(connection)
        finally:
            if settings.is_sqlite:
                connection.connection.execute("PRAGMA foreign_keys=ON")
    if settings.sqlite_file:
        settings.sqlite_file.chmod(0o600)
    return made


def run_steps(connection: Connection, target: str = "head") -> None:
    """Run the steps up to `target` in the transaction at hand; SQLite's keys are off. Raises BrokenMigration."""
    highest = sequences.highest_ids(connection)
    command.upgrade(alembic_config(connection), target)
    sequences.raise_to(connection, highest)
    check_keys(connection)


def check_keys(connection: Connection) -> None:
    """Whether every foreign key holds. PostgreSQL sees to that by itself. Raises BrokenMigration."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise BrokenMigration(f"{len(broken)} rows would point at nothing (in {tables})")


def _copied(settings: Settings, copy: Callable[[Settings], Path] | None) -> Path | None:
    if settings.sqlite_file:
        return _copy(settings.sqlite_file, settings.instance / COPIES)
    return copy(settings) if copy else None


def _copy(database: Path, folder: Path) -> Path:
    """A whole copy through SQLite's own backup, which also has what is only in the write-ahead log.

    It gets its name when it is whole, and nobody else can read it at any moment.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-upgrade-{clock.now():%Y%m%d-%H%M%S}.sqlite3"
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    part.replace(target)
    return target
