"""Backup and restore: nothing acknowledged is lost, nothing is half, and a copy starts held."""

import json
import os
import random
import shutil
import sqlite3
import stat
import statistics
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from mixlite.app import cli, doctor
from mixlite.app.keeping import backup as making
from mixlite.app.keeping import held
from mixlite.app.keeping import restore as keeping
from mixlite.app.keeping.archive import Archive, BadArchive, CannotKeep, Member
from mixlite.app.keeping.backup import back_up, forget_old_copies, remember
from mixlite.app.keeping.restore import restore
from mixlite.app.keeping.rows import dump, tables_in
from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.config import ROOT, load_settings
from mixlite.core.db import Base, db, writing
from mixlite.core.events import Event
from mixlite.entries.entries import Entry
from mixlite.features.diary.models import Diary
from mixlite.features.diary.verbs import publish_diary
from mixlite.features.reading.verbs import delete_entry, favour
from mixlite.migrations.upgrade import upgrade
from tests.support.site import Site, _open, gather, settings_for

ODD = '“Quoted” \\ "plain"\n\ttab, 日本語, 👨‍👩‍👧, \u2028 line, é é, ]} null'


@pytest.fixture
def elsewhere(request, tmp_path):
    """Settings of another instance, with nothing in it, on the engine that is asked for."""
    made = []

    def make(engine="sqlite", **overrides):
        url = ""
        if engine == "postgresql":
            server = request.getfixturevalue("postgres_server")
            url = server.fresh_database()
            request.addfinalizer(lambda: server.drop_database(url))
        made.append(engine)
        return settings_for(tmp_path / f"elsewhere-{len(made)}", url, **overrides)

    return make


@pytest.fixture
def reopen(request):
    """Open a site on an instance that a restore has filled."""

    def opened(settings):
        site = _open(settings_for(settings.instance, "" if settings.is_sqlite else settings.database_url))
        request.addfinalizer(site.close)
        return site

    return opened


def engine_of(site: Site) -> str:
    return "sqlite" if site.settings.is_sqlite else "postgresql"


def furnish(site: Site) -> dict[str, int]:
    """A circle in which every table has rows, and one highest id has none."""
    gather(site)
    diary = site.diary("author", title=ODD[:60], body=ODD)
    site.voice("friend", body="おはよう 🌅")
    client = site.sign_in("friend")
    assert client.submit(f"/entries/{diary}", "Comment", body=ODD).status_code == 303
    with site.inside(), writing():
        favour(site.member("friend"), db.session.get_one(Entry, diary))
    gone = site.diary("author")
    with site.inside(), writing():
        db.session.delete(db.session.get_one(Entry, gone))
    settle(site)
    return {"diary": diary, "gone": gone}


def settle(site: Site) -> None:
    """Let the worker do what waits, so that a restored copy has nothing to hold."""
    with site.inside():
        while build_workshop().sweep():
            pass


def contents(file: Path) -> dict[str, list]:
    with Archive(file) as archive:
        return {table: sorted(archive.rows(table), key=repr) for table in archive.manifest.tables}


def _place_of(file: Path, table: str, column: str) -> int:
    with Archive(file) as archive:
        return archive.manifest.tables[table].columns.index(column)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ----------------------------------------------------------------------------------------------- nothing is lost


class Writers:
    """Members who write all the time, and note what was acknowledged, and when."""

    def __init__(self, site: Site, rate: float, threads: int = 4):
        self.site, self.pause = site, threads / rate
        self.journal: dict[int, tuple[str, str, float]] = {}
        self.waits: list[float] = []
        self.failures: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(20)

    def await_more(self, number: int) -> None:
        """Until so many more were acknowledged; ten seconds at most."""
        wanted, until = len(self.journal) + number, time.monotonic() + 10
        while len(self.journal) < wanted and not self.failures and time.monotonic() < until:
            time.sleep(0.005)

    def _write(self, number: int) -> None:
        dice = random.Random(number)
        due = time.monotonic()
        while not self._stop.is_set():
            title, body = f"{number} {dice.random()}", "".join(dice.choices(ODD + "abc", k=dice.randint(1, 3000)))
            began = time.monotonic()
            try:
                made = self.site.do(publish_diary, "author", title=title, body=body, excerpt="", audience="friends")
            except Exception as error:  # noqa: BLE001 - whatever it is, the test says it
                self.failures.append(error)
                return
            self.journal[made] = (title, body, time.monotonic())
            self.waits.append(time.monotonic() - began)
            due += self.pause
            self._stop.wait(max(0.0, due - time.monotonic()))


def test_r17_what_was_acknowledged_before_a_backup_is_in_it_under_fifty_writes_a_second(
    any_site, elsewhere, reopen, tmp_path, monkeypatch
):
    site, there = any_site, elsewhere(engine_of(any_site))
    gather(site)

    def slowly(connection, table):  # so that many writes fall into the reading
        writers.await_more(3)
        yield from dump(connection, table)

    monkeypatch.setattr(making, "dump", slowly)
    with Writers(site, rate=50) as writers:
        writers.await_more(30)
        began = time.monotonic()
        back_up(site.settings, tmp_path / "x.mixlite")
        ended = time.monotonic()
        writers.await_more(5)
    assert not writers.failures
    assert sum(began < at < ended for _, _, at in writers.journal.values()) >= 40, "they had to wait for the backup"
    assert statistics.median(writers.waits) < 0.3

    restore(there, tmp_path / "x.mixlite")
    copy = reopen(there)
    with copy.inside():
        entries = set(db.session.scalars(select(Entry.id)))
        words = {diary.entry_id: (diary.title, diary.body) for diary in db.session.scalars(select(Diary))}
        told = set(db.session.scalars(select(Event.subject_id).where(Event.name == "entry.published")))
    assert entries == set(words) == told, "every entry is whole"
    assert all(words[made] == writers.journal[made][:2] for made in words)
    assert {made for made, (_, _, at) in writers.journal.items() if at < began} <= entries
    assert len(entries) < len(writers.journal), "some came after the moment of the backup"


def test_r17_the_journal_that_grew_during_a_backup_shrinks_after_it(site, tmp_path, monkeypatch):
    gather(site)
    journal = site.settings.instance / "mixlite.sqlite3-wal"
    sizes = []

    def while_somebody_writes(connection, table):
        if table.name == "entries":
            for number in range(60):
                site.diary("author", title=f"{number}", body="柿 " * 3000)
            sizes.append(journal.stat().st_size)
        yield from dump(connection, table)

    monkeypatch.setattr(making, "dump", while_somebody_writes)
    back_up(site.settings, tmp_path / "x.mixlite")
    assert sizes[0] > 500_000
    assert journal.stat().st_size < 100_000


@pytest.mark.parametrize("there", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_r17_a_copy_is_the_same_on_either_engine_and_never_reuses_an_id(any_site, elsewhere, reopen, tmp_path, there):
    made = furnish(any_site)
    back_up(any_site.settings, tmp_path / "one")
    assert {"diary", "gone"} <= set(made)
    settings = elsewhere(there)
    restore(settings, tmp_path / "one")
    back_up(settings_for(settings.instance, settings.database_url), tmp_path / "two")
    before, after = contents(tmp_path / "one"), contents(tmp_path / "two")
    for ended in ("sessions", "mailed_codes"):
        assert before.pop(ended), "something to end"
        assert after.pop(ended) == []
    revoked_at = _place_of(tmp_path / "one", "invitations", "revoked_at")
    for rows in (before, after):
        rows["invitations"] = [row[:revoked_at] + row[revoked_at + 1 :] for row in rows["invitations"]]
    assert before == after
    copy = reopen(settings)
    copy.ids = any_site.ids
    assert copy.diary("author") > made["gone"]
    assert copy.join("newcomer", "author") > max(
        any_site.ids[handle] for handle in any_site.ids if handle != "newcomer"
    )
    with copy.inside():
        assert all(finding.is_well for finding in doctor.examine(copy.settings))


def test_every_table_is_in_a_backup(any_site):
    with any_site.inside(), db.engine.connect() as connection:
        assert set(tables_in(connection)) == set(Base.metadata.tables)


def test_r17_a_backup_of_one_moment_although_rows_change_between_two_tables(any_site, tmp_path, monkeypatch):
    """The writer's rows of one transaction are in both tables or in neither."""
    site = any_site
    gather(site)
    written = []

    def interrupted(connection, table):
        yield from dump(connection, table)
        if table.name == "diaries":
            written.append(site.diary("author"))

    monkeypatch.setattr(making, "dump", interrupted)
    back_up(site.settings, tmp_path / "x")
    kept = contents(tmp_path / "x")
    assert written
    assert len(kept["entries"]) == len(kept["diaries"]) == 0


# ------------------------------------------------------------------------------------------------ a copy starts held


def test_r17_sessions_and_links_of_the_backup_are_dead_and_passwords_work(any_site, elsewhere, reopen, tmp_path):
    site, there = any_site, elsewhere(engine_of(any_site))
    gather(site)
    client = site.sign_in("author")
    cookie = client.http.get_cookie("mixlite")
    link = site.invite("author")
    assert site.client().get(link).status_code == 200
    back_up(site.settings, tmp_path / "x")
    done = restore(there, tmp_path / "x")
    assert (done.held.sessions, done.held.invitations) == (8, 1)  # the cast's first sessions, and this one

    copy = reopen(there)
    assert client.get("/settings/profile").status_code == 200
    old = copy.client()
    old.http.set_cookie("mixlite", cookie.value)
    assert old.get("/settings/profile").location.startswith("/sign-in")
    missing = copy.client().get("/join/nobody-made-this-one")
    assert copy.client().get(link).data == missing.data
    assert copy.client().get(link).status_code == missing.status_code == 404
    copy.sign_in("author")
    said = "\n".join(done.words())
    assert "sessions ended: 8" in said
    assert "open invitations revoked: 1" in said


def test_r12_a_form_sent_before_the_backup_and_again_to_the_copy_makes_one_thing(site, elsewhere, reopen, tmp_path):
    gather(site)
    client = site.sign_in("author")
    form = next(form for form in client.forms(client.get("/diary/new")) if "Publish" in form.buttons)
    sent = {**form.fields, "title": "Once", "body": "And no more."}
    first = client.http.post("/diary/new", data=sent)
    back_up(site.settings, tmp_path / "x")
    there = elsewhere()
    restore(there, tmp_path / "x")
    again = reopen(there).sign_in("author")
    second = again.post("/diary/new", {**sent, "csrf_token": again.csrf_token()})
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.location == first.location
    assert again.get("/").text.count("And no more.") == 1


def test_r17_what_was_deleted_is_erased_in_the_copy_too(any_site, elsewhere, reopen, tmp_path):
    site, there = any_site, elsewhere(engine_of(any_site))
    gather(site)
    entry = site.diary("author")
    settle(site)
    with site.inside(), writing():
        delete_entry(site.member("author"), db.session.get_one(Entry, entry))
    back_up(site.settings, tmp_path / "x")
    assert restore(there, tmp_path / "x").held.jobs == 0
    copy = reopen(there)
    with copy.inside(), clock.at(clock.now() + timedelta(minutes=1)):
        assert build_workshop().sweep() == 1
        assert db.session.get(Entry, entry) is None
        assert db.session.scalar(select(Event.state).where(Event.name == "entry.deleted")) == "done"


def test_r17_what_could_leave_the_house_is_held(any_site, elsewhere, reopen, tmp_path):
    site, there = any_site, elsewhere(engine_of(any_site))
    now = clock.now()
    with site.inside(), writing():
        for name, state in (("letter.written", "waiting"), ("letter.written", "done"), ("entry.deleted", "waiting")):
            db.session.add(Event(name=name, actor_id=None, subject_id=1, happened_at=now, due_at=now, state=state))
    back_up(site.settings, tmp_path / "x")
    assert restore(there, tmp_path / "x").held.jobs == 1
    with reopen(there).inside():
        assert build_workshop().sweep() == 1
        found = set(map(tuple, db.session.execute(select(Event.name, Event.state))))
    assert found == {("letter.written", "held"), ("letter.written", "done"), ("entry.deleted", "done")}


def test_whoever_adds_a_kind_of_job_says_how_a_restored_copy_holds_it(site):
    with site.inside():
        assert set(build_workshop().jobs) == set(held.HOLDS)
        assert set(site.app.extensions["mixlite.house"].reactions) >= held.RUN_ON


# -------------------------------------------------------------------------------------------------------- the file


def test_a_backup_is_for_its_owner_alone_and_overwrites_nothing(site, tmp_path):
    file = tmp_path / "x.mixlite"
    made = back_up(site.settings, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (made.file, made.size) == (file, file.stat().st_size)
    first = file.read_bytes()
    with pytest.raises(CannotKeep, match="is there already"):
        back_up(site.settings, file)
    assert file.read_bytes() == first
    back_up(site.settings, file, overwrite=True)
    assert file.read_bytes() != first
    for nowhere in (tmp_path / "no" / "folder", tmp_path):
        with pytest.raises(CannotKeep):
            back_up(site.settings, nowhere)
    assert not list(tmp_path.glob(".*"))


def test_r6_a_full_disk_leaves_no_backup_and_the_older_one_as_it_was(site, tmp_path, monkeypatch):
    file = tmp_path / "x.mixlite"
    file.write_bytes(b"the older one")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mixlite.app.keeping.archive.os.fsync", full)
    with pytest.raises(CannotKeep, match="No space left on device"):
        back_up(site.settings, file, overwrite=True)
    assert file.read_bytes() == b"the older one"
    assert not list(tmp_path.glob(".*"))


def test_an_instance_without_a_database_has_nothing_to_back_up(elsewhere, tmp_path):
    settings = elsewhere()
    with pytest.raises(CannotKeep, match="nothing to back up"):
        back_up(settings, tmp_path / "x")
    sqlite3.connect(settings.sqlite_file).close()
    with pytest.raises(CannotKeep, match="nothing to back up"):
        back_up(settings, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_r18_a_flipped_or_missing_byte_is_found(site, tmp_path):
    furnish(site)
    (site.settings.instance / "media").mkdir()
    (site.settings.instance / "media" / "picture").write_bytes(random.Random(1).randbytes(3000))
    file, broken = tmp_path / "x", tmp_path / "broken"
    back_up(site.settings, file)
    whole, data = _read(file), file.read_bytes()
    dice, found = random.Random(2), 0
    for place in dice.sample(range(len(data)), 150):
        flipped = bytearray(data)
        flipped[place] ^= 1 << dice.randrange(8)
        broken.write_bytes(flipped)
        try:
            assert _read(broken) == whole, f"byte {place} was flipped, and something else was read"
        except BadArchive:
            found += 1
    assert found > 100  # the rest were bytes that mean nothing, such as the time in a header
    for length in (0, 1, 100, len(data) // 2, len(data) - 1):
        broken.write_bytes(data[:length])
        with pytest.raises(BadArchive):
            _read(broken)


def _read(file: Path) -> tuple[object, dict[str, bytes]]:
    with Archive(file) as archive:
        archive.verify()
        return archive.manifest, {name: b"".join(archive.read(name)) for name in archive.manifest.members}


def _damaged(data: bytes) -> bytes:
    place = data.index(b"tables/members.jsonl") + 60
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _changed(file: Path, target: Path, change) -> None:
    """A file whose every hash is right again after `change(manifest, members)`."""
    import hashlib

    with zipfile.ZipFile(file) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    manifest["members"] = {n: vars(Member(len(d), hashlib.sha256(d).hexdigest())) for n, d in members.items()}
    with zipfile.ZipFile(target, "w") as new:
        for name, content in {**members, "manifest.json": json.dumps(manifest)}.items():
            new.writestr(name, bytes(content) if isinstance(content, bytes) else str(content))


def _newer_format(manifest, members):
    manifest["format"] = 2


def _newer_step(manifest, members):
    manifest["revision"] = "9999"


def _row_too_few(manifest, members):
    members["tables/members.jsonl"] = members["tables/members.jsonl"].split(b"\n", 1)[1]


def _orphan(manifest, members):
    _row_too_few(manifest, members)
    manifest["tables"]["members"]["rows"] -= 1


def _without_a_table(manifest, members):
    del members["tables/likes.jsonl"], manifest["tables"]["likes"]


def _another_column(manifest, members):
    manifest["tables"]["members"]["columns"][1] = "nickname"


def _wrong_value(manifest, members):
    members["tables/members.jsonl"] = members["tables/members.jsonl"].replace(b"+00:00", b"+99:99", 1)


def _too_long(manifest, members):
    members["tables/members.jsonl"] = members["tables/members.jsonl"].replace(b'"author"', b'"' + b"a" * 40 + b'"', 1)


def _path_that_leads_out(manifest, members):
    manifest["media"] = ["../../secret"]
    members["media/../../secret"] = b"gotcha"


REFUSED = {
    "newer format": (_newer_format, "newer than this one"),
    "newer step": (_newer_step, "newer than this one"),
    "row too few": (_row_too_few, "rows of members"),
    "points at nothing": (_orphan, "(?i)foreign key|point at nothing"),
    "table missing": (_without_a_table, "are not those"),
    "other column": (_another_column, "are not those"),
    "wrong value": (_wrong_value, "does not fit"),
    "too long": (_too_long, "(?i)check constraint|too long"),
    "leads out": (_path_that_leads_out, "no whole backup"),
}


@pytest.mark.parametrize("there", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_r18_a_file_that_is_not_right_changes_nothing(site, elsewhere, tmp_path, there):
    gather(site)
    back_up(site.settings, tmp_path / "good")
    settings, bad = elsewhere(there), tmp_path / "bad"
    before = tree(settings.instance)
    tries = {words: words for words in ("damaged", "cut off", "text", "other zip")}
    data = (tmp_path / "good").read_bytes()
    for what in [*tries, *REFUSED]:
        if what in REFUSED:
            _changed(tmp_path / "good", bad, REFUSED[what][0])
        elif what == "other zip":
            with zipfile.ZipFile(bad, "w") as other:
                other.writestr("letter.txt", "hello")
        else:
            bad.write_bytes({"damaged": _damaged(data), "cut off": data[:-50], "text": b"hello"}[what])
        with pytest.raises(CannotKeep, match=REFUSED[what][1] if what in REFUSED else "backup|damaged"):
            restore(settings, bad)
        assert tree(settings.instance) == before, what
    restore(settings, tmp_path / "good")
    assert not list(tmp_path.rglob("*restoring*"))


def test_media_are_kept_but_what_is_half_sent_or_leads_elsewhere_is_not(site, elsewhere, tmp_path):
    media = site.settings.instance / "media"
    (media / "ab").mkdir(parents=True)
    (media / "ab" / "picture").write_bytes(b"\x89PNG" + os.urandom(700_000))
    (media / "empty").touch()
    (media / "ab" / "coming.part").write_bytes(b"half")
    (media / "link").symlink_to(site.settings.instance / "secret-key")
    (media / "away").symlink_to(tmp_path)
    assert back_up(site.settings, tmp_path / "x").media == 2
    there = elsewhere()
    (there.instance / "media").mkdir()
    (there.instance / "media" / "earlier").write_bytes(b"stays")
    restore(there, tmp_path / "x")
    picture = (media / "ab" / "picture").read_bytes()
    assert tree(there.instance / "media") == {"ab/picture": picture, "empty": b"", "earlier": b"stays"}


# ------------------------------------------------------------------------------------------------- where it comes to


def test_an_instance_with_a_database_is_refused_or_put_aside(any_site, elsewhere, reopen, tmp_path):
    site = any_site
    gather(site)
    back_up(site.settings, tmp_path / "x")
    there = elsewhere(engine_of(site))
    first = reopen(there)
    with first.inside():
        upgrade(first.settings)
    first.join("somebody")
    first.close()
    there = settings_for(there.instance, there.database_url)
    with pytest.raises(CannotKeep, match="has a database already"):
        restore(there, tmp_path / "x")
    done = restore(there, tmp_path / "x", replace=True)

    copy = reopen(there)
    copy.sign_in("author")
    assert (there.instance / "secret-key").read_text().strip() == site.settings.secret_key
    (key,) = (there.instance / "backups").glob("before-restore-*.secret-key")
    assert key.read_text().strip() == there.secret_key
    assert len(done.put_aside) == 2
    if there.is_sqlite:
        (aside,) = (there.instance / "backups").glob("before-restore-*.sqlite3")
        with closing(sqlite3.connect(aside)) as connection:
            handles = connection.execute("SELECT handle FROM members").fetchall()
    else:
        schema = next(words.split()[2] for words in done.put_aside if "schema" in words)
        with copy.inside():
            handles = [tuple(row) for row in db.session.execute(text(f"SELECT handle FROM {schema}.members"))]
    assert handles == [("somebody",)]


def test_a_database_that_is_broken_can_be_replaced(site, elsewhere, reopen, tmp_path):
    gather(site)
    back_up(site.settings, tmp_path / "x")
    there = elsewhere()
    there.sqlite_file.write_bytes(os.urandom(8192))
    broken = there.sqlite_file.read_bytes()
    with pytest.raises(CannotKeep, match="has a database already"):
        restore(there, tmp_path / "x")
    restore(there, tmp_path / "x", replace=True)
    reopen(there).sign_in("author")
    (aside,) = (there.instance / "backups").glob("before-restore-*.sqlite3")
    assert aside.read_bytes() == broken


def test_nothing_is_replaced_while_somebody_uses_it(any_site, tmp_path):
    site = any_site
    gather(site)
    back_up(site.settings, tmp_path / "x")
    serving = site.settings.instance / "serving.json"
    serving.write_text(json.dumps({"base_url": "http://localhost:1", "pid": os.getpid()}))
    with pytest.raises(CannotKeep, match="is open at http://localhost:1"):
        restore(site.settings, tmp_path / "x", replace=True)
    serving.unlink()
    with site.inside(), db.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM members")).scalar()
        with pytest.raises(CannotKeep, match=r"somebody is using|other connections"):
            restore(site.settings, tmp_path / "x", replace=True)
    back_up(site.settings, tmp_path / "y")
    assert contents(tmp_path / "y") == contents(tmp_path / "x")


def test_a_key_that_is_set_elsewhere_would_make_every_password_useless(site, elsewhere, tmp_path):
    back_up(site.settings, tmp_path / "x")
    there = elsewhere(secret_key="another key of this instance, from elsewhere")
    with pytest.raises(CannotKeep, match="no password of the backup would work"):
        restore(there, tmp_path / "x")
    restore(replace(there, secret_key=site.settings.secret_key), tmp_path / "x")


def test_no_command_begins_while_a_restore_goes_on(site, elsewhere, tmp_path, monkeypatch):
    back_up(site.settings, tmp_path / "x")
    there = elsewhere()
    build, refused = keeping._build, []

    def meanwhile(*args):
        answer = CliRunner(env={"MIXLITE_INSTANCE": str(there.instance)}).invoke(cli.main, ["doctor"])
        refused.append((answer.exit_code, answer.output))
        return build(*args)

    monkeypatch.setattr(keeping, "_build", meanwhile)
    restore(there, tmp_path / "x")
    assert refused == [(1, "Error: a restore is going on in this instance: wait until it is done\n")]


def test_a_restore_that_cannot_move_a_file_goes_on_later(site, elsewhere, reopen, tmp_path, monkeypatch):
    gather(site)
    back_up(site.settings, tmp_path / "x")
    there = elsewhere()

    def full(_folder):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(keeping, "sync_folder", full)
        with pytest.raises(keeping.Unfinished, match="No space left"):
            restore(there, tmp_path / "x")
        with pytest.raises(CannotKeep, match="interrupted"):
            keeping.finish(there)
    answer = CliRunner(env={"MIXLITE_INSTANCE": str(there.instance)}).invoke(cli.main, ["doctor"])
    assert answer.exit_code == 0, answer.output
    assert not (there.instance / keeping.WORK).exists()
    reopen(there).sign_in("author")


# --------------------------------------------------------------------------------------------------------- kill -9


def _kill(*orders: tuple[object, ...]) -> list[dict[str, int]]:
    words = [json.dumps(order, default=str) for order in orders]
    command = [sys.executable, "-m", "tests.app.killing", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def kept(site, tmp_path) -> Path:
    """A backup of a circle with a picture."""
    gather(site)
    (site.settings.instance / "media").mkdir()
    (site.settings.instance / "media" / "picture").write_bytes(b"a picture")
    return back_up(site.settings, tmp_path / "kept").file


@pytest.mark.timeout(180)
def test_r17_a_backup_that_is_killed_leaves_no_half_file(site, kept, tmp_path):
    instance, file = site.settings.instance, tmp_path / "x"
    for found in _kill(("backup", instance, file), ("overwrite", instance, file)):
        assert found.pop("left over", 0) == 0
        assert set(found) == {"before", "after"}
        assert found["before"] > 10


@pytest.mark.timeout(180)
def test_r17_a_restore_that_is_killed_leaves_the_old_or_the_new(kept, elsewhere, sqlite_template):
    nothing, circle = elsewhere(), elsewhere()
    shutil.copy(sqlite_template, circle.sqlite_file)
    for found in _kill(("restore", nothing.instance, kept, "", 1, 2), ("restore", circle.instance, kept, "", 2, 2)):
        assert set(found) == {"before", "after"}
        assert min(found.values()) > 3


@pytest.mark.timeout(180)
def test_r17_a_restore_into_postgresql_that_is_killed_leaves_the_old_or_the_new(kept, elsewhere):
    there = elsewhere("postgresql")
    (found,) = _kill(("restore", there.instance, kept, there.database_url, 1, 3))
    assert set(found) == {"before", "after"}
    assert min(found.values()) > 1


# ------------------------------------------------------------------------------------------------------ by the command


def test_backup_restore_and_doctor_say_in_words_what_they_did(site, tmp_path):
    gather(site)
    file = tmp_path / "home of friends"
    here = CliRunner(env={"MIXLITE_INSTANCE": str(site.settings.instance)})
    assert "the last backup: none yet" in here.invoke(cli.main, ["doctor"]).output
    answer = here.invoke(cli.main, ["backup", str(file)])
    assert answer.exit_code == 0, answer.output
    assert "guard it like a key" in answer.output
    assert f"(0 days ago), to {file}" in here.invoke(cli.main, ["doctor"]).output
    again = here.invoke(cli.main, ["backup", str(file)])
    assert (again.exit_code, "is there already" in again.output) == (1, True)
    assert here.invoke(cli.main, ["backup", str(file), "--force"]).exit_code == 0

    there = CliRunner(env={"MIXLITE_INSTANCE": str(tmp_path / "there")})
    answer = there.invoke(cli.main, ["restore", str(file)])
    assert answer.exit_code == 0, answer.output
    assert "sessions ended: 7; everybody signs in anew" in answer.output
    assert "what was deleted after that is back" in answer.output
    refused = there.invoke(cli.main, ["restore", str(file)])
    assert (refused.exit_code, "Nothing was changed" in refused.output) == (1, True)
    assert there.invoke(cli.main, ["restore", str(file), "--replace"]).exit_code == 0
    assert load_settings({}, instance=tmp_path / "there").secret_key == site.settings.secret_key


def test_p4_copies_that_mixlite_made_by_itself_go_after_thirty_days(site):
    folder = site.settings.instance / "backups"
    folder.mkdir()
    for name in ("before-upgrade-20261001-000000.sqlite3", "before-restore-20261001-000000-ab12.secret-key"):
        (folder / name).touch()
    for name in ("before-upgrade-20261030-000000.zip", "before the party", "mine-20261001-000000.zip"):
        (folder / name).touch()
    with site.inside(), clock.at(datetime(2026, 11, 20, tzinfo=UTC)):
        assert forget_old_copies() == 2
        assert forget_old_copies() == 0
    assert len(list(folder.iterdir())) == 3


def test_the_record_of_the_last_backup_may_be_damaged(site, tmp_path):
    remember(site.settings, back_up(site.settings, tmp_path / "x"))
    found = making.last_backup(site.settings)
    assert found is not None
    assert found[1] == str(tmp_path / "x")
    (site.settings.instance / making.RECORD).write_text("{")
    assert making.last_backup(site.settings) is None
