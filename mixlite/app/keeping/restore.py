"""Bringing a backup back, all of it or nothing.

First every byte of the file is checked. Then the database is built beside the present one (SQLite) or in one
transaction (PostgreSQL), at the backup's own step of the migrations, filled, brought up to date, checked and held
(`held.py`). Pictures and the secret key wait beside their places. Then comes one moment that decides: a plan that gets
its name (SQLite), or the commit (PostgreSQL). Before it nothing was changed; after it the rest is moving files, and
`finish` does that again if the process died: every command of mixlite asks it before anything else.
"""

import fcntl
import json
import logging
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from mixlite.app.keeping.archive import KEY_FILE, MEDIA, Archive, CannotKeep, Manifest, moved_into_place, sync_folder
from mixlite.app.keeping.held import Held, hold
from mixlite.app.keeping.rows import empty, keys_unchecked, load, table_names, tables_in
from mixlite.app.server import serving_address
from mixlite.core import clock
from mixlite.core.config import Settings
from mixlite.core.db import engine_options
from mixlite.core.storage import MEDIA_FOLDER, StorageTrouble, open_storage
from mixlite.migrations import sequences
from mixlite.migrations.upgrade import COPIES, BrokenMigration, check_keys, is_known, run_steps

WORK = "restoring"  # a folder in the instance; it is there only while a restore goes on, or after one that was killed
PLAN = "plan.json"
STAGED_MEDIA = ".restoring"  # in the folder of the pictures, which may be another disk
STAGED_SUFFIX = ".restoring"
BESIDES = ("-wal", "-shm", "-journal")
LOCK = 0x6D69786C  # of PostgreSQL's advisory locks: held while a restore's transaction is open
LOCK_SECONDS = 5
Say = Callable[[str], object]
log = logging.getLogger(__name__)


class Unfinished(Exception):
    """It failed after the moment that decides, or nobody knows whether before. The next command of mixlite ends it."""


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    manifest: Manifest
    held: Held
    put_aside: list[str]
    seconds: float

    def words(self) -> list[str]:
        """The same, for whoever called for it."""
        made_at = datetime.fromisoformat(self.manifest.created_at)
        pictures = f" and {len(self.manifest.media)} files" if self.manifest.media else ""
        lines = [
            f"restored in {self.seconds:.0f} s: {self.manifest.rows} rows{pictures} of {made_at:%Y-%m-%d %H:%M} UTC",
            "what was written after that is not in it, and what was deleted after that is back",
            "the secret key is the one of the backup, so everybody's password of that day works",
            f"sessions ended: {self.held.sessions}; everybody signs in anew",
            f"open invitations revoked: {self.held.invitations}",
            f"mailed links ended: {self.held.links}",
            f"waiting jobs held, so that nothing old is sent again: {self.held.jobs}",
        ]
        return lines + [f"what was here before is now {place}" for place in self.put_aside]


@dataclass(frozen=True)
class _Move:
    """A file that waits for its place. What is there now is kept at `aside`, if that is named."""

    source: str
    target: str
    aside: str | None = None


@dataclass
class _Work:
    """A restore under way: its folder, when it began, and what it will do in the end."""

    settings: Settings
    archive: Archive
    replace: bool
    say: Say
    folder: Path
    stamp: str = field(default_factory=lambda: f"{clock.now():%Y%m%d-%H%M%S}")
    mark: str = field(default_factory=secrets.token_hex)
    moves: list[_Move] = field(default_factory=list)

    @property
    def aside(self) -> Path:
        """Where present things are kept, each with an ending of its own. No two restores share it."""
        return self.settings.instance / COPIES / f"before-restore-{self.stamp}-{self.mark[:4]}"


def restore(settings: Settings, file: Path, *, replace: bool = False, say: Say = log.info) -> Restored:
    """Bring the instance that is in `file` back, here. Raises CannotKeep; then nothing was changed.

    An instance with anything in its database is refused, unless `replace`: then what is there is put aside.
    """
    began = time.monotonic()
    finish(settings)
    _refuse_while_serving(settings)
    with Archive(file) as archive:
        if not is_known(archive.manifest.revision):
            raise CannotKeep(f"{file} was made by mixlite {archive.manifest.mixlite}, which is newer than this one")
        say("checking every byte of the backup ...")
        archive.verify()
        try:
            with _at_work(settings) as folder:
                work = _Work(settings, archive, replace, say, folder)
                _stage_key(work)
                held, put_aside = _restore_sqlite(work) if settings.is_sqlite else _restore_postgresql(work)
                _carry_out(settings, folder)
        except (CannotKeep, SQLAlchemyError, sqlite3.Error, BrokenMigration, OSError) as error:
            kind = Unfinished if (settings.instance / WORK / PLAN).exists() else CannotKeep
            raise kind(f"the backup could not be brought back: {_said(error)}") from error
    return Restored(archive.manifest, held, put_aside, time.monotonic() - began)


def finish(settings: Settings) -> bool:
    """End what a restore left that was killed: bring it to its end if it was decided, else clear it away.

    Returns whether something was brought to its end (settings must then be read again). Raises CannotKeep while a
    restore is going on.
    """
    folder = settings.instance / WORK
    if not folder.exists():
        return False
    try:
        with _locked(folder):
            is_decided = _is_decided(settings, folder)
            if is_decided:
                _carry_out(settings, folder)
            _clear(settings, folder)
    except (SQLAlchemyError, OSError) as error:
        raise CannotKeep(f"a restore was interrupted, and cannot be brought to its end: {_said(error)}") from error
    return is_decided


# ------------------------------------------------------------------------------------------------- around the restore


def _refuse_while_serving(settings: Settings) -> None:
    address = serving_address(settings)
    if address:
        raise CannotKeep(f"this instance is open at {address}: stop it first")


@contextmanager
def _at_work(settings: Settings) -> Iterator[Path]:
    """The folder of one restore; gone afterwards, with everything that waited. It stays for `finish` if it must."""
    folder = settings.instance / WORK
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise CannotKeep("another restore is going on in this instance") from None
    with _locked(folder):
        try:
            yield folder
        except BaseException:
            if not (folder / PLAN).exists():
                _clear(settings, folder)
            raise
        _clear(settings, folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotKeep("a restore is going on in this instance: wait until it is done") from None
        yield
    finally:
        os.close(descriptor)


def _clear(settings: Settings, folder: Path) -> None:
    if settings.sqlite_file:
        for staged in settings.sqlite_file.parent.glob(escape(_staged(settings.sqlite_file).name) + "*"):
            staged.unlink()
    if (media := settings.instance / MEDIA_FOLDER / STAGED_MEDIA).exists():
        shutil.rmtree(media)
    shutil.rmtree(folder)


def _staged(database: Path) -> Path:
    return database.with_name(database.name + STAGED_SUFFIX)


# ----------------------------------------------------------------------------------------------------- keys and files


def _stage_key(work: _Work) -> None:
    """Let the backup's key wait beside the present one. Raises CannotKeep when it could not take effect."""
    key, place = work.archive.secret_key(), work.settings.instance / KEY_FILE
    if key == work.settings.secret_key:
        return
    if not place.exists() or place.read_text(encoding="ascii").strip() != work.settings.secret_key:
        raise CannotKeep(
            "this instance has its secret key from the environment or config.toml, and it is not the backup's: no"
            " password of the backup would work with it. Take MIXLITE_SECRET_KEY or secret_key away, then restore"
        )
    waiting = work.folder / KEY_FILE
    with moved_into_place(waiting) as file:
        file.write(key.encode("ascii") + b"\n")
    work.moves.append(_Move(str(waiting), str(place), f"{work.aside}.secret-key" if work.replace else None))


def _stage_media(work: _Work) -> None:
    """Names of files are never used again, so they can join those that are there already."""
    if work.settings.storage_url:
        _send_media(work)
        return
    folder = work.settings.instance / MEDIA_FOLDER / STAGED_MEDIA
    for path in work.archive.manifest.media:
        place = folder / path
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with moved_into_place(place) as file:
            for piece in work.archive.read(MEDIA + path):
                file.write(piece)


def _send_media(work: _Work) -> None:
    """To a storage that is not on this machine. What is there already stays: it is the same."""
    storage = open_storage(work.settings)
    try:
        for path in work.archive.manifest.media:
            storage.put(path, b"".join(work.archive.read(MEDIA + path)))
    except (StorageTrouble, ValueError) as trouble:
        raise CannotKeep(f"the pictures could not be sent to their storage: {trouble}") from trouble


def _decide(work: _Work) -> None:
    """Write down what is to be moved. On SQLite this is the moment that decides."""
    plan = {"mark": work.mark, "moves": [asdict(move) for move in work.moves]}
    with moved_into_place(work.folder / PLAN) as file:
        file.write(json.dumps(plan).encode())


def _plan(folder: Path) -> dict[str, Any] | None:
    try:
        plan: dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return plan


def _is_decided(settings: Settings, folder: Path) -> bool:
    plan = _plan(folder)
    if plan is None or settings.is_sqlite:
        return plan is not None
    with _engine(settings.database_url) as engine, engine.connect() as connection, connection.begin():
        _take_lock(connection)  # the transaction of a killed process may still be ending
        found = connection.exec_driver_sql("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
        return bool(found.scalar() == plan["mark"])


def _carry_out(settings: Settings, folder: Path) -> None:
    """Move everything that waits to its place. Whatever was moved before is left alone."""
    plan = _plan(folder)
    for given in plan["moves"] if plan else ():
        _carry_out_move(_Move(**given))
    media = settings.instance / MEDIA_FOLDER
    for parent, _, names in os.walk(media / STAGED_MEDIA):
        place = media / Path(parent).relative_to(media / STAGED_MEDIA)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in names:
            (Path(parent) / name).replace(place / name)
    sync_folder(settings.instance)


def _carry_out_move(move: _Move) -> None:
    source, target = Path(move.source), Path(move.target)
    if not source.exists():
        return
    for ending in ("", *BESIDES):  # a log of the present database must not be taken for one of the new
        present = Path(move.target + ending)
        if not present.exists():
            continue
        if move.aside:
            _keep(present, Path(move.aside + ending))
        if ending:
            present.unlink()
    source.replace(target)
    sync_folder(target.parent)


def _keep(present: Path, aside: Path) -> None:
    """Give a file a second name; where that cannot be, a copy."""
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    if aside.exists():
        return  # already, before the process died
    try:
        aside.hardlink_to(present)
    except OSError:
        with moved_into_place(aside) as file, present.open("rb") as source:
            shutil.copyfileobj(source, file)


# ---------------------------------------------------------------------------------------------------------- databases


def _build(connection: Connection, work: _Work) -> Held:
    """Make the tables as they were, fill them, bring them up to date, check, hold."""
    manifest = work.archive.manifest
    run_steps(connection, manifest.revision)
    tables = tables_in(connection)
    shapes = {name: sorted(column.name for column in table.columns) for name, table in tables.items()}
    if shapes != {name: sorted(note.columns) for name, note in manifest.tables.items()}:
        raise CannotKeep(
            f"the tables of the backup are not those of step {manifest.revision}: another program made them"
        )
    with keys_unchecked(connection):
        empty(connection, tables.values())
        for name, note in manifest.tables.items():
            work.say(f"{name}: {note.rows} rows")
            load(connection, tables[name], note.columns, work.archive.rows(name))
    check_keys(connection)
    sequences.raise_to(connection, manifest.highest_ids)
    run_steps(connection)
    return hold(connection)


def _restore_sqlite(work: _Work) -> tuple[Held, list[str]]:
    target = work.settings.sqlite_file
    if target is None:
        raise TypeError("not a database in a file")
    is_there = _has_something(target)
    if is_there:
        _refuse_to_replace(work)
        _be_alone(target)
    staged = _staged(target)
    os.close(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with _engine(f"sqlite:///{staged}") as engine, engine.connect() as connection:
        # It is thrown away if anything fails: no journal is needed, and one sync at the end is enough.
        for pragma in ("foreign_keys=OFF", "journal_mode=MEMORY", "synchronous=OFF"):
            connection.connection.execute(f"PRAGMA {pragma}")
        with connection.execution_options(writer=True).begin():
            held = _build(connection, work)
        answer = connection.exec_driver_sql("PRAGMA quick_check").scalar()
        if answer != "ok":
            raise CannotKeep(f"the restored database is not sound: {answer}")
    with staged.open("rb") as file:
        os.fsync(file.fileno())
    _stage_media(work)
    if _has_something(target) != is_there:
        raise CannotKeep("somebody made a database here meanwhile")
    if is_there:
        _be_alone(target)
    work.moves.append(_Move(str(staged), str(target), f"{work.aside}.sqlite3" if is_there else None))
    _decide(work)
    return held, [move.aside for move in work.moves if move.aside]


def _restore_postgresql(work: _Work) -> tuple[Held, list[str]]:
    with _engine(work.settings.database_url) as engine, engine.connect() as connection, connection.begin():
        _take_lock(connection)
        put_aside = []
        if present := table_names(connection):
            _refuse_to_replace(work)
            put_aside.append(_put_tables_aside(connection, present, work.stamp))
        held = _build(connection, work)
        _stage_media(work)
        connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{work.mark}'")
        connection.exec_driver_sql("ANALYZE")
        _decide(work)
    return held, [*put_aside, *(move.aside for move in work.moves if move.aside)]


def _refuse_to_replace(work: _Work) -> None:
    if not work.replace:
        raise CannotKeep("this instance has a database already. With --replace it is put aside first")


def _has_something(database: Path) -> bool:
    """Whether there is a database with a table in it, or a file that is none of ours."""
    if not database.exists() or not database.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError:
        return True


def _be_alone(database: Path) -> None:
    """Write all into the file itself; that only works when nobody else has it open. A broken one may stay so."""
    try:
        with closing(sqlite3.connect(database, timeout=1.0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise CannotKeep("somebody is using the database: stop the server and every worker first") from error


def _put_tables_aside(connection: Connection, tables: list[str], stamp: str) -> str:
    """Move every table into a schema of its own. Raises CannotKeep when another program is connected."""
    others = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    ).scalar()
    if others:
        raise CannotKeep(f"{others} other connections are open to the database: stop every server and worker first")
    schema = f"before_restore_{stamp.replace('-', '_')}"
    quote = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} SET SCHEMA {schema}")
    return f"the schema {schema} of the database (to remove it: DROP SCHEMA {schema} CASCADE)"


def _take_lock(connection: Connection) -> None:
    connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": f"{LOCK_SECONDS}s"})
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, connect_args=engine_options(url).get("connect_args", {}), poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def _said(error: Exception) -> str:
    """What went wrong; of the database's words only the first line, without the rows that they are about."""
    if isinstance(error, CannotKeep):
        return str(error)
    words = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return f"{type(error).__name__}: {words.splitlines()[0] if words else ''}"
