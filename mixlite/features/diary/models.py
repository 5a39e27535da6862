"""What a diary entry says."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base

TITLE_LENGTH = 100
BODY_LENGTH = 20_000
EXCERPT_LENGTH = 160


class Diary(Base):
    """The words of one entry. `excerpt` is derived from `body` when it is written, for cards."""

    __tablename__ = "diaries"
    __table_args__ = ()

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH * 4))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH * 4))
    excerpt: Mapped[str] = mapped_column(String(EXCERPT_LENGTH * 17))
