"""The invitation: a member's vouching."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.crypto import derived_token, token_hash
from mixlite.core.db import Base, BigId
from mixlite.people.members import EMAIL_LENGTH, Member

LETTER_LENGTH = 2000
MOST_USES = 50
MOST_DAYS = 90


class Invitation(Base):
    """A secret link with a letter, a number of uses and an expiry. Without an inviter it is the circle's first.

    The link's secret is not stored: it is derived from `salt` with the instance's key, so its maker can be shown it
    again and a thief of the database cannot use it. `token_hash` finds the row.

    `mailed_to` is None where nothing was mailed, and empty once the address was forgotten: a week after the end.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("uses_left >= 0 AND uses_left <= uses_total", name="uses_left"),
        Index("ix_invitations_inviter_id", "inviter_id", "id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    inviter_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    salt: Mapped[str] = mapped_column(String(40))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    letter: Mapped[str] = mapped_column(String(LETTER_LENGTH * 4), default="")
    uses_total: Mapped[int]
    uses_left: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    mailed_to: Mapped[str | None] = mapped_column(String(EMAIL_LENGTH))

    inviter: Mapped[Member | None] = relationship(lazy="raise_on_sql")

    @property
    def token(self) -> str | None:
        """The secret of the link; None when this instance's key is not the one it was made with."""
        token = derived_token("invitation", self.salt)
        return token if token_hash(token) == self.token_hash else None

    @property
    def state(self) -> str:
        """open, used, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        if self.uses_left == 0:
            return "used"
        return "open" if self.expires_at > clock.now() else "expired"


class ArrivalsSeen(Base):
    """Up to which newcomer somebody has looked at those who came in by their invitations."""

    __tablename__ = "arrivals_seen"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    newcomer_id: Mapped[int] = mapped_column(BigId)
