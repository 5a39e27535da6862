"""Reporting, the host's queue, deciding, and being told."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.features.reading.verbs import add_comment
from mixlite.features.reports.models import Report
from mixlite.features.reports.verbs import forget_old_copies
from mixlite.people.stafflog import StaffAct
from mixlite.policy.visibility import visible_entry
from tests.support.site import PASSWORD, Cast, Client, Site

CANARY = "mejiro-7751"


def comment(site: Site, author: str, entry_id: int, body: str) -> int:
    with site.inside(), writing():
        member = site.member(author)
        return add_comment(member, visible_entry(member, entry_id), body=body).id


def report(
    site: Site, who: str, what: str, subject_id: int, *, reason: str = "unkind", note: str = "Please look."
) -> None:
    answer = site.sign_in(who).submit(f"/report/{what}/{subject_id}", "Send to the host", reason=reason, note=note)
    assert answer.status_code == 303, answer.text


def decide(host: Client, report_id: int, decision: str, words: str = "", **more: str):
    return host.submit(f"/host/reports/{report_id}", "Decide", decision=decision, words=words, **more)


def reports(site: Site) -> list[Report]:
    with site.inside():
        return list(db.session.scalars(select(Report).order_by(Report.id)))


def test_an_entry_is_reported_dismissed_and_both_sides_are_told(site: Site, cast: Cast) -> None:
    entry = site.diary("author", title="On the pier", body="Hard words.")
    friend = site.sign_in("friend")
    shown = friend.get(f"/entries/{entry}")
    assert f'href="/report/entry/{entry}"' in shown.text
    answer = friend.submit(f"/report/entry/{entry}", "Send to the host", reason="unkind", note="It hurts Ruth.")
    assert answer.status_code == 303
    assert answer.location == f"/entries/{entry}"

    host = site.sign_in("host")
    assert "1 report waits for a host" in host.get("/").text
    queue = host.get("/host/reports").text
    assert "It hurts Ruth." in queue
    page = host.get("/host/reports/1").text
    assert "On the pier" in page
    assert "Hard words." in page
    assert f'href="/entries/{entry}"' not in page  # the host is no friend of the author: only the copy was reported
    assert decide(host, 1, "dismissed", "We talked about it.").status_code == 303
    assert "Nothing waits" in host.get("/host/reports").text
    assert "We talked about it." in host.get("/host/reports/decided").text

    told = friend.get("/")
    assert "left it as it is" in told.text
    assert "We talked about it." in told.text
    author = site.sign_in("author")
    about = author.get("/")
    assert "Somebody asked the hosts" in about.text
    assert "Friend" not in about.text.split('class="verdict"')[1].split("</article>")[0]  # not who it was
    assert author.get(f"/entries/{entry}").status_code == 200
    with site.inside():
        act = db.session.scalars(select(StaffAct)).one()
        assert (act.act, act.subject, act.subject_id, act.reason) == (
            "report.dismissed",
            "entry",
            entry,
            "We talked about it.",
        )
        assert act.member_id == site.ids["author"]

    assert friend.submit(told, "Read").status_code == 303
    assert "left it as it is" not in friend.get("/").text
    assert "Somebody asked the hosts" in author.get("/").text  # each puts it away for themselves


def test_s26_what_a_host_removes_is_gone_at_once_and_erased_soon(any_site: Site) -> None:
    site = any_site
    site.join("host")
    for handle in ("author", "friend"):
        site.join(handle, "host")
    site.befriend("author", "friend")
    entry = site.diary("author", title=CANARY, body=CANARY)
    report(site, "friend", "entry", entry)
    host, friend, author = site.sign_in("host"), site.sign_in("friend"), site.sign_in("author")
    assert decide(host, 1, "removed", "It names somebody's child.").status_code == 303
    missing = friend.get("/entries/424242")
    for who in (friend, author):
        gone = who.get(f"/entries/{entry}")
        assert gone.status_code == 404
        assert gone.data == missing.data
        assert who.post(f"/entries/{entry}/like").status_code == 404
        for path in ("/", "/@author", "/@author/diary"):
            assert CANARY not in who.get(path).text
    assert "The hosts removed something of yours" in author.get("/").text
    assert "The hosts removed it." in friend.get("/").text
    with site.inside():
        later = clock.now() + timedelta(minutes=1)
    with site.app.app_context(), clock.at(later):
        build_workshop().sweep()
    with site.inside():
        assert db.session.get(Entry, entry) is None
        assert json.loads(db.session.scalars(select(Report)).one().snapshot)["text"] == CANARY  # for thirty days
    assert "not for you to see" in host.get("/host/reports/1").text


def test_s26_a_removed_comment_is_gone_and_its_number_stays_empty(site: Site, cast: Cast) -> None:
    entry = site.diary("author", title="The title above", body="The words above.")
    first = comment(site, "friend", entry, CANARY)
    report(site, "author", "comment", first)
    host = site.sign_in("host")
    page = host.get("/host/reports/1").text
    assert CANARY in page
    assert "The title above" not in page  # the entry was not reported
    assert "The words above" not in page
    assert decide(host, 1, "removed", "No.").status_code == 303
    author = site.sign_in("author")
    assert CANARY not in author.get(f"/entries/{entry}").text
    with site.inside():
        assert db.session.get_one(Comment, first).deleted_at is not None
    comment(site, "friend", entry, "again")
    assert 'id="c2"' in author.get(f"/entries/{entry}").text


def test_a_member_is_reported_and_suspended_and_every_session_ends(site: Site, cast: Cast) -> None:
    report(site, "friend", "member", site.ids["author"], reason="other")
    author, host = site.sign_in("author"), site.sign_in("host")
    answer = decide(host, 1, "suspended", "Cool down, please.", days="3")
    assert answer.status_code == 303
    assert author.get("/").text == site.client().get("/").text or "Welcome back" in author.get("/").text
    assert (
        site.client().submit("/sign-in", "Sign in", login="author", password="seven ripe persimmons").status_code == 422
    )
    assert site.sign_in("friend").get("/@author").status_code == 404
    with site.inside():
        member = site.member("author")
        assert (member.status, member.suspension_reason) == ("suspended", "Cool down, please.")
        acts = db.session.scalars(select(StaffAct.act).order_by(StaffAct.id)).all()
        assert acts == ["report.suspended", "member.suspended"]
    assert "suspended its author" in site.sign_in("friend").get("/").text


def test_suspending_may_take_the_thing_away_as_well(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    report(site, "friend", "entry", entry)
    assert decide(site.sign_in("host"), 1, "suspended", "No.", days="", take_away="y").status_code == 303
    with site.inside():
        assert db.session.get_one(Entry, entry).deleted_at is not None
        assert site.member("author").suspended_until is None


def test_removing_from_a_profile_empties_its_introduction(site: Site, cast: Cast) -> None:
    with site.inside(), writing():
        site.member("author").introduction = CANARY
    report(site, "friend", "member", site.ids["author"])
    host = site.sign_in("host")
    assert CANARY in host.get("/host/reports/1").text
    assert decide(host, 1, "removed", "Not here.").status_code == 303
    assert CANARY not in site.sign_in("friend").get("/@author").text


@pytest.mark.parametrize("viewer", ["second", "stranger", "blocked", "blocker", "host"])
def test_s14_what_one_cannot_see_cannot_be_reported(site: Site, cast: Cast, viewer: str) -> None:
    entry = site.diary("author")
    words = comment(site, "friend", entry, "x")
    client = site.sign_in(viewer)
    for method in (client.get, client.post):
        missing = method("/report/entry/424242")
        assert missing.status_code == 404
        for path in (
            f"/report/entry/{entry}",
            f"/report/comment/{words}",
            "/report/comment/424242",
            "/report/nothing/1",
        ):
            answer = method(path)
            assert (answer.status_code, answer.data) == (404, missing.data), path
    if viewer in ("blocked", "blocker"):
        assert client.get(f"/report/member/{site.ids['author']}").status_code == 404
    assert reports(site) == []


def test_reporting_twice_is_one_open_report(site: Site, cast: Cast) -> None:
    entry = site.diary("author", "members")
    report(site, "friend", "entry", entry, reason="unkind", note="first")
    report(site, "friend", "entry", entry, reason="private", note="second")
    assert [(each.reason, each.note) for each in reports(site)] == [("private", "second")]
    report(site, "second", "entry", entry, note="me too")
    host = site.sign_in("host")
    queue = host.get("/host/reports").text
    assert queue.count('class="report"') == 1  # one thing, at its first report
    assert "me too" in host.get("/host/reports/1").text
    assert decide(host, 1, "dismissed").status_code == 303
    assert [each.state for each in reports(site)] == ["dismissed", "dismissed"]
    for who in ("friend", "second"):
        assert "left it as it is" in site.sign_in(who).get("/").text
    report(site, "friend", "entry", entry, note="again")  # after a decision it may be reported anew
    assert [each.state for each in reports(site)] == ["dismissed", "dismissed", "open"]


def test_one_does_not_report_oneself(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    author = site.sign_in("author")
    assert f"/report/entry/{entry}" not in author.get(f"/entries/{entry}").text
    answer = author.post(f"/report/entry/{entry}", {"reason": "unkind", "note": ""})
    assert answer.status_code == 422
    assert author.post(f"/report/member/{site.ids['author']}", {"reason": "unkind"}).status_code == 422
    assert reports(site) == []


def test_a_bad_report_keeps_what_was_typed(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    friend = site.sign_in("friend")
    answer = friend.submit(f"/report/entry/{entry}", "Send to the host", note="half a thought")
    assert answer.status_code == 422
    assert "half a thought" in answer.text
    assert friend.post(f"/report/entry/{entry}", {"reason": "nonsense"}).status_code == 422
    assert friend.post(f"/report/entry/{entry}", {"reason": "unkind", "note": "x" * 501}).status_code == 422
    assert reports(site) == []


def test_a_decision_needs_words_but_for_leaving_it(site: Site, cast: Cast) -> None:
    report(site, "friend", "entry", site.diary("author"))
    host = site.sign_in("host")
    assert decide(host, 1, "removed").status_code == 422
    assert decide(host, 1, "suspended", days="7").status_code == 422
    assert decide(host, 1, "nonsense", "x").status_code == 422
    assert decide(host, 1, "suspended", "x", days="12").status_code == 422
    assert [each.state for each in reports(site)] == ["open"]


def test_a_second_decision_comes_too_late(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    report(site, "friend", "entry", entry)
    host = site.sign_in("host")
    open_page = host.get("/host/reports/1")
    assert host.submit(open_page, "Decide", decision="dismissed", words="").status_code == 303
    late = host.submit(open_page, "Decide", decision="removed", words="No.")
    assert late.status_code == 409
    assert "decided already" in late.text
    with site.inside():
        assert db.session.get_one(Entry, entry).deleted_at is None


def test_s25_a_host_does_not_judge_themselves_while_there_is_another(site: Site, cast: Cast) -> None:
    entry = site.diary("host", "members")
    report(site, "author", "entry", entry)
    with site.inside(), writing():
        site.member("stranger").is_host = True
    answer = decide(site.sign_in("host"), 1, "dismissed")
    assert answer.status_code == 422
    assert "Another host" in answer.text
    assert decide(site.sign_in("stranger"), 1, "dismissed").status_code == 303


def test_s25_a_host_cannot_be_suspended_through_a_report(site: Site, cast: Cast) -> None:
    with site.inside(), writing():
        site.member("author").is_host = True
    report(site, "friend", "entry", site.diary("author"))
    answer = decide(site.sign_in("host"), 1, "suspended", "No.", days="7")
    assert answer.status_code == 422
    assert [each.state for each in reports(site)] == ["open"]
    with site.inside():
        assert db.session.scalars(select(StaffAct)).all() == []


def test_s13_to_suspend_for_good_through_a_report_asks_for_the_password_again(site: Site, cast: Cast) -> None:
    entry = site.diary("author", "members")
    report(site, "friend", "entry", entry)
    host = site.sign_in("host")
    chosen = {"decision": "suspended", "words": "After a long talk.", "take_away": "y"}
    with clock.at(clock.now() + timedelta(minutes=11)):
        refused = host.submit("/host/reports/1", "Decide", days="", **chosen)
        assert refused.status_code == 422
        assert "Please give your password once more" in refused.text
        assert "After a long talk." in refused.text
        assert 'href="/settings/assure?next=/host/reports/1"' in refused.text
        assert [each.state for each in reports(site)] == ["open"]
        with site.inside():
            assert site.member("author").status == "active"
            assert db.session.get_one(Entry, entry).deleted_at is None
            assert db.session.scalars(select(StaffAct)).all() == []
        assert host.submit("/settings/assure", "Go on", password=PASSWORD).status_code == 303
        assert host.submit(refused, "Decide", **chosen).status_code == 303
    with site.inside():
        assert site.member("author").suspended_until is None
        assert site.member("author").status == "suspended"


def test_s25_nobody_else_reads_or_decides_reports(site: Site, cast: Cast) -> None:
    report(site, "friend", "entry", site.diary("author"))
    for who in ("author", "friend", "stranger"):
        client = site.sign_in(who)
        missing = client.get("/entries/424242")
        for path in ("/host/reports", "/host/reports/decided", "/host/reports/1", "/host/reports/424242"):
            answer = client.get(path)
            assert (answer.status_code, answer.data) == (404, missing.data)
        assert client.post("/host/reports/1", {"decision": "dismissed"}).status_code == 404
        assert "report waits" not in client.get("/").text
    assert site.client().get("/host/reports/1").location == "/sign-in?next=/host/reports/1"
    assert [each.state for each in reports(site)] == ["open"]


def test_s15_only_those_who_were_told_put_it_away(site: Site, cast: Cast) -> None:
    report(site, "friend", "entry", site.diary("author"))
    friend, second = site.sign_in("friend"), site.sign_in("second")
    assert friend.post("/reports/1/put-away").status_code == 404  # nothing was told yet
    decide(site.sign_in("host"), 1, "dismissed")
    missing = second.post("/reports/424242/put-away")
    assert missing.status_code == 404
    assert second.post("/reports/1/put-away").data == missing.data
    assert [each.told_reporter_at for each in reports(site)] == [None]


def test_s16_extra_fields_change_nothing(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    forged = {
        "id": "99", "reporter_id": "1", "about_id": "1", "state": "removed", "snapshot": "{}", "decided_by_id": "3",
        "created_at": "2001-01-01", "reportable": "member", "subject_id": "1", "is_host": "true",
    }  # fmt: skip
    friend = site.sign_in("friend")
    friend.submit(f"/report/entry/{entry}", "Send to the host", reason="unkind", note="n", **forged)
    made = reports(site)[0]
    assert (made.id, made.reporter_id, made.about_id, made.state) == (1, site.ids["friend"], site.ids["author"], "open")
    assert (made.reportable, made.subject_id, made.created_at.year > 2020) == ("entry", entry, True)
    host = site.sign_in("host")
    decide(host, 1, "dismissed", **{k: v for k, v in forged.items() if k != "id"})
    assert reports(site)[0].state == "dismissed"
    with site.inside():
        assert not site.member("friend").is_host


def test_the_copy_is_what_was_reported_not_what_it_became(site: Site, cast: Cast) -> None:
    entry = site.diary("author", title="Before", body="Before all that.")
    report(site, "friend", "entry", entry)
    author = site.sign_in("author")
    author.submit(f"/entries/{entry}/edit", "Save", title="After", body="After all that.", audience="only_me")
    page = site.sign_in("host").get("/host/reports/1").text
    assert "Before all that." in page
    assert "After all that." not in page


def test_the_copy_outlives_the_report_by_thirty_days(site: Site, cast: Cast) -> None:
    report(site, "friend", "entry", site.diary("author", title=CANARY), note="quoting it")
    report(site, "friend", "entry", site.diary("author", title="still open"))
    host = site.sign_in("host")
    decide(host, 1, "dismissed")
    for days, is_there in ((29, True), (31, False)):
        with site.app.app_context(), clock.at(clock.now() + timedelta(days=days)):
            forget_old_copies()
        assert (CANARY in host.get("/host/reports/1").text) is is_there
        assert ("quoting it" in host.get("/host/reports/1").text) is is_there
    assert "still open" in host.get("/host/reports/2").text


def test_earlier_reports_of_the_same_member_are_listed(site: Site, cast: Cast) -> None:
    first, second = site.diary("author"), site.voice("author")
    report(site, "friend", "entry", first)
    host = site.sign_in("host")
    decide(host, 1, "removed", "No.")
    report(site, "friend", "entry", second)
    assert 'href="/host/reports/1"' in host.get("/host/reports/2").text


def test_the_queue_asks_the_same_however_long_it_is(site: Site, cast: Cast) -> None:
    host = site.sign_in("host")
    report(site, "friend", "entry", site.diary("author"))
    with site.statements() as few:
        host.get("/host/reports")
    for n in range(25):
        with site.inside(), writing():
            ids = {"about_id": site.ids["author"], "reporter_id": site.ids["friend"]}
            db.session.add(
                Report(reportable="entry", subject_id=1000 + n, reason="other", created_at=clock.now(), **ids)
            )
    with site.statements() as many:
        page = host.get("/host/reports")
    assert len(few) == len(many)
    assert page.text.count('class="report"') == 20
    older = page.text.split('class="button small older" href="')[1].split('"')[0]
    assert host.get(older.replace("&amp;", "&")).text.count('class="report"') == 6


def test_get_changes_nothing(site: Site, cast: Cast) -> None:
    entry = site.diary("author")
    report(site, "friend", "entry", entry)
    host = site.sign_in("host")
    before = [(r.state, r.told_reporter_at, r.told_about_at) for r in reports(site)]
    for client in (host, site.sign_in("friend"), site.sign_in("author")):
        for path in ("/", "/host/reports/1?decision=dismissed", f"/report/entry/{entry}?reason=unkind"):
            client.get(path)
    assert [(r.state, r.told_reporter_at, r.told_about_at) for r in reports(site)] == before
    with site.inside(), writing():
        db.session.execute(update(Report).values(state="dismissed", decided_at=clock.now()))
    site.sign_in("friend").get("/")
    assert reports(site)[0].told_reporter_at is None
