"""/audiences/* for the picker, /settings/audiences for many entries at once, /settings/view-as."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, request, url_for
from flask_login import current_user

from mixlite.core.forms import act
from mixlite.core.http import page, see_other
from mixlite.core.language import gettext as _
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.language import ngettext
from mixlite.core.paging import Cursors
from mixlite.entries.audience import Audience
from mixlite.entries.habits import FOR_ALL_KINDS, habit_of
from mixlite.entries.selections import known_selection
from mixlite.features.audiences import queries, verbs
from mixlite.features.audiences.forms import DefaultForm, ManyForm
from mixlite.people.friendships import friends_of
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom, as_data, picker
from mixlite.policy.showing import Shown, shown
from mixlite.policy.visibility import Guise, count_of_future_readers

bp = Blueprint("audiences", __name__)

MOST_UNDONE = 10
SEEN_PER_PAGE = 20
FRIENDS_SEEN = 9
COMMENTS_SEEN = 50
FRIENDS_OFFERED = 12
GUISES = {
    Guise.FRIEND_OF_FRIEND: _l("a friend of a friend"),
    Guise.STRANGER: _l("somebody here you do not know"),
    Guise.NOBODY: _l("somebody who is not signed in"),
}


@bp.get("/audiences/count")
def count() -> Response:
    """How many people could read what the picker says now; for the page that is open."""
    form = ForWhom(formdata=request.args, meta={"csrf": False})
    known = form.word in set(Audience) - {Audience.COMMUNITY, Audience.PUBLIC}
    number = count_of_future_readers(current_user, form.word, form.choice) if known else 0
    return jsonify(count=number, words=ngettext("%(num)s person", "%(num)s people", number))


@bp.get("/audiences/friends")
def friends() -> Response:
    """Friends whose name or handle begins with what is being typed, or has it somewhere."""
    found = queries.friends_called(current_user, request.args.get("q", "")[:60])
    return jsonify(friends=[{"handle": friend.handle, "name": friend.name} for friend in found])


@bp.route("/settings/audiences", methods=["GET", "POST"])
def many() -> Response:
    form = ManyForm()
    if form.step.data == "look" and form.is_submitted():
        return _look(form)
    address = form.perform_once(verbs.change_many, current_user, address=lambda _change: url_for("audiences.many"))
    if address:
        flash(_("Done. You can take it back for seven days."), "done")
        return see_other(address)
    return _many(form)


def _look(form: ManyForm) -> Response:
    """What would change: nothing is written."""
    if form.how_many.data or not form.validate():
        form.status = 200 if form.how_many.data else 422
        return _many(form)
    chosen = known_selection(current_user.id, form.choice) if form.word == Audience.CHOSEN else None
    effect = queries.effect_of(current_user, form.which_entries(), form.word, chosen)
    readers = count_of_future_readers(current_user, form.word, form.choice)
    items = shown(current_user, effect.ids)
    return page("audiences/preview.html", form=form, effect=effect, readers=readers, items=items)


def _many(form: ManyForm) -> Response:
    form.step.data = "look"  # whatever was sent: from this page the next step is to look
    default = DefaultForm(data=as_data(*habit_of(current_user.id, FOR_ALL_KINDS)))
    return page(
        "audiences/many.html",
        form.status,
        form=form,
        default=default,
        picker=picker(current_user, form),
        changes=queries.changes_by(current_user, MOST_UNDONE),
    )


@bp.post("/settings/audiences/<id:change_id>/undo")
def undo(change_id: int) -> Response:
    if act(verbs.undo_change, current_user, change_id):
        flash(_("Everything is as it was before, but for what you changed since."), "done")
    return see_other(url_for("audiences.many"))


@bp.route("/settings/audiences/default", methods=["GET", "POST"])
def default() -> Response:
    form = DefaultForm(author=current_user)
    if form.perform(verbs.set_default, current_user):
        flash(_("Saved."), "done")
        return see_other(url_for("audiences.many"))
    return page("audiences/default.html", form.status, form=form, picker=picker(current_user, form))


@bp.get("/settings/view-as")
def view_as() -> Response:
    given = request.args.get("who", "")
    if not given:
        return page("audiences/view_as.html", eyes=None, given="", guises=GUISES, friends=_some_friends())
    eyes = queries.eyes_of(current_user, given)
    items, older_url = _items_seen(eyes, given)
    return page(
        "audiences/view_as.html",
        eyes=eyes,
        given=given,
        guises=GUISES,
        is_nobody=eyes.guise == Guise.NOBODY,
        items=items,
        older_url=older_url,
        **queries.profile_seen(current_user, eyes, FRIENDS_SEEN),
    )


@bp.get("/settings/view-as/<id:entry_id>")
def entry_as(entry_id: int) -> Response:
    entry, given = queries.own_entry(current_user, entry_id), request.args.get("who", "")
    eyes = queries.eyes_of(current_user, given) if given else None
    common: dict[str, Any] = {"entry": entry, "eyes": eyes, "given": given, "guises": GUISES}
    if eyes is None or not queries.is_seen(entry, eyes):
        return page("audiences/entry_as.html", **common, item=None, friends=[] if eyes else _some_friends())
    item, after = _as_others_find([entry_id])[0], _number(request.args.get("after", ""))
    found = queries.comments_under(current_user, entry, COMMENTS_SEEN + 1, after)
    comments, last = found[:COMMENTS_SEEN], found[COMMENTS_SEEN - 1].number if len(found) > COMMENTS_SEEN else None
    later = url_for("audiences.entry_as", entry_id=entry_id, who=given, after=last) if last else None
    return page("audiences/entry_as.html", **common, item=item, comments=comments, later_url=later)


def _items_seen(eyes: queries.Eyes, given: str) -> tuple[list[Shown], str | None]:
    """One page of what they would find, and the address of the next."""
    cursors = Cursors(f"view-as-{given.lower()}", current_user.id)
    rows = queries.entries_seen(current_user, eyes, SEEN_PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, SEEN_PER_PAGE, lambda position: position)
    older_url = url_for("audiences.view_as", who=given, after=found.cursor) if found.cursor else None
    return _as_others_find([entry_id for _at, entry_id in found.items]), older_url


def _as_others_find(entry_ids: list[int]) -> list[Shown]:
    """Own entries without what only their author is told."""
    items = shown(current_user, entry_ids)
    for item in items:
        item.is_mine = False
    return items


def _some_friends() -> list[Member]:
    """To begin with: the newest friends, whose eyes are one touch away."""
    return [friend for friend, _since in friends_of(current_user.id, FRIENDS_OFFERED)]


def _number(given: str) -> int:
    """A comment's number in the address; anything else is the beginning."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0
