"""The worker's side of pictures: each is made ready in a process of its own (`prepare.py`), or erased.

A claim is a lease and a new number of the attempt; what an attempt makes lies below its number, so an attempt that was
killed, or thought dead, never mixes with the one that ends it (R2).
"""

import json
import logging
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import delete, select, update

from mixlite.core import clock
from mixlite.core.config import current_settings
from mixlite.core.db import db, writing
from mixlite.core.jobs import Job, backoff, bell
from mixlite.core.storage import StorageTrouble, storage
from mixlite.entries.media import (
    GAVE_UP,
    PART_BYTES,
    REASONS,
    VARIANTS,
    Media,
    folder_of,
    is_due,
    is_to_be_erased,
    part_of,
)
from mixlite.entries.prepare import BROKEN, LONGEST_SIDE, TOO_LARGE

WALL_SECONDS = 90
LEASE = timedelta(minutes=2)  # longer than one may take
MAX_ATTEMPTS = 8
MOST_OUTPUT = 32 * 1024 * 1024
COMMAND = (sys.executable, "-I", "-m", "mixlite.entries.prepare")
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}  # or every thread of a decoder sets 64 MB aside, which counts as used
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Claim:
    """A picture that this worker has in hand."""

    id: int
    token: str
    size: int
    attempt: int


def media_job() -> Job:
    """Prepare what was received, erase what belongs nowhere."""
    return Job("media", due=_due, run=_handle)


def _due(limit: int) -> list[int]:
    return list(db.session.scalars(select(Media.id).where(is_due()).order_by(Media.due_at, Media.id).limit(limit)))


def _handle(media_id: int) -> None:
    claim, is_erasable = _claimed(media_id)
    if claim is None:
        return
    if is_erasable:
        _erase(claim)
    elif claim.attempt > MAX_ATTEMPTS:
        _fail(claim, GAVE_UP)
    else:
        _prepare(claim)


def _claimed(media_id: int) -> tuple[_Claim | None, bool]:
    """Take the lease; of several workers only one gets it. Also whether it is to be erased."""
    with writing():
        claim = (
            update(Media)
            .where(Media.id == media_id, is_due())
            .values(
                leased_until=clock.now() + LEASE,
                attempts=Media.attempts + 1,
                state="preparing",
            )
            .returning(
                *(Media.id, Media.token, Media.size, Media.attempts),
                *(Media.entry_id, Media.comment_id, Media.settled_at),
            )
        )
        row = db.session.execute(claim.execution_options(synchronize_session=False)).one_or_none()
        if row is None:
            return None, False
        return _Claim(*row[:4]), row.entry_id is None and row.comment_id is None and row.settled_at is not None


def _erase(claim: _Claim) -> None:
    """First the bytes, then the row: whoever is killed in between begins again."""
    storage().delete_below(folder_of(claim.token))
    with writing():
        db.session.execute(delete(Media).where(Media.id == claim.id, is_to_be_erased()))


def _prepare(claim: _Claim) -> None:
    try:
        with tempfile.TemporaryFile(dir=current_settings().instance) as original:
            _gather(claim, original)
            said, pictures = develop(original)
        if "reason" in said:
            _fail(claim, said["reason"])
            return
        for variant, picture in zip(VARIANTS, pictures, strict=False):
            storage().put(f"{folder_of(claim.token)}/{claim.attempt}/{variant}", picture)
    except FileNotFoundError:
        _fail(claim, BROKEN)  # a part is gone, as after a restored backup that was made in the middle
    except (StorageTrouble, OSError) as trouble:
        log.warning("picture %s waits: %s", claim.id, trouble)
        _put_back(claim)
    else:
        _finish(claim, said, pictures)


def _gather(claim: _Claim, original: BinaryIO) -> None:
    original.writelines(storage().get(part_of(claim.token, number)) for number in range(-(-claim.size // PART_BYTES)))
    original.flush()
    original.seek(0)


def develop(original: BinaryIO) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Run the process on one file. Answers what it said, or a `reason`, and the pictures, the smallest first."""
    with subprocess.Popen(  # noqa: S603 - our own command
        COMMAND,
        stdin=original,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
        close_fds=True,
        start_new_session=True,
    ) as process:
        watch = threading.Timer(WALL_SECONDS, process.kill)
        watch.start()
        try:
            answer = process.stdout.read(MOST_OUTPUT + 1) if process.stdout else b""
            if len(answer) > MOST_OUTPUT:
                process.kill()
            code = process.wait()
        finally:
            watch.cancel()
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return {"reason": TOO_LARGE}, ()
    if code:
        log.warning("a picture ended its process with %s", code)
        return {"reason": BROKEN}, ()
    return _read(answer)


def _read(answer: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """What the process said. It is believed as far as it has the shape of an answer, and the pictures are WebP."""
    head, _newline, rest = answer.partition(b"\n")
    try:
        said = json.loads(head)
        pictures, start = [], 0
        for length in said["lengths"]:
            pictures.append(rest[start : start + length])
            start += length
        if not (is_sound(said, pictures) or said["reason"] in REASONS):
            raise ValueError("another shape")
    except (ValueError, KeyError, TypeError):
        log.warning("a picture's process did not answer as it should")
        return {"reason": BROKEN}, ()
    return said, pictures


def is_sound(said: Mapping[str, Any], pictures: Sequence[bytes]) -> bool:
    """Whether this is an answer about a picture that was made ready."""
    numbers = [said.get("width"), said.get("height"), *said.get("widths", ())]
    return (
        "reason" not in said
        and 0 < len(pictures) <= len(VARIANTS)
        and len(pictures) == len(said["widths"])
        and all(type(number) is int and 0 < number <= LONGEST_SIDE for number in numbers)
        and re.fullmatch("[0-9a-f]{6}", said.get("colour", "")) is not None
        and all(picture[:4] == b"RIFF" and picture[8:12] == b"WEBP" for picture in pictures)
    )


def _finish(claim: _Claim, said: dict[str, Any], pictures: Sequence[bytes]) -> None:
    values = {
        "state": "ready",
        "width": said["width"],
        "height": said["height"],
        "colour": said["colour"],
        "widths": " ".join(str(width) for width in said["widths"]),
        "lengths": " ".join(str(len(picture)) for picture in pictures),
        "bytes": sum(len(picture) for picture in pictures),
        "leased_until": None,
        "reason": None,
    }
    if _settled(claim, values):
        _tidy(claim)


def _fail(claim: _Claim, reason: str) -> None:
    """Nothing of the file is kept."""
    if _settled(claim, {"state": "failed", "reason": reason, "bytes": 0, "leased_until": None}):
        _tidy(claim)


def _put_back(claim: _Claim) -> None:
    """The storage was full or away: try again later."""
    wait = backoff(claim.attempt)
    if _settled(claim, {"state": "received", "leased_until": None, "due_at": clock.now() + wait}):
        bell().ring("media", claim.id, wait)


def _settled(claim: _Claim, values: dict[str, Any]) -> bool:
    """Write the end of this attempt, unless another one has taken over since."""
    with writing():
        mine = (Media.id == claim.id, Media.state == "preparing", Media.attempts == claim.attempt)
        done = db.session.execute(update(Media).where(*mine).values(values))
        return bool(done.rowcount)  # type: ignore[attr-defined]


def _tidy(claim: _Claim) -> None:
    """The original goes, and what earlier attempts left. What cannot be erased now the housekeeping finds."""
    folder = folder_of(claim.token)
    try:
        for below in ("in", *range(1, claim.attempt)):
            storage().delete_below(f"{folder}/{below}")
    except StorageTrouble:
        log.warning("picture %s: its original could not be erased yet", claim.id)
