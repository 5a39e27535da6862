"""What was drawn may be shown again: to the same reader, until anything at all is written into the database.

Nothing is guessed here about what a page depends on. SQLite and PostgreSQL can both say whether anything was committed
since a moment, by whatever process; as long as nothing was, the same question of the same reader has the same answer,
and the law need not be asked again. With the first write, whoever made it and whatever it was about, all that is kept
is forgotten. So a block, a narrowed audience or a deleted word is gone with the next request, here as everywhere, and
words that were erased do not lie about.

What must be new in every answer (the token of forms, the nonces of those that make something) is left blank in what is
kept, and filled in each time.
"""

import os
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from itertools import count
from pathlib import Path
from threading import Lock

import regex
from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine, event, text

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.language import current_language, local_zone

MOST_BYTES = 16 * 1024 * 1024
_KEY = "mixlite.memory"
_TOKEN = b"token"
_BLANK = f"blank-{secrets.token_hex(16)}-"  # nobody can write it into a text: it is new with every process
_BLANKS = regex.compile(rb"%s([a-z]+[0-9]*)\." % _BLANK.encode())

State = Hashable
Kept = tuple[bytes, ...]  # words of the page and names of blanks in turns


class Watch:
    """Tells whether anything was committed since. No state of the database comes back under the name of another."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._lock = Lock()
        self._open: tuple[Hashable, sqlite3.Connection] | None = None
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def state(self) -> State:
        """Ask before anything that depends on it is read: what is read then is at least as new."""
        if self._engine.dialect.name != "sqlite":
            return str(db.session.connection().scalar(_SNAPSHOT))
        with self._lock:
            try:
                opening, connection = self._opened()
                return opening, connection.execute("PRAGMA data_version").fetchone()
            except (OSError, sqlite3.Error):
                return object()  # nobody knows; so nothing that is kept holds

    def close(self) -> None:
        """Let the file go; the next question opens it again."""
        with self._lock:
            if self._open is not None:
                self._open[1].close()
                self._open = None

    def _opened(self) -> tuple[Hashable, sqlite3.Connection]:
        """A connection that never writes, so that every commit is somebody else's to it; what it counts is its own.
        Anew in another process, and when there is another file under the name (a restore).
        """
        name = self._engine.url.database or ""
        file = Path(name).stat()
        whose = (os.getpid(), file.st_dev, file.st_ino)
        if self._open is None or self._open[0][:3] != whose:  # type: ignore[index]
            connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
            self._open = (*whose, next(_OPENINGS)), connection
        return self._open


_OPENINGS = count()
# Which transactions are over, which run, which are still to come: while that is the same, so is what can be seen.
_SNAPSHOT = text("SELECT CAST(pg_current_snapshot() AS text)")


class Memory:
    """Pages by key, all of one state of the database; those that were not asked for the longest go when it is full."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        self._lock = Lock()
        self._most_bytes = most_bytes
        self._state: State = None
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._bytes = 0

    def recall(self, state: State, key: Hashable) -> Kept | None:
        """What was kept under this key in this state; everything of another one is forgotten."""
        with self._lock:
            if state != self._state:
                self._forget(state)
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
            return found

    def keep(self, state: State, key: Hashable, page: Kept) -> None:
        """Unless the state is over already."""
        with self._lock:
            if state != self._state:
                return
            self._bytes += _size(page) - _size(self._pages.pop(key, ()))
            self._pages[key] = page
            while self._bytes > self._most_bytes:
                self._bytes -= _size(self._pages.popitem(last=False)[1])

    def forget(self) -> None:
        """Everything."""
        with self._lock:
            self._forget(None)

    def _forget(self, state: State) -> None:
        self._state, self._bytes = state, 0
        self._pages.clear()


def _size(page: Kept) -> int:
    return sum(map(len, page))


def set_up(app: Flask) -> None:
    """One memory for each application."""
    with app.app_context():
        app.extensions[_KEY] = Memory(), Watch(db.engine)


def forget() -> None:
    """Everything that the application at hand keeps."""
    memory: Memory = current_app.extensions[_KEY][0]
    memory.forget()


def page_as_before(draw: Callable[[], str], *depends_on: Hashable) -> Response:
    """The page that `draw` makes, now or at an earlier time for the same key.

    `depends_on` is whatever the page depends on that is not in the database; whose page it is comes first. How the
    reader likes it (language, light, time zone) and the minute are always part of the key.
    """
    memory, watch = current_app.extensions[_KEY]
    look = (current_language(), g.get("theme"), local_zone().key, clock.now().replace(second=0, microsecond=0))
    key, state = (request.endpoint, request.script_root, *depends_on, *look), watch.state()
    kept = memory.recall(state, key)
    if kept is None:
        db.session.rollback()  # what was read so far may be older than the state: it must not be drawn under its name
        kept = _drawn(draw)
        memory.keep(state, key, kept)
    return Response(b"".join(_filled(kept)), mimetype="text/html")


def _drawn(draw: Callable[[], str]) -> Kept:
    """With blanks for what Flask-WTF and `new_nonce` would make."""
    token, g.csrf_token, g.nonces = g.pop("csrf_token", None), _blank(_TOKEN), count()
    try:
        return tuple(_BLANKS.split(draw().encode()))
    finally:
        del g.csrf_token, g.nonces
        if token is not None:
            g.csrf_token = token


def _filled(kept: Kept) -> Iterator[bytes]:
    """The same blank is filled with the same wherever it stands: one token for the page, one nonce for each form."""
    values = {_TOKEN: generate_csrf().encode()}
    for number, part in enumerate(kept):
        if number % 2 == 0:
            yield part
            continue
        if part not in values:
            values[part] = secrets.token_urlsafe(16).encode()
        yield values[part]


def new_nonce() -> str:
    """For a form that makes something; while a page is drawn to be kept, the place of one."""
    if "nonces" not in g:
        return secrets.token_urlsafe(16)
    return _blank(b"nonce%d" % next(g.nonces))


def _blank(name: bytes) -> str:
    return f"{_BLANK}{name.decode()}."
