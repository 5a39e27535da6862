"""What the demo promises to show: three years, two languages, all that the site can do, and nothing that is broken."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from mixlite.app.demo.albums import PICTURES, read_albums
from mixlite.app.demo.build import GUESTS, NEWCOMER, PASSWORD
from mixlite.app.demo.script import read_cast, read_latecomers
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.mail import Letter
from mixlite.entries.audience import OFFERED
from mixlite.entries.comments import Comment
from mixlite.entries.drafts import Draft
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media
from mixlite.entries.mentions import Mention
from mixlite.entries.photos import Photo
from mixlite.entries.selections import SelectionPerson
from mixlite.entries.versions import Version
from mixlite.features.reports.models import Report
from mixlite.people.members import Member
from mixlite.people.mutes import Mute
from mixlite.people.stafflog import StaffAct
from tests.support.site import Client, Site
from tests.support.walking import pages_of

pytestmark = pytest.mark.timeout(300)  # whichever test is first builds the whole demo

CAST = read_cast()
PIECES = [(person, piece) for person in CAST.values() for piece in person.pieces]
_LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')
LOGINS = [handle for handle, _words in (*GUESTS, NEWCOMER)]


def count(row, *conditions) -> int:
    """Only inside `inside()`."""
    return db.session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0


def test_there_is_much_to_read_and_most_of_it_is_answered():
    assert len(PIECES) >= 650
    assert sum(len(piece.comments) for _person, piece in PIECES) >= 1000
    pointing = [line for _person, piece in PIECES for line in piece.comments if line.text.startswith(">>")]
    assert len(pointing) >= 150


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("ago", [0, 1, 2])
def test_each_of_the_three_years_speaks_both_languages_in_every_season(language, ago):
    pieces = [piece for person, piece in PIECES if person.language == language and piece.ago == ago]
    assert len(pieces) >= 15
    assert {piece.when.month % 12 // 3 for piece in pieces} == {0, 1, 2, 3}
    assert {piece.kind for piece in pieces} == {"diary", "voice"}


def test_everybody_has_written_in_more_than_one_year():
    for person in CAST.values():
        assert {piece.ago for piece in person.pieces} >= {0}
        assert any(piece.ago for piece in person.pieces), person.handle


def test_the_oldest_entry_is_almost_three_years_old(demo):
    with demo.inside():
        oldest = db.session.execute(select(func.min(Entry.shown_at))).scalar_one()
    assert timedelta(days=2 * 365) < clock.now() - oldest < timedelta(days=3 * 366)


def test_every_audience_and_habit_is_in_use(demo):
    with demo.inside():
        of_its_own = select(Entry.audience).where(Entry.parent_id.is_(None))
        assert set(db.session.scalars(of_its_own)) == {word.value for word in OFFERED}
        assert count(SelectionPerson, SelectionPerson.is_exception)
        assert count(Entry, Entry.needs_no_answer) >= 5
        assert count(Entry, Entry.comments_closed_at.is_not(None)) >= 1
        assert count(Entry, Entry.edited_at.is_not(None)) >= 1
        assert count(Version) >= 2
        assert count(Draft) >= 5
        assert count(Mute) >= 1
        assert count(Mention) >= 1


def test_the_hosts_rooms_are_not_empty(demo):
    with demo.inside():
        states = list(db.session.scalars(select(Report.state)))
        assert sorted(states) == ["dismissed", "open", "open", "suspended"]
        assert all(db.session.scalars(select(Report.note)))
        suspended = db.session.scalars(select(Member).where(Member.status == "suspended")).one()
        assert suspended.suspended_until is not None
        assert suspended.suspended_until > clock.now()
        assert count(StaffAct) >= 5
        assert count(Letter, Letter.state == "failed") == 1
    host = demo.sign_in("hiraku", PASSWORD)
    assert "駐輪場" in host.get("/host/reports").text
    assert "メールサーバーが、この宛先を受け付けません" in host.get("/host/jobs").text
    assert "樋の掃除" in demo.sign_in("michiko", PASSWORD).get("/").text


def test_albums_of_drawn_pictures_wait_for_the_worker_and_say_what_they_show(demo):
    told = [picture for album in read_albums() for picture in album["pictures"]]
    assert {f"{name}.webp" for name, _alt in told} == {path.name for path in PICTURES.iterdir()}
    with demo.inside():
        assert count(Entry, Entry.kind == "album", Entry.audience == "chosen") == 1
        assert count(Media, Media.state == "received", Media.entry_id.is_not(None)) == len(told)
        assert sorted(db.session.scalars(select(Photo.alt))) == sorted(alt for _name, alt in told)
        albums = db.session.scalars(select(Entry).where(Entry.kind == "album")).all()
        assert all(entry.shown_at < clock.now() - timedelta(hours=12) for entry in albums)
        under = select(Comment.created_at).join(Entry, Entry.id == Comment.entry_id).where(Entry.kind == "album")
        assert all(moment < clock.now() for moment in db.session.scalars(under))
    assert "ご近所鍋" in demo.sign_in("goro", PASSWORD).get("/@michiko/photos").text
    assert "ご近所鍋" not in demo.sign_in("leo", PASSWORD).get("/@michiko/photos").text


def test_a_newcomer_is_in_their_first_hour(demo):
    newcomer = read_latecomers(CAST)[-1]
    assert newcomer.handle == NEWCOMER[0]
    assert newcomer.arrival is not None
    home = demo.sign_in(newcomer.handle, PASSWORD).get("/").text
    assert newcomer.arrival.letter.split("\n")[0] in home
    assert "靴は揃えなくてよい" in home
    assert newcomer.name in demo.sign_in(newcomer.arrival.by, PASSWORD).get("/").text


def test_a_year_ago_today_there_was_something(demo):
    for handle, words in (("michiko", "おまけの体温計"), ("rosa", "Who is that in the photograph")):
        assert words in demo.sign_in(handle, PASSWORD).get("/").text


@pytest.mark.parametrize("handle", LOGINS)
def test_every_page_of_the_demo_opens_for_whoever_signs_in(demo: Site, handle: str):
    """A page of each shape that links lead to, and whatever their home and their own page link to."""
    demo.without_throttles()
    client = demo.sign_in(handle, PASSWORD)
    shapes = pages_of(client, ["/", "/settings/account", "/drafts", "/groups", "/friends", "/invitations"])
    assert len(shapes) > 20
    linked = {link for path in ("/", f"/@{handle}") for link in _LINK.findall(client.get(path).text)}
    found = {path: _status(client, unescape(path)) for path in sorted({*shapes, *linked})}
    assert {path: status for path, status in found.items() if status != 200} == {}


def _status(client: Client, path: str) -> int:
    """What comes back, read to its end: a file that is sent in pieces holds its request open until then."""
    answer = client.get(path)
    answer.get_data()
    answer.close()
    return answer.status_code


@pytest.mark.parametrize("person", list(CAST.values()), ids=lambda person: person.handle)
def test_everybodys_page_and_home_open_for_themselves(demo: Site, person):
    client = demo.sign_in(person.handle, PASSWORD)
    for path in ("/", f"/@{person.handle}", f"/@{person.handle}/diary", f"/@{person.handle}/friends"):
        assert client.get(path).status_code == 200, path
