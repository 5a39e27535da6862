"""Making a backup, while the site goes on.

All rows are read in one transaction that only reads, so they are of one moment; on both engines it holds up no writer.
Pictures come after the rows: a file is never changed and its name never used again, so whatever a row of that moment
names is there, unless it was erased meanwhile.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Table, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from mixlite import __version__
from mixlite.app.keeping.archive import (
    CHUNK,
    KEY_FILE,
    MEDIA,
    TABLES,
    CannotKeep,
    Manifest,
    TableNote,
    Writer,
    moved_into_place,
)
from mixlite.app.keeping.rows import dump, tables_in
from mixlite.core import clock
from mixlite.core.config import Settings, current_settings
from mixlite.core.db import engine_options, fold_journal
from mixlite.core.storage import MEDIA_FOLDER, StorageTrouble, open_storage
from mixlite.migrations.sequences import highest_ids
from mixlite.migrations.upgrade import COPIES, revision_of

RECORD = "last-backup.json"
UNFINISHED = ".part"  # how a file is called that somebody is still sending
STAGED = "#"  # in the name of one that obstore is still writing
COPIES_KEPT = timedelta(days=30)
_COPY = re.compile(r"before-(?:upgrade|restore)-(\d{8}-\d{6})(?:-\w+)?\.")


@dataclass(frozen=True)
class Made:
    """A backup that was made."""

    file: Path
    at: datetime
    size: int
    tables: int
    rows: int
    media: int


def back_up(settings: Settings, file: Path, *, overwrite: bool = False, with_media: bool = True) -> Made:
    """Put the whole instance into `file`. Raises CannotKeep; then `file` is as it was."""
    file = file.absolute()
    at = clock.now()
    with moved_into_place(file, overwrite=overwrite) as target:
        try:
            manifest = _write(settings, target, at, with_media=with_media)
        except DBAPIError as error:
            raise CannotKeep(f"the database cannot be read: {error.orig}") from error
    return Made(file, at, file.stat().st_size, len(manifest.tables), manifest.rows, len(manifest.media))


def remember(settings: Settings, made: Made) -> None:
    """Note in the instance folder that a backup was made, for `doctor`."""
    note = {"at": made.at.isoformat(), "file": str(made.file), "size": made.size, "rows": made.rows}
    with moved_into_place(settings.instance / RECORD, overwrite=True) as record:
        record.write(json.dumps(note).encode())


def last_backup(settings: Settings) -> tuple[datetime, str] | None:
    """When `mixlite backup` was last run for this instance, and where to."""
    try:
        note = json.loads((settings.instance / RECORD).read_text(encoding="utf-8"))
        return datetime.fromisoformat(note["at"]), str(note["file"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def copy_before_upgrade(settings: Settings) -> Path:
    """The automatic copy before a migration, on other engines than SQLite. Without pictures: no step touches them."""
    folder = settings.instance / COPIES
    folder.mkdir(mode=0o700, exist_ok=True)
    return back_up(settings, folder / f"before-upgrade-{clock.now():%Y%m%d-%H%M%S}.zip", with_media=False).file


def forget_old_copies() -> int:
    """Housekeeping: copies that mixlite made by itself go after thirty days, so that what was deleted is gone (P4).

    Files that somebody put there under other names stay. Returns how many went.
    """
    folder, gone = current_settings().instance / COPIES, 0
    for copy in folder.iterdir() if folder.is_dir() else ():
        match = _COPY.match(copy.name)
        if match and datetime.strptime(match[1] + "+0000", "%Y%m%d-%H%M%S%z") < clock.now() - COPIES_KEPT:
            copy.unlink()
            gone += 1
    return gone


@contextmanager
def snapshot(settings: Settings) -> Iterator[Connection]:
    """A connection whose every answer is of one moment. It cannot write."""
    if settings.sqlite_file and not settings.sqlite_file.exists():
        raise CannotKeep("there is nothing to back up: no database yet")
    engine = create_engine(settings.database_url, **_without_pool(settings.database_url))
    if not settings.is_sqlite:
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        with engine.connect() as connection, connection.begin():
            if settings.is_sqlite:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()  # here the moment is fixed
            yield connection
        fold_journal(engine)
    finally:
        engine.dispose()


def _without_pool(url: str) -> dict[str, object]:
    options = engine_options(url)
    return {"connect_args": options.get("connect_args", {}), "poolclass": NullPool}


def _write(settings: Settings, file: BinaryIO, at: datetime, *, with_media: bool) -> Manifest:
    with Writer(file) as writer:
        return _filled(settings, writer, at, with_media=with_media)


def _filled(settings: Settings, writer: Writer, at: datetime, *, with_media: bool) -> Manifest:
    with snapshot(settings) as connection:
        revision = revision_of(connection)
        if revision is None:
            raise CannotKeep("there is nothing to back up: the database is empty")
        manifest = Manifest(
            mixlite=__version__, revision=revision, created_at=at.isoformat(), engine=connection.dialect.name
        )
        for name, table in tables_in(connection).items():
            manifest.tables[name] = _write_table(writer, connection, table)
        manifest.highest_ids = highest_ids(connection)
    if with_media:
        write = _write_stored if settings.storage_url else _write_media
        manifest.media = list(write(writer, settings))
    writer.add(KEY_FILE, [settings.secret_key.encode()])
    writer.finish(manifest)
    return manifest


def _write_table(writer: Writer, connection: Connection, table: Table) -> TableNote:
    rows = 0

    def counted() -> Iterator[bytes]:
        nonlocal rows
        for piece in dump(connection, table):
            rows += piece.count(b"\n")
            yield piece

    writer.add(f"{TABLES}{table.name}.jsonl", counted())
    return TableNote([column.name for column in table.columns], rows)


def _write_stored(writer: Writer, settings: Settings) -> Iterator[str]:
    """Every file that lies in another place than this machine."""
    storage = open_storage(settings)
    for name in sorted(storage.names()):
        try:
            writer.add(MEDIA + name, [storage.get(name)], is_packed_already=True)
        except FileNotFoundError:
            continue  # erased meanwhile
        except StorageTrouble as trouble:
            raise CannotKeep(f"the pictures cannot be read: {trouble}") from trouble
        yield name


def _write_media(writer: Writer, settings: Settings) -> Iterator[str]:
    """Every file of the folder. No link is followed: it could lead to a file that is none of ours."""
    folder = settings.instance / MEDIA_FOLDER
    for path in _files_below(folder):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue  # erased meanwhile
        name = path.relative_to(folder).as_posix()
        with os.fdopen(descriptor, "rb") as file:
            writer.add(MEDIA + name, _pieces_of(file), is_packed_already=True)
        yield name


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent) / name
            is_whole = not name.endswith(UNFINISHED) and STAGED not in name
            if is_whole and not path.is_symlink():
                yield path


def _pieces_of(file: BinaryIO) -> Iterable[bytes]:
    return iter(lambda: file.read(CHUNK), b"")
