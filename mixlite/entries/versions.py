"""Earlier versions of what an entry said, for its author's eyes only. They go with the entry."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, db
from mixlite.core.errors import NotHere
from mixlite.entries.entries import Entry

MOST_VERSIONS = 50
CONTENT_LENGTH = 500_000  # of JSON; the longest diary with every character escaped


class Version(Base):
    """What an entry said before it was saved again. `number` is the revision that it was, `saved_at` since when."""

    __tablename__ = "versions"
    __table_args__ = ()

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    saved_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(String(CONTENT_LENGTH))

    @property
    def words(self) -> dict[str, Any]:
        """The content by the names of its fields."""
        found: dict[str, Any] = json.loads(self.content)
        return found


def keep_version(entry: Entry, words: Mapping[str, str]) -> None:
    """Before an entry's words change: keep what they were. The fifty newest stay."""
    content = json.dumps(words, ensure_ascii=False)
    version = Version(
        entry_id=entry.id, number=entry.revision, saved_at=entry.edited_at or entry.created_at, content=content
    )
    db.session.add(version)
    db.session.flush()
    too_old = (Version.entry_id == entry.id, Version.number <= entry.revision - MOST_VERSIONS)
    db.session.execute(delete(Version).where(*too_old))


def versions_of(entry: Entry) -> Sequence[Version]:
    """The newest first; fifty at most."""
    query = select(Version).where(Version.entry_id == entry.id).order_by(Version.number.desc())
    return db.session.scalars(query).all()


def version_of(entry: Entry, number: int) -> Version:
    """One of them. Raises NotHere."""
    version = db.session.get(Version, (entry.id, number)) if number < 2**31 else None
    if version is None:
        raise NotHere
    return version
