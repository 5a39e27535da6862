"""Bringing a synthetic circle into a database that our own migrations made, as fast as it takes rows.

Secondary indexes and foreign keys are taken off the empty tables and put back over the full ones, where the database
builds and checks them in one go.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnDefault, Connection, ForeignKeyConstraint, Table
from sqlalchemy.schema import AddConstraint, DropConstraint

from mixlite.app.bench.circle import Circle, Row
from mixlite.core.config import Settings
from mixlite.core.db import db
from mixlite.migrations.upgrade import upgrade


def load_circle(settings: Settings, circle: Circle, *, analyse: bool) -> None:
    """Migrate the database, which must be empty, and fill it. SQLite learns about its contents only if `analyse`;
    PostgreSQL always does, as its autovacuum would see to it.
    """
    upgrade(settings)
    tables = [db.metadata.tables[name] for name in circle.tables()]
    with db.engine.connect() as connection:
        with connection.begin():
            _take_off(connection, tables)
        with closing(db.engine.raw_connection()) as raw:
            fill = _fill_sqlite if settings.is_sqlite else _fill_postgresql
            for name, (words, rows) in circle.tables().items():
                columns, also = words.split(), _defaults(db.metadata.tables[name], words.split())
                fill(raw.driver_connection, name, [*columns, *also], ((*row, *also.values()) for row in rows))
        with connection.begin():
            _put_back(connection, tables)
    if not settings.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    elif analyse:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _defaults(table: Table, columns: list[str]) -> dict[str, Any]:
    """What stands in the columns that are not named. Those that a function fills must be named, or may be empty."""
    others = ((column.name, column.default) for column in table.columns if column.name not in columns)
    return {name: default.arg for name, default in others if isinstance(default, ColumnDefault) and default.is_scalar}


def _keys(connection: Connection, table: Table) -> list[ForeignKeyConstraint]:
    """On SQLite keys are part of their table, and not looked at while loading."""
    return (
        []
        if connection.dialect.name == "sqlite"
        else sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
    )


def _take_off(connection: Connection, tables: list[Table]) -> None:
    for table in tables:
        for key in _keys(connection, table):
            connection.execute(DropConstraint(key))
        for index in table.indexes:
            index.drop(connection)


def _put_back(connection: Connection, tables: list[Table]) -> None:
    for table in tables:
        for index in table.indexes:
            index.create(connection)
    for table in tables:
        for key in _keys(connection, table):
            connection.execute(AddConstraint(key))


def _fill_sqlite(connection: Any, table: str, columns: list[str], rows: Iterator[Row]) -> None:
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of ours
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("BEGIN")
    connection.executemany(insert, (tuple(map(_for_sqlite, row)) for row in rows))
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys=ON")


def _for_sqlite(value: Any) -> Any:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds") if isinstance(value, datetime) else value


def _fill_postgresql(connection: Any, table: str, columns: list[str], rows: Iterator[Row]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,  # names of ours
    ):
        for row in rows:
            copy.write_row(row)
    connection.commit()
