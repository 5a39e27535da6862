"""Signed-in sessions, one row each: ending the row ends the session, whatever cookie is still about (S8)."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ForeignKey, Index, Select, String, bindparam, delete, exists, select, update
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.config import current_settings
from mixlite.core.crypto import new_token, token_hash
from mixlite.core.db import Base, BigId, db, write_trace, writing
from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.members import Member, is_here

DEVICE_LENGTH = 200
SHORT_LIFE = timedelta(hours=24)  # without "remember me" the row outlives the browser's own session only this long
LONGEST_LIFE = timedelta(days=365)  # then the password is asked for, however often the session was used
TRACE_EVERY = timedelta(minutes=5)
ASSURED_FOR = timedelta(minutes=10)


class NotAssured(Refused):
    """The password was not given lately, and this act wants it (SECURITY.md, S13)."""

    def __init__(self) -> None:
        super().__init__(_l("Please give your password once more before this: it was more than ten minutes ago."))


class SignedIn(Base):
    """One browser in which a member is signed in. `assured_at` is when the password was last given in it."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_member_id", "member_id"),
        Index("ix_sessions_expires_at", "expires_at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(DEVICE_LENGTH), default="")
    remembered: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime] = mapped_column(default=clock.now)
    used_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    assured_at: Mapped[datetime | None]


def begin_session(member: Member, *, remember: bool, device: str) -> Member:
    """Open a session for `member`, and give the member the secret that the cookie will carry."""
    token = new_token()
    now = clock.now()
    life = timedelta(days=current_settings().session_days) if remember else SHORT_LIFE
    row = SignedIn(
        member_id=member.id,
        token_hash=token_hash(token),
        device=device[:DEVICE_LENGTH],
        remembered=remember,
        began_at=now,
        used_at=now,
        expires_at=now + life,
        assured_at=now,
    )
    db.session.add(row)
    db.session.flush()
    member.session_token, member.session_id = token, row.id
    return member


@cache
def _who_presents() -> Select[Member, SignedIn]:
    """Built once: every request asks it."""
    return (
        select(Member, SignedIn)
        .join(SignedIn, SignedIn.member_id == Member.id)
        .where(
            SignedIn.token_hash == bindparam("token_hash"),
            SignedIn.expires_at > bindparam("now"),
            SignedIn.began_at > bindparam("too_old"),
            is_here(Member),
        )
    )


def member_signed_in_by(token: str) -> tuple[Member, SignedIn] | None:
    """Who presents this secret, if the session lives and the member is here. One statement."""
    now = clock.now()
    given = {"token_hash": token_hash(token), "now": now, "too_old": now - LONGEST_LIFE}
    row = db.session.execute(_who_presents(), given).one_or_none()
    if row is None:
        return None
    member, session = row
    member.session_token, member.session_id = token, session.id
    return member, session


def is_assured(member: Member) -> bool:
    """Whether who this is was proved in this session within the last ten minutes, by all that the door asks."""
    since = clock.now() - ASSURED_FOR
    lately = exists().where(SignedIn.id == member.session_id, SignedIn.assured_at > since)
    return bool(db.session.scalar(select(lately)))


def require_assured(member: Member) -> None:
    """For verbs that change who may come in. Raises NotAssured."""
    if not is_assured(member):
        raise NotAssured


def note_assured(member: Member) -> None:
    """It was proved just now."""
    db.session.execute(update(SignedIn).where(SignedIn.id == member.session_id).values(assured_at=clock.now()))


def end_session(session_id: int) -> None:
    """This session, from now on."""
    db.session.execute(delete(SignedIn).where(SignedIn.id == session_id))


def end_all_sessions(member_id: int) -> int:
    """Every session of a member; how many there were."""
    return db.session.execute(delete(SignedIn).where(SignedIn.member_id == member_id)).rowcount  # type: ignore[attr-defined, no-any-return]


def trace_of_use(session_id: int, used_at: datetime, *, remembered: bool) -> None:
    """Note that a session was used, and let it live on. Only every five minutes, and only if the database is free."""
    now = clock.now()
    if now - used_at < TRACE_EVERY:
        return
    life = timedelta(days=current_settings().session_days) if remembered else SHORT_LIFE
    write_trace(update(SignedIn).where(SignedIn.id == session_id).values(used_at=now, expires_at=now + life))


def forget_ended_sessions() -> None:
    """Housekeeping: rows whose time is over."""
    with writing():
        db.session.execute(delete(SignedIn).where(SignedIn.expires_at <= clock.now()))
