"""Inviting by e-mail, from the page to the guest's arrival."""

import re

from sqlalchemy import select

from mixlite.core.db import db
from mixlite.features.invitations.models import Invitation
from tests.support.site import PASSWORD


def mails_to(mails, address):
    return [mail for mail in mails if mail.to == address]


def mail_line(page):
    """What the first ticket says about its mail."""
    found = re.search(r'<p class="ticket-mail (\w+)">', page.text)
    return found and found[1]


def test_an_invitation_is_mailed_shown_as_sent_and_opened_by_joining(site, rosa, post):
    answer = rosa.submit(
        "/invitations", "Create invitation", letter="Dear Tom,\n\ncome and see.", email="Tom@Example.org"
    )
    assert answer.status_code == 303
    assert mail_line(rosa.get(answer.location)) == "sending"
    (mail,) = mails_to(post(), "tom@example.org")
    assert mail.subject == "Rosa invites you to mixlite"
    assert "come and see." in mail.text
    assert mail.links[0].startswith("http://localhost/join/")
    assert mail_line(rosa.get("/invitations")) == "sent"

    for _ in range(2):  # S3: looking changes nothing
        shown = site.client().get(mail.path)
        assert shown.status_code == 200
        site.client().http.head(mail.path)
    with site.inside():
        assert db.session.scalars(select(Invitation.uses_left).order_by(Invitation.id.desc()).limit(1)).one() == 1

    guest = site.client()
    joined = guest.submit(mail.path, "Join", name="Tom", handle="tom", email="tom@example.org", password=PASSWORD)
    assert joined.status_code == 303
    assert mail_line(rosa.get("/invitations")) == "opened"
    assert site.client().get(mail.path).status_code == 404
    assert mails_to(post(), "tom@example.org")[1:] == []  # the accounts' own question, and no second invitation
