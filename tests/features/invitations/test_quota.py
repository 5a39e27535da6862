"""How many invitations somebody may have out, and when: said on the page, and exact whoever hurries."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.errors import Refused
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.queries import allowance_of
from mixlite.features.invitations.verbs import MAILS_PER_DAY, MAILS_TO_ONE_PER_DAY, create_invitation, revoke_invitation
from mixlite.people.circle import the_circle
from mixlite.people.friendships import MOST_FRIENDS
from mixlite.people.members import Member
from mixlite.people.stewardship import lift, suspend
from tests.support.site import PASSWORD, Site


def invite(site: Site, handle: str, uses: int = 1, email: str = "") -> int:
    return int(site.do(create_invitation, handle, letter="", uses=uses, days=14, email=email))


def change(site: Site, handle: str, **values) -> None:
    with site.inside(), writing():
        db.session.execute(update(Member).where(Member.handle == handle).values(**values))


def left(site: Site, handle: str) -> int | None:
    with site.inside():
        return allowance_of(site.member(handle)).left


@pytest.fixture
def house(site: Site) -> Site:
    site.join("hana")
    site.join("rosa", "hana")
    return site


def test_five_uses_may_be_open_and_the_page_says_what_is_left(house):
    rosa = house.sign_in("rosa")
    assert "<b>5 of 5</b> left" in rosa.get("/invitations").text
    invite(house, "rosa", uses=3)
    assert "<b>2 of 5</b> left" in rosa.get("/invitations").text
    answer = rosa.submit("/invitations", "Create invitation", uses="3")
    assert answer.status_code == 422
    assert "You have room for 2 more." in answer.text
    assert left(house, "rosa") == 2
    assert rosa.submit("/invitations", "Create invitation", uses="2").status_code == 303
    shown = rosa.get("/invitations")
    assert "All your keys are out." in shown.text
    assert not any("Create invitation" in form.buttons for form in rosa.forms(shown))
    assert rosa.post("/invitations", {"letter": "", "uses": "1", "days": "1"}).status_code == 422


def test_what_ends_returns_and_what_was_used_does_not_count(house):
    revoked, expired, used = (invite(house, "rosa") for _ in range(3))
    assert left(house, "rosa") == 2
    house.do(revoke_invitation, "rosa", revoked)
    assert left(house, "rosa") == 3
    with house.inside(), writing():
        db.session.get_one(Invitation, expired).expires_at = clock.now() - timedelta(seconds=1)
        db.session.get_one(Invitation, used).uses_left = 0
    assert left(house, "rosa") == 5


def test_newcomers_wait_and_read_until_when(house):
    with house.inside(), writing():
        the_circle().invite_wait_hours = 24
    rosa = house.sign_in("rosa")
    assert "You have only just come in." in rosa.get("/invitations").text
    answer = rosa.post("/invitations", {"letter": "", "uses": "1", "days": "1"})
    assert answer.status_code == 422
    assert "In a little while" in answer.text
    change(house, "rosa", joined_at=clock.now() - timedelta(hours=24, seconds=1))
    assert rosa.submit("/invitations", "Create invitation").status_code == 303


def test_the_host_changes_it_for_all_or_for_one_and_is_free_of_it(house):
    with house.inside(), writing():
        the_circle().invite_quota = 1
        the_circle().invite_wait_hours = 24
    assert invite(house, "hana", uses=50)
    assert left(house, "hana") is None
    with pytest.raises(Refused):
        invite(house, "rosa")
    change(house, "rosa", invite_quota=3)  # who trusts a newcomer with a number does not make them wait
    assert invite(house, "rosa", uses=3)
    with pytest.raises(Refused):
        invite(house, "rosa")
    change(house, "rosa", invite_quota=0)
    assert left(house, "rosa") == 0


def test_a_right_that_was_taken_away_comes_with_its_reason(house):
    kept = house.invite("rosa")
    change(house, "rosa", invite_denial="Three guests <in a row> did not know you.")
    rosa = house.sign_in("rosa")
    shown = rosa.get("/invitations")
    assert "Three guests <in a row> did not know you." in unescape(shown.text)
    assert "<in a row>" not in shown.text
    assert rosa.post("/invitations", {"letter": "", "uses": "1", "days": "1"}).status_code == 422
    assert house.client().get(kept).status_code == 200  # what is out stays out
    change(house, "hana", invite_denial="")
    with pytest.raises(Refused):
        invite(house, "hana")


def test_s2_the_quota_is_exact_however_many_hurry(any_site):
    any_site.join("hana")
    any_site.join("rosa", "hana")
    clients = [any_site.sign_in("rosa") for _ in range(8)]
    tokens = [client.csrf_token() for client in clients]
    ready = threading.Barrier(len(clients), timeout=30)

    def press(number: int) -> int:
        ready.wait()
        data = {"csrf_token": tokens[number], "letter": "", "uses": "1", "days": "1", "nonce": f"nonce-{number}"}
        return clients[number].http.post("/invitations", data=data).status_code

    with ThreadPoolExecutor(len(clients)) as threads:
        answers = list(threads.map(press, range(len(clients)), timeout=60))
    assert sorted(answers) == [303] * 5 + [422] * 3
    with any_site.inside():
        rosas = Invitation.inviter_id == any_site.ids["rosa"]
        assert db.session.scalar(select(func.sum(Invitation.uses_left)).where(rosas)) == 5


def test_mailing_is_bounded_though_revoking_gives_uses_back(house):
    def mail(address: str) -> None:
        house.do(revoke_invitation, "rosa", invite(house, "rosa", email=address))

    for _ in range(MAILS_TO_ONE_PER_DAY):
        mail("tom@example.org")
    with pytest.raises(Refused, match="often enough"):
        mail("tom@example.org")
    for number in range(MAILS_PER_DAY - MAILS_TO_ONE_PER_DAY):
        mail(f"guest{number}@example.org")
    with pytest.raises(Refused, match="enough mail"):
        mail("last@example.org")
    assert invite(house, "rosa")


def test_s1_a_link_dies_with_its_inviters_suspension_and_stays_dead(house):
    link = house.invite("rosa")
    with house.inside(), writing():
        suspend(house.member("rosa"), reason="Spam.")
    assert house.client().get(link).status_code == 404
    with house.app.app_context():
        build_workshop().sweep()
    with house.inside(), writing():
        lift(house.member("rosa"))
    assert house.client().get(link).status_code == 404
    assert left(house, "rosa") == 5


@pytest.mark.parametrize("status", ["leaving", "gone"])
def test_s1_a_link_dies_with_its_inviters_account(house, status):
    link = house.invite("rosa")
    page = house.client().get(link)
    change(house, "rosa", status=status)
    visitor = house.client()
    assert visitor.get(link).status_code == 404
    visitor.handle = None
    form = next(form for form in visitor.forms(page) if "Join" in form.buttons)
    typed = {"name": "Tom", "handle": "tom", "email": "tom@example.org", "password": PASSWORD}
    answer = visitor.http.post(link, data={**form.fields, **typed, "csrf_token": visitor.csrf_token()})
    assert answer.status_code == 404
    with house.inside():
        assert db.session.scalar(select(func.count()).select_from(Member)) == 2


def test_s1_a_link_dies_with_its_inviters_thousandth_friend(house, monkeypatch):
    assert MOST_FRIENDS == 1000
    monkeypatch.setattr("mixlite.people.friendships.MOST_FRIENDS", 1)
    link = house.invite("rosa")
    assert house.client().get(link).status_code == 404
    assert "a thousand friends" in house.sign_in("rosa").get("/invitations").text
    with pytest.raises(Refused, match="thousand"):
        invite(house, "rosa")
