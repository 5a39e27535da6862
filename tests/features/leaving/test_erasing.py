"""What is left of somebody who has left: an empty place, on each database (SECURITY.md, S26, P4)."""

import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.mail import Letter, post_letter
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.marks import Favourite, Like
from mixlite.features.accounts.models import MailedCode
from mixlite.features.friends.verbs import ask_to_be_friends, block
from mixlite.features.invitations.models import Invitation
from mixlite.features.leaving import erasing
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.features.reports.models import Report
from mixlite.people import leaving
from mixlite.people.blocks import Block
from mixlite.people.friendships import FriendRequest, Friendship
from mixlite.people.members import Member
from mixlite.people.second_factor import RecoveryCode
from mixlite.people.sessions import SignedIn
from tests.support.site import PASSWORD, Site, gather

CANARY = "kanarienvogel"
WEEK = timedelta(days=7)


def _leave_traces(member: Member) -> None:
    """In the member's own row, in mails, in codes, and in the invitation that brought them."""
    member.introduction, member.totp_secret = f"{CANARY} intro", f"{CANARY} box"
    member.invite_denial = f"{CANARY} no"
    brought = db.session.get_one(Invitation, member.invitation_id)
    brought.mailed_to = member.email
    sent = db.session.scalars(select(Invitation.id).where(Invitation.inviter_id == member.id)).first() or 0
    address, device = f"{CANARY}@old.example", "accounts/mail_device.txt"
    for template, key, about_id, to in (
        ("invitations/letter.txt", "brought", brought.id, address),
        ("invitations/letter.txt", "sent", sent, address),
        (device, "mine", 1, member.email),
        (device, "another's", 1, "friend@example.com"),
    ):
        post_letter(template, key=key, about_id=about_id, address=to, language="en", handle="x")
    code = MailedCode(purpose="reset", salt="s", token_hash="t", address=member.email, expires_at=clock.now())
    code.member_id = member.id
    db.session.add_all([code, RecoveryCode(member_id=member.id, code_hash="c")])
    db.session.flush()


@pytest.fixture
def nest(any_site: Site) -> Site:
    """The cast, and a member who left a word everywhere and has just left."""
    site = any_site
    cast = gather(site)
    site.join(f"{CANARY}_h", "friend", name=f"{CANARY} name", email=f"{CANARY}@example.com", confirmed=True)
    bird = f"{CANARY}_h"
    site.ids["bird"] = site.ids[bird]
    child_link = site.invite(bird, letter=f"{CANARY} letter", uses=5)
    site.join("child", bird)
    site.sign_in(bird)
    site.do(ask_to_be_friends, bird, "stranger", message=f"{CANARY} please")
    site.do(block, bird, "second")
    for number in range(3):
        site.diary(bird, "members", f"{CANARY} title", f"{CANARY} body {number}")
        site.voice(bird, "only_me", f"{CANARY} voice {number}")
    first = site.diary("friend", "members", "Ordinary")
    mine = site.diary(bird, "members", f"{CANARY} with answers")
    with site.inside(), writing():
        entry, own = db.session.get_one(Entry, first), db.session.get_one(Entry, mine)
        for who, words in ((bird, f"{CANARY} one"), (cast.friend, "two"), (bird, f"{CANARY} three"), ("child", "four")):
            add_comment(site.member(who), entry, body=words)
        add_comment(site.member(cast.friend), own, body="under the bird's")
        like(site.member(bird), entry)
        favour(site.member(bird), entry)
        like(site.member(cast.friend), entry)
        _leave_traces(site.member(bird))
        leaving.leave(site.member(bird))
    site.ids["first"], site.ids["mine"] = first, mine
    site.child_link = child_link  # type: ignore[attr-defined]
    return site


def work_after(site: Site, wait: timedelta) -> None:
    with site.app.app_context(), clock.at(clock.now() + wait):
        workshop = build_workshop()
        for _ in range(2):
            workshop.sweep()


def bird(site: Site) -> Member:
    return db.session.get_one(Member, site.ids["bird"])


def rows_with_the_canary(site: Site) -> list[str]:
    with site.inside():
        return [
            f"{table.name}: {row}"
            for table in db.metadata.tables.values()
            for row in db.session.execute(select(table))
            if CANARY in repr(row).lower()
        ]


def test_s26_not_a_minute_before_the_seven_days_are_over(nest):
    before = len(rows_with_the_canary(nest))
    assert before > 15
    work_after(nest, WEEK - timedelta(minutes=1))
    with nest.inside():
        assert bird(nest).status == "leaving"
        assert db.session.scalar(select(func.count()).where(Entry.author_id == nest.ids["bird"])) == 7


def test_s26_after_the_erasing_no_word_of_theirs_is_anywhere_in_the_database(nest):
    work_after(nest, WEEK + timedelta(minutes=1))
    assert rows_with_the_canary(nest) == []
    ids = nest.ids["bird"]
    with nest.inside():
        for column in (
            Entry.author_id,
            Comment.author_id,
            Like.member_id,
            Favourite.member_id,
            Friendship.member_id,
            Friendship.friend_id,
            FriendRequest.asker_id,
            Block.blocker_id,
            SignedIn.member_id,
            MailedCode.member_id,
            RecoveryCode.member_id,
        ):
            assert db.session.scalar(select(func.count()).where(column == ids)) == 0, column
        letters = db.session.execute(select(Letter.state, Letter.address).where(Letter.key == "another's")).all()
        assert letters == [("sent", "")]  # another's mail went out; to whom is not kept (mail.py)


def test_s26_not_even_in_the_bytes_of_the_file(nest):
    file = nest.settings.sqlite_file
    if file is None:
        pytest.skip("PostgreSQL keeps old versions of rows until it vacuums")
    assert CANARY.encode() in b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*"))
    with nest.inside():
        db.engine.dispose()
    work_after(nest, WEEK + timedelta(minutes=1))
    left = [path.name for path in file.parent.glob(file.name + "*") if CANARY.encode() in path.read_bytes().lower()]
    assert left == []


def test_what_stays_is_an_empty_place_with_dates_and_what_others_made(nest):
    with nest.inside():
        joined_at, sponsor_id = bird(nest).joined_at, bird(nest).sponsor_id
    work_after(nest, WEEK + timedelta(minutes=1))
    with nest.inside():
        place = bird(nest)
        assert (place.status, place.name, place.email, place.is_host) == ("gone", "", "", False)
        assert (place.joined_at, place.sponsor_id) == (joined_at, sponsor_id)
        assert nest.member("child").sponsor_id == place.id  # the tree holds in the middle
        comments = db.session.execute(select(Comment.number, Comment.text).where(Comment.entry_id == nest.ids["first"]))
        assert [tuple(row) for row in comments.all()] == [(2, "two"), (4, "four")]
        assert db.session.scalar(select(func.count()).where(Like.entry_id == nest.ids["first"])) == 1
        assert db.session.get(Entry, nest.ids["mine"]) is None
    for handle in ("child", "friend", "host"):
        client = nest.sign_in(handle)
        for path in ("/", "/friends", "/invitations", f"/@{handle}", f"/entries/{nest.ids['first']}"):
            assert client.get(path).status_code == 200, path
        assert client.get(f"/@gone-{nest.ids['bird']}").status_code == 404
    host = nest.sign_in("host")
    for path in ("/host", "/host/members", "/host/log", "/host/invitations", "/invitations/tree"):
        assert host.get(path).status_code == 200, path


def test_the_door_is_closed_for_good_and_the_link_too(nest):
    work_after(nest, WEEK + timedelta(minutes=1))
    for login in (f"{CANARY}_h", f"{CANARY}@example.com", f"gone-{nest.ids['bird']}", ""):
        for password in (PASSWORD, ""):
            answer = nest.client().submit("/sign-in", "Sign in", login=login, password=password)
            assert answer.status_code == 422
    assert nest.client().get(nest.child_link).status_code == 404


def test_the_handle_is_never_taken_again_and_the_address_may_come_back(nest):
    work_after(nest, WEEK + timedelta(minutes=1))
    link = nest.invite("friend")
    typed = {"name": "Somebody", "email": f"{CANARY}@example.com", "password": PASSWORD}
    for handle in (f"{CANARY}_h", f"{CANARY}_H", f" @{CANARY}_h"):
        refused = nest.client().submit(link, "Join", handle=handle, **typed)
        assert refused.status_code == 422
        assert "already taken" in refused.text
    assert nest.client().submit(link, "Join", handle="somebody", **typed).status_code == 303


def test_a_report_outlives_it_with_the_thing_as_it_was(nest):
    with nest.inside(), writing():
        report = {"reportable": "entry", "subject_id": nest.ids["mine"], "reason": "unkind"}
        db.session.add(
            Report(about_id=nest.ids["bird"], reporter_id=nest.ids["friend"], snapshot='{"text": "kept"}', **report)
        )
    work_after(nest, WEEK + timedelta(minutes=1))
    with nest.inside():
        assert db.session.scalars(select(Report.snapshot)).one() == '{"text": "kept"}'
    assert nest.sign_in("host").get("/host/reports").status_code == 200


# ---- in the middle of it


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("steps_done", [0, 2, 5, 8, 12])
def test_killed_in_the_middle_it_goes_on(nest, monkeypatch, steps_done):
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    original = erasing._take
    done: list[erasing.Step] = []

    def take(step: erasing.Step, member_id: int) -> bool:
        if len(done) < steps_done:
            done.append(step)
            return original(step, member_id)
        with writing():
            member = leaving.held_for_erasing(member_id)
            assert member is not None
            step(member)
            raise Killed

    monkeypatch.setattr(erasing, "_take", take)
    with nest.inside(), clock.at(clock.now() + WEEK), pytest.raises(Killed):
        erasing.erase(nest.ids["bird"])
    with nest.inside():
        assert bird(nest).status == "leaving"
    monkeypatch.setattr(erasing, "_take", original)
    work_after(nest, WEEK + timedelta(minutes=1))
    assert rows_with_the_canary(nest) == []
    with nest.inside():
        assert bird(nest).status == "gone"


KILLED = """
import sys, time
from datetime import timedelta
from pathlib import Path
from mixlite.app.factory import create_app
from mixlite.core import clock
from mixlite.core.config import load_settings
from mixlite.features.leaving import erasing
erasing.AT_ONCE = 1
take, count = erasing._take, 0
def slow(step, member_id):
    global count
    count += 1
    if count == 5:
        print("in the middle", flush=True)
        time.sleep(60)
    return take(step, member_id)
erasing._take = slow
settings = load_settings({}, instance=Path(sys.argv[1]), database_url=sys.argv[2])
with create_app(settings).app_context(), clock.at(clock.now() + timedelta(days=7, minutes=1)):
    erasing.erase(int(sys.argv[3]))
"""


def test_a_worker_that_is_killed_with_nine_leaves_nothing_half_done(nest):
    with nest.inside():
        db.engine.dispose()
    arguments = [str(nest.settings.instance), nest.settings.database_url, str(nest.ids["bird"])]
    with subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in the middle\n"
        worker.send_signal(signal.SIGKILL)
    with nest.inside():
        left = db.session.scalar(select(func.count()).where(Entry.author_id == nest.ids["bird"]))
        assert left == 3  # four were erased, one by one
        assert bird(nest).status == "leaving"
    work_after(nest, WEEK + timedelta(minutes=1))
    assert rows_with_the_canary(nest) == []


def test_two_workers_at_once_do_it_once(nest, monkeypatch):
    monkeypatch.setattr(erasing, "AT_ONCE", 1)
    ends: list[BaseException] = []
    gate = threading.Barrier(2)

    def run() -> None:
        with nest.inside(), clock.at(clock.now() + WEEK + timedelta(minutes=1)):
            try:
                gate.wait(10)
                erasing.erase(nest.ids["bird"])
            except BaseException as error:  # noqa: BLE001 - handed to the test
                ends.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == []
    assert rows_with_the_canary(nest) == []


def test_whoever_came_back_in_time_loses_nothing(nest):
    with nest.inside(), writing():
        leaving.come_back(bird(nest), remember=False, device="")
    before = rows_with_the_canary(nest)
    with nest.inside(), clock.at(clock.now() + 2 * WEEK):
        erasing.erase(nest.ids["bird"])
    work_after(nest, 2 * WEEK)
    with nest.inside():
        assert bird(nest).status == "active"
        assert db.session.scalar(select(func.count()).where(Entry.author_id == nest.ids["bird"])) == 7
    assert len([row for row in before if row.startswith("diaries")]) == 4
