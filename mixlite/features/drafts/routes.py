"""/drafts; a form is kept at /drafts/<kind>, or at /entries/<id>/draft when it changes an entry.

A page's script asks for JSON, and stays where it is; a button leads on to the page of the draft.
"""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import came_from, page, see_other, takes_files
from mixlite.core.language import gettext as _
from mixlite.core.language import moment_words, time_words
from mixlite.core.rooms import current_house
from mixlite.entries.drafts import Draft, drafts_of
from mixlite.features.drafts import verbs
from mixlite.policy.choosing import picker
from mixlite.policy.drafting import NO_DRAFT, Drafted
from mixlite.policy.permissions import Act, require
from mixlite.policy.showing import shown
from mixlite.policy.visibility import visible_entry

bp = Blueprint("drafts", __name__)


@bp.get("/drafts")
def index() -> Response:
    drafts = [(draft, _address(draft)) for draft in drafts_of(current_user.id)]
    return page("drafts/index.html", drafts=drafts)


@bp.post("/drafts/<word:kind_name>")
@takes_files
def keep_new(kind_name: str) -> Response:
    kind = current_house().kinds.get(kind_name)
    if kind is None or kind.write is None:
        raise NotHere
    return _keep(kind.write(current_user), kind.write_template)


@bp.post("/entries/<id:entry_id>/draft")
def keep_change(entry_id: int) -> Response:
    entry = visible_entry(current_user, entry_id)
    require(current_user, Act.REVISE, entry)
    item = shown(current_user, [entry_id])[0]
    form = item.kind.edit(current_user, entry, item.content)
    if not isinstance(form, Drafted):
        raise NotHere
    return _keep(form, item.kind.edit_template, item=item)


@bp.post("/drafts/<id:draft_id>/discard")
def discard(draft_id: int) -> Response:
    if act(verbs.throw_away, current_user, draft_id):
        flash(_("The draft is gone."), "done")
    listed = url_for("drafts.index")
    back = came_from(listed).partition("?")[0]
    return see_other(back if back == listed else f"{back}?draft={NO_DRAFT}")


def _address(draft: Draft) -> str:
    """Where it is gone on with."""
    if draft.entry_id is not None:
        return url_for("reading.edit", entry_id=draft.entry_id)
    return url_for(current_house().kinds[draft.kind].write_at, draft=draft.id)


def _keep(form: Drafted, template: str, **context: Any) -> Response:
    draft = form.keep(verbs.keep_draft, current_user)
    if request.accept_mimetypes.best == "application/json":
        return _told(form, draft)
    if form.status == 200:
        flash(*((_("Saved as a draft."), "done") if draft else (_("There is nothing to keep yet."), "problem")))
        return see_other(_address(draft) if draft else came_from(url_for("drafts.index")))
    return page(template, form.status, form=form, picker=picker(current_user, form), **context)


def _told(form: Drafted, draft: Draft | None) -> Response:
    """For the page's script: what was kept, or why not, and what another window kept."""
    if form.status == 200:
        words = _("Saved at %(time)s", time=time_words(draft.saved_at)) if draft else ""
        return jsonify(version=draft.version if draft else 0, words=words)
    kept = form.overtaken.kept if form.overtaken else None
    answer = jsonify(
        words=" ".join(str(words) for words in form.form_errors),
        version=int(form.draft_version.data or 0),
        nonce=form["nonce"].data if "nonce" in form else "",
        other=kept and {"title": kept.title, "body": kept.body, "saved": moment_words(kept.saved_at), "id": kept.id},
    )
    answer.status_code = form.status
    return answer
