"""Secrets: keys for one purpose each, random tokens, password hashes.

Passwords: HMAC with a key of this instance, base64, then bcrypt (OWASP's pre-hash), so that bcrypt never sees more than
its 72 bytes and nothing of a long or Japanese password is cut. They are compared exactly as typed.
"""

import hashlib
import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from functools import lru_cache

import bcrypt
from cryptography.fernet import Fernet

from mixlite.core.config import current_settings

TOKEN_BYTES = 24  # 192 random bits; 128 are asked for (SECURITY.md, S4)


def key_for(purpose: str) -> bytes:
    """A 32-byte key derived from the instance's secret, good for nothing but `purpose`."""
    return hmac.digest(current_settings().secret_key.encode(), b"mixlite:" + purpose.encode(), "sha256")


def new_token() -> str:
    """A random secret that is safe in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def derived_token(purpose: str, salt: str) -> str:
    """A secret that this instance can show again from `salt`, and nobody can without its key."""
    digest = hmac.digest(key_for(purpose), salt.encode(), "sha256")
    return urlsafe_b64encode(digest[:TOKEN_BYTES]).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What is stored of a token: enough to know it again, not enough to use it (64 hexadecimal digits)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(*parts: object) -> str:
    """A keyed digest of what somebody sent, to tell a repeated form from a changed one (64 hexadecimal digits)."""
    return hmac.digest(key_for("fingerprint"), repr(parts).encode("utf-8", "surrogatepass"), "sha256").hex()


def encrypted(text: str, purpose: str) -> str:
    """For what must be read again but never in a copy of the database (a second factor's secret)."""
    return _box(purpose).encrypt(text.encode()).decode()


def decrypted(box: str, purpose: str) -> str:
    """What was put in by `encrypted` with this instance's key. Raises cryptography's InvalidToken for anything else."""
    return _box(purpose).decrypt(box.encode()).decode()


def _box(purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(key_for(f"box:{purpose}")))


def hash_password(password: str) -> str:
    """Takes some tenths of a second: never call it while the writer's lock is held."""
    return bcrypt.hashpw(_prehashed(password), bcrypt.gensalt(current_settings().bcrypt_cost)).decode()


def password_matches(password: str, stored: str | None) -> bool:
    """Whether `password` is the one behind `stored`. Does the same work when there is nothing to compare with (S11)."""
    matches = bcrypt.checkpw(_prehashed(password), (stored or _nobodys_hash(current_settings().bcrypt_cost)).encode())
    return matches and stored is not None


def _prehashed(password: str) -> bytes:
    return b64encode(hmac.digest(key_for("password"), password.encode("utf-8", "surrogatepass"), "sha256"))


@lru_cache(maxsize=4)
def _nobodys_hash(cost: int) -> str:
    return bcrypt.hashpw(secrets.token_bytes(32).hex().encode(), bcrypt.gensalt(cost)).decode()
