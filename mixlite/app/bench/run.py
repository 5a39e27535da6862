"""Building the circles, asking the questions in turns, printing what came out.

Figures are processor time, of this process and of the database's on this machine. All of one run are taken in turns: a
machine that does something else at the same time slows whoever happens to be asked then. Read medians and ratios.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter

from flask import Flask
from sqlalchemy import create_engine, make_url, text

from mixlite.app.bench.circle import Circle, Size
from mixlite.app.bench.home import Meter, measure_home, statements
from mixlite.app.bench.load import load_circle
from mixlite.app.bench.photos import measure_photos
from mixlite.app.bench.tasks import TASKS, Task
from mixlite.app.factory import create_app
from mixlite.core import clock
from mixlite.core.config import Settings, load_settings
from mixlite.core.db import db
from mixlite.people.members import Member

SQLITE = "sqlite"
STAMP, PREFIX = "bench.json", "mixlite-bench-"
ENOUGH_SECONDS = 1.5  # of one question to one group of viewers, after which it is not asked again
PLANNED = ("1000 friends", "1000 silent")

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to measure. `databases` are addresses of PostgreSQL servers, or the word sqlite."""

    sizes: Sequence[Size]
    databases: Sequence[str] = (SQLITE,)
    parts: Sequence[str] = ()
    viewers: int = 20
    rounds: int = 3
    analyse: bool = False
    plans: bool = True
    keep: Path | None = None


@dataclass
class Place:
    """One circle on one database, and what was measured there: processor seconds by question and group of viewers."""

    name: str
    app: Flask
    viewers: Mapping[str, list[int]]
    meter: Meter
    found: dict[tuple[str, str], list[float]] = field(default_factory=dict)


def run_bench(order: Order, say: Say) -> None:
    """Build, measure, print. Photos need no circle."""
    if not order.parts or "photos" in order.parts:
        say(f"photos\n{measure_photos(order.rounds)}")
    if order.parts == ("photos",):
        return
    with ExitStack() as stack:
        places = [
            stack.enter_context(_place(order, size, database, say))
            for database in order.databases
            for size in order.sizes
        ]
        tasks = [task for task in TASKS if not order.parts or task.part in order.parts]
        _ask_all(places, tasks, order.rounds)
        for place in places:
            say(f"\n{place.name}: processor ms, median / 95 %\n{_table(place, tasks)}")
        if order.plans and any(task.part == "feed" for task in tasks):
            for place in places:
                say(f"\n{place.name}: plans of the feed\n{_plans(place)}")
        if not order.parts or "home" in order.parts:
            for place in places:
                say(f"\n{place.name}: home\n{_home(place, order.rounds)}")


# --- the circles ----------------------------------------------------------------------------------------------------


@contextmanager
def _place(order: Order, size: Size, database: str, say: Say) -> Iterator[Place]:
    """A circle in an instance of its own; on PostgreSQL in a database of its own. Both go at the end unless kept."""
    engine = SQLITE if database == SQLITE else "postgresql"
    name = f"{engine}-{size}"
    with ExitStack() as stack:
        folder = order.keep / name if order.keep else Path(stack.enter_context(TemporaryDirectory(prefix=PREFIX)))
        stamp = folder / STAMP
        kept = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
        url = kept.get("url", "") if kept or database == SQLITE else _new_database(database)
        if url and not order.keep:
            stack.callback(_drop_database, database, url)
        settings = load_settings({}, instance=folder, database_url=url, base_url="http://localhost", timezone="UTC")
        app = create_app(settings)
        stack.callback(_close, app)
        viewers = kept.get("viewers") or _build(app, settings, Circle(size, clock.now(), order.viewers), order, say)
        if order.keep:
            stamp.write_text(json.dumps({"url": url, "viewers": viewers}), encoding="utf-8")
        yield Place(name, app, viewers, Meter(app))


def _build(app: Flask, settings: Settings, circle: Circle, order: Order, say: Say) -> dict[str, list[int]]:
    began = perf_counter()
    with app.app_context():
        load_circle(settings, circle, analyse=order.analyse)
    engine = SQLITE if settings.is_sqlite else "postgresql"
    rows = f"{len(circle.people):,} members, {len(circle.ties):,} friend rows, {len(circle.authors):,} entries"
    say(f"{engine}: {rows}, built in {perf_counter() - began:.0f} s")
    return circle.viewers


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _new_database(server: str) -> str:
    """An empty database beside the one that was named. Nothing is ever written into that one."""
    name = f"mixlite_bench_{token_hex(4)}"
    _on_server(server, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def _drop_database(server: str, url: str) -> None:
    _on_server(server, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


def _on_server(server: str, statement: str) -> None:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


# --- asking ---------------------------------------------------------------------------------------------------------


def _ask_all(places: Sequence[Place], tasks: Sequence[Task], rounds: int) -> None:
    """Round after round, viewer after viewer, each question at every place in turn. The first round only warms up."""
    spent: dict[tuple[str, str, str], float] = {}
    for turn in range(rounds + 1):
        for number in range(max(len(members) for place in places for members in place.viewers.values())):
            for place in places:
                for group, members in place.viewers.items():
                    if number < len(members):
                        _ask(place, group, members[number], tasks, spent, counts=turn > 0)


def _ask(
    place: Place,
    group: str,
    member_id: int,
    tasks: Sequence[Task],
    spent: dict[tuple[str, str, str], float],
    *,
    counts: bool,
) -> None:
    with place.app.app_context():
        viewer = db.session.get_one(Member, member_id)
        for task in tasks:
            key = (place.name, task.name, group)
            if spent.get(key, 0) > ENOUGH_SECONDS:
                continue
            question = task.prepare(viewer)
            if question is None:
                continue
            before = place.meter.read()
            question()
            seconds = sum(place.meter.read()) - sum(before)
            spent[key] = spent.get(key, 0) + seconds
            if counts or spent[key] > ENOUGH_SECONDS:
                place.found.setdefault((task.name, group), []).append(seconds)
        db.session.remove()


# --- printing -------------------------------------------------------------------------------------------------------


def _table(place: Place, tasks: Sequence[Task]) -> str:
    rows = [["", *place.viewers]]
    rows += [
        [task.name, *(_cell(place.found.get((task.name, group), [])) for group in place.viewers)] for task in tasks
    ]
    return _aligned(rows)


def _cell(seconds: Sequence[float]) -> str:
    if not seconds:
        return "-"
    high = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return f"{_short(median(seconds))} / {_short(high)}"


def _short(seconds: float) -> str:
    return f"{seconds * 1000:.3g}" if seconds < 1 else f"{seconds * 1000:.0f}"


def _home(place: Place, rounds: int) -> str:
    found = measure_home(place.app, place.viewers, rounds)
    names = list(next(iter(found.values())))
    return _aligned([["", *found], *([name, *(f"{found[group][name]:.3g}" for group in found)] for name in names)])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not n else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _plans(place: Place) -> str:
    """How the database goes about the feed's statements, first page and deep page, for viewers with many friends."""
    lines: list[str] = []
    for group in PLANNED:
        for task in TASKS:
            if task.part == "feed":
                lines.append(f"-- {task.name}, {group}")
                lines += plans_of(place.app, task, place.viewers[group][0])
    return "\n".join(lines)


def plans_of(app: Flask, task: Task, viewer_id: int) -> list[str]:
    """The plan of every statement that one question asks, as the database tells it."""
    lines: list[str] = []
    with app.app_context():
        question = task.prepare(db.session.get_one(Member, viewer_id))
        if question is None:
            return lines
        with statements(app) as asked:
            question()
        is_sqlite = db.engine.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "
        for statement, parameters, _seconds in asked:
            rows = db.session.connection().exec_driver_sql(explain + statement, parameters)
            lines += [f"   {row[-1]}" for row in rows] + [""]
        db.session.remove()
    return lines
