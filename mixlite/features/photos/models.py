"""What albums say. The photos in them are `entries.photos`."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base

TITLE_LENGTH = 100
BODY_LENGTH = 3000


class Album(Base):
    """The words of an album, and which of its photos stands for it; else the first does."""

    __tablename__ = "albums"
    __table_args__ = ()

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH * 4))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH * 4))
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="SET NULL"))
