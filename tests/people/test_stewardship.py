"""Site rights: what only a host or the command line may do, and what nobody may (SECURITY.md, S8, S10, S25, S64)."""

import logging
import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from mixlite.app import cli
from mixlite.app.worker import housekeeping
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.errors import NotHere, Refused
from mixlite.people import leaving, stewardship
from mixlite.people.members import Member
from mixlite.people.second_factor import RecoveryCode
from mixlite.people.stafflog import StaffAct
from tests.support.site import PASSWORD, Client, Site


@pytest.fixture
def house(any_site: Site) -> Site:
    """Two hosts and a member, on each database."""
    any_site.join("rosa")
    any_site.join("hana", "rosa")
    any_site.join("tom", "hana")
    steward(any_site, stewardship.promote, "hana")
    return any_site


def steward(site: Site, act: Callable[..., object], handle: str, actor: str | None = None, **given: object) -> None:
    with site.inside(), writing():
        act(site.member(handle), actor=site.member(actor) if actor else None, **given)


def hosts(site: Site) -> list[str]:
    with site.inside():
        return [m.handle for m in db.session.scalars(select(Member).order_by(Member.id)) if m.is_host and m.is_active]


def acts(site: Site) -> list[tuple[str | None, str, str | None, str]]:
    with site.inside():
        rows = db.session.scalars(select(StaffAct).order_by(StaffAct.id)).all()
        names: dict[int | None, str] = {m.id: m.handle for m in db.session.scalars(select(Member))}
        return [(names.get(row.actor_id), row.act, names.get(row.member_id), row.reason) for row in rows]


def is_in(client: Client) -> bool:
    return client.get("/friends").status_code == 200


def at_once(site: Site, *works: Callable[[], object]) -> list[BaseException | None]:
    """Each in a thread and a transaction of its own, begun at the same moment; how each ended."""
    gate = threading.Barrier(len(works))
    ends: list[BaseException | None] = [None] * len(works)

    def run(number: int, work: Callable[[], object]) -> None:
        with site.inside():
            try:
                gate.wait(10)
                with writing():
                    work()
            except BaseException as error:  # noqa: BLE001 - handed to the test
                ends[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


# ---- shutting out


def test_s8_s10_a_suspension_ends_every_session_at_the_next_request_and_the_door_says_why(house):
    first, second = house.sign_in("tom"), house.sign_in("tom")
    assert is_in(first)
    steward(house, stewardship.suspend, "tom", "hana", reason="shouting in the hall", days=3)
    for old in (first, second):
        assert old.get("/friends").status_code == 303
        assert old.http.post("/voice/new", data={"body": "still here"}).status_code in (303, 400)
    refused = house.client().submit("/sign-in", "Sign in", login="tom", password=PASSWORD)
    assert refused.status_code == 422
    assert "shouting in the hall" in refused.text
    assert house.sign_in("rosa").get("/@tom").status_code == 404
    assert ("hana", "member.suspended", "tom", "shouting in the hall") in acts(house)


def test_a_lifted_suspension_lets_them_in_again_and_old_sessions_stay_dead(house):
    old = house.sign_in("tom")
    steward(house, stewardship.suspend, "tom", "hana", reason="rude")
    steward(house, stewardship.lift, "tom", "rosa", reason="we spoke")
    assert is_in(house.sign_in("tom"))
    assert not is_in(old)
    with house.inside():
        tom = house.member("tom")
        assert (tom.status, tom.suspended_until, tom.suspension_reason) == ("active", None, None)
    assert ("rosa", "member.lifted", "tom", "we spoke") in acts(house)
    with pytest.raises(Refused):
        steward(house, stewardship.lift, "tom", "rosa")


def test_a_term_ends_at_the_door_and_not_a_minute_before(house):
    steward(house, stewardship.suspend, "tom", "hana", reason="rude", days=3)
    now = clock.now()
    with clock.at(now + timedelta(days=3, minutes=-1)):
        assert house.client().submit("/sign-in", "Sign in", login="tom", password=PASSWORD).status_code == 422
    with clock.at(now + timedelta(days=3, minutes=1)):
        assert is_in(house.sign_in("tom"))
    assert acts(house)[-1] == (None, "member.lifted", "tom", "")


def test_a_term_ends_by_housekeeping_too_and_one_without_end_does_not(house):
    house.join("kim", "hana")
    steward(house, stewardship.suspend, "tom", "hana", reason="rude", days=3)
    steward(house, stewardship.suspend, "kim", "hana", reason="worse")
    now = clock.now()
    for days, expected in ((2, "suspended"), (4, "active"), (4000, "active")):
        with clock.at(now + timedelta(days=days)), house.inside():
            housekeeping()
            assert house.member("tom").status == expected
            assert house.member("kim").status == "suspended"


def test_a_wrong_password_does_not_end_a_term(house):
    steward(house, stewardship.suspend, "tom", "hana", reason="rude", days=3)
    with clock.at(clock.now() + timedelta(days=4)):
        assert house.client().submit("/sign-in", "Sign in", login="tom", password="no").status_code == 422
    with house.inside():
        assert house.member("tom").status == "suspended"


# ---- who may


def test_s25_nobody_acts_after_their_right_was_taken_and_a_host_is_not_shut_out_by_a_host(house):
    with pytest.raises(Refused):
        steward(house, stewardship.suspend, "hana", "rosa", reason="a quarrel")
    steward(house, stewardship.demote, "hana", "rosa", reason="a quarrel")
    for act, given in (
        (stewardship.suspend, {"reason": "revenge"}),
        (stewardship.lift, {}),
        (stewardship.promote, {}),
        (stewardship.demote, {}),
        (stewardship.reset_password, {"password_hash": "x"}),
        (stewardship.ask_for_reset, {"unusable_hash": "x", "reason": "revenge"}),
        (stewardship.set_invitation_right, {"quota": 1, "denial": None, "reason": "revenge"}),
    ):
        for target in ("tom", "rosa", "hana"):  # themselves too
            with pytest.raises(NotHere):
                steward(house, act, target, "hana", **given)
    assert hosts(house) == ["rosa"]
    assert not any(actor == "hana" for actor, *_ in acts(house))


def test_s25_the_last_host_is_neither_demoted_nor_shut_out_nor_leaves(house):
    steward(house, stewardship.demote, "hana", "rosa")
    for act, given in ((stewardship.demote, {}), (stewardship.suspend, {"reason": "tired"})):
        for actor in (None, "rosa"):
            with pytest.raises(Refused):
                steward(house, act, "rosa", actor, **given)
    with house.inside(), pytest.raises(Refused), writing():
        leaving.leave(house.member("rosa"))
    assert hosts(house) == ["rosa"]


def test_s25_a_host_who_is_suspended_or_leaving_does_not_count(house):
    steward(house, stewardship.suspend, "hana", reason="by the command line")
    with pytest.raises(Refused):
        steward(house, stewardship.demote, "rosa")
    steward(house, stewardship.lift, "hana")
    with house.inside(), writing():
        leaving.leave(house.member("hana"))
    with pytest.raises(Refused):
        steward(house, stewardship.demote, "rosa")


WAYS_TO_GO = {
    "demoted": stewardship.demote,
    "suspended": lambda member: stewardship.suspend(member, reason="a quarrel"),
    "left": leaving.leave,
}


@pytest.mark.parametrize(
    ("one", "other"), [("demoted", "demoted"), ("left", "left"), ("demoted", "left"), ("suspended", "left")]
)
def test_s25_two_last_hosts_who_go_at_the_same_moment_leave_one(house, one, other):
    for _round in range(3):
        ends = at_once(
            house,
            lambda: WAYS_TO_GO[one](house.member("rosa")),
            lambda: WAYS_TO_GO[other](house.member("hana")),
        )
        assert [type(end) for end in ends].count(Refused) == 1, ends
        assert [type(end) for end in ends].count(type(None)) == 1, ends
        assert len(hosts(house)) == 1
        with house.inside(), writing():  # and once more
            for handle in ("rosa", "hana"):
                member = house.member(handle)
                member.status, member.is_host, member.leaving_since = "active", True, None


def test_s25_two_hosts_who_demote_each_other_at_the_same_moment_leave_one(house):
    ends = at_once(
        house,
        lambda: stewardship.demote(house.member("rosa"), actor=house.member("hana")),
        lambda: stewardship.demote(house.member("hana"), actor=house.member("rosa")),
    )
    assert sum(isinstance(end, NotHere | Refused) for end in ends) == 1, ends
    assert len(hosts(house)) == 1


def test_every_act_stands_in_the_log_with_who_whom_and_why(house):
    steward(house, stewardship.set_invitation_right, "tom", "rosa", quota=2, denial=None, reason="many friends")
    steward(house, stewardship.promote, "tom", "rosa", reason="kind")
    steward(house, stewardship.demote, "tom", "hana", reason="busy")
    steward(house, stewardship.reset_password, "tom", password_hash="x")
    assert acts(house)[-4:] == [
        ("rosa", "member.invitations_set", "tom", "many friends"),
        ("rosa", "member.promoted", "tom", "kind"),
        ("hana", "member.demoted", "tom", "busy"),
        (None, "member.password_reset", "tom", ""),
    ]


def test_an_act_that_was_refused_is_not_in_the_log(house):
    before = acts(house)
    with pytest.raises(Refused):
        steward(house, stewardship.suspend, "hana", "rosa", reason="a quarrel")
    assert acts(house) == before


# ---- the command line


@pytest.fixture
def run(house: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("MIXLITE_INSTANCE", str(house.settings.instance))
    monkeypatch.setenv("MIXLITE_DATABASE_URL", house.settings.database_url)
    monkeypatch.setattr(cli, "_app", lambda _settings: house.app)
    return lambda *words: CliRunner().invoke(cli.main, ["members", *words])


def test_s64_the_command_line_shuts_out_as_the_web_does(house, run):
    session = house.sign_in("tom")
    done = run("suspend", "@Tom", "--days", "2", "--reason", "rude to guests")
    assert (done.exit_code, done.output) == (0, "@tom is suspended for 2 days\n")
    assert not is_in(session)
    assert acts(house)[-1] == (None, "member.suspended", "tom", "rude to guests")
    with house.inside():
        until = house.member("tom").suspended_until
        assert until is not None
        assert abs(until - clock.now() - timedelta(days=2)) < timedelta(minutes=1)
    assert "rude to guests" in house.client().submit("/sign-in", "Sign in", login="tom", password=PASSWORD).text
    assert run("lift", "tom").exit_code == 0
    assert is_in(house.sign_in("tom"))


def test_s64_the_command_line_keeps_the_last_host_and_says_so_in_plain_words(house, run):
    assert run("demote", "hana").exit_code == 0
    for words in (("demote", "rosa"), ("suspend", "rosa", "--reason", "tired")):
        refused = run(*words)
        assert refused.exit_code == 1
        assert refused.output == "Error: This is the last host. Make somebody else a host first.\n"
    assert hosts(house) == ["rosa"]
    assert run("promote", "tom", "--reason", "kind").exit_code == 0
    assert run("demote", "rosa").exit_code == 0
    assert hosts(house) == ["tom"]


def test_s64_a_reset_on_the_command_line_ends_sessions_and_is_logged(house, run):
    session = house.sign_in("tom")
    done = run("reset", "tom")
    assert done.exit_code == 0
    assert not is_in(session)
    assert house.client().submit("/sign-in", "Sign in", login="tom", password=PASSWORD).status_code == 422
    assert acts(house)[-1] == (None, "member.password_reset", "tom", "")
    with house.inside():
        assert done.output.strip() not in house.member("tom").password_hash


def test_s64_the_command_line_takes_a_lost_second_factor_away_as_the_web_does(house, run):
    with house.inside(), writing():
        member = house.member("tom")
        member.totp_secret, member.totp_since, member.totp_step = "x", clock.now(), 1
        db.session.add(RecoveryCode(member_id=member.id, code_hash="y"))
    assert run("reset", "tom").exit_code == 0
    with house.inside():
        assert house.member("tom").totp_since is not None  # not unless it is asked for
    done = run("reset", "@tom", "--second-factor", "--reason", "lost the phone")
    assert done.exit_code == 0
    assert "the second factor is off now" in done.stderr
    assert len(done.stdout.split()) == 1  # the password, and nothing else
    with house.inside():
        member = house.member("tom")
        assert (member.totp_secret, member.totp_since, member.totp_step) == (None, None, None)
        assert db.session.scalars(select(RecoveryCode)).all() == []
    assert acts(house)[-2:] == [
        (None, "member.password_reset", "tom", "lost the phone"),
        (None, "member.factor_removed", "tom", "lost the phone"),
    ]
    before = acts(house)
    again = run("reset", "tom", "--second-factor")
    assert "there was no second factor" in again.stderr
    assert acts(house)[len(before) :] == [(None, "member.password_reset", "tom", "")]


def test_s61_staff_acts_stand_in_the_log_without_their_words(house, run, caplog):
    caplog.set_level(logging.INFO, logger="mixlite.security")
    run("suspend", "tom", "--reason", "rude\nINFO mixlite.security: forged")
    steward(house, stewardship.lift, "tom", "hana", reason="enough")
    lines = [record.getMessage() for record in caplog.records if record.name == "mixlite.security"]
    assert [re.sub(r"^staff act \d+: ", "", line) for line in lines] == [
        f"member.suspended by member command line on member {house.ids['tom']}",
        f"member.lifted by member {house.ids['hana']} on member {house.ids['tom']}",
    ]
    assert "rude" not in caplog.text


@pytest.mark.parametrize(
    "words",
    [
        ("suspend", "tom"),
        ("suspend", "tom", "--reason", " \n"),
        ("suspend", "tom", "--reason", "x" * 501),
        ("suspend", "tom", "--reason", "rude", "--days", "0"),
        ("suspend", "nobody", "--reason", "rude"),
        ("lift", "tom"),
        ("demote", "tom"),
    ],
)
def test_what_makes_no_sense_on_the_command_line_changes_nothing(house, run, words):
    before = acts(house)
    refused = run(*words)
    assert refused.exit_code in (1, 2)
    assert "Traceback" not in refused.output
    assert refused.exception is None or isinstance(refused.exception, SystemExit)
    assert acts(house) == before
    with house.inside():
        assert house.member("tom").status == "active"
