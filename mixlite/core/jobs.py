"""Work after the answer. The row is the truth, the queue is a bell.

Whatever must not be lost is a row with a state, a lease and a next attempt. `Bell.ring(kind, row id)` wakes a worker
for one row; the sweep finds every row that is due, rung or not. So a lost or doubled ring loses and doubles nothing.
"""

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from mixlite.core.db import db

log = logging.getLogger(__name__)
SWEEP_LIMIT = 100
LONGEST_WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Job:
    """A kind of row that is worked on: `due(limit)` names the rows waiting now, `run(row id)` does one of them."""

    kind: str
    due: Callable[[int], list[int]]
    run: Callable[[int], None]


@dataclass(frozen=True)
class Chore:
    """Housekeeping by the clock: `run()` at most every `every`."""

    name: str
    every: timedelta
    run: Callable[[], None]


class Queue(Protocol):
    """What carries a ring to the worker (Huey on SQLite or Redis; nothing at all in most tests)."""

    def send(self, kind: str, row_id: int, delay: timedelta) -> None: ...


class Silence:
    """A queue that drops every ring: the sweep must find the work by itself."""

    def send(self, kind: str, row_id: int, delay: timedelta) -> None:
        log.debug("not rung: %s %s in %s", kind, row_id, delay)


class Bell:
    """Collects rings during a transaction and sends them once it is committed."""

    def __init__(self, queue: Queue):
        self.queue = queue

    def ring_after_commit(self, kind: str, row_id: int, delay: timedelta = timedelta(0)) -> None:
        db.session().info.setdefault("rings", []).append((self, kind, row_id, delay))

    def ring(self, kind: str, row_id: int, delay: timedelta = timedelta(0)) -> None:
        """Wake the worker. A queue that does not answer is logged and forgiven: the sweep comes by."""
        try:
            self.queue.send(kind, row_id, delay)
        except Exception:
            log.warning("the bell for %s %s was not heard; the sweep will find it", kind, row_id, exc_info=True)


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    for bell_, kind, row_id, delay in session.info.pop("rings", ()):
        bell_.ring(kind, row_id, delay)


@event.listens_for(Session, "after_rollback")
def _do_not_ring(session: Session) -> None:
    session.info.pop("rings", None)


def bell() -> Bell:
    """The bell of the application at hand."""
    found: Bell = current_app.extensions["mixlite.bell"]
    return found


class Workshop:
    """All jobs of the house, and running them."""

    def __init__(self, jobs: Iterable[Job]):
        self.jobs: dict[str, Job] = {job.kind: job for job in jobs}

    def run(self, kind: str, row_id: int) -> None:
        """Do one row, whoever asked; an error is logged here, and the row knows when to be tried again."""
        try:
            self.jobs[kind].run(row_id)
        except Exception:
            db.session.rollback()
            log.exception("%s %s failed", kind, row_id)
        finally:
            db.session.remove()

    def sweep(self) -> int:
        """Do everything that is due now, and return how many rows that were."""
        done = 0
        for job in self.jobs.values():
            rows = job.due(SWEEP_LIMIT)
            db.session.remove()
            for row_id in rows:
                self.run(job.kind, row_id)
            done += len(rows)
        return done


def backoff(attempts: int, chance: Any = random.SystemRandom()) -> timedelta:  # noqa: B008 - one generator for all
    """How long to wait before the next try: doubling from five seconds to an hour, with a fifth of jitter."""
    seconds = min(5.0 * 2 ** max(0, attempts - 1), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds * chance.uniform(0.9, 1.1))
