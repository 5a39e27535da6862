"""What a voice says."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base

VOICE_LENGTH = 300


class Voice(Base):
    """The words of one entry."""

    __tablename__ = "voices"
    __table_args__ = ()

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    body: Mapped[str] = mapped_column(String(VOICE_LENGTH * 4))
