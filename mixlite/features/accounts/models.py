"""Secrets that are mailed. Only hashes are kept."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.db import Base, BigId
from mixlite.people.members import EMAIL_LENGTH, Member


class MailedCode(Base):
    """A link in a mail: for one purpose, one member, one address, once, for a while.

    The secret is derived from `salt` with the instance's key (`core.crypto.derived_token`), so the row holds none.
    """

    __tablename__ = "mailed_codes"
    __table_args__ = (
        CheckConstraint("purpose IN ('confirm', 'change', 'reset')", name="purpose"),
        Index("ix_mailed_codes_member_id", "member_id", "purpose"),
        Index("ix_mailed_codes_expires_at", "expires_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    salt: Mapped[str] = mapped_column(String(40))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(lazy="raise_on_sql")
