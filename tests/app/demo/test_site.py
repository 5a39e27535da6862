"""The site that the demo is, as it stands in the database and on its pages."""

import sqlite3
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from mixlite.app.demo import karate, script
from mixlite.app.demo.albums import read_albums
from mixlite.app.demo.build import GUESTS, OPEN_DOOR, PASSWORD, welcome
from mixlite.app.demo.hosts import read_house
from mixlite.app.demo.script import read_cast, read_latecomers
from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.passwords import weakness
from mixlite.entries.audience import OFFERED
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.entries.marks import Favourite, Like
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from mixlite.features.diary.models import Diary
from mixlite.features.invitations.models import Invitation
from mixlite.people.friendships import FriendRequest, Friendship
from mixlite.people.members import Member
from mixlite.people.sessions import SignedIn
from mixlite.policy.visibility import readers_of, sees
from tests.app.demo.conftest import NOON, build
from tests.support.site import Site

pytestmark = pytest.mark.timeout(240)  # whichever test is first builds the whole demo

CAST = read_cast()
LATE = read_latecomers(CAST)
SEATS = {person.handle: person.seat for person in (*CAST.values(), *LATE)}
PEOPLE = {person.seat: person for person in (*CAST.values(), *LATE)}


def ties(demo: Site) -> set[tuple[str, str]]:
    with demo.inside():
        names = {member.id: member.handle for member in db.session.scalars(select(Member))}
        rows = db.session.execute(select(Friendship.member_id, Friendship.friend_id))
        return {(names[one], names[other]) for one, other in rows}


def entry_with(title: str) -> int:
    """Only inside `inside()`."""
    return db.session.scalars(select(Diary.entry_id).where(Diary.title == title)).one()


def test_friends_are_exactly_the_published_ties(demo):
    found = {(SEATS[one], SEATS[other]) for one, other in ties(demo)}
    brought = {(SEATS[person.arrival.by], person.seat) for person in LATE if person.arrival}
    found -= brought | {(guest, inviter) for inviter, guest in brought}
    assert found == karate.TIES | {(high, low) for low, high in karate.TIES}


def test_everybody_was_invited_as_the_tree_says_with_their_inviters_letter(demo):
    with demo.inside():
        members = {member.handle: member for member in db.session.scalars(select(Member))}
        sponsors = {handle: member.sponsor_id for handle, member in members.items()}
        for inviter, guest in karate.invitation_tree():
            sponsor = members[CAST[inviter].handle]
            newcomer = members[CAST[guest].handle]
            invitation = db.session.get_one(Invitation, newcomer.invitation_id)
            assert newcomer.sponsor_id == invitation.inviter_id == sponsor.id
            assert invitation.letter == CAST[inviter].letter
            assert sponsor.joined_at < invitation.created_at < newcomer.joined_at
    assert [handle for handle, sponsor in sponsors.items() if sponsor is None] == ["hiraku"]


def test_the_instructor_is_the_only_host(demo):
    with demo.inside():
        assert db.session.scalars(select(Member.handle).where(Member.is_host)).all() == ["hiraku"]


def test_the_34_are_there_before_anybody_writes(demo):
    with demo.inside():
        first = db.session.execute(select(func.min(Entry.created_at))).scalar_one()
        early = select(func.count()).select_from(Member).where(Member.joined_at < first)
        assert db.session.scalar(early) == karate.PEOPLE
        ties_since = select(func.count()).select_from(Friendship).where(Friendship.since < first)
        assert db.session.scalar(ties_since) == 2 * len(karate.TIES)


def test_everybody_says_who_they_are_in_their_language(demo):
    with demo.inside():
        for member in db.session.scalars(select(Member)):
            person = PEOPLE[SEATS[member.handle]]
            assert (member.name, member.language) == (person.name, person.language)
            assert member.introduction == person.introduction


def test_all_of_the_script_is_there_but_what_is_not_due_today(demo):
    written = [piece for person in PEOPLE.values() for piece in person.pieces]
    last_day = [piece for piece in written if not piece.ago and (piece.when.month, piece.when.day) == (11, 22)]
    later_today = [piece for piece in last_day if piece.when.at.hour >= 12]
    with demo.inside():
        words = Entry.kind.in_(("diary", "voice"))
        count = select(func.count()).select_from(Entry).where(words)
        assert db.session.scalar(count) == len(written) - len(later_today)
    assert 0 < len(later_today) < 5


@pytest.mark.parametrize("table", [Comment, Like, Favourite])
def test_whoever_answered_or_marked_can_read_it_to_this_day(demo, table):
    maker = table.author_id if table is Comment else table.member_id
    query = select(func.count()).select_from(table).join(Entry, Entry.id == table.entry_id)
    with demo.inside():
        assert db.session.execute(query).scalar_one() > 100
        kept = query.where(Entry.deleted_at.is_(None))
        assert db.session.scalar(kept.where(~sees(maker, Entry))) == 0


@pytest.mark.parametrize("table", [Comment, Like, Favourite])
def test_answers_and_marks_are_younger_than_their_entry_and_older_than_now(demo, table):
    query = select(func.count()).select_from(table).join(Entry, Entry.id == table.entry_id)
    with demo.inside():
        too_soon = query.where(table.created_at <= Entry.created_at)
        assert db.session.scalar(too_soon) == 0
        assert db.session.scalar(query.where(table.created_at >= clock.now())) == 0


def test_what_friends_wrote_is_read_by_exactly_their_friends(demo):
    with demo.inside():
        readers = {member.handle for member in readers_of(entry_with("A bathing costume"), 50)}
    assert readers == {CAST[seat].handle for seat in karate.friends_of(karate.ADMINISTRATOR)}


def test_the_two_leaders_do_not_read_each_other(demo):
    with demo.inside():
        johns, hirakus, secret = entry_with("A bathing costume"), entry_with("正座椅子"), entry_with("缶")
    hiraku, john, ken = (demo.sign_in(handle, PASSWORD) for handle in ("hiraku", "john", "ken"))
    assert john.get(f"/entries/{johns}").status_code == 200
    assert hiraku.get(f"/entries/{johns}").status_code == 404
    assert hiraku.get(f"/entries/{hirakus}").status_code == 200
    assert john.get(f"/entries/{hirakus}").status_code == 404
    assert hiraku.get(f"/entries/{secret}").status_code == 200
    assert ken.get(f"/entries/{secret}").status_code == 404


@pytest.mark.parametrize("guest", [handle for handle, _words in GUESTS])
def test_a_guest_signs_in_and_home_is_alive_in_their_language(demo, guest):
    client = demo.sign_in(guest, PASSWORD)
    home = client.get("/").text
    assert ("きょう" if CAST[SEATS[guest]].language == "ja" else "Today") in home
    assert home.count("/entries/") > 20


@pytest.mark.parametrize("guest", [handle for handle, _words in GUESTS])
def test_somebody_waits_for_the_guests_answer(demo, guest):
    with demo.inside():
        waiting = select(FriendRequest).join(Member, Member.id == FriendRequest.asked_id).where(Member.handle == guest)
        found = db.session.scalars(waiting).all()
    assert found
    assert all(request.declined_at is None and request.message for request in found)


def test_some_invitations_are_open_and_one_was_taken_back(demo):
    with demo.inside():
        states = [invitation.state for invitation in db.session.scalars(select(Invitation))]
    assert states.count("open") == 3
    assert states.count("revoked") == 1
    assert set(states) == {"open", "revoked", "used"}


def test_a_visitor_comes_in_by_the_link_that_is_printed(demo):
    with demo.app.test_request_context(), demo.inside():
        words = welcome()
    link = words.split()[-1]
    assert link.startswith("http://localhost/join/")
    assert PASSWORD in words
    assert all(handle in words for handle, _words in GUESTS)
    visitor = demo.client()
    page = visitor.get(link)
    assert CAST[SEATS[OPEN_DOOR]].letter.split("\n")[0][:40] in page.text
    typed = {"name": "Visitor", "handle": "visitor", "email": "v@example.com", "password": "seven ripe persimmons"}
    assert visitor.submit(page, "Join", **typed).status_code == 303
    assert ("visitor", OPEN_DOOR) in ties(demo)


def test_nobody_is_signed_in_anywhere(demo):
    with demo.inside():
        assert db.session.scalar(select(func.count()).select_from(SignedIn)) == 0


def test_the_password_would_pass_at_the_door():
    assert weakness(PASSWORD, [word for person in CAST.values() for word in (person.name, person.handle)]) is None


def test_the_same_day_gives_the_same_site(tmp_path, monkeypatch):
    told = {report["entry"] for report in read_house().table["reports"]}

    def shortened(person):
        kept = [piece for n, piece in enumerate(person.pieces) if n % 6 == 0 or piece.name in told]
        return replace(person, pieces=kept)

    shorter = {seat: shortened(person) for seat, person in CAST.items()}
    monkeypatch.setattr(script, "read_cast", lambda: shorter)
    one, other = (contents(build(tmp_path / name / "demo")) for name in ("one", "other"))
    assert len(one["entries"]) > 100
    assert one == other


def contents(folder: Path) -> dict[str, list[tuple]]:
    """Everything but secrets."""
    tables = {
        "members": "id, handle, name, email, introduction, language, is_host, sponsor_id, invitation_id, joined_at",
        "invitations": "id, inviter_id, letter, uses_total, uses_left, created_at, expires_at, revoked_at",
        "friendships": "*",
        "friend_requests": "*",
        "entries": "*",
        "diaries": "*",
        "voices": "*",
        "comments": "*",
        "likes": "*",
        "favourites": "*",
        "events": "*",
    }
    with sqlite3.connect(f"file:{folder / 'mixlite.sqlite3'}?mode=ro&immutable=1", uri=True) as database:
        found = {name: sorted(database.execute(f"SELECT {columns} FROM {name}")) for name, columns in tables.items()}
    database.close()
    return found


def test_the_folder_is_an_instance_that_other_commands_understand(whole_demo):
    config = tomllib.loads((whole_demo / "config.toml").read_text(encoding="utf-8"))
    assert config == {"site_name": "Yanagi Dojo 柳道場", "timezone": "Asia/Tokyo"}
    assert (whole_demo / "mixlite.sqlite3").stat().st_mode & 0o077 == 0
    assert (whole_demo / "secret-key").stat().st_mode & 0o077 == 0
    assert not list(whole_demo.glob("*-wal"))
    assert NOON.isoformat()[:10] in (whole_demo / "demo.json").read_text(encoding="utf-8")


def test_everybody_says_something_of_themselves_and_it_stands_for_whom_it_is_meant(demo):
    with demo.inside():
        facts = db.session.scalars(select(Fact)).all()
        speakers = {fact.author_id for fact in facts}
        assert len(speakers) == karate.PEOPLE
        assert {fact.audience for fact in facts} == {word.value for word in OFFERED}
        audiences = set(db.session.scalars(select(Entry.audience).where(Entry.parent_id.is_(None))))
    assert audiences == {word.value for word in OFFERED}
    key = "Third hook. You know which."
    hannah, maya = (demo.sign_in(handle, PASSWORD).get("/@rosa").text for handle in ("hannah", "maya"))
    assert key in hannah
    assert key not in maya


def test_somebody_has_a_birthday_this_week(demo):
    assert "Birthdays this week" in demo.sign_in("rosa", PASSWORD).get("/").text
    assert "今週の誕生日" in demo.sign_in("michiko", PASSWORD).get("/").text


def test_the_albums_hang_there_for_the_friends_of_who_made_them(demo):
    with demo.inside():
        build_workshop().sweep()
        albums = {entry.id: entry.author_id for entry in db.session.scalars(select(Entry).where(Entry.kind == "album"))}
        assert len(albums) == len(read_albums())
        assert set(db.session.scalars(select(Media.state))) == {"ready"}
        assert db.session.scalar(select(func.count()).select_from(Photo).where(Photo.alt == "")) == 0
    assert "The year, what I could find of it" in demo.sign_in("rosa", PASSWORD).get("/@rosa/photos").text
