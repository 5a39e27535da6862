"""The whole home page, in processor time per request, as a fraction of a bare Flask page of the same size."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import event, text

from mixlite.core import memory
from mixlite.core.db import db, writing
from mixlite.people.members import Member
from mixlite.people.sessions import begin_session

ADDRESS = "/"


class Meter:
    """Processor time of this process and of the database's processes on this machine, in seconds."""

    def __init__(self, app: Flask):
        with app.app_context():
            is_server = db.engine.dialect.name != "sqlite"
            ours = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            pids = list(db.session.scalars(ours)) if is_server else []
        self._files = [path for pid in pids if (path := Path(f"/proc/{pid}/schedstat")).exists()]

    def read(self) -> tuple[float, float]:
        """Ours and the database's."""
        return process_time(), sum(int(path.read_text(encoding="ascii").split()[0]) for path in self._files) / 1e9


def signed_in(app: Flask, member_id: int) -> FlaskClient:
    """A browser that carries a session of this member."""
    with app.app_context():
        with writing():
            member = db.session.get_one(Member, member_id)
            token = begin_session(member, remember=True, device="bench").session_token
        db.session.remove()
    client = app.test_client()
    with client.session_transaction(base_url=app.config["MIXLITE"].base_url) as session:
        session["_user_id"], session["_fresh"] = token, True
    return client


def bare_page(size: int) -> FlaskClient:
    """Flask and nothing else, answering with `size` bytes of HTML."""
    app = Flask("bare", static_folder=None)
    body = b"x" * size
    app.add_url_rule("/", "page", lambda: Response(body, mimetype="text/html"))
    return app.test_client()


@contextmanager
def statements(app: Flask) -> Iterator[list[tuple[str, Any, float]]]:
    """What the database is asked within the block: statement, parameters, seconds."""
    found: list[tuple[str, Any, float]] = []
    began: list[float] = []

    def before(*_: Any) -> None:
        began.append(perf_counter())

    def after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            found.append((statement, parameters, perf_counter() - began[-1]))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def measure_home(app: Flask, viewers: Mapping[str, list[int]], rounds: int) -> dict[str, dict[str, float]]:
    """By group of viewers: medians of what the page costs when it is drawn, when it is shown again because nothing was
    written since, and of the bare page, all taken in turns.
    """
    clients = {name: [signed_in(app, member) for member in members] for name, members in viewers.items()}
    size = max(len(client.get(ADDRESS).data) for some in clients.values() for client in some)
    bare = bare_page(size)
    meter = Meter(app)
    costs: dict[str, list[tuple[float, ...]]] = {name: [] for name in clients}
    for _ in range(rounds):
        for turn in range(max(map(len, clients.values()))):
            for name, some in clients.items():
                costs[name].append(_once(app, some[turn % len(some)], bare, meter))
    asked = {name: _asked(app, some[0]) for name, some in clients.items()}
    return {name: _summary(rows, size, asked[name]) for name, rows in costs.items()}


def _once(app: Flask, client: FlaskClient, bare: FlaskClient, meter: Meter) -> tuple[float, ...]:
    _forget(app)
    drawn = _cost(client, meter)
    again = _cost(client, meter)
    before = process_time()
    bare.get("/")
    return *drawn, *again, process_time() - before


def _forget(app: Flask) -> None:
    with app.app_context():
        memory.forget()


def _cost(client: FlaskClient, meter: Meter) -> tuple[float, float]:
    """Processor seconds of the application and of the database."""
    ours, theirs = meter.read()
    answer = client.get(ADDRESS)
    ours_after, theirs_after = meter.read()
    if answer.status_code != 200:
        raise RuntimeError(f"home answered {answer.status_code}")
    return ours_after - ours, theirs_after - theirs


def _asked(app: Flask, client: FlaskClient) -> list[tuple[str, Any, float]]:
    _forget(app)
    with statements(app) as found:
        client.get(ADDRESS)
    return found


def _summary(rows: list[tuple[float, ...]], size: int, asked: list[tuple[str, Any, float]]) -> dict[str, float]:
    drawn, of_database, again, again_of_database, bare = (median(column) * 1000 for column in zip(*rows, strict=True))
    return {
        "kB": size / 1000,
        "statements": len(asked),
        "in statements ms": sum(seconds for _, _, seconds in asked) * 1000,
        "drawn, app CPU ms": drawn,
        "drawn, database CPU ms": of_database,
        "again, app CPU ms": again,
        "again, database CPU ms": again_of_database,
        "bare page CPU ms": bare,
        "fraction, drawn": bare / (drawn + of_database),
        "fraction, again": bare / (again + again_of_database),
    }
