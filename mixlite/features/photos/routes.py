"""/albums, a member's photos, the photos of an entry. A single photo is read, changed, deleted at its own address."""

from flask import Blueprint, Response, request, stream_with_context, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import attachment, came_from, done, page, see_other, takes_files
from mixlite.core.paging import Cursors
from mixlite.entries.entries import Entry
from mixlite.entries.photos import Print, prints_in
from mixlite.features.photos import queries, verbs
from mixlite.features.photos.archive import take_turn, zip_of
from mixlite.features.photos.forms import AddForm, AlbumForm, DescribeForm, MoveForm, OrderForm, ShareForm
from mixlite.policy.choosing import picker
from mixlite.policy.permissions import Act, may
from mixlite.policy.showing import shown
from mixlite.policy.visibility import count_of_readers, shows_photo, visible_entry, visible_member

bp = Blueprint("photos", __name__)

LAST_POSITION = 2**31 - 1
PHOTOS_PER_PAGE = 60
ALBUMS_PER_PAGE = 12


@bp.route("/albums/new", methods=["GET", "POST"])
@takes_files
def new() -> Response:
    form = AlbumForm(author=current_user)
    address = form.perform_once(verbs.publish_album, current_user, address=_address)
    if address:
        form.put_away_doubles()
        return see_other(address)
    return page("photos/new.html", form.status, form=form, picker=picker(current_user, form))


@bp.get("/albums/<id:entry_id>")
def show(entry_id: int) -> Response:
    entry = _visible_album(entry_id)
    prints, later_url = _page_of(entry, "photos.show")
    item = shown(current_user, [entry_id])[0]
    return page(
        "photos/album.html",
        item=item,
        prints=prints,
        later_url=later_url,
        reader_count=count_of_readers(entry_id) if item.is_mine else None,
        may_add=may(current_user, Act.ADD_PHOTOS, entry),
        contributors=queries.contributors(current_user, entry),
    )


@bp.route("/entries/<id:entry_id>/photos/add", methods=["GET", "POST"])
@takes_files
def add(entry_id: int) -> Response:
    entry, form = verbs.place_for(current_user, entry_id), AddForm(author=current_user)
    address = form.perform_once(verbs.add_photos, current_user, entry, address=_address)
    if address:
        form.put_away_doubles()
        return see_other(address)
    return page(
        "photos/add.html", form.status, form=form, item=shown(current_user, [entry_id])[0], back=_address(entry)
    )


@bp.route("/entries/<id:entry_id>/photos/describe", methods=["GET", "POST"])
def describe(entry_id: int) -> Response:
    entry, form = verbs.own_place(current_user, entry_id), DescribeForm()
    if form.perform(verbs.describe_photos, current_user, entry):
        return see_other(_address(entry))
    prints, later_url = _page_of(entry, "photos.describe")
    here = {"item": shown(current_user, [entry_id])[0], "prints": prints, "later_url": later_url}
    return page("photos/describe.html", form.status, form=form, back=_address(entry), **here)


@bp.get("/entries/<id:entry_id>/photos/arrange")
def arrange(entry_id: int) -> Response:
    return _arranging(verbs.own_place(current_user, entry_id), MoveForm())


@bp.post("/entries/<id:entry_id>/photos/order")
def order(entry_id: int) -> Response:
    OrderForm().perform(verbs.arrange_photos, current_user, verbs.own_place(current_user, entry_id))
    return done(url_for("photos.arrange", entry_id=entry_id))


@bp.post("/entries/<id:entry_id>/photos/move")
def move(entry_id: int) -> Response:
    entry, form = verbs.own_place(current_user, entry_id), MoveForm()
    album = form.perform(verbs.move_to_album, current_user, entry)
    return see_other(_address(album)) if album else _arranging(entry, form)


@bp.post("/entries/<id:entry_id>/earlier")
def earlier(entry_id: int) -> Response:
    return _beside(entry_id, -1)


@bp.post("/entries/<id:entry_id>/later")
def later(entry_id: int) -> Response:
    return _beside(entry_id, 1)


@bp.post("/entries/<id:entry_id>/cover")
def cover(entry_id: int) -> Response:
    photo = _visible_photo(entry_id)
    act(verbs.make_cover, current_user, photo)
    return see_other(url_for("photos.arrange", entry_id=photo.parent_id))


@bp.route("/albums/<id:entry_id>/contributors", methods=["GET", "POST"])
def share(entry_id: int) -> Response:
    entry = verbs.own_place(current_user, _visible_album(entry_id).id)
    named = queries.contributors(current_user, entry)
    form = ShareForm(data={"people": frozenset(member.handle for member in named)})
    if form.perform(verbs.share_album, current_user, entry):
        return see_other(_address(entry))
    return page("photos/share.html", form.status, form=form, item=shown(current_user, [entry_id])[0])


@bp.get("/albums/<id:entry_id>/zip")
def download(entry_id: int) -> Response:
    """Everything in it that they may see, as it comes out of the storage."""
    entry = _visible_album(entry_id)
    name = f"{shown(current_user, [entry_id])[0].content.title}.zip"
    done_with = take_turn(current_user.id)
    response = Response(stream_with_context(zip_of(current_user.id, entry.id)), mimetype="application/zip")
    response.call_on_close(done_with)
    response.headers["Content-Disposition"] = attachment(name)
    response.cache_control.private = response.cache_control.no_store = True
    return response


@bp.get("/@<word:handle>/photos")
def of_member(handle: str) -> Response:
    member = visible_member(current_user, handle)
    cursors = Cursors(f"albums of {member.id}", current_user.id)
    after = cursors.read(request.args.get("after"))
    found = cursors.page(
        queries.albums_by(current_user, member, ALBUMS_PER_PAGE + 1, after), ALBUMS_PER_PAGE, lambda position: position
    )
    older = url_for("photos.of_member", handle=handle, after=found.cursor) if found.cursor else None
    items = shown(current_user, [entry_id for _at, entry_id in found.items])
    return page("photos/of_member.html", member=member, items=items, older_url=older)


def _visible_album(entry_id: int) -> Entry:
    entry = visible_entry(current_user, entry_id)
    if entry.kind != "album":
        raise NotHere
    return entry


def _visible_photo(entry_id: int) -> Entry:
    entry = visible_entry(current_user, entry_id)
    if entry.parent_id is None:
        raise NotHere
    return entry


def _beside(entry_id: int, by: int) -> Response:
    photo = _visible_photo(entry_id)
    act(verbs.move_photo, current_user, photo, by=by)
    return done(came_from(url_for("photos.arrange", entry_id=photo.parent_id)) + f"#p{entry_id}")


def _arranging(entry: Entry, form: MoveForm) -> Response:
    prints, later_url = _page_of(entry, "photos.arrange")
    return page(
        "photos/arrange.html",
        form.status,
        form=form,
        item=shown(current_user, [entry.id])[0],
        prints=prints,
        later_url=later_url,
        albums=queries.own_albums(current_user, entry.id),
        back=_address(entry),
    )


def _page_of(entry: Entry, endpoint: str) -> tuple[list[Print], str | None]:
    """One page of its photos, and the address of the next. The address names a place, which hides nothing."""
    prints = prints_in(
        entry.id,
        shows_photo(current_user.id),
        PHOTOS_PER_PAGE + 1,
        (min(_number("after", -1), LAST_POSITION), _number("photo", 0)),
    )
    if len(prints) <= PHOTOS_PER_PAGE:
        return prints, None
    last = prints[PHOTOS_PER_PAGE - 1]
    address = url_for(endpoint, entry_id=entry.id, after=last.position, photo=last.id)
    return prints[:PHOTOS_PER_PAGE], address


def _number(name: str, otherwise: int) -> int:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else otherwise


def _address(entry: Entry) -> str:
    """An album has a page of its own."""
    return url_for("photos.show" if entry.kind == "album" else "reading.show", entry_id=entry.id)
