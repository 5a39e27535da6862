"""The log of every staff act: appended to, never changed. The database itself refuses updates and deletions.

A line of each also goes to the security log, with ids and without the reason (SECURITY.md, S61).
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.db import Base, BigId, db
from mixlite.people.members import REASON_LENGTH, Member

log = logging.getLogger("mixlite.security")
ACT_LENGTH = 40
SUBJECT_LENGTH = 40


class StaffAct(Base):
    """One act of a host, or of the command line (`actor_id` is None), and whom it touched."""

    __tablename__ = "staff_log"
    __table_args__ = (Index("ix_staff_log_member_id", "member_id", "id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    act: Mapped[str] = mapped_column(String(ACT_LENGTH))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    subject: Mapped[str | None] = mapped_column(String(SUBJECT_LENGTH))
    subject_id: Mapped[int | None] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH * 4), default="")
    happened_at: Mapped[datetime] = mapped_column(default=clock.now)

    actor: Mapped[Member | None] = relationship(foreign_keys=[actor_id], lazy="raise_on_sql")
    member: Mapped[Member | None] = relationship(foreign_keys=[member_id], lazy="raise_on_sql")


def log_act(
    actor: Member | None,
    act: str,
    *,
    member: Member | None = None,
    subject: str | None = None,
    subject_id: int | None = None,
    reason: str = "",
) -> StaffAct:
    """Write down what was done, in the transaction of doing it. Names and words of others do not belong in `reason`."""
    row = StaffAct(
        actor_id=actor.id if actor else None,
        act=act,
        member_id=member.id if member else None,
        subject=subject,
        subject_id=subject_id,
        reason=reason,
        happened_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    who, whom = row.actor_id or "command line", row.member_id or "-"
    log.info("staff act %s: %s by member %s on member %s", row.id, act, who, whom)
    return row


def staff_acts(limit: int, before_id: int | None = None, member_id: int | None = None) -> Sequence[StaffAct]:
    """The newest acts first; of one member when asked."""
    query = (
        select(StaffAct)
        .options(joinedload(StaffAct.actor), joinedload(StaffAct.member))
        .order_by(StaffAct.id.desc())
        .limit(limit)
    )
    if before_id:
        query = query.where(StaffAct.id < before_id)
    if member_id:
        query = query.where(StaffAct.member_id == member_id)
    return db.session.scalars(query).all()
