"""What the host of the demo does: the words of the house, reports and how they ended, a mail that came back.

The words are in `house.toml`.
"""

import smtplib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app
from flask_mailman.backends.base import BaseEmailBackend
from sqlalchemy import select

from mixlite.app.demo.times import Calendar
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.mail import Letter, letter_job
from mixlite.core.text import clean_text
from mixlite.entries.entries import Entry
from mixlite.features.host import verbs as host_verbs
from mixlite.features.invitations.queries import LETTER_TEMPLATE
from mixlite.features.invitations.verbs import create_invitation
from mixlite.features.reports import verbs as report_verbs
from mixlite.features.reports.queries import open_report_by
from mixlite.people.members import Member

FILE = Path(__file__).parent / "house.toml"
HOST = "hiraku"

Moments = Iterator[tuple[datetime, Callable[[], object]]]


@dataclass(frozen=True)
class House:
    """The host's words and deeds, as the file says them; days are counted back from the day of building."""

    table: Mapping[str, Any]

    def acts(
        self, calendar: Calendar, founded: datetime, members: Mapping[str, Member], entries: Mapping[str, Entry]
    ) -> Moments:
        """Everything with its moment. `members` and `entries` are filled while the years are played."""
        stage = _Stage(members, entries)
        words = {name: clean_text(self.table[name]) for name in ("rules", "welcome")}
        yield founded + timedelta(minutes=30), partial(stage.change_settings, words)
        for change in (*self.table["notices"], *self.table["reports"], *self.table["rights"], *self.table["mails"]):
            yield _moment(calendar, change), partial(getattr(stage, change["act"]), change)
            if "end" in change:
                yield _moment(calendar, change["end"]), partial(stage.decide, change)


def read_house() -> House:
    """From the file."""
    return House(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _moment(calendar: Calendar, table: Mapping[str, Any]) -> datetime:
    return calendar.days_ago(table["days_ago"], time.fromisoformat(table["at"]))


@dataclass(frozen=True)
class _Stage:
    """Where it is played: everybody by handle, and every entry by its name in the files."""

    members: Mapping[str, Member]
    entries: Mapping[str, Entry]

    def change_settings(self, values: Mapping[str, str]) -> None:
        host_verbs.change_settings(self.members[HOST], seen={}, **values)

    def put_up(self, table: Mapping[str, Any]) -> None:
        self.change_settings({"notice": clean_text(table["words"])})

    def report(self, table: Mapping[str, Any]) -> None:
        reporter, (kind, subject_id) = self.members[table["by"]], self._subject(table)
        report_verbs.make_report(reporter, kind, subject_id, reason=table["reason"], note=clean_text(table["note"]))

    def decide(self, table: Mapping[str, Any]) -> None:
        host, (kind, subject_id), end = self.members[HOST], self._subject(table), table["end"]
        report = open_report_by(self.members[table["by"]], kind, subject_id)
        if report is None:
            return
        words = clean_text(end["words"])
        if end["how"] == "suspend":
            report_verbs.suspend(host, report, words=words, days=end["days"], take_away=end["take_away"])
        else:
            {"dismiss": report_verbs.dismiss, "remove": report_verbs.remove}[end["how"]](host, report, words=words)

    def limit(self, table: Mapping[str, Any]) -> None:
        member, reason = self.members[table["whom"]], clean_text(table["reason"])
        host_verbs.set_invitation_right(self.members[HOST], member, reason=reason, quota=table["quota"], denial=None)

    def mail(self, table: Mapping[str, Any]) -> None:
        letter = clean_text(table["letter"])
        create_invitation(self.members[table["by"]], letter=letter, uses=1, days=30, email=table["to"])

    def _subject(self, table: Mapping[str, Any]) -> tuple[str, int]:
        """What is reported: a member, or an entry by its name."""
        if "member" in table:
            return "member", self.members[table["member"]].id
        return "entry", self.entries[table["entry"]].id


class NoSuchMailbox(BaseEmailBackend):  # type: ignore[misc]
    """A mail server that knows nobody of this name."""

    def send_messages(self, messages: Sequence[Any]) -> int:
        """Never."""
        raise smtplib.SMTPRecipientsRefused({to: (550, b"no such mailbox") for each in messages for to in each.to})


def letters_come_back() -> None:
    """The invitations that were mailed reached nobody: their letters failed, a minute after they were written."""
    query = select(Letter.id, Letter.created_at).where(Letter.template == LETTER_TEMPLATE, Letter.state == "waiting")
    with _served_by(NoSuchMailbox):
        for letter_id, created_at in db.session.execute(query).all():
            with clock.at(created_at + timedelta(minutes=1)), suppress(smtplib.SMTPRecipientsRefused):
                letter_job().run(letter_id)


@contextmanager
def _served_by(backend: type[BaseEmailBackend]) -> Iterator[None]:
    """Mail goes through `backend` for a while."""
    mailman = current_app.extensions["mailman"]
    usual, mailman.backend = mailman.backend, backend
    try:
        yield
    finally:
        mailman.backend = usual
