"""The second factor of an account: the app's secret, ten codes for paper, and taking it away.

It lives here because two rooms take it away: the member's own, and the hosts' for somebody who lost theirs.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId, db
from mixlite.people.members import Member


class RecoveryCode(Base):
    """One of ten codes that stand in for the second factor, each once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_member_id", "member_id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


def take_away(member: Member) -> bool:
    """No code is asked of this member any more, and theirs on paper are worth nothing. Whether one was asked before.

    A secret that was begun and never proved goes too.
    """
    was_on = member.totp_since is not None
    member.totp_secret = member.totp_since = member.totp_step = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    return was_on
