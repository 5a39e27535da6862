"""Building the demo in a folder of its own: whole, or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from mixlite.app.demo import script
from mixlite.app.demo.albums import fill_albums
from mixlite.app.demo.habits import everybody_has_read
from mixlite.app.demo.hosts import letters_come_back
from mixlite.app.demo.times import TOWN
from mixlite.app.demo.years import Years
from mixlite.app.factory import create_app
from mixlite.core import clock
from mixlite.core.config import Settings, current_settings, load_settings
from mixlite.core.crypto import hash_password
from mixlite.core.db import db
from mixlite.features.invitations.queries import invitations_by
from mixlite.features.invitations.routes import link_to
from mixlite.migrations.upgrade import upgrade
from mixlite.people.members import member_with_handle

PASSWORD = "towel number four"  # noqa: S105  # nosec B105 - these people do not exist
MARKER = "demo.json"
_CONFIG = f"""site_name = "Yanagi Dojo 柳道場"
timezone = "{TOWN.key}"
"""

# Whom to be, with a word on each.
GUESTS = (
    ("michiko", "reads Japanese; nine friends, and two people who would like to be"),
    ("rosa", "reads English; knows everybody on her side of the canal"),
    ("hiraku", "the host, reads Japanese; his dojo is the old one"),
    ("maya", "reads English; friends on both sides, in both languages"),
    ("aoi", "reads Japanese; one friend, and much seaweed"),
)
NEWCOMER = ("suzu", "came in half an hour before this was built; reads Japanese")
OPEN_DOOR = "rosa"  # whose invitation a visitor may use

Say = Callable[[str], object]


def demo_settings(folder: Path, **overrides: Any) -> Settings:
    """The settings of a demo in `folder`. Nothing of the environment counts: it may name somebody's real database."""
    return load_settings({}, instance=folder, **overrides)


def is_there(folder: Path) -> bool:
    """Whether a whole demo of this version's people and words is in the folder."""
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("version") == version()


def version() -> str:
    """A digest of everything that the demo is made of."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted((*here.glob("*.py"), *here.rglob("*.toml"), *here.rglob("*.webp"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_demo(folder: Path, say: Say, **overrides: Any) -> None:
    """Make the demo anew, beside, and put it in place when it is whole; what was there before goes.

    `overrides` are settings. Raises script.BadScript when the cast's files cannot be played.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    new = folder.with_name(f"{folder.name}.building-{os.getpid()}")
    try:
        new.mkdir()
        (new / "config.toml").write_text(_CONFIG, encoding="utf-8")
        _fill(new, say, overrides)
        _put_in_place(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def welcome() -> str:
    """Whom to be, and how. Inside the application; the demo may have been open for some time."""
    lines = [f"\nThe people of {current_settings().site_name}. Everybody's password is: {PASSWORD}\n"]
    lines += [f"  {handle:9}{words}" for handle, words in (*GUESTS, NEWCOMER) if member_with_handle(handle)]
    inviter = member_with_handle(OPEN_DOOR)
    mine = invitations_by(inviter, limit=1) if inviter else ()
    if mine and mine[0].state == "open" and (link := link_to(mine[0])):
        lines.append(f"\nOr come in as yourself, through {OPEN_DOOR}'s invitation:\n  {link}")
    return "\n".join([*lines, ""])


def _fill(folder: Path, say: Say, overrides: dict[str, Any]) -> None:
    now = clock.now()
    settings = demo_settings(folder, **overrides)
    cast = script.read_cast()
    say(f"Playing three years of {len(cast)} people ...")
    with _closing(create_app(settings)):
        upgrade(settings)
        years = Years(cast, script.read_latecomers(cast), hash_password(PASSWORD), now)
        years.play(say)
        fill_albums(years, say)
        everybody_has_read(now)
        letters_come_back()
    _mark(folder, now)


@contextmanager
def _closing(app: Flask) -> Iterator[None]:
    """Within the application; afterwards every connection is closed, so that the database is one file again."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def _mark(folder: Path, now: datetime) -> None:
    marker = {"version": version(), "built_at": now.isoformat(timespec="seconds")}
    (folder / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")


def _put_in_place(new: Path, folder: Path) -> None:
    old = folder.with_name(f"{folder.name}.old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what builds left behind whose process is gone."""
    for path in folder.parent.glob(f"{folder.name}.*-*"):
        kind, _, pid = path.name.removeprefix(f"{folder.name}.").partition("-")
        if kind in ("building", "old") and pid.isdigit() and not _is_running(int(pid)):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return pid != os.getpid()
