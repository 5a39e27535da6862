"""/@<word:handle> and its tabs, /settings/profile."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.http import leave_trace, page, see_other
from mixlite.core.language import local
from mixlite.core.paging import Cursors, Page, Position
from mixlite.features.profiles import queries, verbs
from mixlite.features.profiles.forms import ProfileForm
from mixlite.people.members import Member
from mixlite.policy.showing import Shown, shown
from mixlite.policy.visibility import visible_member

bp = Blueprint("profiles", __name__)

LATEST = 10
PER_PAGE = 30
ON_GRID = 9
FRIENDS_PER_PAGE = 60


@bp.get("/@<word:handle>")
def show(handle: str) -> Response:
    member = visible_member(current_user, handle)
    if member.sponsor_id == current_user.id:
        leave_trace("arrivals.seen", member_id=current_user.id, newcomer_id=member.id)
    found = _page("entries", member, LATEST, lambda size, after: queries.entries_by(current_user, member, size, after))
    relation = queries.relation_to(current_user, member)
    friends = queries.friends_seen(current_user, member, ON_GRID)
    return page(
        "profiles/show.html",
        member=member,
        relation=relation.name,
        friends_since=relation.since,
        request_id=relation.request_id,
        sponsor=queries.sponsor_of(current_user, member),
        is_first_member=member.invitation_id is not None and member.sponsor_id is None,
        items=_shown(found.items),
        older_url=_older("show", member, found),
        friends=[friend for friend, _since in friends],
        friend_count=queries.count_of_friends_seen(current_user, member),
    )


@bp.get("/@<word:handle>/diary")
def diary(handle: str) -> Response:
    member = visible_member(current_user, handle)
    found = _page(
        "diary",
        member,
        PER_PAGE,
        lambda size, after: queries.entries_by(current_user, member, size, after, kind="diary"),
    )
    items = _shown(found.items)
    months = [
        (month, list(group))
        for month, group in groupby(items, lambda item: local(item.entry.shown_at).date().replace(day=1))
    ]
    return page("profiles/diary.html", member=member, months=months, older_url=_older("diary", member, found))


@bp.get("/@<word:handle>/favourites")
def favourites(handle: str) -> Response:
    member = visible_member(current_user, handle)
    found = _page(
        "favourites", member, PER_PAGE, lambda size, after: queries.favourites_of(current_user, member, size, after)
    )
    return page(
        "profiles/favourites.html",
        member=member,
        items=_shown(found.items),
        older_url=_older("favourites", member, found),
    )


@bp.get("/@<word:handle>/friends")
def friends(handle: str) -> Response:
    member = visible_member(current_user, handle)
    cursors = Cursors(f"friends-of-{member.id}", current_user.id)
    rows = queries.friends_seen(current_user, member, FRIENDS_PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, FRIENDS_PER_PAGE, lambda row: (row[1], row[0].id))
    return page(
        "profiles/friends.html",
        member=member,
        friends=[friend for friend, _since in found.items],
        friend_count=queries.count_of_friends_seen(current_user, member),
        older_url=_older("friends", member, found),
    )


@bp.route("/settings/profile", methods=["GET", "POST"])
def edit() -> Response:
    form = ProfileForm(obj=current_user)
    if form.perform(verbs.describe_oneself, current_user):
        return see_other(url_for("profiles.show", handle=current_user.handle))
    return page("profiles/edit.html", form.status, form=form)


def _page(
    list_name: str, member: Member, size: int, rows: Callable[[int, Position | None], Sequence[Position]]
) -> Page[Position]:
    cursors = Cursors(f"{list_name}-of-{member.id}", current_user.id)
    found = rows(size + 1, cursors.read(request.args.get("after")))
    return cursors.page(found, size, lambda position: position)


def _shown(positions: Sequence[Position]) -> list[Shown]:
    return shown(current_user, [entry_id for _at, entry_id in positions])


def _older(tab: str, member: Member, found: Page[Any]) -> str | None:
    return url_for(f"profiles.{tab}", handle=member.handle, after=found.cursor) if found.cursor else None
