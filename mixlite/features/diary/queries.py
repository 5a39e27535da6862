"""Diary contents."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Select, bindparam, select

from mixlite.core.db import db
from mixlite.features.diary.models import Diary


def diaries_of(entry_ids: Sequence[int]) -> Mapping[int, Diary]:
    """By entry id, in one statement."""
    found = db.session.scalars(_diaries(), {"ids": list(entry_ids)})
    return {diary.entry_id: diary for diary in found}


@cache
def _diaries() -> Select[Diary]:
    return select(Diary).where(Diary.entry_id.in_(bindparam("ids", expanding=True)))
