"""`python -m mixlite.migrations --check`: whether the steps make what the models say. `--new WORDS` drafts a step."""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from mixlite.app.factory import create_app
from mixlite.core.config import load_settings
from mixlite.core.db import Base, db
from mixlite.migrations.upgrade import alembic_config, upgrade

_PARTS = re.compile(r"\n|,(?![^()]*\))")  # lines, and what commas outside of parentheses part


def differences() -> list[str]:
    """What a database made by the steps lacks beside one made from the models, on SQLite; constraints included."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, instance=folder)
        with create_app(settings).app_context():
            upgrade(settings)
            with db.engine.connect() as connection:
                found = [
                    str(difference)
                    for difference in compare_metadata(MigrationContext.configure(connection), Base.metadata)
                ]
                stepped = _shapes(connection)
            modelled = create_engine(f"sqlite:///{Path(folder) / 'models.sqlite3'}")
            Base.metadata.create_all(modelled)
            with modelled.connect() as connection:
                expected = _shapes(connection)
            modelled.dispose()
            db.engine.dispose()
    found += [f"{name} is made differently" for name in sorted(expected) if stepped.get(name) != expected[name]]
    return found


def _shapes(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Every table and index as the statement that makes it, without order, spacing and quotes.

    A table that was renamed or got a column later is spelled by SQLite itself: its name in quotes, the column behind
    the last one on the same line.
    """
    ours = "sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
    rows = connection.execute(text(f"SELECT name, sql FROM sqlite_master WHERE {ours}"))  # noqa: S608 - a constant
    return {
        name: tuple(sorted(filter(None, (part.strip(" ,\t)(") for part in _PARTS.split(sql.replace('"', ""))))))
        for name, sql in rows
    }


def draft(words: str) -> None:
    """Write a step for a human to read."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, instance=folder)
        with create_app(settings).app_context():
            upgrade(settings)
            with db.engine.connect() as connection:
                command.revision(alembic_config(connection), words, autogenerate=True)
            db.engine.dispose()


if __name__ == "__main__":
    if "--new" in sys.argv:
        draft(sys.argv[sys.argv.index("--new") + 1])
        sys.exit()
    problems = differences()
    print("\n".join(problems) or "migrations: they make what the models say")  # noqa: T201 - a command's answer
    sys.exit(1 if problems else 0)
