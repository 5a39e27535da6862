"""`mixlite doctor`: says whether this instance is well."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from mixlite.app.keeping.backup import last_backup
from mixlite.core import clock
from mixlite.core.config import Settings
from mixlite.core.db import db
from mixlite.core.events import Event
from mixlite.migrations import upgrade as migrations
from mixlite.people.circle import is_founded
from mixlite.people.friendships import Friendship
from mixlite.people.members import longest_serving_host


@dataclass(frozen=True)
class Finding:
    """One thing looked at, in plain words."""

    is_well: bool
    words: str


def examine(settings: Settings) -> list[Finding]:
    """Everything that can be looked at without changing anything."""
    findings = list(_settings(settings))
    try:
        findings += _database(settings)
    except SQLAlchemyError as error:
        findings.append(Finding(False, f"the database does not answer: {type(error).__name__}"))
    return findings


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(True, f"instance folder {settings.instance}")
    if settings.is_https:
        yield Finding(True, f"addresses begin with {settings.base_url}")
    else:
        yield Finding(
            True, f"addresses begin with {settings.base_url}: plain http, for this machine or a private network only"
        )
    key = settings.instance / "secret-key"
    if key.exists():
        yield Finding(not stat.S_IMODE(key.stat().st_mode) & 0o077, "the secret key is readable by its owner alone")
    if settings.sqlite_file and settings.sqlite_file.exists():
        is_closed = not stat.S_IMODE(settings.sqlite_file.stat().st_mode) & 0o007
        yield Finding(is_closed, "the database file is closed to other users of this machine")


def _database(settings: Settings) -> Iterator[Finding]:
    if not migrations.is_current():
        yield Finding(False, "the database is older than this mixlite: run `mixlite upgrade`")
        return
    yield Finding(True, "the database is up to date")
    if settings.is_sqlite:
        answer = db.session.scalar(text("PRAGMA quick_check"))
        yield Finding(answer == "ok", f"the database file is sound ({answer})")
        broken = len(db.session.execute(text("PRAGMA foreign_key_check")).all())
        yield Finding(broken == 0, f"{broken} rows point at something that is not there")
    mirrored = aliased(Friendship)
    halves = (
        select(func.count())
        .select_from(Friendship)
        .outerjoin(
            mirrored, (mirrored.member_id == Friendship.friend_id) & (mirrored.friend_id == Friendship.member_id)
        )
    )
    lonely = db.session.scalar(halves.where(mirrored.member_id.is_(None))) or 0
    yield Finding(lonely == 0, f"{lonely} friendships hold in one direction only")
    yield Finding(not is_founded() or longest_serving_host() is not None, "the circle has a host, or has not begun")
    failed = db.session.scalar(select(func.count()).where(Event.state == "failed")) or 0
    yield Finding(failed == 0, f"{failed} events gave up after many tries")
    found = (settings.instance / migrations.COPIES).glob("before-upgrade-*")
    copies = sorted(copy for copy in found if copy.suffix in (".sqlite3", ".zip"))
    yield Finding(True, f"the last copy of the database: {copies[-1].name if copies else 'none yet'}")
    yield Finding(True, f"the last backup: {_when(last_backup(settings))}")


def _when(backup: tuple[datetime, str] | None) -> str:
    if backup is None:
        return "none yet; `mixlite backup FILE` makes one"
    at, file = backup
    return f"{at:%Y-%m-%d %H:%M} UTC ({(clock.now() - at).days} days ago), to {file}"
