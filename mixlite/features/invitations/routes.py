"""/invitations, /invitations/tree, /join/<token>."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import segno
from flask import Blueprint, Response, current_app, request, url_for
from flask_login import current_user

from mixlite.core.config import current_settings
from mixlite.core.crypto import password_matches
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import carry_session, leave_trace, page, public, see_other
from mixlite.core.paging import Cursors
from mixlite.features.invitations import queries, tree, verbs
from mixlite.features.invitations.forms import InvitationForm, JoinForm
from mixlite.features.invitations.models import Invitation
from mixlite.people.members import Member, member_with_handle

bp = Blueprint("invitations", __name__)

PER_PAGE = 20
LONGEST_VERTICAL = 260  # characters of a letter that fit on one sheet set vertically
VISITOR = SimpleNamespace(id=0)


@dataclass
class ListedInvitation:
    """An invitation as its maker sees it.

    `link` is None when it was made with another key of this instance. `mail` says how the mail went: sending, sent,
    bounced, opened (somebody came in through it); None when there was none.
    """

    invitation: Invitation
    link: str | None
    joined: list[Member]
    mail: str | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.invitation, name)


@bp.get("/invitations")
def index() -> Response:
    leave_trace("arrivals.seen", member_id=current_user.id)
    return _index(InvitationForm())


@bp.post("/invitations")
def create() -> Response:
    form = InvitationForm()
    address = form.perform_once(verbs.create_invitation, current_user, address=_address)
    return see_other(address) if address else _index(form)


@bp.post("/invitations/<id:invitation_id>/revoke")
def revoke(invitation_id: int) -> Response:
    act(verbs.revoke_invitation, current_user, invitation_id)
    return see_other(url_for("invitations.index"))


@bp.get("/invitations/<id:invitation_id>/qr.svg")
def qr(invitation_id: int) -> Response:
    """The link as a picture to be pointed at; for its maker alone, as long as it opens the door."""
    invitation = queries.own_open_invitation(current_user, invitation_id)
    link = link_to(invitation)
    if link is None:
        raise NotHere
    drawing = io.BytesIO()
    segno.make(link, error="m", micro=False).save(
        drawing,
        kind="svg",
        border=3,
        dark="#331a00",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    return Response(drawing.getvalue(), mimetype="image/svg+xml")


@bp.get("/invitations/tree")
def whole_tree() -> Response:
    founder_id = tree.founder_id()
    if founder_id is None:
        raise NotHere
    return _tree(founder_id)


@bp.get("/invitations/tree/<id:member_id>")
def branch(member_id: int) -> Response:
    return _tree(member_id)


def _tree(member_id: int) -> Response:
    cursors = Cursors(f"tree-{member_id}", current_user.id)
    after = cursors.read(request.args.get("after"))
    found = tree.branch_at(current_user, member_id, after[1] if after else 0)
    more = cursors.after((found.root.joined_at, found.next_after)) if found.next_after else None
    return page(
        "invitations/tree.html",
        root=found.root,
        path=found.path,
        is_continued=after is not None,
        more_url=url_for("invitations.branch", member_id=member_id, after=more) if more else None,
    )


@bp.route("/join/<token>", methods=["GET", "POST"])
@public
def join(token: str) -> Response:
    if current_user.is_authenticated and request.method == "POST":
        return see_other(url_for("home.show"))
    form = JoinForm()
    address = form.perform_once(verbs.join_circle, VISITOR, token, address=lambda _member: url_for("home.show"))
    if address:
        carry_session(form.made or _who_joined(form), remember=True)
        return see_other(address)
    invitation = queries.open_invitation(token)
    if invitation is None:
        return page("invitations/closed.html", 404)
    return page("invitations/join.html", form.status, form=form, invitation=invitation, **_letter(invitation))


def _index(form: InvitationForm) -> Response:
    cursors = Cursors("invitations", current_user.id)
    rows = queries.invitations_by(current_user, PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, PER_PAGE, lambda row: (row.created_at, row.id))
    return page(
        "invitations/index.html",
        form.status,
        form=form,
        allowance=queries.allowance_of(current_user),
        invitations=_listed(list(found.items)),
        fresh_id=request.args.get("made", type=int),
        older_url=url_for("invitations.index", after=found.cursor) if found.cursor else None,
    )


def _listed(invitations: list[Invitation]) -> list[ListedInvitation]:
    ids = [invitation.id for invitation in invitations]
    joined = queries.joined_through(current_user, ids)
    mails = queries.mails_of(invitations)
    return [
        ListedInvitation(invitation, link_to(invitation), joined[invitation.id], mails.get(invitation.id))
        for invitation in invitations
    ]


def link_to(invitation: Invitation) -> str | None:
    """The whole address, on the configured base address whatever host was asked."""
    if (token := invitation.token) is None:
        return None
    # Bound by hand: the command line has no request that could tell the address.
    path = current_app.url_map.bind("").build("invitations.join", {"token": token})
    return current_settings().base_url + path


def _address(invitation: Invitation) -> str:
    return url_for("invitations.index", made=invitation.id)


def _letter(invitation: Invitation) -> dict[str, object]:
    is_japanese = any("\u3040" <= character <= "\u30ff" for character in invitation.letter)
    return {
        "inviter": invitation.inviter,
        "letter_is_vertical": is_japanese and len(invitation.letter) <= LONGEST_VERTICAL,
    }


def _who_joined(form: JoinForm) -> Member:
    """The form was sent twice. The first sending made the member; the password says that this is the same person."""
    db.session.rollback()
    member = member_with_handle(form.handle.data or "")
    is_same = password_matches(form.password.data or "", member.password_hash if member else None)
    return verbs.come_in_again(member if is_same else None, device=request.user_agent.string)
