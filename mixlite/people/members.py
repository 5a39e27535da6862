"""Members: the people with an account."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, BigId, ask, db

NAME_LENGTH = 50
HANDLE_LENGTH = 30
EMAIL_LENGTH = 254
INTRODUCTION_LENGTH = 1000
PORTRAIT_LENGTH = 20
REASON_LENGTH = 500

_CONFIRMED = text("email_confirmed_at IS NOT NULL")
_NOT_HERE = text("status <> 'active'")


class Member(UserMixin, Base):  # type: ignore[misc]
    """A person with an account. `handle` is unique and lower case; `status` says whether they are here.

    A sponsor is kept as long as the row is: the row of somebody who left stays as an empty place in the tree.

    `status`: active; suspended (until `suspended_until`, or for good when that is None); leaving (by their own wish;
    can be undone for seven days by signing in); gone (erased but for ids and dates). An address is unique once it is
    confirmed. `invite_quota` overrides the circle's; `invite_denial` is why the right to invite was taken away.
    `totp_secret` is encrypted; `totp_since` is when the second factor was switched on; `totp_step` is the last time
    step that was used, so that a code works once.
    """

    __tablename__ = "members"
    __allow_unmapped__ = True  # for the two attributes at the end, which are not columns
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended', 'leaving', 'gone')", name="status"),
        CheckConstraint("language IN ('en', 'ja')", name="language"),
        Index("ix_members_email", "email"),
        Index("uq_members_confirmed_email", "email", unique=True, sqlite_where=_CONFIRMED, postgresql_where=_CONFIRMED),
        Index("ix_members_sponsor_id", "sponsor_id"),
        Index("ix_members_joined_at", "joined_at"),
        Index("ix_members_invitation_id", "invitation_id"),
        # Those few are taken off the count of all; a plain index on `status` would mislead SQLite's planner.
        Index("ix_members_not_here", "id", sqlite_where=_NOT_HERE, postgresql_where=_NOT_HERE),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    handle: Mapped[str] = mapped_column(String(HANDLE_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH * 4))
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    password_hash: Mapped[str] = mapped_column(String(100))
    introduction: Mapped[str] = mapped_column(String(INTRODUCTION_LENGTH * 4), default="")
    portrait: Mapped[str] = mapped_column(String(PORTRAIT_LENGTH), default="")  # the code of a drawing, or none
    language: Mapped[str] = mapped_column(String(5), default="en")
    theme: Mapped[str] = mapped_column(String(5), default="")
    timezone: Mapped[str] = mapped_column(String(50), default="")
    shortcuts: Mapped[bool] = mapped_column(default=True, server_default=true())  # whether single keys do something
    is_host: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(10), default="active")
    sponsor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    invitation_id: Mapped[int | None] = mapped_column(BigId)
    joined_at: Mapped[datetime] = mapped_column(default=clock.now)
    host_since: Mapped[datetime | None]
    email_confirmed_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    suspension_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH * 4))
    leaving_since: Mapped[datetime | None]
    invite_quota: Mapped[int | None]
    invite_denial: Mapped[str | None] = mapped_column(String(REASON_LENGTH * 4))
    totp_secret: Mapped[str | None] = mapped_column(String(300))
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int | None] = mapped_column(BigId)

    # How this request was signed in; never stored. The session cookie carries the token, the database its hash.
    session_token: str | None = None
    session_id: int | None = None

    @property
    def is_active(self) -> bool:
        """Whether they can sign in (asked by Flask-Login)."""
        return self.status == "active"

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the secret of the session row, not the member's id."""
        if self.session_token is None:
            raise RuntimeError("a member signs in with a session")
        return self.session_token


def is_here(member: type[Member]) -> ColumnElement[bool]:
    """Whether the person is part of the circle now: neither suspended nor gone."""
    return member.status == "active"


def member_with_handle(handle: str) -> Member | None:
    """By handle, in whatever case it was typed."""
    return db.session.scalars(select(Member).where(Member.handle == handle.lower())).one_or_none()


def ids_of_handles(handles: Collection[str]) -> dict[str, int]:
    """The ids of those who are here, by handle; in lower case."""
    if not handles:
        return {}
    query = select(Member.handle, Member.id).where(Member.handle.in_(set(handles)), is_here(Member))
    return {found.handle: found.id for found in db.session.execute(query)}


def handles_of_ids(ids: Collection[int]) -> dict[int, str]:
    """The handles of those who are here, by id."""
    if not ids:
        return {}
    query = select(Member.id, Member.handle).where(Member.id.in_(set(ids)), is_here(Member))
    return {found.id: found.handle for found in db.session.execute(query)}


def members_with_email(email: str, limit: int = 2) -> Sequence[Member]:
    """Members who gave this address, the first to join first. An address that is not confirmed may stand at several."""
    query = select(Member).where(Member.email == email.lower(), is_here(Member)).order_by(Member.id).limit(limit)
    return db.session.scalars(query).all()


def count_of_members() -> int:
    """How many people the circle has now.

    All rows less those who are not here: a database counts a whole table much faster than it looks at each row, and
    the others are few. Said in literal words, as an index on them would be.
    """
    return ask(_count_of_members(), {}).scalar() or 0


@cache
def _count_of_members() -> Select[int]:
    """Built once: every page asks it."""
    return select(count_of_those_here())


def count_of_those_here() -> ColumnElement[int]:
    """`count_of_members` within a larger question."""
    everybody = select(func.count()).select_from(Member)
    not_here = everybody.where(Member.status != literal_column("'active'"))
    return everybody.scalar_subquery() - not_here.scalar_subquery()


def longest_serving_host() -> Member | None:
    """The host for whom the command line speaks."""
    query = select(Member).where(Member.is_host, is_here(Member)).order_by(Member.host_since, Member.id).limit(1)
    return db.session.scalars(query).one_or_none()


def lock_members(*ids: int) -> None:
    """Hold these members' rows until the transaction ends, always in the same order.

    On PostgreSQL this makes crossing acts on one pair (asking, accepting, blocking) wait for each other; SQLite has
    only one writer at a time anyway. The rows are read anew, so a suspension that came first is seen.
    """
    query = select(Member).where(Member.id.in_(set(ids))).order_by(Member.id).with_for_update(key_share=True)
    db.session.scalars(query.execution_options(populate_existing=True)).all()
