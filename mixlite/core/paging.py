"""Pages of a long list, by cursor: signed, bound to one list and one viewer, never an offset (SECURITY.md, S20)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from itsdangerous import BadData, URLSafeSerializer

from mixlite.core.crypto import key_for

T = TypeVar("T")
Position = tuple[datetime, int]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items in order, and the cursor that continues after the last (None at the end)."""

    items: Sequence[T]
    cursor: str | None


class Cursors:
    """Makes and reads the cursors of one list for one viewer."""

    def __init__(self, list_name: str, viewer_id: int):
        self._serializer = URLSafeSerializer(key_for("cursor"), salt=f"{list_name}:{viewer_id}")

    def after(self, position: Position) -> str:
        moment, row_id = position
        return str(self._serializer.dumps([moment.isoformat(), row_id]))

    def read(self, cursor: str | None) -> Position | None:
        """The position to continue after; None, which is the first page, for no cursor and for a false one."""
        if not cursor:
            return None
        try:
            moment, row_id = self._serializer.loads(cursor)
            return datetime.fromisoformat(moment), int(row_id)
        except (BadData, ValueError, TypeError):
            return None

    def page(self, rows: Sequence[T], size: int, position: Callable[[T], Position]) -> Page[T]:
        """Of `size + 1` rows asked for: the page, and where it goes on if there was one more."""
        items = rows[:size]
        return Page(items, self.after(position(items[-1])) if len(rows) > size else None)
