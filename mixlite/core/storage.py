"""Where files are kept: a small port over obstore. The folder `media` of the instance, or S3.

A name is given by us, never by people: lower-case letters and digits in parts between slashes, so no name leads
anywhere else (SECURITY.md, S39). A file is written once, whole, and never changed; its name is never used again.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
import regex
from flask import current_app
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from mixlite.core.config import Settings, current_settings

MEDIA_FOLDER = "media"
_NAME = regex.compile(r"[a-z0-9]+(?:/[a-z0-9]+)*")
_TROUBLE = (BaseError, OSError)
_PATIENCE: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class StorageTrouble(Exception):
    """A file could not be written or read now. What was acknowledged before is untouched."""

    status = 503


class StorageFull(StorageTrouble):
    """There is no room for it."""

    status = 507


class Storage:
    """Files by name. Every call raises StorageTrouble when the storage does not answer, ValueError for a bad name."""

    def __init__(self, store: ObjectStore):
        self._store = store

    def put(self, name: str, content: bytes, *, anew: bool = False) -> bool:
        """Write a whole file; whether it is new. What is there already stays, or is replaced whole (`anew`)."""
        mode: Literal["create", "overwrite"] = "overwrite" if anew else "create"
        try:
            obstore.put(self._store, _checked(name), content, mode=mode, use_multipart=False)
        except AlreadyExistsError:
            return False
        except _TROUBLE as error:
            raise _trouble(error) from error
        return True

    def get(self, name: str) -> bytes:
        """All of it. Raises FileNotFoundError."""
        with _told():
            return obstore.get(self._store, _checked(name)).bytes().to_bytes()

    def pieces(self, name: str) -> Iterator[bytes]:
        """All of it, in pieces. Raises FileNotFoundError."""
        with _told():
            for piece in obstore.get(self._store, _checked(name)).stream():
                yield bytes(piece)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        """`length` bytes from `start`, as far as there are any. Raises FileNotFoundError."""
        with _told():
            return bytes(obstore.get_range(self._store, _checked(name), start=start, length=length))

    def size(self, name: str) -> int | None:
        """Its length in bytes; None when it is not there."""
        try:
            with _told():
                return int(obstore.head(self._store, _checked(name))["size"])
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Nothing happens when it is not there."""
        with suppress(FileNotFoundError), _told():
            obstore.delete(self._store, _checked(name))

    def names(self, folder: str = "") -> Iterator[str]:
        """Of every whole file below a folder, in no order."""
        with _told():
            for batch in obstore.list(self._store, prefix=_checked(folder) if folder else None):
                yield from (found["path"] for found in batch if _NAME.fullmatch(found["path"]))

    def delete_below(self, folder: str) -> None:
        """Everything whose name begins with this folder; what a killed process left half-written, too."""
        for name in list(self.names(_checked(folder))):
            self.delete(name)


class Folder(Storage):
    """Files in a folder of this machine that only its owner can enter (modes 700 and 600)."""

    def __init__(self, root: Path):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        super().__init__(LocalStore(root, mkdir=True))
        self.root = root

    def put(self, name: str, content: bytes, *, anew: bool = False) -> bool:
        """With its name and its bytes on the disk: what is acknowledged outlives a power cut."""
        place = self.root / _checked(name)
        try:
            for folder in reversed([parent for parent in place.parents if self.root in parent.parents]):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not super().put(name, content, anew=anew):
                return False
            place.chmod(0o600)
            for path in (place, *(parent for parent in place.parents if parent.is_relative_to(self.root))):
                _sync(path)
        except OSError as error:
            raise _trouble(error) from error
        return True

    def delete_below(self, folder: str) -> None:
        place = self.root / _checked(folder)
        try:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            with suppress(OSError):  # others may be in it
                place.parent.rmdir() if place.parent != self.root else None
        except OSError as error:
            raise _trouble(error) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of ours: {name!r}")
    return name


class _told:  # noqa: N801 - reads as a statement
    """What goes wrong within the block is a StorageTrouble; what is missing is a FileNotFoundError."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _TROUBLE) and not isinstance(error, FileNotFoundError):
            raise _trouble(error) from error


def _trouble(error: BaseException) -> StorageTrouble:
    is_full = getattr(error, "errno", None) in (28, 122) or "os error 28" in str(error) or "os error 122" in str(error)
    return (StorageFull if is_full else StorageTrouble)(f"{type(error).__name__}: {error}")


def open_storage(settings: Settings) -> Storage:
    """As the settings say: `s3://key:secret@bucket/folder?region=...&endpoint=https://...`, else the folder `media`.

    What the address does not name (key, secret, region) S3 looks for in the environment, by Amazon's names.
    """
    if not settings.storage_url:
        return Folder(settings.instance / MEDIA_FOLDER)
    parts = urlsplit(settings.storage_url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    given = {
        "access_key_id": unquote(parts.username or ""),
        "secret_access_key": unquote(parts.password or ""),
        "region": query.get("region", ""),
        "endpoint": query.get("endpoint", ""),
    }
    config: Any = {name: value for name, value in given.items() if value}
    is_plain = given["endpoint"].startswith("http://")
    return Storage(
        S3Store(
            parts.hostname or "",
            prefix=parts.path.strip("/") or None,
            virtual_hosted_style_request=False,
            client_options={"allow_http": is_plain, "timeout": timedelta(seconds=60)},
            retry_config=_PATIENCE,
            **config,
        )
    )


def storage() -> Storage:
    """The files of the application at hand."""
    found: Storage | None = current_app.extensions.get("mixlite.storage")
    if found is None:
        found = current_app.extensions["mixlite.storage"] = open_storage(current_settings())
    return found
