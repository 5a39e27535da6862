"""The highest id that each table ever gave out. Ids are never reused (SECURITY.md, S26), so this outlives the rows.

SQLite keeps it in `sqlite_sequence`, and forgets it when a table is rebuilt (as Alembic's batch mode does) or filled
from elsewhere; PostgreSQL in a sequence of its own, which knows nothing of rows that came with their ids.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, text

_SEQUENCES = """
SELECT t.relname, a.attname, quote_ident(n.nspname) || '.' || quote_ident(s.relname)
FROM pg_class s
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND t.relnamespace = current_schema()::regnamespace
"""


def highest_ids(connection: Connection) -> dict[str, int]:
    """By table; those that never gave one are left out.

    On PostgreSQL sequences stand outside of transactions: ask after the snapshot is taken, and it is never too low.
    """
    if connection.dialect.name == "sqlite":
        return {name: number for name, number in _sqlite(connection).items() if number}
    found = {}
    for table, _column, sequence in connection.exec_driver_sql(_SEQUENCES).all():
        last, is_used = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - quoted by the server
        if is_used:
            found[table] = last
    return found


def raise_to(connection: Connection, ids: Mapping[str, int]) -> None:
    """From now on no table gives out an id that it gave out before, nor one that a row in it has. Never lowers."""
    if connection.dialect.name == "sqlite":
        _raise_on_sqlite(connection, ids)
        return
    for table, column, sequence in connection.exec_driver_sql(_SEQUENCES).all():
        quoted = connection.dialect.identifier_preparer.quote
        present = f"SELECT max({quoted(column)}) FROM {quoted(table)}"  # noqa: S608 - names that the server told us
        so_far = f"SELECT CASE WHEN is_called THEN last_value END FROM {sequence}"  # noqa: S608 - likewise
        highest = connection.execute(
            text(f"SELECT greatest(({present}), ({so_far}), :given)"),
            {"given": ids.get(table)},
        ).scalar()
        if highest:
            connection.execute(text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest})


def _raise_on_sqlite(connection: Connection, ids: Mapping[str, int]) -> None:
    now = _sqlite(connection)
    counted = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE '% AUTOINCREMENT%'").scalars()
    for table in counted.all():
        highest = ids.get(table, 0)
        if highest > now.get(table, 0):  # what is in it already has raised the number that SQLite keeps
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
            connection.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), {"name": table, "seq": highest}
            )


def _sqlite(connection: Connection) -> dict[str, int]:
    if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").first():
        return {}
    return {row.name: row.seq for row in connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")}
