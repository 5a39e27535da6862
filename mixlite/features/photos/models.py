"""What albums and photos say. Their pictures are `entries.media`."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base

TITLE_LENGTH = 100
BODY_LENGTH = 3000
CAPTION_LENGTH = 300
ALT_LENGTH = 500
MOST_PHOTOS = 1000  # in one album
MOST_AT_ONCE = 60


class Album(Base):
    """The words of an album."""

    __tablename__ = "albums"
    __table_args__ = ()

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH * 4))
    body: Mapped[str] = mapped_column(String(BODY_LENGTH * 4))


class Photo(Base):
    """One picture of an album: an entry whose parent is the album. `alt` describes it to those who do not see it."""

    __tablename__ = "photos"
    __table_args__ = (Index("ix_photos_album_id", "album_id", "position", "entry_id"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    album_id: Mapped[int] = mapped_column(ForeignKey("albums.entry_id", ondelete="CASCADE"))
    position: Mapped[int]
    body: Mapped[str] = mapped_column(String(CAPTION_LENGTH * 4), default="")
    alt: Mapped[str] = mapped_column(String(ALT_LENGTH * 4), default="")
