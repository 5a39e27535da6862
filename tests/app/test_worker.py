"""The outbox and the worker: nothing is forgotten, nothing is done twice (R4), deleted means gone."""

import os
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mixlite.app.factory import create_app
from mixlite.app.worker import HueyQueue, build_queue, build_workshop, housekeeping
from mixlite.core import clock, events, once
from mixlite.core.db import db, writing
from mixlite.core.events import ERROR_LENGTH, KEPT, LEASE, MAX_ATTEMPTS, Event, event_job
from mixlite.core.jobs import LONGEST_WAIT_SECONDS, Bell, Silence, Workshop, backoff
from mixlite.core.rooms import House
from mixlite.features.reading.verbs import add_comment, delete_entry, remove_comment
from mixlite.policy.visibility import visible_entry
from tests.app.everywhere import everything
from tests.support.site import Site

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Ears:
    """A queue that remembers every ring."""

    def __init__(self):
        self.rings: list[tuple[str, int, timedelta]] = []

    def send(self, kind, row_id, delay):
        self.rings.append((kind, row_id, delay))


def _react_with(site: Site, reaction) -> Workshop:
    """A house in which `reaction` answers "something.happened"."""
    house = House(reactions={"something.happened": (reaction,)})
    site.app.extensions["mixlite.house"] = house
    return Workshop([event_job(house.reactions)])


def _happen(site: Site, delay: timedelta = timedelta(0)) -> int:
    with site.inside():
        with writing():
            event = events.record("something.happened", actor_id=None, subject_id=1, delay=delay)
        return event.id


def _event(site: Site, event_id: int) -> Event:
    event = db.session.get(Event, event_id, populate_existing=True)
    assert event is not None
    return event


# --- R4 -------------------------------------------------------------------------------------------------------------


def test_r4_an_event_whose_ring_is_lost_is_found_by_the_sweep(any_site):
    done: list[int] = []
    workshop = _react_with(any_site, lambda event: done.append(event.id))
    any_site.app.extensions["mixlite.bell"] = Bell(Silence())
    event_id = _happen(any_site)
    with any_site.inside():
        assert done == []
        assert workshop.sweep() == 1
        assert done == [event_id]
        assert workshop.sweep() == 0


KILLED = """
    import os, sys
    from mixlite.app.factory import create_app
    from mixlite.core.db import writing
    from mixlite.features.reading.verbs import delete_entry
    from mixlite.people.members import member_with_handle
    from mixlite.policy.visibility import visible_entry
    from pathlib import Path
    from tests.support.site import settings_for

    class Dies:
        def send(self, *_):
            os._exit(9)

    app = create_app(settings_for(Path(sys.argv[1]), erase_after=0), Dies())
    with app.app_context(), writing():
        author = member_with_handle("host")
        delete_entry(author, visible_entry(author, int(sys.argv[2])))
    print("still here")
"""


def _settle(site):
    """Let the worker do what the joining left to it."""
    with site.inside():
        while build_workshop().sweep():
            pass


def test_r4_killed_between_commit_and_ring_nothing_is_forgotten(site):
    """The process dies where it would ring. What it acknowledged is there, and the next sweep does the rest."""
    site.join("host")
    entry = site.diary("host")
    _settle(site)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(site.settings.instance), str(entry)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 9, ended.stderr
    assert "still here" not in ended.stdout
    assert [row for row in everything(site)["entries"] if row[0] == entry], "deleted, not erased yet"
    with site.inside():
        assert build_workshop().sweep() == 1
    assert not everything(site)["entries"]
    assert not everything(site)["diaries"]


def test_r4_a_doubled_ring_does_nothing_twice(any_site):
    done: Counter[int] = Counter()
    workshop = _react_with(any_site, lambda event: done.update([event.id]))
    event_id = _happen(any_site)
    with any_site.inside():
        for _ in range(3):
            workshop.run("event", event_id)
        workshop.sweep()
    assert done == {event_id: 1}


def test_r4_a_ring_for_what_is_not_there_does_nothing(any_site):
    workshop = _react_with(any_site, lambda _event: pytest.fail("nothing happened"))
    with any_site.inside():
        workshop.run("event", 4711)
        workshop.run("no such kind", 1)
        assert workshop.sweep() == 0


def test_rings_come_after_the_commit_and_not_at_all_after_a_rollback(site):
    ears = Ears()
    _react_with(site, lambda _event: None)
    site.app.extensions["mixlite.bell"] = Bell(ears)
    with site.inside():
        with writing():
            events.record("something.happened", actor_id=None, subject_id=1, delay=timedelta(seconds=7))
            assert ears.rings == []
        assert [(kind, delay) for kind, _row, delay in ears.rings] == [("event", timedelta(seconds=7))]
        with pytest.raises(ZeroDivisionError), writing():
            assert events.record("something.happened", actor_id=None, subject_id=2).id / 0
        with writing():
            events.record("nobody.cares", actor_id=None, subject_id=3)
    assert len(ears.rings) == 1
    assert [row[2:4] for row in everything(site)["events"]] == [(None, 1), (None, 3)]


def test_a_queue_that_is_broken_breaks_no_act(site, cast, caplog):
    class Broken:
        def send(self, *_):
            raise OSError("no queue")

    site.app.extensions["mixlite.bell"] = Bell(Broken())
    entry = site.diary("author")
    answer = site.sign_in("author").post(f"/entries/{entry}/delete")
    assert answer.status_code == 303
    assert "was not heard" in caplog.text


# --- retries --------------------------------------------------------------------------------------------------------


def test_a_reaction_that_fails_is_tried_again_later_and_parked_after_twelve_times(any_site, caplog):
    tried: list[datetime] = []

    def fails(_event):
        tried.append(clock.now())
        raise ValueError("not today " + "x" * 2000)

    workshop = _react_with(any_site, fails)
    moment = NOON
    with clock.at(moment):
        event_id = _happen(any_site)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with any_site.inside(), clock.at(moment):
            assert workshop.sweep() == 1
            assert workshop.sweep() == 0, "not before its time"
            event = _event(any_site, event_id)
            assert event.attempts == attempt
            assert event.leased_until is None
            assert event.error
            assert event.error.startswith("ValueError: not today")
            assert len(event.error) <= ERROR_LENGTH
            assert event.state == ("failed" if attempt == MAX_ATTEMPTS else "waiting")
            wait = event.due_at - moment
            assert wait >= timedelta(seconds=min(4.5 * 2 ** (attempt - 1), 3200))
            moment = event.due_at
    with any_site.inside(), clock.at(moment + timedelta(days=9)):
        assert workshop.sweep() == 0, "parked"
    assert len(tried) == MAX_ATTEMPTS


def test_a_reaction_that_fails_once_leaves_nothing_half_and_then_succeeds(any_site):
    any_site.join("host")
    fail = [True]

    def reaction(event):
        any_site.member("host").introduction = f"written by {event.name}"
        db.session.flush()
        if fail:
            raise RuntimeError(fail.pop())

    workshop = _react_with(any_site, reaction)
    with clock.at(NOON):
        event_id = _happen(any_site)
        with any_site.inside():
            workshop.sweep()
            assert any_site.member("host").introduction == ""
    with any_site.inside(), clock.at(NOON + timedelta(minutes=1)):
        workshop.sweep()
        assert any_site.member("host").introduction == "written by something.happened"
        assert _event(any_site, event_id).state == "done"


def test_backoff_doubles_to_an_hour_with_some_jitter():
    for attempt in range(1, 40):
        seconds = [backoff(attempt).total_seconds() for _ in range(50)]
        middle = min(5 * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS)
        assert all(middle * 0.9 <= second <= middle * 1.1 for second in seconds)
        assert len(set(seconds)) > 10


def test_two_workers_at_once_have_one_effect(any_site):
    done: Counter[int] = Counter()
    inside = threading.Event()

    def slowly(event):
        inside.wait(0.2)
        done.update([event.id])

    workshop = _react_with(any_site, slowly)
    event_ids = [_happen(any_site) for _ in range(4)]
    gate = threading.Barrier(4)

    def work():
        gate.wait()
        with any_site.app.app_context():
            workshop.sweep()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == dict.fromkeys(event_ids, 1)


def test_a_worker_that_died_in_the_middle_gives_its_event_back_when_the_lease_ends(any_site):
    done: list[int] = []
    workshop = _react_with(any_site, lambda event: done.append(event.id))
    with clock.at(NOON):
        event_id = _happen(any_site)
        with any_site.inside():
            assert events._claimed(event_id)  # and then the power goes
    with any_site.inside(), clock.at(NOON + LEASE - timedelta(seconds=1)):
        assert workshop.sweep() == 0
    with any_site.inside(), clock.at(NOON + LEASE):
        assert workshop.sweep() == 1
    assert done == [event_id]


# --- deleted means gone ---------------------------------------------------------------------------------------------


def test_s26_a_deleted_entry_is_erased_with_all_that_hangs_on_it_after_the_grace(any_site):
    any_site.join("host")
    any_site.join("friend", "host")
    with clock.at(NOON):
        entry, other = any_site.diary("host", body="To be erased."), any_site.voice("host", body="Stays.")
        client = any_site.sign_in("friend")
        for act, sent in (("comments", {"body": "Oh."}), ("like", {}), ("favourite", {})):
            assert client.post(f"/entries/{entry}/{act}", sent).status_code == 303
        any_site.do(lambda host: delete_entry(host, visible_entry(host, entry)), "host")
        assert client.get(f"/entries/{entry}").status_code == 404, "at the click"
    grace = timedelta(seconds=any_site.settings.erase_after)
    with any_site.inside(), clock.at(NOON + grace - timedelta(seconds=1)):
        assert build_workshop().sweep() == 0
    assert len(everything(any_site)["entries"]) == 2
    with any_site.inside(), clock.at(NOON + grace):
        assert build_workshop().sweep() == 1
    rows = everything(any_site)
    assert [row[0] for row in rows["entries"] if row[0] == entry] == []
    assert [len(rows[table]) for table in ("entries", "diaries", "comments", "likes", "favourites")] == [1, 0, 0, 0, 0]
    assert "To be erased." not in repr(rows)
    assert any_site.voice("host") > other, "and its number does not come back"


def test_s26_a_removed_comment_is_erased_and_its_number_stays_empty(any_site):
    any_site.join("host")
    entry = any_site.diary("host")

    def comment(host, body):
        return add_comment(host, visible_entry(host, entry), body=body)

    with clock.at(NOON):
        for body in ("one", "two"):
            any_site.do(comment, "host", body)
        any_site.do(lambda host: remove_comment(host, visible_entry(host, entry), 2), "host")
    with any_site.inside(), clock.at(NOON + timedelta(minutes=1)):
        build_workshop().sweep()
    any_site.do(comment, "host", "three")
    assert sorted((row[2], row[4]) for row in everything(any_site)["comments"]) == [(1, "one"), (3, "three")]


def test_an_entry_that_was_asked_back_is_not_erased(site):
    site.join("host")
    entry = site.diary("host")
    _settle(site)
    site.do(lambda host: delete_entry(host, visible_entry(host, entry)), "host")
    with site.inside(), writing():
        db.session.execute(db.text("UPDATE entries SET deleted_at = NULL"))
    with site.inside(), clock.at(clock.now() + timedelta(minutes=1)):
        assert build_workshop().sweep() == 1
    assert len(everything(site)["entries"]) == 1


# --- the clock ------------------------------------------------------------------------------------------------------


def test_housekeeping_forgets_what_is_no_longer_needed(any_site):
    with clock.at(NOON):
        any_site.join("host")
        any_site.sign_in("host").submit("/voice/new", "Post", body="Tea.")
        _settle(any_site)
        _react_with(any_site, lambda _event: None)
        waiting = _happen(any_site)
    with any_site.inside(), clock.at(NOON + timedelta(days=2)):
        housekeeping()
    rows = everything(any_site)
    assert len(rows["submissions"]) == 1
    with any_site.inside(), clock.at(NOON + once.KEPT + timedelta(hours=1)):
        housekeeping()
    assert everything(any_site)["submissions"] == []
    with any_site.inside(), clock.at(NOON + KEPT + timedelta(days=1)):
        housekeeping()
        assert [event.id for event in db.session.scalars(select(Event))] == [waiting], "what waits is kept"
    assert everything(any_site)["sessions"] == []


def test_one_chore_that_fails_does_not_keep_the_others_from_being_done(site, monkeypatch, caplog):
    with clock.at(NOON):
        site.join("host")
    monkeypatch.setattr(once, "forget_old_submissions", lambda: 1 / 0)
    once.forget_old_submissions.__name__ = "forget_old_submissions"
    with site.inside(), clock.at(NOON + timedelta(days=400)):
        housekeeping()
    assert everything(site)["sessions"] == []
    assert "forget_old_submissions failed" in caplog.text


def test_the_queue_on_sqlite_carries_rings_with_their_delay(site):
    heard: list[tuple[str, int]] = []
    sender = build_queue(site.settings)
    worker = build_queue(site.settings, lambda kind, row_id: heard.append((kind, row_id)))
    assert sender.is_heard()
    sender.send("event", 1, timedelta(0))
    sender.send("event", 2, timedelta(hours=1))
    huey = worker.huey
    tasks = [task for _ in range(4) if (task := huey.dequeue()) is not None]
    for task in tasks:
        if huey.ready_to_run(task):
            huey.execute(task)
    assert heard == [("event", 1)]
    assert len(tasks) + huey.scheduled_count() >= 2
    for queue in (sender, worker):
        queue.huey.storage.close()


def test_readyz_says_when_the_queue_does_not_answer(site):
    assert site.client().get("/readyz").status_code == 200

    class Deaf(HueyQueue):
        def __init__(self):
            pass

        def is_heard(self):
            return False

    site.app.extensions["mixlite.bell"] = Bell(Deaf())
    assert site.client().get("/readyz").status_code == 503
    assert site.client().get("/healthz").status_code == 200


def test_queue_and_outbox_are_closed_to_others_whatever_the_umask(site):
    """Also where an earlier mixlite made them open; rings name rows, and mails hold links that open accounts."""
    instance = site.settings.instance
    for name in ("queue.sqlite3", "queue.sqlite3-wal"):
        (instance / name).touch(0o644)
    (instance / "outbox").chmod(0o755)
    before = os.umask(0o000)
    try:
        create_app(site.settings, build_queue(site.settings)).extensions["mixlite.bell"].ring("event", 1)
        closed = ["outbox", *(path.name for path in instance.glob("queue.sqlite3*"))]
        assert len(closed) >= 3
        for name in closed:
            assert (instance / name).stat().st_mode & 0o077 == 0, name
    finally:
        os.umask(before)


def test_p4_housekeeping_throws_away_old_copies_of_the_database(site):
    folder = site.settings.instance / "backups"
    folder.mkdir()
    (folder / "before-upgrade-20261001-000000.sqlite3").touch()
    with site.inside(), clock.at(datetime(2026, 11, 20, tzinfo=UTC)):
        housekeeping()
    assert list(folder.iterdir()) == []
