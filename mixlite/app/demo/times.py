"""When everything of the demo happened, seen from the day it is built.

The files say month and day. The last week of the script (15 to 22 November) becomes the week that ends today, so that
home looks alive on whatever day it is opened; every other day is the latest of its name that has passed. What is from
one or two years before is so many years older than that. Comments and marks get moments of their own by dice that are
thrown the same way every time.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mixlite.app.demo.script import Day, Piece

TOWN = ZoneInfo("Asia/Tokyo")
_LAST_WEEK, _LAST_DAY = (11, 15), (11, 22)
_NEWEST = timedelta(minutes=20)  # nothing is younger: somebody must have had time to answer
_LONGEST_WAIT = timedelta(hours=40)
_MORNING_HOURS = 1.5  # after waking, when people look at what they missed

# Hours of the town's clock during which somebody does not write. Ken, Yuki, Sora, Emi and Haru are known for writing at
# any hour; Hannah and Priya live in England.
_ASLEEP = {
    "hiraku": (21.7, 4.2),
    "nao": (20.8, 2.9),
    "masa": (21.5, 3.6),
    "goro": (21.0, 5.2),
    "tomo": (2.5, 9.5),
    "jun": (2.0, 9.0),
    "hannah": (8.5, 15.0),
    "priya": (9.0, 14.8),
    **dict.fromkeys(("ken", "yuki", "sora", "emi", "haru"), (0.0, 0.0)),
}
_OTHERS_ASLEEP = (0.4, 6.1)


@dataclass(frozen=True)
class Timed:
    """A piece and the moments of what hangs on it, each list as long as the piece's own."""

    piece: Piece
    at: datetime
    comments: Sequence[datetime]
    likes: Sequence[datetime]
    favourites: Sequence[datetime]


class Calendar:
    """The town's calendar on the day of `now` (an aware datetime)."""

    def __init__(self, now: datetime):
        self.now = now.astimezone(TOWN)
        self.today = self.now.date()

    def moment(self, day: Day, ago: int = 0) -> datetime:
        """When this was; `ago` years before the last one."""
        date_ = self._date(day)
        if ago:
            date_ = Day(date_.month, date_.day, day.at).in_year(date_.year - ago)
        return datetime.combine(date_, day.at, TOWN)

    def days_ago(self, days: int, at: time) -> datetime:
        """So many days before today, at this time."""
        return datetime.combine(self.today - timedelta(days=days), at, TOWN)

    def month_day(self, days: int) -> str:
        """So many days from today, as MM-DD."""
        return f"{self.today + timedelta(days=days):%m-%d}"

    def _date(self, day: Day) -> date:
        if _LAST_WEEK <= (day.month, day.day) <= _LAST_DAY:
            return self.today - timedelta(days=_LAST_DAY[1] - day.day)
        this_year = day.in_year(self.today.year)
        return this_year if this_year < self.today else day.in_year(self.today.year - 1)

    def timed(self, piece: Piece) -> Timed | None:
        """With all its moments in the past, or None if it is not time for it yet."""
        at = self.moment(piece.when, piece.ago)
        if at > self.now - _NEWEST:
            return None
        dice = random.Random(piece.name)
        return Timed(
            piece=piece,
            at=at,
            comments=self._squeezed(at, _comments(piece, at, dice)),
            likes=[self._mark(handle, at, dice, hours=3) for handle in piece.liked_by],
            favourites=[self._mark(handle, at, dice, hours=9) for handle in piece.favourite_of],
        )

    def _squeezed(self, start: datetime, moments: list[datetime]) -> list[datetime]:
        """In the same order, none of them in the future."""
        end = self.now - timedelta(minutes=1)
        if not moments or moments[-1] <= end:
            return moments
        scale = (end - start) / (moments[-1] - start)
        return [start + (moment - start) * scale for moment in moments]

    def _mark(self, handle: str, start: datetime, dice: random.Random, hours: float) -> datetime:
        moment = _awake(handle, start + _wait(dice, hours * 60), dice)
        end = self.now - timedelta(minutes=1)
        return moment if moment <= end else start + (end - start) * dice.random()


def _comments(piece: Piece, start: datetime, dice: random.Random) -> list[datetime]:
    """One after the other; those whose moment the script names are at that moment, and the ones before them earlier."""
    moments: list[datetime] = []
    for line in piece.comments:
        if line.when:
            moments.append(_next(line.when, piece.when, start))
        else:
            wait = _wait(dice, 30 if line.by == piece.author else 75)
            moments.append(_awake(line.by, (moments[-1] if moments else start) + wait, dice))
    for i in range(len(moments) - 1, 0, -1):
        moments[i - 1] = min(moments[i - 1], moments[i] - timedelta(seconds=dice.randint(40, 400)))
    return moments


def _next(day: Day, after: Day, start: datetime) -> datetime:
    """The first such moment after the piece, which was written on `after`, at `start`."""
    apart = (date(2001, day.month, day.day) - date(2001, after.month, after.day)).days % 365
    return datetime.combine(start.date() + timedelta(days=apart), day.at, TOWN)


def _wait(dice: random.Random, minutes: float) -> timedelta:
    """Mostly about `minutes`, sometimes much longer."""
    return min(timedelta(minutes=3 + dice.lognormvariate(math.log(minutes), 1.1)), _LONGEST_WAIT)


def _awake(handle: str, moment: datetime, dice: random.Random) -> datetime:
    """This moment, or a while after waking if they were asleep."""
    asleep, wakes = _ASLEEP.get(handle, _OTHERS_ASLEEP)
    hour = moment.hour + moment.minute / 60
    slept = (hour - asleep) % 24
    length = (wakes - asleep) % 24
    if slept >= length:
        return moment
    return moment + timedelta(hours=length - slept + dice.random() * _MORNING_HOURS)
