"""A post office for the tests of accounts: the worker runs when asked, and mails lie in the instance's outbox."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from mixlite.app.worker import build_workshop
from tests.support.site import Site


@dataclass
class Mail:
    """One mail as it arrived."""

    to: str
    subject: str
    text: str
    html: str
    message: EmailMessage

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://\S+", self.text)

    @property
    def path(self) -> str:
        """Where its one link leads, on this site."""
        (link,) = self.links
        return "/" + link.split("/", 3)[3]


def read(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return Mail(str(message["To"]), str(message["Subject"]), text.get_content(), html.get_content(), message)


def work(site: Site) -> int:
    """Let the worker do everything that is due, and what follows from it."""
    done = 0
    with site.app.app_context():
        workshop = build_workshop()
        for _ in range(3):
            done += workshop.sweep()
    return done


@pytest.fixture
def post(site: Site) -> Callable[[], list[Mail]]:
    """Everything that was mailed since the last time."""
    seen: set[str] = set()

    def collect() -> list[Mail]:
        work(site)
        folder = site.settings.instance / "outbox"
        found = []
        for path in sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns):
            for number, raw in enumerate(re.split(rb"\n-{79}\n", path.read_bytes())):
                name = f"{path.name}:{number}"
                if raw.strip() and name not in seen:
                    seen.add(name)
                    found.append(read(raw))
        return found

    return collect
