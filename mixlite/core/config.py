"""Settings: the environment, then `config.toml` in the instance folder, then defaults that suit one small machine."""

import os
import secrets
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from flask import current_app

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000
LANGUAGES = ("en", "ja")
SECRET_BYTES = 48
FEWEST_DIFFERENT = 8  # characters of a secret key: what was typed by hand as a filler has fewer
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class BadSettings(Exception):
    """The settings cannot be used; the message says which one and what would be right."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a running site needs to know before it looks into its database.

    `bcrypt_cost` is the work factor of password hashes (4 to 31; each step doubles the time).
    `proxy` is the address of the reverse proxy that may say who asks (X-Forwarded-For); from others it is not believed.
    `throttling` is never off but in a test that is about something else.
    `media_quota` is how many megabytes (of 2^20 bytes) of pictures one member can keep.
    `erase_after` is how many seconds a deleted entry can still be asked back before its rows are erased.
    """

    instance: Path
    secret_key: str
    base_url: str = f"http://localhost:{DEFAULT_PORT}"
    base_url_is_set: bool = False
    database_url: str = ""
    redis_url: str = ""
    mail_url: str = ""
    storage_url: str = ""
    mail_from: str = ""
    proxy: str = ""
    site_name: str = "mixlite"
    language: str = "en"
    timezone: str = "UTC"
    bcrypt_cost: int = 12
    erase_after: int = 10
    media_quota: int = 2048
    session_days: int = 30
    throttling: bool = True
    testing: bool = False

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self.mail_from or f"mixlite@{urlsplit(self.base_url).hostname}"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, or None on another engine."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None

    @property
    def trusted_hosts(self) -> list[str]:
        """Host headers that are answered; every other gets 400 (SECURITY.md, Cookies)."""
        name = urlsplit(self.base_url).hostname or ""
        names = [f"[{name}]" if ":" in name else name.encode("idna").decode("ascii")]
        return names if self.is_https else [*names, *LOOPBACK_NAMES]


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings of one instance.

    Takes the environment (the process's own by default) and overrides by field name.
    Raises BadSettings when something given cannot be used. Makes the instance folder and its secret key if they miss.
    """
    environ = os.environ if environ is None else environ
    instance = Path(overrides.pop("instance", None) or environ.get("MIXLITE_INSTANCE") or ROOT / "instance").resolve()
    instance.mkdir(parents=True, exist_ok=True)
    given = {**_from_file(instance / "config.toml"), **_from_environment(environ), **overrides}
    given["base_url_is_set"] = "base_url" in given
    given.setdefault("secret_key", "")
    given["secret_key"] = given["secret_key"] or _secret_key(instance / "secret-key")
    given.setdefault("timezone", _machine_timezone())
    given["database_url"] = _database_url(given.get("database_url", ""), instance)
    return _checked(Settings(instance=instance, **given))


_TEXT_SETTINGS = (
    "base_url",
    "database_url",
    "redis_url",
    "mail_url",
    "storage_url",
    "mail_from",
    "proxy",
    "site_name",
    "language",
    "timezone",
    "secret_key",
)
_NUMBER_SETTINGS = ("bcrypt_cost", "erase_after", "media_quota", "session_days")


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path.name} is not valid TOML: {error}") from error
    unknown = sorted(set(table) - {*_TEXT_SETTINGS, *_NUMBER_SETTINGS})
    if unknown:
        raise BadSettings(f"{path.name} has unknown settings: {', '.join(unknown)}")
    wrong = [name for name, value in table.items() if type(value) is not (int if name in _NUMBER_SETTINGS else str)]
    if wrong:
        raise BadSettings(f"{path.name}: numbers without quotes, words in quotes: {', '.join(wrong)}")
    return table


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*_TEXT_SETTINGS, *_NUMBER_SETTINGS):
        value = environ.get(f"MIXLITE_{name.upper()}", "").strip()
        if not value:
            continue
        if name in _NUMBER_SETTINGS and not (value.isascii() and value.isdigit()):
            raise BadSettings(f"MIXLITE_{name.upper()} must be a whole number, not {value!r}")
        found[name] = int(value) if name in _NUMBER_SETTINGS else value
    return found


def _database_url(url: str, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'mixlite.sqlite3'}"
    # SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3; saying it keeps older habits and newer defaults apart.
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _secret_key(path: Path) -> str:
    """The instance's secret, made on first use and readable by its owner alone (mode 600)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BadSettings(f"{path} can be read by others: run chmod 600 on it") from None
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(SECRET_BYTES)
        file.write(key + "\n")
    return key


def _machine_timezone() -> str:
    link = Path("/etc/localtime")
    name = str(link.readlink()).partition("zoneinfo/")[2] if link.is_symlink() else ""
    return name if name in available_timezones() else "UTC"


def _checked(settings: Settings) -> Settings:
    for is_right, words in _demands(settings):
        if not is_right:
            raise BadSettings(words)
    return replace(settings, base_url=settings.base_url.rstrip("/"))


def _demands(given: Settings) -> Iterator[tuple[bool, str]]:
    """What must hold, one after the other, and what is said when it does not."""
    yield _is_address(given.base_url), f"base_url must look like https://circle.example, not {given.base_url!r}"
    is_private = given.is_https or _is_private(urlsplit(given.base_url).hostname or "")
    yield is_private, "base_url must be https:// unless it names this machine or a private address"
    yield len(given.secret_key) >= 32, "secret_key must have at least 32 characters"
    is_secret = len(set(given.secret_key)) >= FEWEST_DIFFERENT
    yield is_secret, "secret_key must be random, not the same few characters again and again"
    is_mail = not given.mail_url or urlsplit(given.mail_url).scheme in ("smtp", "smtps")
    yield is_mail, "mail_url must look like smtp://name:password@host:587 or smtps://host:465"
    yield not given.proxy or _is_ip(given.proxy), "proxy must be the address of the reverse proxy, such as 127.0.0.1"
    yield given.language in LANGUAGES, f"language must be one of {', '.join(LANGUAGES)}"
    yield given.timezone in available_timezones(), f"timezone is not known: {given.timezone}"
    cheapest = 4 if given.testing else 10
    yield cheapest <= given.bcrypt_cost <= 16, "bcrypt_cost must be between 10 and 16"
    is_known = given.database_url.startswith(("sqlite:////", "postgresql+psycopg://"))
    yield is_known, "database_url must begin with sqlite:/// (and the whole path) or postgresql://"
    is_storage = not given.storage_url or _is_bucket(given.storage_url)
    yield is_storage, "storage_url must look like s3://key:secret@bucket/folder?region=...&endpoint=https://..."
    yield 1 <= given.media_quota <= 10**8, "media_quota must be between 1 and 100000000 megabytes"
    yield 0 <= given.erase_after <= 24 * 3600, "erase_after must be between 0 and 86400 seconds"
    yield 1 <= given.session_days <= 366, "session_days must be between 1 and 366"


def _is_address(url: str) -> bool:
    """Scheme, host and perhaps a port; nothing else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_plain = parts.port != 0 and parts.username is None and not (parts.query or parts.fragment)
        is_name = ":" in host or bool(host.encode("idna"))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.path in ("", "/") and is_plain and is_name


def _is_bucket(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "s3" and bool(parts.hostname) and ".." not in parts.path


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_private(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private


def current_settings() -> Settings:
    """The settings of the application at hand."""
    settings: Settings = current_app.config["MIXLITE"]
    return settings
