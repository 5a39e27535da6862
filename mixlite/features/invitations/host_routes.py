"""/host/invitations."""

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.forms import AtMost, Filled, Form, Words
from mixlite.core.http import page, see_other
from mixlite.core.language import gettext as _
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.paging import Cursors
from mixlite.features.invitations import oversight
from mixlite.people.members import REASON_LENGTH
from mixlite.policy.permissions import require_host

bp = Blueprint("host_invitations", __name__, url_prefix="/host/invitations")

PER_PAGE = 50


class RevokeForm(Form):
    """Why nobody is to join through this link."""

    reason = Words(_l("Why"), validators=[Filled(_l("Please say why.")), AtMost(REASON_LENGTH)])


@bp.get("")
def index() -> Response:
    """Every open invitation."""
    require_host(current_user)
    cursors = Cursors("host-invitations", current_user.id)
    after = cursors.read(request.args.get("after"))
    rows = oversight.open_invitations(PER_PAGE + 1, after[1] if after else None)
    found = cursors.page(rows, PER_PAGE, lambda row: (row.created_at, row.id))
    return page(
        "invitations/host_index.html",
        invitations=found.items,
        counts=oversight.open_counts(current_user, [])[None],
        older_url=url_for("host_invitations.index", after=found.cursor) if found.cursor else None,
    )


@bp.route("/<id:invitation_id>/revoke", methods=["GET", "POST"])
def revoke(invitation_id: int) -> Response:
    """Ask why, and close it."""
    require_host(current_user)
    invitation, form = oversight.open_invitation_with_id(invitation_id), RevokeForm()
    if form.perform(oversight.revoke, current_user, invitation):
        flash(_("It is done, and stands in the log."), "done")
        return see_other(url_for("host_invitations.index"))
    return page("invitations/host_revoke.html", form.status, form=form, invitation=invitation)
