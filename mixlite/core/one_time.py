"""Codes that are good once: six digits from an authenticator app (RFC 6238), and ten to keep on paper."""

import secrets
from hmac import compare_digest

import pyotp
import segno
from markupsafe import Markup

from mixlite.core import clock
from mixlite.core.crypto import fingerprint

STEP_SECONDS = 30
DIGITS = 6
PAPER_CODES = 10
_PAPER_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is taken for something else
_PAPER_LENGTH = 12  # 59 bits


def new_secret() -> str:
    """The secret that an authenticator app shares with us (base32, 160 bits)."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str) -> int | None:
    """The time step, of the last, this and the next, whose code was given. Who takes it must see that it is new."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    now = int(clock.now().timestamp()) // STEP_SECONDS
    generator = pyotp.HOTP(secret, digits=DIGITS)
    matching = [step for step in (now - 1, now, now + 1) if compare_digest(generator.at(step), typed)]
    return matching[-1] if matching else None


def app_address(secret: str, *, account: str, site: str) -> str:
    """What an authenticator app reads (otpauth://)."""
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    return generator.provisioning_uri(name=account, issuer_name=site)


def qr_drawing(text: str, label: str) -> Markup:
    """A QR code as an SVG for the middle of a page: no script, no style, dark on light by day and by night."""
    code = segno.make(text, error="m", micro=False)
    drawing = code.svg_inline(border=3, dark="#331a00", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return Markup(drawing).replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(label), 1)  # noqa: S704


def new_paper_codes() -> list[str]:
    """Ten codes such as "k3wd-9m2x-7tqp"."""
    return [_paper_code() for _ in range(PAPER_CODES)]


def paper_hash(member_id: int, code: str) -> str:
    """What is kept of one: keyed, and of no use to anybody else."""
    return fingerprint("paper code", member_id, "".join(c for c in code.lower() if c in _PAPER_LETTERS))


def looks_like_paper(code: str) -> bool:
    """Whether this is a code from paper rather than from an app."""
    return sum(c in _PAPER_LETTERS for c in code.lower()) == _PAPER_LENGTH


def _paper_code() -> str:
    letters = "".join(secrets.choice(_PAPER_LETTERS) for _ in range(_PAPER_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, _PAPER_LENGTH, 4))
