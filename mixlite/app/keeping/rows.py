"""Rows on their way between a database and a backup, whichever engine is on either side.

The tables are taken as the database has them, not as the models say: before a migration they are older. A value is
written as JSON has it; a moment as ISO 8601 in UTC, bytes as base64. What is derived from other rows (virtual tables,
computed columns) is left out. A column of a type that is not known here is an error, so that nothing is kept wrongly.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, delete, insert, inspect, select, types

from mixlite.app.keeping.archive import CHUNK, CannotKeep

VERSIONS = "alembic_version"
BATCH = 500
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

Convert = Callable[[Any], Any] | None


def tables_in(connection: Connection) -> dict[str, Table]:
    """Every table with rows of its own, by name; what Alembic keeps for itself is left out. Raises CannotKeep."""
    found = {}
    for name in sorted(table_names(connection)):
        if name == VERSIONS:
            continue
        columns = [
            Column(column["name"], _known(name, column["name"], column["type"]))
            for column in inspect(connection).get_columns(name)
            if not column.get("computed")
        ]
        found[name] = Table(name, MetaData(), *columns)
    return found


def table_names(connection: Connection) -> list[str]:
    """All tables, less the virtual ones of SQLite and what stands behind those."""
    if connection.dialect.name != "sqlite":
        return inspect(connection).get_table_names()
    rows = connection.exec_driver_sql("PRAGMA main.table_list").all()
    return [row.name for row in rows if row.type == "table" and not row.name.startswith("sqlite_")]


def dump(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row as a line of JSON, in pieces of some size; never more than that in memory."""
    converts = [_outward(column.type) for column in table.columns]
    piece = bytearray()
    with connection.execution_options(stream_results=True).execute(select(table)) as rows:
        for batch in rows.partitions(BATCH):
            for row in batch:
                piece += (_encode(_converted(row, converts)) + "\n").encode()
            if len(piece) >= CHUNK:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)


def load(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a table, as they come from a backup. Raises CannotKeep for values that do not fit."""
    converts = [_inward(table.columns[name].type, connection.dialect.name) for name in columns]
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        try:
            values = [dict(zip(columns, _converted(row, converts), strict=True)) for row in batch]
        except (TypeError, ValueError) as error:
            raise CannotKeep(f"a row of {table.name} does not fit into this database: {error}") from error
        connection.execute(insert(table), values)


def empty(connection: Connection, tables: Iterable[Table]) -> None:
    """Take out what the migrations put in by themselves."""
    for table in tables:
        connection.execute(delete(table))


@contextmanager
def keys_unchecked(connection: Connection) -> Iterator[None]:
    """Within the block rows may come in any order. Afterwards every foreign key holds, or this raises.

    SQLite: they are off anyway where a database is built. PostgreSQL only lets a superuser switch them off, so they are
    taken away and put back, in the same transaction; putting back checks every row.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    found = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname"
    ).all()
    for table, name, _ in found:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    for table, name, definition in found:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _converted(row: Sequence[Any], converts: Sequence[Convert]) -> list[Any]:
    return [
        value if convert is None or value is None else convert(value)
        for value, convert in zip(row, converts, strict=True)
    ]


def _known(table: str, column: str, kind: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    if isinstance(kind, types.JSON):
        return types.JSON(none_as_null=True)
    plain = (types.Integer, types.String, types.Boolean, types.DateTime, types.Date, types.Float, types.LargeBinary)
    if not isinstance(kind, plain):
        raise CannotKeep(f"{table}.{column} is of a type that backups do not know: {kind!r}")
    return kind


def _outward(kind: types.TypeEngine[Any]) -> Convert:
    if isinstance(kind, types.DateTime):
        return _written_moment
    if isinstance(kind, types.Date):
        return date.isoformat
    if isinstance(kind, types.LargeBinary):
        return lambda value: b64encode(value).decode()
    return None


def _written_moment(moment: datetime) -> str:
    # SQLite keeps moments without their zone, which is always UTC.
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)).isoformat()


def _inward(kind: types.TypeEngine[Any], engine: str) -> Convert:
    if isinstance(kind, types.DateTime):
        return _naive_moment if engine == "sqlite" else datetime.fromisoformat
    if isinstance(kind, types.Date):
        return date.fromisoformat
    if isinstance(kind, types.LargeBinary):
        return b64decode
    return None


def _naive_moment(words: str) -> datetime:
    return datetime.fromisoformat(words).astimezone(UTC).replace(tzinfo=None)
