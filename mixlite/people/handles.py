"""Handles of people who have left for good: a keyed hash of each keeps it from being taken by somebody else."""

from sqlalchemy import String, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.crypto import fingerprint
from mixlite.core.db import Base, db


class RetiredHandle(Base):
    """Says that a handle is not to be had, and without this instance's key not which one, nor whose it was."""

    __tablename__ = "retired_handles"
    __table_args__ = ()

    handle_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


def retire_handle(handle: str) -> None:
    """Nobody takes this handle any more."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(insert(RetiredHandle).values(handle_hash=_hash(handle)).on_conflict_do_nothing())


def is_retired(handle: str) -> bool:
    """Whether somebody had it who is gone. Ask after the new row was flushed: then no erasing can slip in between."""
    return bool(db.session.scalar(select(exists().where(RetiredHandle.handle_hash == _hash(handle)))))


def _hash(handle: str) -> str:
    return fingerprint("retired handle", handle.lower())
