"""Voice contents."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from mixlite.core.db import db
from mixlite.features.voice.models import Voice


def voices_of(entry_ids: Sequence[int]) -> Mapping[int, Voice]:
    """By entry id, in one statement."""
    return {voice.entry_id: voice for voice in db.session.scalars(select(Voice).where(Voice.entry_id.in_(entry_ids)))}
