"""The mailed invitation in a real SMTP conversation; servers that are down or say no; and whose eyes are for what."""

import logging
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from mixlite.app.factory import create_app
from mixlite.app.worker import housekeeping
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.mail import Letter
from mixlite.features.invitations.models import LETTER_LENGTH, Invitation
from mixlite.features.invitations.queries import LETTER_TEMPLATE
from mixlite.features.invitations.verbs import revoke_invitation
from tests.features.accounts.conftest import work
from tests.features.accounts.test_mail import (
    BASE,
    PostOffice,
    Visitor,
    free_port,
    later,
    office,  # noqa: F401 - a fixture
    with_mail_server,
)
from tests.support.site import PASSWORD, Site

JAPANESE = "亜希さん、こんばんは。\n\n前に話した場所です。"


@pytest.fixture
def house(site: Site) -> Site:
    """Confirmed members: no other mail waits."""
    site.join("hana", confirmed=True)
    site.join("rosa", "hana", confirmed=True)
    return site


def newest(site: Site) -> Invitation:
    with site.inside():
        return db.session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(1)).one()


def newest_token(site: Site) -> str:
    invitation = newest(site)
    with site.app.app_context():
        assert invitation.token
        return invitation.token


def mail_line(client) -> str:
    found = re.search(r'<p class="ticket-mail (\w+)">', client.get("/invitations").text)
    return found[1] if found else ""


def in_hand(site: Site, handle: str = "rosa") -> Visitor:
    """Signed in, and the mail about a new device has gone where nobody looks."""
    visitor = Visitor(site).sign_in(handle)
    with site.app.app_context():
        db.session.execute(db.delete(Letter))
        db.session.commit()
        db.session.remove()
    return visitor


@pytest.mark.parametrize(
    ("letter", "subject", "words"),
    [
        ("Dear Tom,\n\ncome & see <it>.", "Rosa invites you to mixlite", "It is for you alone and works for 14 days."),
        (JAPANESE, "Rosaからmixliteへの招待状", "あなた一人のための鍵で、14日間使えます。"),
        ("", "Rosa invites you to mixlite", "There was no letter with it, only the key."),
    ],
    ids=["english", "japanese", "no letter"],
)
def test_s7_the_mail_goes_to_the_address_of_the_row_with_a_link_on_our_own(house, office, letter, subject, words):  # noqa: F811
    rosa = in_hand(house)
    rosa.submit("/invitations", "Create invitation", letter=letter, email=" Tom@Example.ORG ")
    work(house)
    sender, recipients, mail = office.take()
    assert sender == "house@circle.example"
    assert recipients == ["tom@example.org"]
    assert mail.subject == subject
    assert words in mail.text
    assert mail.links == [f"{BASE}/join/{newest_token(house)}"]
    assert mail.links[0] in mail.html
    for line in filter(None, letter.split("\n")):
        assert line in mail.text
    assert "<it>" not in mail.html
    assert "evil.example" not in mail.message.as_string()


@pytest.mark.parametrize(
    "typed",
    [
        "tom@example.org\r\nBcc: eve@example.net",
        "tom@example.org,eve@example.net",
        "tom@example.org eve@example.net",
        "Tom <tom@example.org>",
        "<tom@example.org>",
        '"tom@example.org"@',
        "tom@@example.org",
        "tom",
        "tom@example.org\x00",
        "tom@exa mple.org",
        "ｔｏｍ@example.org",
        "t" * 300 + "@example.org",
    ],
)
def test_s7_an_odd_address_is_refused_or_is_the_one_recipient(house, office, typed):  # noqa: F811
    rosa = in_hand(house)
    shown = rosa.client.http.get("/invitations", base_url=BASE)
    form = next(form for form in rosa.client.forms(shown) if "Create invitation" in form.buttons)
    answer = rosa.client.http.post(
        "/invitations", data={**form.fields, "email": typed}, base_url=BASE, headers={"Referer": BASE}
    )
    assert answer.status_code == 422
    work(house)
    assert office.received == []
    with house.inside():
        assert db.session.scalar(select(func.count()).select_from(Invitation)) == 2  # of the two who are here


def test_a_letter_of_the_longest_kind_can_be_mailed(house, office):  # noqa: F811
    rosa = in_hand(house)
    rosa.submit("/invitations", "Create invitation", letter="柿" * LETTER_LENGTH, email="tom@example.org")
    work(house)
    _from, _to, mail = office.take()
    assert "柿" * LETTER_LENGTH in mail.text
    rosa.submit("/invitations", "Create invitation", letter='"\\' * (LETTER_LENGTH // 2), email="ken@example.org")
    work(house)
    office.take()


def test_s4_the_link_is_in_the_mail_and_nowhere_else(house, caplog):
    caplog.set_level(logging.DEBUG)
    rosa = house.sign_in("rosa")
    rosa.submit("/invitations", "Create invitation", email="tom@example.org")
    invitation = newest(house)
    with house.app.app_context():
        token = invitation.token
        assert token
        assert len(token) >= 32
        rows = [
            *db.session.execute(db.text("SELECT * FROM letters")),
            *db.session.execute(db.text("SELECT * FROM invitations")),
        ]
        assert token not in repr(rows)
        db.session.remove()
    work(house)
    assert mail_line(rosa) == "sent"
    guest = house.client()
    shown = guest.get(f"/join/{token}")
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert shown.headers["Cache-Control"] == "no-store"
    guest.submit(f"/join/{token}", "Join", name="Tom", handle="tom", email="tom@example.org", password=PASSWORD)
    assert house.client().get(f"/join/{token}").status_code == 404  # once
    assert token not in caplog.text
    with house.inside():
        assert db.session.scalars(select(Letter.context).where(Letter.about_id == invitation.id)).first() == "{}"


def test_a_form_that_is_sent_twice_makes_one_invitation_and_one_mail(house, office):  # noqa: F811
    rosa = in_hand(house)
    shown = rosa.client.http.get("/invitations", base_url=BASE)
    form = next(form for form in rosa.client.forms(shown) if "Create invitation" in form.buttons)
    answers = [
        rosa.client.http.post(
            "/invitations",
            data={**form.fields, "email": "tom@example.org"},
            base_url=BASE,
            headers={"Referer": f"{BASE}/invitations"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    work(house)
    office.take()


def test_a_mail_is_for_one_person(house):
    rosa = house.sign_in("rosa")
    answer = rosa.submit("/invitations", "Create invitation", uses="2", email="tom@example.org")
    assert answer.status_code == 422
    assert "for one person" in answer.text
    assert 'value="tom@example.org"' in answer.text  # nothing typed is lost


def test_r21_the_server_is_down_and_nobody_waits_for_it(house):
    port = free_port()
    with_mail_server(house, port)
    rosa = house.sign_in("rosa")
    assert rosa.submit("/invitations", "Create invitation", email="tom@example.org").status_code == 303
    work(house)
    assert mail_line(rosa) == "sending"
    post_office = PostOffice()
    controller = Controller(post_office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        for seconds in (3600, 7200, 9000):
            later(house, seconds)
    finally:
        controller.stop()
    assert mail_line(rosa) == "sent"
    assert [to for _from, to, _raw in post_office.received if to == ["tom@example.org"]] == [["tom@example.org"]]


def test_r21_a_no_for_good_is_shown_as_come_back_and_the_link_still_works(house, office):  # noqa: F811
    rosa = in_hand(house)
    office.answers = ["550 5.1.1 no such user"]
    rosa.submit("/invitations", "Create invitation", email="tmo@example.org")
    work(house)
    page = rosa.client.http.get("/invitations", base_url=BASE).text
    assert 'class="ticket-mail bounced"' in page
    assert "came back: tmo@example.org could not be reached" in page
    token = newest_token(house)
    assert house.client().http.get(f"/join/{token}", base_url=BASE).status_code == 200
    later(house, 7200)
    assert office.received == []


def test_r21_not_now_is_tried_again_and_sent_once(house, office):  # noqa: F811
    rosa = in_hand(house)
    office.answers = ["451 4.3.0 try later"]
    rosa.submit("/invitations", "Create invitation", email="tom@example.org")
    work(house)
    assert office.received == []
    later(house, 3600)
    later(house, 7200)
    office.take()


def test_what_is_revoked_before_it_went_out_does_not_go_out(house, office):  # noqa: F811
    rosa = in_hand(house)
    rosa.submit("/invitations", "Create invitation", email="tom@example.org")
    rosa.submit("/invitations", "Revoke")
    work(house)
    assert office.received == []


def test_the_qr_code_is_for_its_maker_alone_as_long_as_it_opens_the_door(house):
    house.invite("rosa")
    number = newest(house).id
    path = f"/invitations/{number}/qr.svg"
    rosa, hana = house.sign_in("rosa"), house.sign_in("hana")
    drawing = rosa.get(path)
    assert drawing.status_code == 200
    assert drawing.mimetype == "image/svg+xml"
    assert drawing.headers["Cache-Control"] == "no-store"
    assert b"<svg" in drawing.data
    for word in (b"<script", b"style=", b"http://localhost"):
        assert word not in drawing.data
    missing = hana.get("/invitations/424242/qr.svg")
    assert hana.get(path).status_code == missing.status_code == 404
    assert hana.get(path).data == missing.data
    assert "/sign-in" in house.client().get(path).location
    assert rosa.post(path).status_code == 405
    rosa.post(f"/invitations/{number}/revoke")
    assert rosa.get(path).status_code == 404


def test_what_a_host_revokes_before_it_went_out_does_not_go_out(house, office):  # noqa: F811
    rosa = in_hand(house)
    rosa.submit("/invitations", "Create invitation", email="tom@example.org")
    number = newest(house).id
    hana = in_hand(house, "hana")
    hana.submit(f"/host/invitations/{number}/revoke", "Revoke", reason="Not now.")
    work(house)
    assert office.received == []
    assert 'class="ticket-mail' not in rosa.client.http.get("/invitations", base_url=BASE).text


# ---- addresses are forgotten


def addresses(site: Site) -> tuple[list[str], str | None]:
    """Those of the mails of invitations, and that of the newest invitation."""
    with site.inside():
        mails = select(Letter.address).where(Letter.template == LETTER_TEMPLATE).order_by(Letter.id)
        return list(db.session.scalars(mails)), newest(site).mailed_to


def after(days: float):
    return clock.at(clock.now() + timedelta(days=days, minutes=1))


def keep_house(site: Site) -> None:
    with site.app.app_context():
        housekeeping()


def test_a_mail_that_was_sent_holds_no_address_and_its_inviter_reads_it_a_week_longer(house, office):  # noqa: F811
    rosa = in_hand(house)
    rosa.submit("/invitations", "Create invitation", email="tom@example.org", days="14")
    work(house)
    assert addresses(house) == ([""], "tom@example.org")
    for days, words in ((20, "sent to tom@example.org"), (21, "sent by mail")):
        with after(days):
            keep_house(house)
            rosa = in_hand_of(house)
            assert words in rosa.get("/invitations").text
    assert addresses(house) == ([""], "")


def in_hand_of(site: Site):
    """A browser of rosa's at the hour it is now, at our own address."""
    site.settings = replace(site.settings, base_url="http://localhost")
    site.app = create_app(site.settings)
    return site.sign_in("rosa")


def test_a_mail_that_failed_can_be_tried_again_for_fourteen_days(house, office):  # noqa: F811
    rosa = in_hand(house)
    office.answers = ["550 5.1.1 no such user"]
    rosa.submit("/invitations", "Create invitation", email="tmo@example.org", days="90")
    work(house)
    with after(13):
        keep_house(house)
    assert addresses(house) == (["tmo@example.org"], "tmo@example.org")
    with after(14):
        keep_house(house)
    # The invitation is open: its inviter still sees to whom it went, and that it came back.
    assert addresses(house) == ([""], "tmo@example.org")
    rosa = in_hand_of(house)
    assert "came back: tmo@example.org could not be reached" in rosa.get("/invitations").text
    hana = house.sign_in("hana")
    assert "Nothing failed" in hana.get("/host/jobs").text
    with house.inside():
        number = db.session.scalars(select(Letter.id).where(Letter.state == "failed")).one()
    assert hana.post(f"/host/jobs/letter/{number}/retry").status_code == 404
    assert hana.post("/host/jobs/letter/retry").status_code == 303
    with house.inside():
        assert db.session.get_one(Letter, number).state == "failed"


@pytest.mark.parametrize("how", ["revoked", "used", "expired"])
def test_a_week_after_its_end_an_invitation_knows_no_address(any_site: Site, how: str) -> None:
    any_site.join("hana")
    any_site.join("rosa", "hana")
    path = any_site.invite("rosa", days=3, mailed_to="tom@example.org")
    still_open = any_site.invite("rosa", days=90, mailed_to="ken@example.org")
    assert still_open != path
    with any_site.inside():
        number = newest(any_site).id - 1
    if how == "revoked":
        any_site.do(revoke_invitation, "rosa", number)
    elif how == "used":
        given = {"name": "Tom", "handle": "tom", "email": "tom@example.org", "password": PASSWORD}
        assert any_site.client().submit(path, "Join", **given).status_code == 303
    for days, kept in ((6, "tom@example.org"), (10, "")):
        with after(days):
            keep_house(any_site)
        with any_site.inside():
            assert db.session.get_one(Invitation, number).mailed_to == kept
    assert newest(any_site).mailed_to == "ken@example.org"
    with any_site.inside():  # where nothing was mailed, nothing is said to have been
        assert db.session.scalars(select(Invitation.mailed_to).order_by(Invitation.id)).first() is None
