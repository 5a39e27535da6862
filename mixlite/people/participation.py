"""Taking part in a conversation over a span of time: the columns that `policy.visibility.takes_part` reads."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import BigId


class Participation:
    """Mixed into the table of a conversation's participants. `left_at` is the first moment that no longer counts."""

    conversation_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
