"""The database: the declarative base, column types, and who may write when.

Reading needs nothing. Writing begins with `begin_writing()`, which gives the session a transaction that holds the
writer's lock from its first statement (SQLite refuses a read that turns into a write, whatever the busy timeout:
SECURITY.md, section 4). The door of the web shell, the worker and the command line commit; verbs only flush.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    BindParameter,
    CheckConstraint,
    DateTime,
    Engine,
    Executable,
    Integer,
    MetaData,
    Result,
    String,
    Table,
    bindparam,
    event,
    func,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from mixlite.core import clock

BUSY_SECONDS = 5.0
TRACE_BUSY_MILLISECONDS = 20
# Not SQLite's word for a mistake in a statement, but for a lock, a disk that is full, a file that does not open.
_SQLITE_TROUBLE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
    )
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite only keeps freed ids from coming back when the column is exactly INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """A point in time. Goes in and comes out aware, in UTC; SQLite keeps it without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table of the site. Ids are never reused (SECURITY.md, S26)."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: Moment})
    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy reads it as a plain attribute

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(table := getattr(cls, "__table__", None), Table):
            _enforce_lengths(table)


def _enforce_lengths(table: Table) -> None:
    """SQLite ignores the length of a VARCHAR, so every bounded column says it again as a CHECK (SECURITY.md, S44)."""
    for column in table.columns:
        length = column.type.length if isinstance(column.type, String) else None
        if length is not None:
            table.append_constraint(CheckConstraint(func.length(column) <= length, name=f"{column.name}_length"))


db = SQLAlchemy(model_class=Base)


# --- questions that are put together once ---------------------------------------------------------------------------
#
# Putting a large question together takes SQLAlchemy many times as long as the database takes to answer it. What every
# page asks is made once (`functools.cache`) of these, and asked with values.

VIEWER = bindparam("viewer", type_=BigId)  # whoever asks gives `viewer`, a member's id
NOW = bindparam("now", type_=Moment, callable_=clock.now)  # the moment of asking; nobody needs to give it


def ago(span: timedelta) -> BindParameter[datetime]:
    """The moment that lies `span` before the moment of asking."""
    return bindparam(None, type_=Moment, callable_=lambda: clock.now() - span, unique=True)


def ask(question: Executable, given: Mapping[str, Any]) -> Result[*tuple[Any, ...]]:
    """Ask for columns, and get plain rows. It takes a third of what `db.session.execute` takes, which makes entities
    and first writes what was changed; within the same transaction all the same.
    """
    return db.session.connection().execute(question, given)


def engine_options(url: str) -> dict[str, Any]:
    """What `create_engine` is told for this database address."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}}
    return {"pool_pre_ping": True, "pool_size": 10, "max_overflow": 10, "pool_timeout": BUSY_SECONDS}


@event.listens_for(Engine, "do_connect")
def _for_us_alone(dialect: Dialect, _record: Any, arguments: Any, _more: Any) -> None:
    """A new SQLite file is made closed to others; left to itself SQLite makes it, and its journal, by the umask."""
    file = str(arguments[0]) if dialect.name == "sqlite" and arguments else ""
    if file and not file.startswith((":", "file:")):
        with suppress(OSError):  # it is there already, or SQLite will say what is wrong
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writer", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def begin_writing() -> None:
    """End the reading transaction and open the writer's; everything loaded so far is read again when it is touched.

    Raises sqlalchemy's OperationalError when the lock is not free within five seconds.
    """
    session = db.session()
    if session.info.get("writing"):
        return
    session.rollback()
    session.connection(execution_options={"writer": True})
    session.info["writing"] = True


def is_writing() -> bool:
    """Whether this session holds the writer's transaction."""
    return bool(db.session().info.get("writing"))


@event.listens_for(Session, "after_transaction_end")
def _forget_writing(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("writing", None)


@contextmanager
def writing() -> Iterator[None]:
    """For the worker and the command line: a writer's transaction, committed at the end, rolled back on an error."""
    begin_writing()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def write_trace(statement: Executable) -> bool:
    """Write one statement in a short transaction of its own; give up at once when the database is busy, or when what
    the statement is about is gone.

    For traces that nobody misses if one is lost. Returns whether it was written.
    """
    engine = db.engine
    try:
        with engine.connect() as connection:
            is_sqlite = engine.dialect.name == "sqlite"
            if is_sqlite:
                connection.connection.execute(f"PRAGMA busy_timeout={TRACE_BUSY_MILLISECONDS}")
            try:
                with connection.execution_options(writer=True).begin():
                    connection.execute(statement)
            finally:
                if is_sqlite:
                    connection.connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    except (OperationalError, IntegrityError):  # busy; or what it is about went meanwhile
        return False
    return True


def fold_journal(engine: Engine | None = None) -> None:
    """What SQLite's journal still remembers goes into the database, and the file shrinks to nothing; unless somebody is
    reading just now. After an erasing, so that the bytes go; after a long reading, because it only grew meanwhile.
    """
    engine = engine or db.engine
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()


def is_busy(error: OperationalError) -> bool:
    """Whether the database could not answer now, as opposed to a mistake of ours."""
    if not isinstance(error.orig, sqlite3.OperationalError):
        return True  # PostgreSQL tells mistakes by other classes; what comes here is a lock, a limit or a lost server
    return getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _SQLITE_TROUBLE
