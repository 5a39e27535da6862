"""Voice contents."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import Select, bindparam, select

from mixlite.core.db import db
from mixlite.features.voice.models import Voice


def voices_of(entry_ids: Sequence[int]) -> Mapping[int, Voice]:
    """By entry id, in one statement."""
    found = db.session.scalars(_voices(), {"ids": list(entry_ids)})
    return {voice.entry_id: voice for voice in found}


@cache
def _voices() -> Select[Voice]:
    return select(Voice).where(Voice.entry_id.in_(bindparam("ids", expanding=True)))
