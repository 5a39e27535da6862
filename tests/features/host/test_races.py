"""Two hosts at the same moment, on both databases."""

import threading

from sqlalchemy import func, select

from mixlite.core.db import db, writing
from mixlite.people.members import Member
from tests.support.site import Client, Site


def both(*requests) -> list[int]:
    """Send them at once; the statuses."""
    start, statuses = threading.Barrier(len(requests)), [0] * len(requests)

    def run(index: int, send) -> None:
        start.wait()
        statuses[index] = send().status_code

    threads = [threading.Thread(target=run, args=(index, send)) for index, send in enumerate(requests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def demotion(client: Client, member_id: int):
    path = f"/host/members/{member_id}/demote"
    data = {"csrf_token": client.csrf_token(), "reason": "Now."}
    return lambda: client.http.post(path, data=data)


def hosts(site: Site) -> int:
    with site.inside():
        return db.session.scalar(select(func.count()).select_from(Member).where(Member.is_host)) or 0


def two_hosts(site: Site) -> tuple[Client, Client]:
    with site.inside(), writing():
        for handle in ("one", "two"):
            site.member(handle).is_host = True
    return site.sign_in("one"), site.sign_in("two")


def test_s25_two_hosts_who_demote_each_other_leave_one(any_site: Site) -> None:
    site = any_site
    site.join("one")
    site.join("two", "one")
    for _ in range(4):
        one, two = two_hosts(site)
        statuses = both(demotion(one, site.ids["two"]), demotion(two, site.ids["one"]))
        assert sorted(statuses) == [303, 404]  # the second is no host any more when its turn comes
        assert hosts(site) == 1


def test_s25_two_hosts_who_step_down_at_once_leave_one(any_site: Site) -> None:
    site = any_site
    site.join("one")
    site.join("two", "one")
    for _ in range(4):
        one, two = two_hosts(site)
        statuses = both(demotion(one, site.ids["one"]), demotion(two, site.ids["two"]))
        assert sorted(statuses) == [303, 422]
        assert hosts(site) == 1
        with site.inside(), writing():
            site.member("one").is_host = site.member("two").is_host = True


def test_two_hosts_decide_one_report_once(any_site: Site) -> None:
    site = any_site
    site.join("one")
    for handle in ("two", "author", "friend"):
        site.join(handle, "one")
    site.befriend("author", "friend")
    one, two = two_hosts(site)
    friend = site.sign_in("friend")
    for number in range(1, 5):
        entry = site.diary("author")
        friend.submit(f"/report/entry/{entry}", "Send to the host", reason="other")

        def decision(client: Client, word: str, number: int = number):
            data = {"csrf_token": client.csrf_token(), "decision": word, "words": "So."}
            return lambda: client.http.post(f"/host/reports/{number}", data=data)

        assert sorted(both(decision(one, "removed"), decision(two, "dismissed"))) == [303, 409]


def test_reported_twice_at_once_is_one_report(any_site: Site) -> None:
    from mixlite.features.reports.models import Report

    site = any_site
    site.join("host")
    for handle in ("author", "friend"):
        site.join(handle, "host")
    site.befriend("author", "friend")
    first, second = site.sign_in("friend"), site.sign_in("friend")
    entry = site.diary("author")

    def reporting(client: Client):
        data = {"csrf_token": client.csrf_token(), "reason": "other"}
        return lambda: client.http.post(f"/report/entry/{entry}", data=data)

    assert both(reporting(first), reporting(second)) == [303, 303]
    with site.inside():
        assert db.session.scalar(select(func.count()).select_from(Report)) == 1
