"""The outbox: what happened, in the past tense, written in the same transaction as the thing itself.

An event names an actor and a subject and holds no text. The worker hands each one to the reactions that `app/house.py`
lists for its name, in one transaction with marking it done, so a crash repeats an event whole or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, delete, or_, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, BigId, db, writing
from mixlite.core.jobs import Job, backoff, bell
from mixlite.core.rooms import current_house

KEPT = timedelta(days=30)
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 12
ERROR_LENGTH = 500

Reactions = Mapping[str, Sequence[Callable[["Event"], None]]]


class Event(Base):
    """One fact. `state` goes from waiting to done, or to failed after twelve attempts; held is what a restored copy
    must not do again.
    """

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed', 'held')", name="state"),
        Index(
            "ix_events_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[int | None] = mapped_column(BigId)
    subject_id: Mapped[int] = mapped_column(BigId)
    happened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))


def record(name: str, *, actor_id: int | None, subject_id: int, delay: timedelta = timedelta(0)) -> Event:
    """Note that something happened; reactions run after the commit, and not before `delay` has passed.

    What nobody in the house reacts to is done as soon as it is written.
    """
    now = clock.now()
    is_awaited = bool(current_house().reactions.get(name))
    state = "waiting" if is_awaited else "done"
    event = Event(name=name, actor_id=actor_id, subject_id=subject_id, happened_at=now, due_at=now + delay, state=state)
    db.session.add(event)
    db.session.flush()
    if is_awaited:
        bell().ring_after_commit("event", event.id, delay)
    return event


def take_back(name: str, *, actor_id: int, subject_id: int, within: timedelta) -> bool:
    """Whether this actor's event of this name happened within so short a time; if so, nobody reacts to it any more."""
    waiting = (Event.name == name, Event.actor_id == actor_id, Event.subject_id == subject_id, Event.state == "waiting")
    change = update(Event).where(*waiting, Event.happened_at > clock.now() - within).values(state="done")
    return bool(db.session.execute(change).rowcount)  # type: ignore[attr-defined]


def forget_old_events() -> None:
    """Housekeeping: what is done is kept for thirty days."""
    with writing():
        db.session.execute(delete(Event).where(Event.state == "done", Event.happened_at < clock.now() - KEPT))


def event_job(reactions: Reactions) -> Job:
    """The worker's job that takes events from the outbox to the reactions of the house."""
    return Job("event", due=_due, run=lambda event_id: _handle(event_id, reactions))


def _is_due() -> list[ColumnElement[bool]]:
    now = clock.now()
    return [Event.state == "waiting", Event.due_at <= now, or_(Event.leased_until.is_(None), Event.leased_until <= now)]


def _due(limit: int) -> list[int]:
    return list(db.session.scalars(select(Event.id).where(*_is_due()).order_by(Event.due_at, Event.id).limit(limit)))


def _handle(event_id: int, reactions: Reactions) -> None:
    if not _claimed(event_id):
        return
    try:
        with writing():
            event = db.session.get_one(Event, event_id)
            for react in reactions.get(event.name, ()):
                react(event)
            event.state, event.leased_until = "done", None
    except Exception as error:
        _put_back(event_id, error)
        raise


def _claimed(event_id: int) -> bool:
    """Take the lease; of several workers only one gets it."""
    with writing():
        claim = (
            update(Event)
            .where(Event.id == event_id, *_is_due())
            .values(leased_until=clock.now() + LEASE, attempts=Event.attempts + 1)
        )
        return bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]


def _put_back(event_id: int, error: Exception) -> None:
    with writing():
        event = db.session.get_one(Event, event_id)
        event.state = "failed" if event.attempts >= MAX_ATTEMPTS else "waiting"
        event.due_at, event.leased_until = clock.now() + backoff(event.attempts), None
        event.error = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
