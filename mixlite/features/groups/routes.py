"""/groups, /groups/<id>, and the groups of one friend on their page."""

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.forms import Form, act
from mixlite.core.http import page, see_other
from mixlite.core.language import gettext as _
from mixlite.features.groups import queries, verbs
from mixlite.features.groups.forms import GroupForm, PeopleForm, RenameForm, SortForm
from mixlite.people.groups import Group
from mixlite.policy.visibility import visible_member

bp = Blueprint("groups", __name__)

PER_PAGE = 100


@bp.route("/groups", methods=["GET", "POST"])
def index() -> Response:
    form = GroupForm()
    address = form.perform_once(verbs.make_group, current_user, address=_address)
    if address:
        return see_other(address)
    return page("groups/index.html", form.status, form=form, groups=queries.gatherings_of(current_user))


@bp.route("/groups/<id:group_id>", methods=["GET", "POST"])
def show(group_id: int) -> Response:
    group, form = queries.group_with_id(current_user, group_id), PeopleForm()
    if form.perform(verbs.put_in, current_user, group):
        return see_other(_address(group))
    return _show(group_id, form)


@bp.route("/groups/<id:group_id>/name", methods=["GET", "POST"])
def rename(group_id: int) -> Response:
    group = queries.group_with_id(current_user, group_id)
    form = RenameForm(data={"name": group.name})
    if form.perform(verbs.rename_group, current_user, group):
        return see_other(url_for("groups.show", group_id=group_id))
    group = queries.group_with_id(current_user, group_id)
    return page("groups/rename.html", form.status, form=form, group=group)


@bp.post("/groups/<id:group_id>/out/<word:handle>")
def take_out(group_id: int, handle: str) -> Response:
    group = queries.group_with_id(current_user, group_id)
    act(verbs.take_out, current_user, group, visible_member(current_user, handle))
    return see_other(url_for("groups.show", group_id=group_id))


@bp.route("/groups/<id:group_id>/delete", methods=["GET", "POST"])
def delete(group_id: int) -> Response:
    group, form = queries.group_with_id(current_user, group_id), Form()
    if request.method == "POST" and act(verbs.delete_group, current_user, group):
        flash(_("The group is gone."), "done")
        return see_other(url_for("groups.index"))
    return page("groups/delete.html", form=form, group=group, uses=queries.uses_of(group))


@bp.post("/@<word:handle>/groups")
def sort(handle: str) -> Response:
    form = SortForm()
    form.perform(verbs.sort_friend, current_user, visible_member(current_user, handle))
    return see_other(url_for("profiles.show", handle=handle))


def _show(group_id: int, form: PeopleForm) -> Response:
    group = queries.group_with_id(current_user, group_id)
    after = request.args.get("after", "")
    after_id = int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else 0
    people = list(queries.people_in(group, PER_PAGE + 1, after_id))
    more = people[PER_PAGE - 1].id if len(people) > PER_PAGE else None
    return page(
        "groups/show.html",
        form.status,
        form=form,
        group=group,
        people=people[:PER_PAGE],
        count=queries.count_of_people_in(group),
        older_url=url_for("groups.show", group_id=group_id, after=more) if more else None,
    )


def _address(group: Group) -> str:
    return url_for("groups.show", group_id=group.id)
