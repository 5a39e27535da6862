"""/friends, /friends/requests, /settings/privacy, and what can be done at somebody's profile."""

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import came_from, page, see_other
from mixlite.core.language import gettext as _
from mixlite.core.paging import Cursors
from mixlite.features.friends import verbs
from mixlite.features.friends.forms import AskForm, BreakForm
from mixlite.features.friends.queries import suggestions
from mixlite.people.blocks import blocked_by
from mixlite.people.friendships import count_of_friends, count_of_requests_to, friends_of, requests_by, requests_to
from mixlite.people.members import Member, member_with_handle
from mixlite.policy.visibility import visible_member

bp = Blueprint("friends", __name__)

PER_PAGE = 60
MOST_REQUESTS = 100
MOST_BLOCKED = 500


@bp.get("/friends")
def index() -> Response:
    cursors = Cursors("friends", current_user.id)
    rows = friends_of(current_user.id, PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, PER_PAGE, lambda row: (row[1], row[0].id))
    return page(
        "friends/index.html",
        friends=[friend for friend, _since in found.items],
        friend_count=count_of_friends(current_user.id),
        request_count=count_of_requests_to(current_user.id),
        older_url=url_for("friends.index", after=found.cursor) if found.cursor else None,
        suggestions=suggestions(current_user) if not request.args.get("after") else [],
    )


@bp.get("/friends/requests")
def requests() -> Response:
    incoming, outgoing = requests_to(current_user.id, MOST_REQUESTS), requests_by(current_user.id, MOST_REQUESTS)
    return page("friends/requests.html", incoming=incoming, outgoing=outgoing)


@bp.post("/friends/requests/<id:request_id>/accept")
def accept(request_id: int) -> Response:
    act(verbs.accept_request, current_user, request_id)
    return see_other(url_for("friends.requests"))


@bp.post("/friends/requests/<id:request_id>/decline")
def decline(request_id: int) -> Response:
    act(verbs.decline_request, current_user, request_id)
    return see_other(url_for("friends.requests"))


@bp.post("/friends/requests/<id:request_id>/withdraw")
def withdraw(request_id: int) -> Response:
    act(verbs.withdraw_request, current_user, request_id)
    return see_other(came_from(url_for("friends.requests")))


@bp.post("/@<word:handle>/break")
def take_a_break(handle: str) -> Response:
    other, form = visible_member(current_user, handle), BreakForm()
    form.perform(verbs.mute, current_user, other)
    if form.status == 200:
        flash(_("You see less of @%(handle)s now. Nobody is told.", handle=other.handle), "done")
    return see_other(url_for("profiles.show", handle=handle))


@bp.post("/@<word:handle>/break/end")
def end_break(handle: str) -> Response:
    act(verbs.unmute, current_user, visible_member(current_user, handle))
    return see_other(came_from(url_for("profiles.show", handle=handle)))


@bp.post("/@<word:handle>/dismiss")
def dismiss(handle: str) -> Response:
    act(verbs.dismiss_suggestion, current_user, visible_member(current_user, handle))
    return see_other(came_from(url_for("friends.index")))


@bp.post("/@<word:handle>/friend")
def ask(handle: str) -> Response:
    form = AskForm()
    form.perform(verbs.ask_to_be_friends, current_user, visible_member(current_user, handle))
    if form.status == 200:
        return see_other(url_for("profiles.show", handle=handle))
    return page("friends/ask.html", form.status, form=form, member=visible_member(current_user, handle))


@bp.post("/@<word:handle>/friend/end")
def end(handle: str) -> Response:
    act(verbs.end_friendship, current_user, visible_member(current_user, handle))
    return see_other(url_for("profiles.show", handle=handle))


@bp.post("/@<word:handle>/block")
def block(handle: str) -> Response:
    other = visible_member(current_user, handle)
    if act(verbs.block, current_user, other):
        flash(_("You and @%(handle)s no longer see each other.", handle=other.handle), "done")
    return see_other(url_for("friends.blocks"))


@bp.post("/@<word:handle>/unblock")
def unblock(handle: str) -> Response:
    act(verbs.unblock, current_user, _blocked(handle))
    return see_other(url_for("friends.blocks"))


@bp.get("/settings/privacy")
def blocks() -> Response:
    return page("friends/blocks.html", blocked=blocked_by(current_user.id, MOST_BLOCKED))


def _blocked(handle: str) -> Member:
    """Somebody whom the viewer blocked: for everything else they do not exist."""
    member = member_with_handle(handle)
    if member is None or member.id not in {other.id for other in blocked_by(current_user.id, MOST_BLOCKED)}:
        raise NotHere
    return member
