"""A report, with the thing as it was when it was reported."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.db import Base, BigId
from mixlite.people.members import REASON_LENGTH, Member

REASONS = ("unkind", "unwanted", "private", "unlawful", "other")
DECISIONS = ("dismissed", "removed", "suspended")
SNAPSHOT_LENGTH = 200_000


class Report(Base):
    """`reportable` and `subject_id` name the thing, `about_id` who made it. `snapshot` is JSON; 30 days after the end
    it is erased.

    `told_about_at` and `told_reporter_at` are when each side has seen how it ended.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint(f"reason IN ({', '.join(repr(reason) for reason in REASONS)})", name="reason"),
        CheckConstraint(f"state IN ('open', {', '.join(repr(decision) for decision in DECISIONS)})", name="state"),
        Index("ix_reports_state", "state", "id"),
        Index("ix_reports_about_id", "about_id"),
        Index("ix_reports_reporter_id", "reporter_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reportable: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int] = mapped_column(BigId)
    about_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(REASON_LENGTH * 4), default="")
    snapshot: Mapped[str] = mapped_column(String(SNAPSHOT_LENGTH), default="{}")
    state: Mapped[str] = mapped_column(String(10), default="open")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decision_words: Mapped[str] = mapped_column(String(REASON_LENGTH * 4), default="")
    told_about_at: Mapped[datetime | None]
    told_reporter_at: Mapped[datetime | None]

    about: Mapped[Member] = relationship(foreign_keys=[about_id], lazy="raise_on_sql")
    reporter: Mapped[Member] = relationship(foreign_keys=[reporter_id], lazy="raise_on_sql")
    decided_by: Mapped[Member | None] = relationship(foreign_keys=[decided_by_id], lazy="raise_on_sql")
