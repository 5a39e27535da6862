"""Mail. A row is written with what caused it; the worker sends it, and says in the row how it went.

The words come from one text template, whose first line is the subject; the HTML part is made from the same text. A link
is written with `{{ link("endpoint", ...) }}`; its secret is derived when the mail is made, so no row holds one. Links
begin with the configured address, and a mail goes to the address that the row holds, never to what a form says.
"""

import json
import smtplib
import ssl
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import formataddr
from typing import Any
from urllib.parse import unquote, urlsplit

import regex
from flask import Flask, current_app, render_template
from flask_mailman import EmailMultiAlternatives, Mail
from flask_mailman.backends.smtp import EmailBackend
from markupsafe import Markup, escape
from sqlalchemy import CheckConstraint, ColumnElement, Index, String, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.config import Settings, current_settings
from mixlite.core.crypto import derived_token
from mixlite.core.db import Base, BigId, db, writing
from mixlite.core.jobs import Job, backoff, bell
from mixlite.core.language import speaking

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 12
TIMEOUT_SECONDS = 20
OUTBOX = "outbox"
UNSENT_KEPT = timedelta(days=14)
ADDRESS_LENGTH = 254
ERROR_LENGTH = 500
CONTEXT_LENGTH = 10_000
_LINK = regex.compile(r"https?://\S+")


class Letter(Base):
    """One mail to one address. `key` says what it is for, so that the same thing is never sent twice.

    `state` goes from waiting to sent, or to failed: refused for good, or given up after twelve attempts.
    `about_id` is the row it speaks of, for the page that shows how it went.

    Address and words are forgotten as soon as it is sent; of one that failed, or was held, after fourteen days: so long
    a host may try it again. What stays says that there was a mail, and how it went.
    """

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'held')", name="state"),
        Index(
            "ix_letters_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_letters_about", "template", "about_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    template: Mapped[str] = mapped_column(String(80))
    about_id: Mapped[int] = mapped_column(BigId)
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    language: Mapped[str] = mapped_column(String(5))
    context: Mapped[str] = mapped_column(String(CONTEXT_LENGTH), default="{}")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))


def post_letter(template: str, *, key: str, about_id: int, address: str, language: str, **context: Any) -> None:
    """Put a mail into the box, in the transaction of what caused it. A second one with the same key is not made.

    `template` is a text template below `templates/`; `context` are plain values for it.
    """
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    now = clock.now()
    row = {
        "key": key,
        "template": template,
        "about_id": about_id,
        "address": address,
        "language": language,
        "context": json.dumps(context, ensure_ascii=False),
        "created_at": now,
        "due_at": now,
        "state": "waiting",
        "attempts": 0,
    }
    made = db.session.execute(insert(Letter).values(row).on_conflict_do_nothing().returning(Letter.id)).scalar()
    if made is not None:
        bell().ring_after_commit("letter", made)


def letters_about(template: str, ids: list[int]) -> dict[int, Letter]:
    """The newest mail of this kind about each of these rows."""
    query = select(Letter).where(Letter.template == template, Letter.about_id.in_(ids)).order_by(Letter.id)
    return {letter.about_id: letter for letter in db.session.scalars(query)}


def forget_unsent_letters() -> None:
    """Housekeeping: fourteen days on, a mail that could not be sent holds no address and no words."""
    is_stale = (Letter.state.in_(("failed", "held")), Letter.created_at < clock.now() - UNSENT_KEPT)
    with writing():
        db.session.execute(update(Letter).where(*is_stale, Letter.address != "").values(address="", context="{}"))


def set_up(app: Flask, settings: Settings) -> None:
    """SMTP when an address is configured, else files in the instance's outbox, which nobody else on the machine reads:
    they hold links that open accounts.
    """
    if not settings.mail_url:
        outbox = settings.instance / OUTBOX
        outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        outbox.chmod(0o700)
    app.config.update(_mailman_config(settings))
    Mail(app)


def _mailman_config(settings: Settings) -> dict[str, Any]:
    if not settings.mail_url:
        return {"MAIL_BACKEND": "file", "MAIL_FILE_PATH": str(settings.instance / OUTBOX)}
    parts = urlsplit(settings.mail_url)
    return {
        "MAIL_BACKEND": VerifyingBackend,
        "MAIL_SERVER": parts.hostname,
        "MAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "MAIL_USERNAME": unquote(parts.username) if parts.username else None,
        "MAIL_PASSWORD": unquote(parts.password) if parts.password else None,
        "MAIL_USE_SSL": parts.scheme == "smtps",
        "MAIL_USE_TLS": "starttls" in parts.query,
        "MAIL_TIMEOUT": TIMEOUT_SECONDS,
    }


def letter_job() -> Job:
    """The worker's job that sends what waits."""
    return Job("letter", due=_due, run=_send)


def _is_due() -> list[ColumnElement[bool]]:
    now = clock.now()
    return [
        Letter.state == "waiting",
        Letter.due_at <= now,
        or_(Letter.leased_until.is_(None), Letter.leased_until <= now),
    ]


def _due(limit: int) -> list[int]:
    return list(db.session.scalars(select(Letter.id).where(*_is_due()).order_by(Letter.due_at, Letter.id).limit(limit)))


def _send(letter_id: int) -> None:
    """Claim, send with no transaction open, and write down how it went."""
    if not _claimed(letter_id):
        return
    message = _message(db.session.get_one(Letter, letter_id))
    db.session.remove()
    try:
        _deliver(message)
    except Exception as error:
        _put_back(letter_id, error)
        raise
    with writing():
        letter = db.session.get_one(Letter, letter_id)
        letter.state, letter.sent_at, letter.leased_until, letter.error = "sent", clock.now(), None, None
        letter.address, letter.context = "", "{}"  # neither to whom nor what


def _deliver(message: EmailMultiAlternatives) -> None:
    """Hand it over. Once the server has taken it, a goodbye that goes wrong makes it no less sent."""
    connection = message.get_connection()
    try:
        connection.open()
        connection.send_messages([message])
    finally:
        with suppress(Exception):
            connection.close()


class _VerifyingSMTP(smtplib.SMTP):
    def starttls(self, *, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:  # type: ignore[override]
        return super().starttls(context=context or ssl.create_default_context())


class VerifyingBackend(EmailBackend):  # type: ignore[misc]
    """Flask-Mailman's SMTP; STARTTLS looks at the server's certificate, which smtplib by itself does not."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return smtplib.SMTP_SSL if self.use_ssl else _VerifyingSMTP


def _claimed(letter_id: int) -> bool:
    with writing():
        claim = (
            update(Letter)
            .where(Letter.id == letter_id, *_is_due())
            .values(leased_until=clock.now() + LEASE, attempts=Letter.attempts + 1)
        )
        return bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]


def _put_back(letter_id: int, error: Exception) -> None:
    with writing():
        letter = db.session.get_one(Letter, letter_id)
        is_over = _is_refused(error) or letter.attempts >= MAX_ATTEMPTS
        letter.state = "failed" if is_over else "waiting"
        letter.due_at, letter.leased_until = clock.now() + backoff(letter.attempts), None
        letter.error = type(error).__name__[:ERROR_LENGTH]  # a server's words may hold addresses


def _is_refused(error: Exception) -> bool:
    """Whether the server said no for good (5xx), as opposed to not now (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _words in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _message(letter: Letter) -> EmailMultiAlternatives:
    settings = current_settings()
    with speaking(letter.language):
        words = render_template(letter.template, link=_link, **json.loads(letter.context))
        subject, _, body = words.strip().partition("\n")
        html = render_template("mail/frame.html", paragraphs=_paragraphs(body.strip()), subject=subject.strip())
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=body.strip() + "\n",
        from_email=formataddr((settings.site_name, settings.sender)),
        to=[letter.address],
        headers={
            # The same for every attempt, so that a mail sent twice by a crash is shown once by most readers.
            "Message-ID": f"<{derived_token('message', str(letter.id))}@{urlsplit(settings.base_url).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _link(endpoint: str, *, purpose: str = "", salt: str = "", **values: Any) -> str:
    """The whole address of a page, on the configured base address; with the secret that `salt` stands for, if any."""
    if salt:
        values["token"] = derived_token(purpose, salt)
    return current_settings().base_url + str(current_app.url_map.bind("").build(endpoint, values))


def _paragraphs(body: str) -> list[Markup]:
    return [
        Markup("<br>").join(_linked(line) for line in part.split("\n"))
        for part in regex.split(r"\n{2,}", body)
        if part.strip()
    ]


def _linked(line: str) -> Markup:
    pieces, end = [], 0
    for match in _LINK.finditer(line):
        pieces += [escape(line[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(match[0])]
        end = match.end()
    return Markup("").join([*pieces, escape(line[end:])])
