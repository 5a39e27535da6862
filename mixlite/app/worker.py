"""The worker: a process of its own that takes rings from the queue, and sweeps for whatever was not rung."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey, crontab

from mixlite.app.keeping.backup import forget_old_copies
from mixlite.core import events, mail, once
from mixlite.core.config import Settings
from mixlite.core.jobs import Workshop
from mixlite.core.rooms import current_house
from mixlite.entries.media import forget_unused, sweep_storage
from mixlite.entries.preparing import media_job
from mixlite.features.accounts.letters import forget_old_codes
from mixlite.features.invitations.verbs import forget_guests
from mixlite.features.leaving.erasing import erasing_job
from mixlite.features.reports.verbs import forget_old_copies as forget_reported_copies
from mixlite.people import sessions, stewardship

log = logging.getLogger(__name__)
QUEUE_FILE = "queue.sqlite3"
IDLE_SECONDS = 1.0


class HueyQueue:
    """Carries rings over Huey. Its one task is `ring(kind, row id)`; only a worker's queue is told what that does."""

    def __init__(self, huey: Huey, do: Callable[[str, int], None]):
        def ring(kind: str, row_id: int) -> None:  # here, because Huey names a task by the module of its function
            do(kind, row_id)

        self.huey = huey
        self.task = huey.task(name="ring")(ring)

    def send(self, kind: str, row_id: int, delay: timedelta) -> None:
        self.task.schedule((kind, row_id), delay=max(0.0, delay.total_seconds()))

    def is_heard(self) -> bool:
        """Whether the queue itself answers."""
        try:
            self.huey.pending_count()
        except Exception:
            log.warning("the queue does not answer", exc_info=True)
            return False
        return True


def build_queue(settings: Settings, do: Callable[[str, int], None] | None = None) -> HueyQueue:
    """SQLite in the instance folder, or Redis when it is configured. A worker says what a ring does."""
    if settings.redis_url:
        huey: Huey = RedisHuey("mixlite", url=settings.redis_url, results=False)
    else:
        file = _for_us_alone(settings.instance / QUEUE_FILE)
        huey = SqliteHuey("mixlite", filename=str(file), results=False, fsync=False)
    return HueyQueue(huey, do or _elsewhere)


def _for_us_alone(file: Path) -> Path:
    """Made before SQLite makes it by the umask; its journal files follow its mode."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    for each in file.parent.glob(f"{file.name}*"):
        if each.stat().st_mode & 0o077:
            each.chmod(0o600)
    return file


def _elsewhere(kind: str, row_id: int) -> None:
    raise RuntimeError(f"{kind} {row_id} belongs to a worker")


def build_workshop() -> Workshop:
    """Every kind of row that is worked on."""
    return Workshop([events.event_job(current_house().reactions), mail.letter_job(), erasing_job(), media_job()])


def housekeeping() -> None:
    """What is done by the clock, once an hour."""
    for chore in (
        once.forget_old_submissions,
        sessions.forget_ended_sessions,
        forget_old_codes,
        stewardship.lift_ended_suspensions,
        forget_reported_copies,
        forget_old_copies,
        forget_guests,
        mail.forget_unsent_letters,
        events.forget_old_events,
        forget_unused,
        sweep_storage,
    ):
        try:
            chore()
        except Exception:
            log.exception("housekeeping: %s failed", chore.__name__)


def run_worker(app: Flask, settings: Settings) -> None:
    """Work until the process is told to stop; what is in hand is finished first."""
    with app.app_context():
        workshop = build_workshop()

    def in_app(work: Callable[..., object]) -> Callable[..., None]:
        def run(*args: object) -> None:
            with app.app_context():
                work(*args)

        return run

    # Pictures take long, and forty of them must not hold up a letter: they have a thread of their own. Whoever is told
    # twice of one finds that it is done.
    darkroom = ThreadPoolExecutor(1, thread_name_prefix="pictures")
    pictures = Workshop([workshop.jobs["media"]])
    develop = in_app(pictures.run)

    def hand_over(row_id: int) -> None:
        darkroom.submit(develop, "media", row_id)

    workshop.jobs["media"] = replace(workshop.jobs["media"], run=hand_over)
    huey = build_queue(settings, in_app(workshop.run)).huey
    huey.periodic_task(crontab(minute="*"), name="sweep")(in_app(workshop.sweep))
    huey.periodic_task(crontab(minute="7"), name="housekeep")(in_app(housekeeping))
    in_app(workshop.sweep)()
    try:
        huey.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=IDLE_SECONDS).run()
    finally:
        darkroom.shutdown(cancel_futures=True)
