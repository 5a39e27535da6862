"""/."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.http import page, public
from mixlite.core.language import local
from mixlite.core.paging import Cursors
from mixlite.policy.showing import Shown, shown
from mixlite.policy.visibility import feed_ids

bp = Blueprint("home", __name__)

PER_PAGE = 20


@dataclass(frozen=True)
class Day:
    """What was shown on one day of the reader's calendar."""

    date: date
    items: Sequence[Shown]


@bp.get("/")
@public
def show() -> Response:
    return _home() if current_user.is_authenticated else page("home/welcome.html")


def _home() -> Response:
    cursors = Cursors("home", current_user.id)
    after = cursors.read(request.args.get("after"))
    found = cursors.page(feed_ids(current_user.id, PER_PAGE + 1, after), PER_PAGE, lambda position: position)
    items = shown(current_user, [entry_id for _at, entry_id in found.items])
    return page(
        "home/show.html",
        days=[Day(day, list(group)) for day, group in groupby(items, lambda item: local(item.entry.shown_at).date())],
        is_first_page=after is None,
        older_url=url_for("home.show", after=found.cursor) if found.cursor else None,
        newest_url=url_for("home.show") if after else None,
    )
