"""Every mail of the house of accounts, in a real SMTP conversation; and servers that are down, slow, or say no."""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update

from mixlite.app.factory import create_app
from mixlite.app.worker import build_workshop
from mixlite.core import clock, mail
from mixlite.core.crypto import derived_token
from mixlite.core.db import db, writing
from mixlite.core.mail import Letter
from mixlite.features.accounts.models import MailedCode
from tests.features.accounts.conftest import Mail, read, work
from tests.support.site import PASSWORD, Site

BASE = "https://circle.example"
NEW_PASSWORD = "two herons by the weir"
LYING_HEADERS = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "gopher"}


@dataclass
class PostOffice:
    """An SMTP server that keeps what it gets; `answers` are given to RCPT, in order, before it says yes."""

    received: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    delay: float = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.received.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def take(self) -> tuple[str, list[str], Mail]:
        """The one mail that came."""
        assert len(self.received) == 1, [to for _from, to, _raw in self.received]
        sender, recipients, raw = self.received.pop()
        return sender, recipients, read(raw)


def with_mail_server(site: Site, port: int, **more: Any) -> None:
    site.settings = replace(site.settings, mail_url=f"smtp://127.0.0.1:{port}", **more)
    site.app = create_app(site.settings)


@pytest.fixture
def office(site: Site) -> Iterator[PostOffice]:
    """The site sends through it, and lives behind https://circle.example."""
    handler = PostOffice()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    with_mail_server(site, controller.port, base_url=BASE, mail_from="house@circle.example")
    yield handler
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Visitor:
    """Speaks to a site behind TLS, with headers that lie about the address (S7)."""

    def __init__(self, site: Site):
        self.site = site
        self.client = site.client()
        self.client.http = site.app.test_client()

    def submit(self, path: str, button: str, **typed: str) -> Any:
        answer = self.send(path, button, **typed)
        assert answer.status_code == 303, answer.text
        return answer

    def send(self, path: str, button: str, **typed: str) -> Any:
        shown = self.client.http.get(path, base_url=BASE, headers=LYING_HEADERS)
        form = next((form for form in self.client.forms(shown) if button in form.buttons), None)
        assert form is not None, shown.text
        return self.client.http.post(
            form.action or path,
            data={**form.fields, **typed},
            base_url=BASE,
            headers={**LYING_HEADERS, "Referer": BASE + path},
        )

    def sign_in(self, handle: str = "rosa", password: str = PASSWORD) -> "Visitor":
        self.submit("/sign-in", "Sign in", login=handle, password=password)
        return self


def join(site: Site, handle: str = "rosa", *, confirmed: bool = True, **more: Any) -> None:
    """A member whose mail about joining is not what the test is about."""
    site.join(handle, confirmed=confirmed, **more)


# Each way to make a mail: what to do, the address it must go to, words of both languages, where its link leads.


def joins(site: Site) -> None:
    site.join("rosa", language=LANGUAGE[0])


def asks_for_reset(site: Site) -> None:
    join(site, language=LANGUAGE[0])
    Visitor(site).submit("/password/forgotten", "Mail me a link", login="rosa")


def changes_address(site: Site) -> None:
    join(site)
    visitor = Visitor(site).sign_in()
    forget_letters(site)
    visitor.submit("/settings/account/address", "Mail me a link", email="new@example.net")
    speak(site)


def address_was_changed(site: Site) -> None:
    changes_address(site)
    with site.inside(), writing():
        code = db.session.scalars(select(MailedCode).where(MailedCode.purpose == "change")).one()
        token = derived_token("mailed.change", code.salt)
        db.session.execute(update(Letter).values(state="sent"))
    Visitor(site).submit(f"/email/confirm/{token}", "Yes, it is mine")
    speak(site)


def gives_a_taken_address(site: Site) -> None:
    join(site, language=LANGUAGE[0])
    site.join("tom", "rosa", email="rosa@example.com")


def changes_password(site: Site) -> None:
    join(site)
    visitor = Visitor(site).sign_in()
    forget_letters(site)
    visitor.submit("/settings/account/password", "Set the new password", password=PASSWORD, new_password=NEW_PASSWORD)
    speak(site)


def signs_in_elsewhere(site: Site) -> None:
    join(site)
    Visitor(site).sign_in()
    speak(site)


LANGUAGE = ["en"]


def speak(site: Site) -> None:
    """The pages of these tests are English; the mails that wait are for a reader of the other language too."""
    with site.inside(), writing():
        db.session.execute(update(Letter).values(language=LANGUAGE[0]))


def forget_letters(site: Site) -> None:
    with site.inside(), writing():
        db.session.execute(update(Letter).values(state="sent"))


ROSA = "rosa@example.com"
A_CONFIRMATION, A_RESET = r"/email/confirm/[\w-]{32}", r"/password/reset/[\w-]{32}"
FORGOTTEN = "/password/forgotten"
MAILS = {
    "confirm": (joins, ROSA, "Is this your address?", "このアドレス", A_CONFIRMATION),
    "reset": (asks_for_reset, ROSA, "A new password", "新しいパスワード", A_RESET),
    "change": (changes_address, "new@example.net", "Your new address", "新しいアドレス", A_CONFIRMATION),
    "changed": (address_was_changed, ROSA, "Your address was changed", "アドレスが変わりました", None),
    "taken": (gives_a_taken_address, ROSA, "Somebody gave your address", "あなたのアドレス", FORGOTTEN),
    "password": (changes_password, ROSA, "Your password was changed", "パスワードが変わりました", FORGOTTEN),
    "device": (signs_in_elsewhere, ROSA, "Signed in on a new device", "新しい端末", "/settings/sessions"),
}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", MAILS)
def test_s7_envelope_words_and_links_of_each_mail(site, office, monkeypatch, name, language):
    cause, address, english, japanese, path = MAILS[name]
    monkeypatch.setitem(globals(), "LANGUAGE", [language])
    cause(site)
    work(site)
    sender, recipients, found = office.take()

    assert sender == "house@circle.example"
    assert recipients == [address]  # the envelope, which is what counts
    assert found.to == address
    assert found.message["From"] == "mixlite <house@circle.example>"
    assert found.message.get_all("Cc") is None
    assert found.message.get_all("Bcc") is None
    assert found.message["Auto-Submitted"] == "auto-generated"
    assert found.message["Message-ID"].endswith("@circle.example>")
    words = english if language == "en" else japanese
    assert words in found.subject
    assert f'lang="{language}"' in found.html
    assert "@rosa" in found.text  # whose account it is about
    assert "%(" not in found.text + found.html
    # Both parts say the same: every line of the text stands in the HTML.
    plain = re.sub(r"<[^>]+>", "", found.html).replace("&#39;", "'").replace("&amp;", "&")
    for line in found.text.splitlines():
        assert line.strip() in plain
    assert "evil" not in found.text + found.html
    if path is None:
        assert found.links == []
    else:
        (link,) = found.links
        assert re.fullmatch(re.escape(BASE) + path, link), link
        assert f'<a href="{link}">{link}</a>' in found.html


def test_mails_to_unproved_addresses_hold_no_words_that_somebody_typed(site, office):
    """Otherwise whoever is invited could write to anybody through us."""
    site.join("rosa", name="Win https://evil.example now")
    work(site)
    _sender, _to, found = office.take()
    assert "evil" not in found.text + found.html + found.subject


NOT_ONE_MAILBOX = [
    "rosa@example.com,eve@evil.example",
    "rosa@example.com;eve@evil.example",
    "rosa@example.com eve@evil.example",
    "rosa@example.com\r\nBcc: eve@evil.example",
    "rosa@example.com\nBcc:eve@evil.example",
    '"eve@evil.example"@example.com',
    "Rosa <eve@evil.example>",
    "<eve@evil.example>",
    "eve@evil.example(rosa@example.com)",
    "rosa@exаmple.com\u0000",
    "rosa@[127.0.0.1]",
    "rosa@@example.com",
    "rosa%eve@evil.example@example.com",
]


@pytest.mark.parametrize("typed", NOT_ONE_MAILBOX)
def test_s7_odd_addresses_reach_nobody(site, office, typed):
    join(site)
    visitor = Visitor(site).sign_in()
    forget_letters(site)
    assert visitor.send("/settings/account/address", "Mail me a link", email=typed).status_code == 422
    assert Visitor(site).send("/password/forgotten", "Mail me a link", login=typed).status_code in (303, 422)
    work(site)
    assert office.received == []


def test_s7_a_reset_goes_to_the_address_that_is_kept_not_to_the_one_that_is_typed(site, office):
    join(site)
    for typed in ("rosa@example.com", "ROSA@EXAMPLE.COM", " rosa@example.com ", "@Rosa"):
        Visitor(site).submit("/password/forgotten", "Mail me a link", login=typed)
    work(site)
    assert [to for _from, to, _raw in office.received] == [["rosa@example.com"]] * 4


def test_s7_a_look_alike_address_is_another_address(site, office):
    join(site)
    Visitor(site).submit("/password/forgotten", "Mail me a link", login="rosa@ex\u0430mple.com")  # Cyrillic a
    Visitor(site).submit("/password/forgotten", "Mail me a link", login="ro\u017fa@example.com")  # long s
    work(site)
    assert office.received == []


def test_s4_no_row_of_the_database_holds_the_secret_of_a_link(site, post):
    join(site)
    site.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    mail_ = next(m for m in post() if "reset" in m.text)
    token = mail_.path.rsplit("/", 1)[1]
    with site.inside():
        for table in db.metadata.tables.values():
            for row in db.session.execute(select(table)):
                assert token not in repr(row), table.name
        assert db.session.scalars(select(Letter).where(Letter.context != "{}")).all() == []


# ---- R21: servers as they are


def letter(site: Site) -> Letter:
    with site.inside():
        found = db.session.scalars(select(Letter)).one()
        db.session.expunge(found)
        return found


def later(site: Site, seconds: float) -> None:
    with clock.at(clock.now() + clock_delta(seconds)):
        work(site)


def clock_delta(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_r21_server_down_sign_up_is_not_held_up_and_the_mail_goes_out_once_it_is_back(site):
    port = free_port()
    with_mail_server(site, port)
    link = site.invite()
    answer = site.client().submit(link, "Join", name="Rosa", handle="rosa", email="rosa@example.com", password=PASSWORD)
    assert answer.status_code == 303
    work(site)
    waiting = letter(site)
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert waiting.due_at > clock.now()
    assert waiting.error == "ConnectionRefusedError"

    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        later(site, 60)
        later(site, 3600)
    finally:
        controller.stop()
    assert letter(site).state == "sent"
    _from, to, _mail = office.take()  # once
    assert to == ["rosa@example.com"]


def test_r21_a_server_that_is_slow_holds_up_no_page_and_is_tried_again(site, monkeypatch):
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.3)
    with socket.socket() as silent:  # accepts, and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen(4)
        with_mail_server(site, silent.getsockname()[1])
        site.join("rosa")
        began = time.monotonic()
        assert site.sign_in("rosa").get("/").status_code == 200
        work(site)
        assert time.monotonic() - began < 10
    waiting = letter(site)
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert waiting.error == "SMTPServerDisconnected"


def test_r21_the_database_is_free_while_the_server_thinks(site, office, monkeypatch):
    """No transaction is open during the conversation."""
    seen = []
    original = smtplib.SMTP.sendmail

    def sendmail(self: smtplib.SMTP, *args: Any, **kwargs: Any) -> Any:
        seen.append(db.session.registry.has() and db.session().in_transaction())
        return original(self, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "sendmail", sendmail)
    site.join("rosa")
    work(site)
    assert seen == [False]


@pytest.mark.parametrize("answer", ["451 4.3.0 try later", "421 4.3.2 closing"])
def test_r21_not_now_is_tried_again_until_it_works(site, office, answer):
    office.answers = [answer, answer]
    site.join("rosa")
    work(site)
    assert letter(site).state == "waiting"
    later(site, 60)
    assert letter(site).state == "waiting"
    later(site, 600)
    sent = letter(site)
    assert (sent.state, sent.attempts) == ("sent", 3)
    office.take()


def test_r21_a_no_for_good_is_taken_for_an_answer(site, office):
    office.answers = ["550 5.1.1 no such user <rosa@example.com>"]
    site.join("rosa")
    work(site)
    failed = letter(site)
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert "rosa" not in (failed.error or "")  # the server's words may hold addresses
    later(site, 7200)
    assert office.received == []
    assert letter(site).attempts == 1


def test_r21_after_twelve_attempts_it_is_given_up(site):
    with_mail_server(site, free_port())
    site.join("rosa")
    moment = clock.now()
    for _ in range(15):
        with clock.at(moment):
            work(site)
        moment += clock_delta(2 * 3600)
    assert (letter(site).state, letter(site).attempts) == ("failed", mail.MAX_ATTEMPTS)


def test_r21_of_two_workers_one_sends(site, office, monkeypatch):
    """The second comes by while the first is in the middle of its conversation."""
    original = smtplib.SMTP.sendmail

    def sendmail(self: smtplib.SMTP, *args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(smtplib.SMTP, "sendmail", original)
        with clock.at(clock.now() + clock_delta(60)):
            work(site)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(smtplib.SMTP, "sendmail", sendmail)
    site.join("rosa")
    work(site)
    assert letter(site).state == "sent"
    office.take()


def test_r21_a_server_that_goes_away_after_taking_it_does_not_get_it_twice(site, office, monkeypatch):
    def leave(self: smtplib.SMTP) -> Any:
        self.close()
        raise TimeoutError

    monkeypatch.setattr(smtplib.SMTP, "quit", leave)
    site.join("rosa")
    work(site)
    later(site, 7200)
    assert letter(site).state == "sent"
    office.take()


def test_r21_what_the_mail_said_is_not_kept_and_a_worker_that_died_is_followed_by_another(site, office):
    site.join("rosa")
    with site.app.app_context():
        build_workshop().run("event", 1)
        (letter_id,) = mail._due(10)
        assert mail._claimed(letter_id)  # and then it is killed
        db.session.remove()
    later(site, 60)
    assert office.received == []
    later(site, mail.LEASE.total_seconds() + 1)
    office.take()
    assert letter(site).context == "{}"


def test_s13_starttls_looks_at_the_certificate(site, tmp_path):
    """A server that shows a certificate of its own making gets neither the password nor the mail."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*self_made_certificate(tmp_path))
    handler = PostOffice()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), tls_context=context)
    controller.start()
    try:
        site.settings = replace(site.settings, mail_url=f"smtp://house:secret@127.0.0.1:{controller.port}?starttls")
        site.app = create_app(site.settings)
        site.join("rosa")
        work(site)
    finally:
        controller.stop()
    assert handler.received == []
    assert letter(site).error == "SSLCertVerificationError"


def self_made_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - clock_delta(60))
        .not_valid_after(now + clock_delta(3600))
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
