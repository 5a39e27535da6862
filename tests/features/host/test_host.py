"""The hosts' rooms: who may come in, what stands there, and what is done there."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DatabaseError

from mixlite.app.worker import build_workshop
from mixlite.core import clock, events
from mixlite.core.db import db, writing
from mixlite.core.events import Event
from mixlite.core.mail import Letter, post_letter
from mixlite.features.invitations.models import Invitation
from mixlite.people.circle import the_circle
from mixlite.people.members import Member
from mixlite.people.second_factor import RecoveryCode
from mixlite.people.sessions import SignedIn
from mixlite.people.stafflog import StaffAct, log_act
from tests.support.site import PASSWORD, Cast, Client, Site

ROOMS = ("/host", "/host/members", "/host/invitations", "/host/reports", "/host/log", "/host/jobs", "/host/settings")
ACTS = ("suspend", "lift", "reset", "promote", "demote", "invitations")


def act(host: Client, site: Site, name: str, handle: str, button: str, **typed: str):
    return host.submit(f"/host/members/{site.ids[handle]}/{name}", button, **{"reason": "Because.", **typed})


def acts(site: Site) -> list[tuple[str, str]]:
    with site.inside():
        rows = db.session.scalars(select(StaffAct).order_by(StaffAct.id)).all()
        return [(row.act, row.reason) for row in rows]


def mails_of(site: Site) -> list[EmailMessage]:
    """What the worker sends, and has sent."""
    with site.app.app_context():
        workshop = build_workshop()
        while workshop.sweep():
            pass
    parts = [part for path in (site.settings.instance / "outbox").glob("*.log")
             for part in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")]  # fmt: skip
    return [message_from_bytes(part, EmailMessage, policy=policy.default) for part in parts if part.strip()]


# ---- who may come in


def every_path(site: Site) -> list[str]:
    of_author = f"/host/members/{site.ids['author']}"
    return [
        *ROOMS,
        "/host/reports/decided",
        of_author,
        *(f"{of_author}/{name}" for name in ACTS),
        "/host/invitations/1/revoke",
    ]


def test_s14_to_everybody_but_hosts_these_rooms_are_not_there(site: Site, cast: Cast) -> None:
    site.invite("author")
    for who in ("author", "friend"):
        client = site.sign_in(who)
        missing = client.get("/host/nothing")
        assert missing.status_code == 404
        for path in every_path(site):
            answer = client.get(path)
            assert (answer.status_code, answer.data) == (404, missing.data), path
            assert client.post(path, {"reason": "x"}).status_code in (404, 405), path
        for path in ("/host/jobs/event/retry", "/host/jobs/event/1/retry"):
            assert client.post(path).status_code == 404
        assert 'href="/host' not in client.get("/").text
    assert acts(site) == []


def test_outside_one_is_asked_to_sign_in(site: Site, cast: Cast) -> None:
    for path in (*every_path(site), "/rules", "/settings/acts"):
        assert site.client().get(path).location.startswith("/sign-in?next=")


def test_a_host_comes_in_everywhere_and_finds_the_way(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    home = host.get("/").text
    assert 'href="/host"' in home
    for path in ROOMS:
        page = host.get(path)
        assert page.status_code == 200, path
        for other in ROOMS:
            assert f'href="{other}"' in page.text


def test_s25_a_host_no_more_is_outside_with_the_next_request(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    form = host.get(f"/host/members/{site.ids['author']}/suspend")
    with site.inside(), writing():
        site.member("stranger").is_host = True
        site.member("host").is_host = False
    assert host.submit(form, "Suspend", reason="Still here.").status_code == 404
    assert host.get("/host").status_code == 404
    with site.inside():
        assert site.member("author").status == "active"


def test_bad_ids_are_not_there(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    for path in (
        "/host/members/424242", "/host/members/0", "/host/members/-1", "/host/members/9223372036854775808",
        f"/host/members/{site.ids['author']}/eat", "/host/members/424242/suspend", "/host/invitations/424242/revoke",
        "/host/reports/424242",
    ):  # fmt: skip
        assert host.get(path).status_code == 404, path
    for path in ("/host/jobs/event/424242/retry", "/host/jobs/nothing/1/retry", "/host/jobs/nothing/retry"):
        assert host.post(path).status_code == 404, path


# ---- today, members


def test_today_counts(site: Site, cast: Cast) -> None:
    site.diary("author")
    site.diary("author", "only_me")
    site.invite("author", uses=3)
    with site.inside(), writing():
        db.session.execute(delete(Invitation).where(Invitation.inviter_id != site.ids["author"]))
        db.session.execute(delete(SignedIn).where(SignedIn.member_id != site.ids["friend"]))
    page = site.sign_in("host").get("/host").text
    dials = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)", page))
    assert dials["Members"] == "7"
    assert dials["Here this week"] == "2"  # friend and the host
    assert dials["Written this week"] == "1"  # what nobody else can read is not counted
    assert "for 3 people" in page


def test_members_are_searched_by_handle_and_name(site: Site, cast: Cast) -> None:
    with site.inside(), writing():
        site.member("author").name = "森 はな 100%"
        site.member("friend").name = "1000 Friends"
    host = site.sign_in("host")

    def found(**query: str) -> set[str]:
        page = host.get("/host/members", query_string=query).text
        return set(re.findall(r"@(\w+) ·", page))

    assert found() == set(cast.everybody)
    assert found(q="AUTH") == {"author"}
    assert found(q="@author") == {"author"}
    assert found(q="はな") == {"author"}
    assert found(q="100%") == {"author"}  # S28: no wildcards
    assert found(q="_") == found(q="%%") == set()
    assert found(q="x' OR 1=1 --") == set()
    assert found(q="a\x00b") == found(q="\ud800".encode("utf-8", "surrogatepass").decode("latin1")) == set()
    assert found(state="hosts") == {"host"}
    assert found(state="nonsense") == set(cast.everybody)
    assert found(q="%" * 5000) == set()


def test_many_members_come_in_pages_and_cost_the_same(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    with site.statements() as few:
        host.get("/host/members")
    with site.inside(), writing():
        for n in range(110):
            db.session.add(
                Member(handle=f"many{n}", name=f"Many {n}", email=f"{n}@example.com", password_hash="x",
                       sponsor_id=site.ids["host"], joined_at=clock.now() - timedelta(days=n))
            )  # fmt: skip
    with site.statements() as many:
        page = host.get("/host/members")
    assert len(few) == len(many)
    seen: list[str] = re.findall(r"@(\w+) ·", page.text)
    while older := re.search(r'class="button small older" href="([^"]+)"', page.text):
        page = host.get(older[1].replace("&amp;", "&"))
        seen += re.findall(r"@(\w+) ·", page.text)
    assert len(seen) == len(set(seen)) == 117
    assert host.get("/host/members?after=forged").status_code == 200


def test_the_page_of_a_member(site: Site, cast: Cast) -> None:
    site.sign_in("author")
    site.invite("author", uses=2)
    host = site.sign_in("host")
    page = host.get(f"/host/members/{site.ids['author']}").text
    assert "in 2 browsers" in page  # the one that joined, and this
    assert f'href="/host/members/{site.ids["host"]}"' in page  # the sponsor
    assert "not confirmed" in page
    assert "author@example.com" not in page  # "shown to nobody"
    assert "1 link out" in page


# ---- acts on accounts


def test_s8_suspending_ends_every_session_at_once(site: Site, cast: Cast) -> None:
    first, second = site.sign_in("author"), site.sign_in("author")
    host, friend = site.sign_in("host"), site.sign_in("friend")
    entry = site.diary("author", "members")
    answer = act(host, site, "suspend", "author", "Suspend", reason="A week of quiet.", days="7")
    assert answer.status_code == 303
    for session in (first, second):
        assert "/sign-in" in session.get("/friends").location
    refused = site.client().submit("/sign-in", "Sign in", login="author", password=PASSWORD)
    assert refused.status_code == 422
    assert "A week of quiet." in refused.text
    assert friend.get("/@author").status_code == 404
    assert friend.get(f"/entries/{entry}").status_code == 404
    with site.inside():
        member = site.member("author")
        assert member.suspended_until is not None
        assert timedelta(days=6) < member.suspended_until - clock.now() < timedelta(days=8)
    page = host.get(f"/host/members/{site.ids['author']}").text
    assert "A week of quiet." in page
    assert act(host, site, "lift", "author", "Lift", reason="Enough.").status_code == 303
    assert friend.get(f"/entries/{entry}").status_code == 200
    assert site.sign_in("author").get("/").status_code == 200
    assert acts(site) == [("member.suspended", "A week of quiet."), ("member.lifted", "Enough.")]


def test_the_member_reads_what_hosts_did_to_them(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    act(host, site, "suspend", "author", "Suspend", reason="A week of quiet.", days="7")
    act(host, site, "lift", "author", "Lift", reason="Enough.")
    page = site.sign_in("author").get("/settings/acts").text
    assert "A week of quiet." in page
    assert "Enough." in page
    assert "by <bdi>" not in page
    other = site.sign_in("friend").get("/settings/acts").text
    assert "A week of quiet." not in other


def test_every_act_wants_a_reason(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    buttons = {"suspend": "Suspend", "reset": "Reset", "promote": "Make a host", "invitations": "Save"}
    for name, button in buttons.items():
        for reason in ("", " \u200b ", "x" * 501):
            assert act(host, site, name, "author", button, reason=reason).status_code == 422
    assert act(host, site, "suspend", "author", "Suspend", days="12").status_code == 422
    assert act(host, site, "invitations", "author", "Save", quota="-1").status_code == 422
    assert act(host, site, "invitations", "author", "Save", quota="1001").status_code == 422
    site.invite("author")
    with site.inside():
        number = db.session.scalars(select(func.max(Invitation.id))).one()
    assert host.submit(f"/host/invitations/{number}/revoke", "Revoke", reason="").status_code == 422
    assert acts(site) == []
    with site.inside():
        assert site.member("author").status == "active"


def test_s25_hosts_are_not_suspended_or_reset_before_the_right_is_taken(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    assert act(host, site, "promote", "author", "Make a host").status_code == 303
    for name, button in (("suspend", "Suspend"), ("reset", "Reset")):
        assert act(host, site, name, "author", button).status_code == 422
        assert act(host, site, name, "host", button).status_code == 422  # nor oneself
    assert act(host, site, "demote", "author", "Take it away").status_code == 303
    assert act(host, site, "suspend", "author", "Suspend").status_code == 303
    assert act(host, site, "promote", "author", "Make a host").status_code == 422  # nor somebody who is away
    assert [name for name, _ in acts(site)] == ["member.promoted", "member.demoted", "member.suspended"]


def test_s25_the_last_host_cannot_go(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    refused = act(host, site, "demote", "host", "Take it away")
    assert refused.status_code == 422
    assert "last host" in refused.text
    act(host, site, "promote", "author", "Make a host")
    with site.inside(), writing():
        site.member("author").status = "suspended"
    assert act(host, site, "demote", "host", "Take it away").status_code == 422  # a host who is away does not count
    with site.inside(), writing():
        site.member("author").status = "active"
    assert act(host, site, "demote", "host", "Take it away").location == "/"
    assert host.get("/host").status_code == 404
    assert site.sign_in("author").get("/host").status_code == 200


def test_reset_mails_a_link_and_the_old_password_ends(site: Site, cast: Cast) -> None:
    author, host = site.sign_in("author"), site.sign_in("host")
    refused = act(host, site, "reset", "author", "Reset")
    assert refused.status_code == 422  # no confirmed address: a link would reach nobody
    assert "mixlite members reset" in refused.text
    with site.inside(), writing():
        site.member("author").email_confirmed_at = clock.now()
    assert act(host, site, "reset", "author", "Reset").status_code == 303
    assert "/sign-in" in author.get("/friends").location
    assert site.client().submit("/sign-in", "Sign in", login="author", password=PASSWORD).status_code == 422
    (mail,) = [mail for mail in mails_of(site) if "/password/reset/" in mail.as_string()]
    assert mail["To"] == "author@example.com"
    assert acts(site) == [("member.reset_asked", "Because.")]


def test_the_right_to_invite_is_set_for_one(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    assert act(host, site, "invitations", "author", "Save", quota="2", may_invite="y").status_code == 303
    with site.inside():
        member = site.member("author")
        assert (member.invite_quota, member.invite_denial) == (2, None)
    shown = host.get(f"/host/members/{site.ids['author']}/invitations")
    form = next(form for form in host.forms(shown) if "quota" in form.fields)
    assert (form.fields["quota"], "may_invite" in form.fields) == ("2", True)
    token = {"csrf_token": host.csrf_token(), "quota": "", "reason": "Strangers came."}
    assert host.http.post(f"/host/members/{site.ids['author']}/invitations", data=token).status_code == 303
    with site.inside():
        member = site.member("author")
        assert (member.invite_quota, member.invite_denial) == (None, "Strangers came.")
    assert "Strangers came." in host.get(f"/host/members/{site.ids['author']}").text


def test_s16_extra_fields_change_nothing(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    forged = {
        "id": "1", "member_id": "1", "is_host": "true", "status": "gone", "email": "x@example.com", "handle": "x",
        "actor_id": "3", "created_at": "2001-01-01", "founded_at": "", "notice_at": "2001-01-01", "actor": "3",
    }  # fmt: skip
    path = f"/host/members/{site.ids['author']}/suspend"
    assert host.submit(path, "Suspend", reason="Because.", **forged).status_code == 303
    with site.inside():
        member = site.member("author")
        assert (member.status, member.is_host, member.email) == ("suspended", False, "author@example.com")
        assert db.session.scalars(select(StaffAct)).one().actor_id == site.ids["host"]
    host.submit("/host/settings", "Save", name="Dojo", **forged)
    with site.inside():
        circle = the_circle()
        assert (circle.id, circle.name, circle.notice_at) == (1, "Dojo", None)
        assert circle.founded_at is not None


# ---- the host's own password, asked again (S13)

GRAVE = (("promote", "Make a host"), ("reset", "Reset"), ("suspend", "Suspend"), ("demote", "Take it away"))


def for_good(name: str) -> dict[str, str]:
    return {"days": ""} if name == "suspend" else {}


@pytest.mark.parametrize(("name", "button"), GRAVE)
def test_s13_what_decides_who_may_come_in_asks_for_the_hosts_password_again(
    site: Site, cast: Cast, name: str, button: str
) -> None:
    whom = "friend" if name == "demote" else "author"
    with site.inside(), writing():
        site.member("friend").is_host = True
        site.member("author").email_confirmed_at = clock.now()
    host = site.sign_in("host")
    path = f"/host/members/{site.ids[whom]}/{name}"
    shown = host.get(path)
    with clock.at(clock.now() + timedelta(minutes=11)):
        refused = host.submit(shown, button, reason="Typed with care.", **for_good(name))
        assert refused.status_code == 422
        assert "Please give your password once more" in refused.text
        assert "Typed with care." in refused.text
        assert f'href="/settings/assure?next={path}"' in refused.text
        assert acts(site) == []
        if name != "suspend":  # for a week nobody is asked
            assert host.get(path).location == f"/settings/assure?next={path}"
        assert host.submit(f"/settings/assure?next={path}", "Go on", password="wrong").status_code == 422
        assert host.submit(f"/settings/assure?next={path}", "Go on", password=PASSWORD).location == path
        assert host.submit(refused, button, **for_good(name)).status_code == 303
        assert acts(site)[0][1] == "Typed with care."


def test_s13_what_ends_by_itself_or_can_be_undone_asks_nothing_more(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert act(host, site, "suspend", "author", "Suspend", days="7").status_code == 303
        assert act(host, site, "lift", "author", "Lift").status_code == 303
        assert act(host, site, "invitations", "author", "Save", quota="2").status_code == 303


def test_s13_who_thinks_better_of_it_goes_back_to_the_member(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    whose = f"/host/members/{site.ids['author']}"
    assert f'href="{whose}">Cancel' in host.get(f"/settings/assure?next={whose}/promote").text
    for strange in ("", "/", "//evil.example/x", "https://evil.example/x"):
        assert 'href="/settings/account">Cancel' in host.get(f"/settings/assure?next={strange}").text, strange


# ---- a second factor that was lost


def with_second_factor(site: Site, handle: str) -> None:
    with site.inside(), writing():
        member = site.member(handle)
        member.email_confirmed_at = member.totp_since = clock.now()
        member.totp_secret = "x"
        db.session.add(RecoveryCode(member_id=member.id, code_hash="y"))


def test_a_reset_leaves_the_second_factor_unless_it_was_lost_too(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    assert "second factor" not in host.get(f"/host/members/{site.ids['friend']}/reset").text.partition("<form")[2]
    with_second_factor(site, "author")
    assert act(host, site, "reset", "author", "Reset").status_code == 303
    with site.inside():
        assert site.member("author").totp_since is not None
    assert act(host, site, "reset", "author", "Reset", without_factor="y", reason="Lost the phone.").status_code == 303
    with site.inside():
        member = site.member("author")
        assert (member.totp_since, member.totp_secret) == (None, None)
        assert db.session.scalars(select(RecoveryCode)).all() == []
    assert acts(site) == [
        ("member.reset_asked", "Because."),
        ("member.reset_asked", "Lost the phone."),
        ("member.factor_removed", "Lost the phone."),
    ]
    assert "second factor switched off" in host.get("/host/log").text


@pytest.mark.parametrize(
    ("language", "subject"),
    [("en", "A host has switched your second factor off"), ("ja", "世話役が二段階認証をオフにしました")],
)
def test_the_member_is_told_by_mail_that_a_host_switched_it_off(
    site: Site, cast: Cast, language: str, subject: str
) -> None:
    with_second_factor(site, "author")
    with site.inside(), writing():
        site.member("author").language = language
    act(site.sign_in("host"), site, "reset", "author", "Reset", without_factor="y")
    (mail,) = [mail for mail in mails_of(site) if mail["Subject"].strip() == subject]
    assert mail["To"] == "author@example.com"


def test_without_a_second_factor_a_forged_tick_does_nothing(site: Site, cast: Cast) -> None:
    with site.inside(), writing():
        site.member("author").email_confirmed_at = clock.now()
    assert act(site.sign_in("host"), site, "reset", "author", "Reset", without_factor="y").status_code == 303
    assert [name for name, _ in acts(site)] == ["member.reset_asked"]


# ---- two hosts at the same settings (R13)


def settings_form(client: Client):
    return next(form for form in client.forms(client.get("/host/settings")) if "notice" in form.fields)


def two_hosts(site: Site) -> tuple[Client, Client]:
    with site.inside(), writing():
        site.member("friend").is_host = True
    return site.sign_in("host"), site.sign_in("friend")


def test_r13_of_two_who_save_the_same_settings_the_second_sees_both(site: Site, cast: Cast) -> None:
    one, other = two_hosts(site)
    first, second = one.get("/host/settings"), other.get("/host/settings")
    assert one.submit(first, "Save", notice="Keiko <b> on Monday", name="Dojo").status_code == 303
    late = other.submit(second, "Save", notice="Sweep on Sunday", rules="Bow.")
    assert late.status_code == 409
    assert "Meanwhile another host has saved these settings." in late.text
    assert "Keiko &lt;b&gt; on Monday" in late.text  # what stands there now
    shown = next(form for form in other.forms(late) if "notice" in form.fields)
    assert shown.fields["notice"].strip() == "Sweep on Sunday"  # what was typed is kept
    assert shown.fields["rules"].strip() == "Bow."
    assert shown.fields["name"] == "Dojo"  # what was not touched here is as it is now
    with site.inside():
        circle = the_circle()
        assert (circle.notice, circle.rules, circle.name) == ("Keiko <b> on Monday", "", "Dojo")
    assert other.submit(late, "Save").status_code == 303
    with site.inside():
        circle = the_circle()
        assert (circle.notice, circle.rules, circle.name) == ("Sweep on Sunday", "Bow.", "Dojo")
    assert [reason for _, reason in acts(site)] == ["name notice", "notice rules"]


def test_r13_numbers_too_and_nothing_to_settle_where_both_wrote_the_same(site: Site, cast: Cast) -> None:
    one, other = two_hosts(site)
    first, second = one.get("/host/settings"), other.get("/host/settings")
    one.submit(first, "Save", invite_quota="7")
    late = other.submit(second, "Save", invite_quota="9")
    assert late.status_code == 409
    assert "another host saved meanwhile" in late.text
    assert other.submit(second, "Save", invite_quota="7").status_code == 303  # it stands there already


def test_r13_a_forged_mark_is_a_conflict_and_no_error(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    assert host.submit("/host/settings", "Save", notice="Hello", seen="a b c d e f").status_code == 409
    assert host.submit("/host/settings", "Save", notice="Hello", seen="x " * 5000).status_code == 303


def test_the_account_page_leads_to_what_hosts_did(site: Site, cast: Cast) -> None:
    author = site.sign_in("author")
    assert 'href="/settings/acts"' in author.get("/settings/account").text
    assert 'aria-current="page">Account' in author.get("/settings/acts").text


# ---- invitations


def test_open_invitations_are_listed_and_revoked(site: Site, cast: Cast) -> None:
    link = site.invite("author", letter="Dear Kim, secret-letter-5512", uses=2)
    with site.inside(), writing():
        db.session.execute(
            update(Invitation).where(Invitation.inviter_id == site.ids["author"]).values(mailed_to="kim@x.jp")
        )
        number = db.session.scalars(select(func.max(Invitation.id))).one()
    host = site.sign_in("host")
    page = host.get("/host/invitations").text
    assert "0 of 2" in page
    assert "by mail" in page
    for secret in ("secret-letter-5512", link, "kim@x.jp"):
        assert secret not in page
    assert host.submit(f"/host/invitations/{number}/revoke", "Revoke", reason="Not now.").status_code == 303
    assert site.client().get(link).status_code == 404
    assert host.get(f"/host/invitations/{number}/revoke").status_code == 404
    assert "0 of 2" not in host.get("/host/invitations").text
    assert acts(site) == [("invitation.revoked", "Not now.")]
    assert "Not now." in site.sign_in("author").get("/settings/acts").text


# ---- the log


@pytest.mark.parametrize("statement", ["UPDATE staff_log SET reason = 'nothing'", "DELETE FROM staff_log"])
def test_p13_nobody_changes_the_log(any_site: Site, statement: str) -> None:
    any_site.join("host")
    with any_site.inside():
        with writing():
            log_act(any_site.member("host"), "settings.changed", reason="name")
        with pytest.raises(DatabaseError, match="only appended to"), writing():
            db.session.execute(text(statement))
        assert db.session.scalars(select(StaffAct.reason)).all() == ["name"]


def test_the_log_is_paged_and_says_who_and_why(site: Site, cast: Cast) -> None:
    with site.inside(), writing():
        for n in range(120):
            log_act(site.member("host"), "member.suspended", member=site.member("author"), reason=f"reason-{n}.")
        log_act(None, "member.promoted", member=site.member("host"))
    host = site.sign_in("host")
    seen: list[str] = []
    page = host.get("/host/log")
    assert "by the command line" in page.text
    while True:
        seen += re.findall(r"reason-(\d+)\.", page.text)
        older = re.search(r'class="button small older" href="([^"]+)"', page.text)
        if not older:
            break
        page = host.get(older[1])
    assert seen == [str(n) for n in reversed(range(120))]


def test_the_log_costs_the_same_however_long_it_is(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    with site.inside(), writing():
        log_act(site.member("host"), "member.suspended", member=site.member("author"))
    with site.statements() as few:
        host.get("/host/log")
    with site.inside(), writing():
        for handle in ("friend", "second", "stranger", "blocked"):
            log_act(site.member(handle), "member.suspended", member=site.member("author"))
    with site.statements() as many:
        host.get("/host/log")
    assert len(few) == len(many)


# ---- jobs


def test_failed_jobs_are_tried_again(any_site: Site) -> None:
    site = any_site
    site.join("host")
    with site.inside(), writing():
        for n in range(3):
            event = events.record("entry.deleted", actor_id=None, subject_id=1000 + n)
            event.state, event.attempts, event.error = "failed", 12, "ValueError: private-words-9041"
        post_letter("accounts/mail_reset.txt", key="k", about_id=1, address="secret@example.com", language="en")
        db.session.execute(update(Letter).values(state="failed", error="SMTPRecipientsRefused"))
    host = site.sign_in("host")
    page = host.get("/host/jobs").text
    assert "ValueError" in page
    assert "private-words-9041" not in page
    assert "secret@example.com" not in page
    with site.inside():
        number = db.session.scalars(select(Event.id).where(Event.state == "failed").limit(1)).one()
    assert host.post(f"/host/jobs/event/{number}/retry").status_code == 303
    assert host.post(f"/host/jobs/event/{number}/retry").status_code == 404  # it waits already
    with site.inside():
        event = db.session.get_one(Event, number)
        assert (event.state, event.attempts, event.error) == ("waiting", 0, None)
    for kind in ("event", "letter"):
        assert host.post(f"/host/jobs/{kind}/retry").status_code == 303
    with site.inside():
        assert db.session.scalars(select(Event).where(Event.state == "failed")).all() == []
        assert db.session.scalars(select(Letter.state)).all() == ["waiting"]
    assert [name for name, _ in acts(site)] == ["job.retried"] * 3
    assert "Nothing failed" in host.get("/host/jobs").text


# ---- the house's own words


def test_settings_are_kept_and_logged_without_their_words(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    words = {"name": "柳道場", "notice": "The house rests on Tuesday night.", "welcome": "Welcome, all of you.",
             "rules": "Be kind.\nTell the truth.", "invite_quota": "3", "invite_wait_hours": "7"}  # fmt: skip
    assert host.submit("/host/settings", "Save", **words).status_code == 303
    author = site.sign_in("author")
    home = author.get("/").text
    assert "The house rests on Tuesday night." in home
    assert "柳道場" in home
    assert "Tell the truth." in author.get("/rules").text
    joining = site.client().get(site.invite("author")).text
    assert "Be kind." in joining
    assert "柳道場" in joining
    assert "The house rests" not in joining
    with site.inside():
        circle = the_circle()
        assert (circle.invite_quota, circle.invite_wait_hours, circle.welcome) == (3, 7, "Welcome, all of you.")
        assert circle.notice_at is not None
    assert acts(site) == [("settings.changed", "invite_quota invite_wait_hours name notice rules welcome")]
    assert host.submit("/host/settings", "Save").status_code == 303  # nothing changed: nothing to log
    assert len(acts(site)) == 1
    assert host.submit("/host/settings", "Save", notice="").status_code == 303
    assert "board" not in author.get("/").text


def test_bad_settings_are_refused_and_nothing_is_lost(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    for bad in ({"invite_quota": "-1"}, {"invite_quota": "many"}, {"invite_quota": "1001"}, {"invite_wait_hours": "٣"},
                {"name": "x" * 51}, {"notice": "x" * 1001}, {"rules": "x" * 5001}, {"welcome": "a\x00b"}):  # fmt: skip
        answer = host.submit("/host/settings", "Save", **{"welcome": "typed with love", **bad})
        assert answer.status_code == 422, bad
        assert "typed with love" in answer.text or "welcome" in bad
    assert acts(site) == []


def test_s29_the_hosts_words_are_words(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    host.submit("/host/settings", "Save", name="<b>x</b>", notice=bad, rules=bad, welcome=bad)
    for path in ("/", "/rules", "/host/settings", "/host/log"):
        page = host.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>x</b>" not in page


def test_get_changes_nothing(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    for path in every_path(site):
        host.get(path + "?reason=x&days=1&quota=1")
    assert acts(site) == []
    with site.inside():
        assert site.member("author").status == "active"


def test_s33_acts_want_a_token(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    for path in (f"/host/members/{site.ids['author']}/suspend", "/host/settings", "/host/jobs/event/retry"):
        assert host.http.post(path, data={"reason": "x", "days": "1"}).status_code == 400
    assert acts(site) == []
