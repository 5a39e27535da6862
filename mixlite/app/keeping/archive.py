"""The file of a backup: a zip whose manifest names every other member, with its length and hash.

Nothing here knows the database. Whoever reads gets every byte checked: what was flipped, cut off, added or left out is
a `BadArchive`, raised before the end of the member that it is in.
"""

import fcntl
import hashlib
import json
import os
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any, BinaryIO, Self

FORMAT = 1
MANIFEST = "manifest.json"
KEY_FILE = "secret-key"
TABLES = "tables/"
MEDIA = "media/"
CHUNK = 256 * 1024
LARGEST_MANIFEST = 256 * 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024
# What Python's zipfile and json raise over bytes that are not as they were written.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, TypeError, AttributeError, LookupError, RuntimeError),
)


class CannotKeep(Exception):
    """A backup or a restore cannot be done; the message says why, and what would help. Nothing was changed."""


class BadArchive(CannotKeep):
    """The file is no whole backup of ours."""


@dataclass(frozen=True)
class Member:
    """One file inside: its length in bytes and the hexadecimal SHA-256 of what is in it."""

    size: int
    sha256: str


@dataclass(frozen=True)
class TableNote:
    """One table: its columns, in the order of each row's values, and how many rows there are."""

    columns: list[str]
    rows: int


@dataclass(kw_only=True)
class Manifest:
    """What is in a backup. `revision` is the step of the migrations that its tables have the shape of.

    `highest_ids` is the highest id that each table ever gave out, whether its row is still there or not. `media` lists
    the paths of the files, below `media/`.
    """

    mixlite: str
    revision: str
    created_at: str
    engine: str
    format: int = FORMAT
    tables: dict[str, TableNote] = field(default_factory=dict)
    highest_ids: dict[str, int] = field(default_factory=dict)
    media: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(note.rows for note in self.tables.values())


# ---------------------------------------------------------------------------------------------------------- writing


class Writer:
    """Fills a backup; every member goes through once, in pieces, and its hash is noted. Ends with `finish`."""

    def __init__(self, file: BinaryIO):
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.members: dict[str, Member] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, ValueError):  # of a file that is thrown away; a whole one is closed already
            self._zip.close()

    def add(self, name: str, pieces: Iterable[bytes], *, is_packed_already: bool = False) -> None:
        info = zipfile.ZipInfo(name, time.gmtime()[:6])
        info.compress_type = zipfile.ZIP_STORED if is_packed_already else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                digest.update(piece)
                size += len(piece)
        self.members[name] = Member(size, digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """The manifest goes in last: it knows the hash of everything else."""
        manifest.members = self.members
        self._zip.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False))
        self._zip.close()


@contextmanager
def moved_into_place(target: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A new file (mode 600) that stands at `target` when the block is done, whole and on the disk, or never.

    It is written beside the target, under a name that nobody can have prepared. Raises CannotKeep when the target is
    there and must not be overwritten, or when its folder cannot be written to.
    """
    _refuse_to_overwrite(target, overwrite=overwrite)
    try:
        _sweep_up(target)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise CannotKeep(f"{target.parent} cannot be written to: {error.strerror}") from error
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # whoever sweeps up sees that this one is being written
            yield file
            file.flush()
            os.fsync(file.fileno())
            _refuse_to_overwrite(target, overwrite=overwrite)
            part.replace(target)
        sync_folder(target.parent)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CannotKeep(f"{target} could not be written: {error.strerror or error}") from error
        raise


def _refuse_to_overwrite(target: Path, *, overwrite: bool) -> None:
    if target.is_dir():
        raise CannotKeep(f"{target} is a folder: name a file")
    if not overwrite and target.exists():
        raise CannotKeep(f"{target} is there already: name another file, or say --force")


def _sweep_up(target: Path) -> None:
    """Remove what an earlier writing of the same file left when it was killed."""
    for part in target.parent.glob(f".{escape(target.name)}.*.part"):
        if part.is_symlink() or not part.is_file():
            continue
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def sync_folder(folder: Path) -> None:
    """Let the names in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------------------------------------------------- reading


class Archive:
    """A backup that is being read. Everything it answers has been checked against the manifest."""

    def __init__(self, path: Path):
        """Raises BadArchive for what is no backup, or one that this mixlite is too old for."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            raise BadArchive(_why_not(path, error)) from error
        try:
            self.manifest = self._read_manifest()
        except BaseException as error:
            self._zip.close()
            if isinstance(error, _BROKEN):
                raise BadArchive(_why_not(path, error)) from error
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, name: str) -> Iterator[bytes]:
        """A member, in pieces. Raises BadArchive at its end if it is not what the manifest says."""
        noted, digest, size = self.manifest.members[name], hashlib.sha256(), 0
        try:
            with self._zip.open(name) as member:
                while piece := member.read(CHUNK):
                    digest.update(piece)
                    size += len(piece)
                    if size > noted.size:
                        break
                    yield piece
        except _BROKEN as error:
            raise self._damaged(name) from error
        if (size, digest.hexdigest()) != (noted.size, noted.sha256):
            raise self._damaged(name)

    def rows(self, table: str) -> Iterator[list[Any]]:
        """The rows of a table, each a list of values in the order of the manifest's columns."""
        name, note, count = f"{TABLES}{table}.jsonl", self.manifest.tables[table], 0
        for line in self._lines(name):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise self._damaged(name) from error
            if not isinstance(row, list) or len(row) != len(note.columns):
                raise self._damaged(name)
            count += 1
            yield row
        if count != note.rows:
            raise BadArchive(f"{self.path} has {count} rows of {table}, not the {note.rows} that it says")

    def secret_key(self) -> str:
        """The secret of the instance that was backed up: one line of ASCII."""
        key = b"".join(self.read(KEY_FILE)).decode("ascii", "replace").strip()
        if not (key.isascii() and key.isprintable() and key):
            raise self._damaged(KEY_FILE)
        return key

    def verify(self) -> None:
        """Read all of it. Raises BadArchive unless every byte, and the number of rows of each table, is right."""
        for table in self.manifest.tables:
            for _ in self.rows(table):
                pass
        for name in self.manifest.members:
            for _ in () if name.startswith(TABLES) else self.read(name):
                pass

    def _lines(self, name: str) -> Iterator[bytes]:
        rest = b""
        for piece in self.read(name):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise self._damaged(name)
            yield from lines
        if rest:
            raise self._damaged(name)

    def _damaged(self, name: str) -> BadArchive:
        return BadArchive(f"{self.path} is damaged: {name} is not what was written")

    def _read_manifest(self) -> Manifest:
        infos = self._zip.infolist()
        if self._zip.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise ValueError("too long")
        given = json.loads(self._zip.read(MANIFEST))
        if given["format"] > FORMAT:
            raise BadArchive(f"{self.path} was made by mixlite {given['mixlite']}, which is newer than this one")
        manifest = _manifest(given)
        names = [info.filename for info in infos if info.filename != MANIFEST]
        if sorted(names) != sorted(manifest.members) or set(names) != expected_members(manifest):
            raise ValueError("members are missing, or too many")
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            raise ValueError("packed in another way")
        return manifest


def _manifest(given: Any) -> Manifest:
    """Whatever is wrong with it raises one of `_BROKEN`."""
    manifest = Manifest(
        format=int(given["format"]),
        mixlite=str(given["mixlite"]),
        revision=str(given["revision"]),
        created_at=datetime.fromisoformat(given["created_at"]).isoformat(),
        engine=str(given["engine"]),
        tables={name: TableNote(list(note["columns"]), int(note["rows"])) for name, note in given["tables"].items()},
        highest_ids={name: int(highest) for name, highest in given["highest_ids"].items()},
        media=list(given["media"]),
        members={name: Member(int(note["size"]), str(note["sha256"])) for name, note in given["members"].items()},
    )
    if not all(_is_plain(path) for path in manifest.media):
        raise ValueError("a path that leads elsewhere")
    return manifest


def expected_members(manifest: Manifest) -> set[str]:
    """The names that a backup with this manifest has, the manifest itself left out."""
    tables = {f"{TABLES}{table}.jsonl" for table in manifest.tables}
    return {KEY_FILE, *tables, *(MEDIA + path for path in manifest.media)}


def _is_plain(path: str) -> bool:
    """Whether a path stays below the folder that it is put into."""
    parts = path.split("/")
    return "\\" not in path and "\0" not in path and all(part not in ("", ".", "..") for part in parts)


def _why_not(path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{path} cannot be read: {error.strerror or error}"
    return f"{path} is no whole backup of mixlite: it is cut off, damaged, or something else"
