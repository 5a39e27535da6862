"""The commands a host types: they keep the rules of the pages (S64), and say in words what they did."""

import re
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner, Result

from mixlite.app import cli
from mixlite.core.db import db, writing
from mixlite.features.friends.verbs import end_friendship
from mixlite.migrations import upgrade as migrations
from tests.app.everywhere import everything
from tests.support.site import PASSWORD, Site, gather

NEWCOMER = {"name": "New", "handle": "newcomer", "email": "new@example.com", "password": "nine green teapots"}


def run(site: Site, *command: str, **environment: str) -> Result:
    given = {"MIXLITE_INSTANCE": str(site.settings.instance), "MIXLITE_BCRYPT_COST": "10", **environment}
    return CliRunner(env=given).invoke(cli.main, command)


def _link(site: Site, *options: str) -> str:
    answer = run(site, "invite", *options)
    assert answer.exit_code == 0, answer.output
    found = re.fullmatch(r"http://localhost:8000(/join/[\w-]{32})\n", answer.stdout)
    assert found, f"only the link: {answer.stdout!r}"
    return found[1]


# --- invite ---------------------------------------------------------------------------------------------------------


def test_on_a_site_without_a_host_the_first_to_redeem_becomes_the_host_and_every_other_such_link_dies(site):
    first, second, third = (_link(site) for _ in range(3))
    newcomer = site.client()
    assert newcomer.submit(second, "Join", **NEWCOMER).status_code == 303
    (member,) = everything(site)["members"]
    assert "newcomer" in member
    with site.inside():
        assert site.member("newcomer").is_host
        assert site.member("newcomer").sponsor_id is None
    dead = [site.client().get(path) for path in (first, third, second, "/join/" + "x" * 32)]
    assert {answer.status_code for answer in dead} == {404}
    assert len({answer.data for answer in dead}) == 1
    token = site.client()
    sent = {**NEWCOMER, "handle": "late", "csrf_token": token.csrf_token()}
    assert token.http.post(first, data=sent).status_code == 404
    assert len(everything(site)["members"]) == 1


def test_a_founders_link_is_for_one_person_however_many_were_asked_for(site):
    _link(site, "--uses", "50")
    assert [row[5:7] for row in everything(site)["invitations"]] == [(1, 1)]


def test_later_it_speaks_for_the_longest_serving_host(site):
    gather(site)
    assert run(site, "members", "promote", "author").exit_code == 0
    path = _link(site, "--uses", "2", "--days", "3")
    assert site.client().submit(path, "Join", **NEWCOMER).status_code == 303
    with site.inside():
        assert site.member("newcomer").sponsor_id == site.ids["host"]
        assert not site.member("newcomer").is_host


def test_a_circle_whose_host_is_gone_says_what_to_do(site):
    site.join("host")
    with site.inside(), writing():
        site.member("host").status = "suspended"
    answer = run(site, "invite")
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert "promote" in answer.stderr
    assert "Traceback" not in answer.output


@pytest.mark.parametrize("options", [("--uses", "0"), ("--uses", "51"), ("--days", "91"), ("--days", "x")])
def test_invitations_have_their_bounds_here_too(site, options):
    site.join("host")
    answer = run(site, "invite", *options)
    assert answer.exit_code == 2
    assert everything(site)["invitations"][1:] == []


def test_the_link_is_on_the_configured_address(site):
    site.join("host")
    answer = run(site, "invite", MIXLITE_BASE_URL="https://circle.example")
    assert answer.stdout.startswith("https://circle.example/join/")


# --- members --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", ["author", "@author", "AUTHOR"])
def test_a_member_is_made_a_host(site, cast, handle):
    answer = run(site, "members", "promote", handle)
    assert answer.exit_code == 0
    assert "@author is a host" in answer.stdout
    with site.inside():
        assert site.member("author").is_host
        since = site.member("author").host_since
    run(site, "members", "promote", "author")
    with site.inside():
        assert site.member("author").host_since == since, "once is enough"


def test_s8_s64_a_reset_prints_a_new_password_once_and_ends_every_session(site, cast):
    clients = [site.sign_in("author"), site.sign_in("author")]
    answer = run(site, "members", "reset", "@author")
    assert answer.exit_code == 0
    password = answer.stdout.strip()
    assert len(password) >= 12
    assert password not in answer.stderr
    for client in clients:
        assert client.get("/friends").status_code == 303
    assert site.sign_in("author", password).get("/friends").status_code == 200
    assert site.client().submit("/sign-in", "Sign in", login="author", password=PASSWORD).status_code == 422
    assert password not in repr(everything(site))
    assert any("member.password_reset" in row for row in everything(site)["events"])
    assert site.sign_in("friend").get("/friends").status_code == 200, "nobody else is signed out"


@pytest.mark.parametrize("command", ["promote", "reset"])
def test_a_member_that_is_not_there_is_named(site, command):
    answer = run(site, "members", command, "nobody")
    assert answer.exit_code == 1
    assert "there is no member @nobody" in answer.stderr


# --- upgrade, doctor, settings --------------------------------------------------------------------------------------


def test_an_empty_instance_is_upgraded_and_again_nothing_happens(tmp_path):
    runner = CliRunner(env={"MIXLITE_INSTANCE": str(tmp_path)})
    for _ in range(2):
        answer = runner.invoke(cli.main, ["upgrade"])
        assert answer.exit_code == 0, answer.output
        assert "up to date" in answer.stdout
    assert (tmp_path / "mixlite.sqlite3").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "backups").exists(), "there was nothing to copy"


def test_the_doctor_finds_a_healthy_site_well(site, cast):
    answer = run(site, "doctor")
    assert answer.exit_code == 0, answer.output
    assert "BAD" not in answer.stdout
    assert answer.stdout.count("ok  ") >= 8
    assert site.settings.secret_key not in answer.output


SICK = [
    ("half a friendship", "DELETE FROM friendships WHERE member_id = 2 AND friend_id = 3", "1 friendships"),
    ("no host", "UPDATE members SET is_host = 0", "host"),
    ("a failed event", "UPDATE events SET state = 'failed' WHERE id = 1", "1 events"),
    ("a lost row", "DELETE FROM members WHERE handle = 'second'", "rows point at something"),
    ("an old shape", "UPDATE alembic_version SET version_num = '0000'", "mixlite upgrade"),
]


@pytest.mark.parametrize(("change", "words"), [case[1:] for case in SICK], ids=[case[0] for case in SICK])
def test_the_doctor_finds_what_is_wrong(site, cast, change, words):
    with site.inside():
        db.engine.dispose()
    with closing(sqlite3.connect(site.settings.sqlite_file, isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute(change)
    answer = run(site, "doctor")
    assert answer.exit_code == 1
    bad = [line for line in answer.stdout.splitlines() if line.startswith("BAD")]
    assert any(words in line for line in bad), answer.stdout


def test_s59_the_doctor_finds_a_database_that_others_can_read(site, cast):
    site.settings.sqlite_file.chmod(0o644)
    answer = run(site, "doctor")
    assert answer.exit_code == 1
    assert "BAD  the database file is closed to other users" in answer.stdout


def test_the_doctor_says_when_there_is_no_sound_database(site):
    with site.inside():
        db.engine.dispose()
    site.settings.sqlite_file.write_bytes(b"this is no database" * 500)
    answer = run(site, "doctor")
    assert answer.exit_code == 1
    assert "does not answer" in answer.stdout


def test_s59_settings_that_cannot_be_used_are_told_in_a_line(tmp_path):
    for command in (["serve"], ["invite"], ["doctor"], ["worker"], ["upgrade"]):
        environment = {"MIXLITE_INSTANCE": str(tmp_path), "MIXLITE_BASE_URL": "http://circle.example"}
        answer = CliRunner(env=environment).invoke(cli.main, command)
        assert answer.exit_code == 1
        assert answer.stderr.startswith("Error: base_url must be https://")
        assert "Traceback" not in answer.output


def test_invite_prints_only_the_link_even_when_it_upgrades_first(site, monkeypatch):
    """What the upgrade has to say goes where messages go."""
    site.join("host")
    asked = iter([False, False, True])
    monkeypatch.setattr(migrations, "is_current", lambda: next(asked, True))
    monkeypatch.setattr(migrations, "run_steps", lambda _connection: None)
    _link(site)
    answer = run(site, "upgrade")
    assert answer.exit_code == 0
    assert list((site.settings.instance / "backups").iterdir())


def test_a_member_cannot_be_invited_by_somebody_who_has_no_friend_left_to_make(site, monkeypatch):
    """A full inviter's link is closed; it opens when there is room again."""
    site.join("host")
    site.join("friend", "host")
    path = site.invite("host")
    monkeypatch.setattr("mixlite.people.friendships.MOST_FRIENDS", 1)
    assert site.client().get(path).status_code == 404
    site.do(end_friendship, "host", "friend")
    assert site.client().get(path).status_code == 200
