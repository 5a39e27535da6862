"""How often what may be asked (SECURITY.md, S12). What is not named here has the generous line at the end.

The tight ones are where a secret can be guessed, a mail is sent, or people are bothered. The limit of an account counts
its owner's own acts, or stands at the door: a flood there never ends a session that lives.
"""

from flask import request
from flask_login import current_user

from mixlite.core.doorstep import half_open
from mixlite.core.throttle import Throttle
from mixlite.features.accounts.queries import normal_login


def member() -> str | None:
    """Whoever is signed in."""
    return f"member {current_user.id}" if current_user.is_authenticated else None


def door() -> str | None:
    """The door that somebody knocks at: what they typed, known or not, so that both look alike (S11)."""
    return "door " + normal_login(request.form.get("login", ""))[:300]


def threshold() -> str | None:
    """Who gave a right password and is asked for a code."""
    begun = half_open("code")
    return f"member {begun.member_id}" if begun else None


def link() -> str | None:
    """The link that is being used."""
    return "link " + str((request.view_args or {}).get("token", ""))[:300]


GUESSING = "10 per 10 minutes; 60 per day"
MAILING = "5 per hour; 15 per day"

THROTTLES = {
    "accounts.sign_in": Throttle(client="60 per 10 minutes", account="10 per 10 minutes; 100 per day", of=door),
    "accounts.code": Throttle(client="60 per 10 minutes", account="6 per 10 minutes; 40 per day", of=threshold),
    "accounts.forgotten": Throttle(client="20 per hour", account=MAILING, of=door),
    "accounts.reset": Throttle(client="30 per hour", account="20 per hour", of=link),
    "accounts.confirm": Throttle(client="60 per hour", account="20 per hour", of=link),
    "accounts.resend": Throttle(client="20 per hour", account=MAILING, of=member),
    "accounts.change_address": Throttle(client="20 per hour", account=MAILING, of=member),
    "accounts.change_password": Throttle(client="60 per 10 minutes", account=GUESSING, of=member),
    "accounts.assure": Throttle(client="60 per 10 minutes", account=GUESSING, of=member),
    "accounts.switch_on": Throttle(client="60 per 10 minutes", account=GUESSING, of=member),
    "leaving.leave": Throttle(client="60 per 10 minutes", account=GUESSING, of=member),
    "invitations.join": Throttle(client="120 per hour", account="200 per hour", of=link),
    "invitations.create": Throttle(account="60 per hour; 200 per day", of=member),
    "friends.ask": Throttle(account="60 per hour; 200 per day", of=member),
    "reading.comment": Throttle(account="60 per minute; 1000 per hour", of=member),
    "voice.create": Throttle(account="60 per minute; 1000 per hour", of=member),
    "drafts.keep_new": Throttle(account="40 per minute; 1500 per hour", of=member),
    "drafts.keep_change": Throttle(account="40 per minute; 1500 per hour", of=member),
    "diary.new": Throttle(account="60 per minute; 1000 per hour", of=member),
    "photos.new": Throttle(account="60 per minute; 1000 per hour", of=member),
    "media.begin": Throttle(account="300 per minute; 3000 per hour", of=member),
    "media.part": Throttle(account="1200 per minute", of=member),  # a part is a megabyte
}

OTHERWISE = Throttle(client="1200 per minute", account="600 per minute", of=member)
