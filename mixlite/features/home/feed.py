"""One page of the feed: days, what of them is new, and where reading ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from mixlite.core.language import local
from mixlite.core.paging import Cursors, Position
from mixlite.features.home.queries import Mark, Unread, mark_of, unread_since
from mixlite.people.members import Member
from mixlite.policy.showing import Shown, shown
from mixlite.policy.visibility import feed_ids

PER_PAGE = 20


@dataclass(frozen=True)
class Day:
    """What was shown on one day of the reader's calendar."""

    date: date
    items: Sequence[Shown]


@dataclass(frozen=True)
class FeedPage:
    """`new` are the days above the mark, `old` those below; what is new ends on this page if `ends_here`.

    `top` is the place that pressing *Mark as read* makes the mark, signed: the newest that the reader was shown.
    `after` continues the list, also signed. `unread` counts for the whole feed, not for this page.
    """

    is_first: bool
    new: Sequence[Day]
    old: Sequence[Day]
    ends_here: bool
    mark: Mark
    unread: Unread
    top: str
    after: str | None

    @property
    def is_empty(self) -> bool:
        return not self.new and not self.old


def top_cursors(viewer: Member) -> Cursors:
    """Signs the places up to which the viewer may say that they have read."""
    return Cursors("home-top", viewer.id)


def feed_page(viewer: Member, after: str | None, top: str | None) -> FeedPage:
    """The page that continues at `after`; `top` comes from its first page, so that nothing is marked unseen."""
    cursors, tops = Cursors("home", viewer.id), top_cursors(viewer)
    place = cursors.read(after)
    rows = feed_ids(viewer.id, PER_PAGE + 1, place)
    found = cursors.page(rows, PER_PAGE, lambda position: position)
    mark = mark_of(viewer)
    unread = unread_since(viewer, mark.place)
    new, old = _parted(viewer, found.items, mark)
    is_last = len(rows) <= PER_PAGE or rows[PER_PAGE] <= mark.place
    first = tops.read(top) if place else None
    return FeedPage(
        is_first=place is None,
        new=_days(new),
        old=_days(old),
        ends_here=bool(unread.count and new and (old or is_last)),
        mark=mark,
        unread=unread,
        top=tops.after(first or (found.items[0] if found.items else mark.place)),
        after=found.cursor,
    )


def _parted(viewer: Member, places: Sequence[Position], mark: Mark) -> tuple[list[Shown], list[Shown]]:
    """What is above the mark, and what is not."""
    above = {entry_id for shown_at, entry_id in places if (shown_at, entry_id) > mark.place}
    items = shown(viewer, [entry_id for _shown_at, entry_id in places])
    return [i for i in items if i.entry.id in above], [i for i in items if i.entry.id not in above]


def _days(items: Sequence[Shown]) -> list[Day]:
    return [Day(day, list(group)) for day, group in groupby(items, lambda item: local(item.entry.shown_at).date())]
