"""A form that is sent twice is done once (SECURITY.md, R12).

Every form that makes something carries a random nonce. The first sending claims it in the same transaction as what it
makes, with a fingerprint of what was sent and the address of the result; the second finds it and is sent there.
"""

from datetime import datetime, timedelta

from sqlalchemy import Index, Select, String, UniqueConstraint, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, BigId, db, writing
from mixlite.core.errors import Conflict
from mixlite.core.language import lazy_gettext as _l

KEPT = timedelta(days=3)
NONCE_LENGTH = 40


class Submission(Base):
    """One sending of one form by one member (0: somebody who is not signed in)."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("actor_id", "nonce"),
        Index("ix_submissions_sent_at", "sent_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int] = mapped_column(BigId)
    nonce: Mapped[str] = mapped_column(String(NONCE_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(300))
    sent_at: Mapped[datetime]


def earlier_result(actor_id: int, nonce: str, fingerprint: str) -> str | None:
    """Claim this sending, inside the writer's transaction; answer the address of the result if it was done before.

    Two at once: the second waits at the unique key until the first has committed or given up.
    Raises Conflict when the nonce was used for other words.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"actor_id": actor_id, "nonce": nonce, "fingerprint": fingerprint, "sent_at": clock.now()}
    claim = insert(Submission).values(row).on_conflict_do_nothing().returning(Submission.id)
    if db.session.execute(claim).first():
        return None
    earlier = db.session.scalars(_submission(actor_id, nonce)).one()
    if earlier.fingerprint != fingerprint or earlier.address is None:
        raise Conflict(
            _l("You already sent something else from this page. Look at it first; press again if you want this too.")
        )
    return earlier.address


def keep_result(actor_id: int, nonce: str, address: str) -> None:
    """Remember where the result of this sending is."""
    db.session.scalars(_submission(actor_id, nonce)).one().address = address
    db.session.flush()


def was_sent(actor_id: int, nonce: str) -> bool:
    """Whether something was made by the form with this nonce."""
    return db.session.scalars(_submission(actor_id, nonce)).one_or_none() is not None


def forget_old_submissions() -> None:
    """Housekeeping: a nonce protects for three days."""
    with writing():
        db.session.execute(delete(Submission).where(Submission.sent_at < clock.now() - KEPT))


def _submission(actor_id: int, nonce: str) -> Select[Submission]:
    return select(Submission).where(Submission.actor_id == actor_id, Submission.nonce == nonce)
