"""/entries/<id> and what is done there."""

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from mixlite.core.forms import act, flash_undo
from mixlite.core.http import came_from, done, leave_trace, page, see_other, takes_files
from mixlite.core.language import gettext as _
from mixlite.core.prose import handles_in
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media, media_under
from mixlite.entries.versions import version_of, versions_of
from mixlite.features.reading import queries, verbs
from mixlite.features.reading.forms import CommentEditForm, CommentForm, DeleteForm
from mixlite.people.members import Member
from mixlite.policy.choosing import ForWhom, picker
from mixlite.policy.mentioning import handles_met
from mixlite.policy.permissions import Act, may, require
from mixlite.policy.showing import shown
from mixlite.policy.visibility import count_of_readers, readers_of, visible_entry

bp = Blueprint("reading", __name__, url_prefix="/entries")

COMMENTS_PER_PAGE = 50
READERS_PER_PAGE = 100
LIKERS_SHOWN = 6


class ShownComment:
    """A comment, and what the viewer may do with it."""

    def __init__(self, entry: Entry, comment: Comment, met: frozenset[str], pictures: Sequence[Media] = ()):
        self.id, self.number, self.author = comment.id, comment.number, comment.author
        self.text, self.created_at = comment.text, comment.created_at
        self.edited_at, self.pictures = comment.edited_at, pictures
        self.known = handles_in(comment.text) & met if met else met
        self.is_mine = comment.author_id == current_user.id
        self.may_edit = may(current_user, Act.EDIT_COMMENT, (entry, comment))
        self.may_remove = may(current_user, Act.REMOVE_COMMENT, (entry, comment))


@bp.get("/<id:entry_id>")
def show(entry_id: int) -> Response:
    return _show(visible_entry(current_user, entry_id), CommentForm(author=current_user))


@bp.post("/<id:entry_id>/comments")
@takes_files
def comment(entry_id: int) -> Response:
    entry, form = visible_entry(current_user, entry_id), CommentForm(author=current_user)
    address = form.perform_once(verbs.add_comment, current_user, entry, address=_comment_address)
    if address:
        form.put_away_doubles()
        return see_other(address)
    return _show(visible_entry(current_user, entry_id), form)


@bp.post("/<id:entry_id>/comments/<id:number>/remove")
def remove_comment(entry_id: int, number: int) -> Response:
    if act(verbs.remove_comment, current_user, visible_entry(current_user, entry_id), number):
        flash_undo(_("The comment is deleted."), url_for("reading.restore_comment", entry_id=entry_id, number=number))
    return see_other(url_for("reading.show", entry_id=entry_id, _anchor="comments"))


@bp.post("/<id:entry_id>/comments/<id:number>/restore")
def restore_comment(entry_id: int, number: int) -> Response:
    act(verbs.restore_comment, current_user, visible_entry(current_user, entry_id), number)
    return see_other(url_for("reading.show", entry_id=entry_id, _anchor=f"c{number}"))


@bp.route("/<id:entry_id>/comments/<id:number>/edit", methods=["GET", "POST"])
def edit_comment(entry_id: int, number: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    comment = queries.comment_on(current_user, entry, number)
    form = CommentEditForm(data={"body": comment.text})
    if request.method == "GET":
        require(current_user, Act.EDIT_COMMENT, (entry, comment))
    elif form.perform(verbs.edit_comment, current_user, entry, number):
        return see_other(url_for("reading.show", entry_id=entry_id, _anchor=f"c{number}"))
    item = shown(current_user, [entry_id])[0]
    return page("reading/edit_comment.html", form.status, form=form, item=item, number=number)


@bp.post("/<id:entry_id>/comments/close")
def close_comments(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.close_comments)


@bp.post("/<id:entry_id>/comments/open")
def open_comments(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.open_comments)


@bp.post("/<id:entry_id>/like")
def like(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.like)


@bp.post("/<id:entry_id>/like/remove")
def unlike(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.unlike)


@bp.post("/<id:entry_id>/favourite")
def favourite(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.favour)


@bp.post("/<id:entry_id>/favourite/remove")
def unfavourite(entry_id: int) -> Response:
    return _act_on(entry_id, verbs.unfavour)


@bp.route("/<id:entry_id>/edit", methods=["GET", "POST"])
def edit(entry_id: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.REVISE, entry)
    item = shown(current_user, [entry.id])[0]
    form = item.kind.edit(current_user, entry, item.content)
    if form.perform(item.kind.revise, current_user, entry):
        return see_other(url_for("reading.show", entry_id=entry_id))
    item = shown(current_user, [entry_id])[0] if form.is_stale else item
    audiences = picker(current_user, form) if isinstance(form, ForWhom) else None
    return page(item.kind.edit_template, form.status, form=form, item=item, picker=audiences)


@bp.get("/<id:entry_id>/readers")
def readers(entry_id: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.LIST_READERS, entry)
    words = request.args.get("who", "")[:60]
    found, more = _page_of_readers(entry_id, words)
    return page(
        "reading/readers.html",
        item=shown(current_user, [entry.id])[0],
        readers=found,
        reader_count=count_of_readers(entry.id),
        words=words,
        why=_why(entry),
        older_url=more,
    )


@bp.route("/<id:entry_id>/delete", methods=["GET", "POST"])
def delete(entry_id: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.DELETE, entry)
    form = DeleteForm()
    if form.perform(verbs.delete_entry, current_user, entry):
        words = _("It is deleted. Nobody can see it any more.")
        flash_undo(words, url_for("reading.restore", entry_id=entry_id))
        return see_other(_after_deleting(entry))
    return page("reading/delete.html", form.status, item=shown(current_user, [entry_id])[0], form=form)


@bp.post("/<id:entry_id>/restore")
def restore(entry_id: int) -> Response:
    act(verbs.restore_entry, current_user, entry_id)
    return see_other(url_for("reading.show", entry_id=entry_id))


@bp.get("/<id:entry_id>/versions")
def versions(entry_id: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.SEE_VERSIONS, entry)
    item = shown(current_user, [entry_id])[0]
    return page("reading/versions.html", item=item, versions=versions_of(entry))


@bp.get("/<id:entry_id>/versions/<id:number>")
def version(entry_id: int, number: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.SEE_VERSIONS, entry)
    item, found = shown(current_user, [entry_id])[0], version_of(entry, number)
    return page("reading/version.html", item=item, version=found, drawn_by=item.page)


@bp.post("/<id:entry_id>/versions/<id:number>/delete")
def delete_version(entry_id: int, number: int) -> Response:
    act(verbs.delete_version, current_user, visible_entry(current_user, entry_id), number)
    return see_other(url_for("reading.versions", entry_id=entry_id))


def _show(entry: Entry, form: CommentForm) -> Response:
    after = _number("after")
    found = list(queries.comments_on(current_user, entry, COMMENTS_PER_PAGE + 1, after))
    met = handles_met(current_user.id, [comment.text for comment in found])
    pictures = media_under([comment.id for comment in found])
    item = shown(current_user, [entry.id])[0]
    seen = max((comment.number for comment in found[:COMMENTS_PER_PAGE]), default=0)
    leave_trace("entry.read", member_id=current_user.id, entry_id=entry.id, number=seen)
    return page(
        "reading/show.html",
        form.status,
        item=item,
        form=form,
        comments=[
            ShownComment(entry, comment, met, pictures.get(comment.id, [])) for comment in found[:COMMENTS_PER_PAGE]
        ],
        comment_total=item.comment_count,
        likers=queries.likers_of(current_user, entry, LIKERS_SHOWN),
        reader_count=count_of_readers(entry.id) if item.lists_readers else None,
        **_neighbours(entry, found, after),
    )


def _after_deleting(entry: Entry) -> str:
    """What a part belongs to is still there."""
    return url_for("reading.show", entry_id=entry.parent_id) if entry.parent_id else url_for("home.show")


def _why(entry: Entry) -> str:
    """For the author: the groups and people that were chosen, in words; nothing for the other audiences."""
    named = queries.named_in(entry)
    if named is None:
        return ""
    if named.all_friends:
        return str(_("All your friends, except %(names)s.", names=", ".join(named.exceptions)))
    chosen = _("You chose: %(names)s.", names=", ".join([*named.groups, *named.people]))
    left_out = _("Not %(names)s.", names=", ".join(named.exceptions)) if named.exceptions else ""
    return f"{chosen} {left_out}".strip()


def _neighbours(entry: Entry, found: list[Comment], after: int) -> dict[str, str | None]:
    """Where the comments go on, in both directions."""
    earlier = later = None
    if after:
        start = queries.number_before(current_user, entry, COMMENTS_PER_PAGE, after + 1)
        earlier = url_for("reading.show", entry_id=entry.id, after=start or None, _anchor="comments")
    if len(found) > COMMENTS_PER_PAGE:
        later = url_for(
            "reading.show", entry_id=entry.id, after=found[COMMENTS_PER_PAGE - 1].number, _anchor="comments"
        )
    return {"earlier_url": earlier, "later_url": later}


def _comment_address(comment: Comment) -> str:
    """The page that the new comment stands on, at its place."""
    after = max(0, comment.number - COMMENTS_PER_PAGE) if comment.number > COMMENTS_PER_PAGE else None
    return url_for("reading.show", entry_id=comment.entry_id, after=after, _anchor=f"c{comment.number}")


def _act_on(entry_id: int, verb: Callable[..., None]) -> Response:
    """Back to where the button was pressed: the feed, a profile or the entry's own page."""
    act(verb, current_user, visible_entry(current_user, entry_id))
    return done(came_from(url_for("reading.show", entry_id=entry_id)) + f"#e{entry_id}")


def _page_of_readers(entry_id: int, words: str) -> tuple[list[Member], str | None]:
    """One page of them, and the address of the next."""
    found = list(readers_of(entry_id, READERS_PER_PAGE + 1, _number("after"), words))
    if len(found) <= READERS_PER_PAGE:
        return found, None
    last = found[READERS_PER_PAGE - 1]
    address = url_for("reading.readers", entry_id=entry_id, after=last.id, who=words or None)
    return found[:READERS_PER_PAGE], address


def _number(name: str) -> int:
    """A comment number or member id in the address; anything else is the beginning."""
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else 0
