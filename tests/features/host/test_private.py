"""Hosts see no private content but what was reported: canaries in all that members wrote, and every /host page."""

import re

from sqlalchemy import update

from mixlite.core import clock, events
from mixlite.core.db import db, writing
from mixlite.core.events import Event
from mixlite.core.mail import Letter, post_letter
from mixlite.features.friends.verbs import ask_to_be_friends
from mixlite.features.reading.verbs import add_comment
from mixlite.policy.visibility import visible_entry
from tests.support.site import Cast, Client, Site

WORD = re.compile(r"canary-[a-z]+")
REPORTED = "canary-reported"


def everything_written(site: Site) -> int:
    """Private words in every place that members write in; answers the entry that is reported."""
    site.diary("author", "friends", title="canary-title", body="canary-body")
    site.diary("author", "only_me", title="canary-own", body="canary-alone")
    site.voice("author", "friends", body="canary-voice")
    reported = site.diary("author", "friends", title="A pier", body=REPORTED)
    with site.inside(), writing():
        friend = site.member("friend")
        for entry_id in (1, reported):
            add_comment(friend, visible_entry(friend, entry_id), body="canary-comment")
        site.member("author").introduction = "canary-introduction"
        site.member("author").email = "canary-address@example.com"
    site.do(ask_to_be_friends, "author", "stranger", message="canary-request")
    site.invite("author", letter="canary-letter")
    with site.inside(), writing():
        event = events.record("entry.deleted", actor_id=None, subject_id=424242)
        post_letter("invitations/letter.txt", key="k", about_id=1, address="canary-mailed@example.com", language="en",
                    letter="canary-mail")  # fmt: skip
        db.session.flush()
        db.session.execute(update(Event).where(Event.id == event.id).values(state="failed", error="E: canary-error"))
        db.session.execute(update(Letter).values(state="failed", error="canary-answer@example.com said no"))
        db.session.execute(update(Event).where(Event.state == "failed").values(happened_at=clock.now()))
    return reported


def crawl(client: Client, start: str, below: str) -> dict[str, str]:
    """Every page below an address that links lead to."""
    pages: dict[str, str] = {}
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        answer = client.get(path)
        pages[path] = answer.text
        assert answer.status_code == 200, path
        links = (link.replace("&amp;", "&").partition("#")[0] for link in re.findall(r'href="([^"]+)"', answer.text))
        waiting += [link for link in links if link.startswith(below)]
    return pages


def test_s17_hosts_see_only_what_was_reported(site: Site, cast: Cast) -> None:
    reported = everything_written(site)
    site.sign_in("friend").submit(f"/report/entry/{reported}", "Send to the host", reason="unkind", note="Look.")
    host = site.sign_in("host")
    pages = crawl(host, "/host", "/host")
    assert len(pages) > 20
    for path in ("/host/members?q=author", "/host/members?q=canary", "/host/members?state=suspended"):
        pages[path] = host.get(path).text
    seen = {path: set(WORD.findall(text)) - ({"canary"} if "q=" in path else set()) for path, text in pages.items()}
    assert seen.pop("/host/reports/1") == {REPORTED}
    assert {path: words for path, words in seen.items() if words} == {}


def test_s17_a_host_reads_under_the_law_like_everybody(site: Site, cast: Cast) -> None:
    reported = everything_written(site)
    site.sign_in("friend").submit(f"/report/entry/{reported}", "Send to the host", reason="unkind", note="Look.")
    host = site.sign_in("host")
    assert host.get(f"/entries/{reported}").status_code == 404  # also what was reported: only the copy is for hosts
    for path in ("/", "/@author", "/@author/diary", "/@friend"):
        words = set(WORD.findall(host.get(path).text))
        assert words <= {"canary-introduction"}, path
    # whoever blocked the host is not there for them as a person, though the account is
    from mixlite.features.friends.verbs import block

    site.do(block, "author", "host")
    assert host.get("/@author").status_code == 404
    assert host.get(f"/host/members/{site.ids['author']}").status_code == 200
