"""/, and what is done there: /read-mark, /new, /manifest.webmanifest."""

from hashlib import sha256

from flask import Blueprint, Response, jsonify, make_response, render_template, request, session, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import done, leave_no_trace, page, public
from mixlite.core.language import current_language, ngettext
from mixlite.core.language import gettext as _
from mixlite.core.memory import page_as_before
from mixlite.features.home import verbs
from mixlite.features.home.feed import feed_page, top_cursors
from mixlite.features.home.queries import unread_since

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def show() -> Response:
    return _home() if current_user.is_authenticated else page("home/welcome.html")


@bp.post("/read-mark")
def mark_read() -> Response:
    place = top_cursors(current_user).read(request.form.get("top"))
    if place is None:
        raise NotHere
    act(verbs.mark_read, current_user, place)
    return done(url_for("home.show"))


@bp.get("/new")
def new() -> Response:
    """How much is new since the page was made, for the page itself to ask; unchanged, it is 304 and nothing else."""
    leave_no_trace()
    place = top_cursors(current_user).read(request.args.get("top"))
    if place is None:
        raise NotHere
    unread = unread_since(current_user, place)
    answer = jsonify(words=_words(unread.count) if unread.count else "")
    answer.set_etag(sha256(repr((unread, current_language())).encode()).hexdigest()[:16])
    answer.make_conditional(request)
    return answer


def _words(count: int) -> str:
    return str(ngettext("%(num)s new entry", "%(num)s new entries", count))


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """What a phone asks before it puts the house on its first page."""
    answer = page("home/manifest.json", write=_("Write in your diary"))
    answer.mimetype = "application/manifest+json"
    return answer


def _home() -> Response:
    """Further pages, and one that has something to tell once, are drawn for this time only."""
    if request.args or "_flashes" in session:
        return make_response(_drawn())
    return page_as_before(_drawn, current_user.id)


def _drawn() -> str:
    feed = feed_page(current_user, request.args.get("after"), request.args.get("top"))
    older_url = url_for("home.show", after=feed.after, top=feed.top) if feed.after else None
    return render_template("home/show.html", feed=feed, older_url=older_url)
