"""Diary contents."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from mixlite.core.db import db
from mixlite.features.diary.models import Diary


def diaries_of(entry_ids: Sequence[int]) -> Mapping[int, Diary]:
    """By entry id, in one statement."""
    return {diary.entry_id: diary for diary in db.session.scalars(select(Diary).where(Diary.entry_id.in_(entry_ids)))}
