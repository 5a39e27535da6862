"""The `mixlite` command. It keeps the same rules as the pages: it calls the same verbs."""

import errno
import logging
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask import Flask

from mixlite.app import doctor as health
from mixlite.app import server
from mixlite.app.bench.circle import Size
from mixlite.app.bench.run import SQLITE, Order, run_bench
from mixlite.app.bench.tasks import PARTS
from mixlite.app.demo import build as demonstration
from mixlite.app.factory import create_app
from mixlite.app.keeping import restore as keeping
from mixlite.app.keeping.archive import CannotKeep
from mixlite.app.keeping.backup import back_up, copy_before_upgrade, remember
from mixlite.app.worker import build_queue, run_worker
from mixlite.core.config import DEFAULT_PORT, ROOT, BadSettings, Settings, load_settings
from mixlite.core.crypto import hash_password
from mixlite.core.db import db, writing
from mixlite.core.errors import Refused
from mixlite.core.text import UnusableText, characters, clean_text
from mixlite.features.invitations.models import MOST_DAYS, MOST_USES, Invitation
from mixlite.features.invitations.queries import first_invitation
from mixlite.features.invitations.routes import link_to
from mixlite.features.invitations.verbs import create_invitation
from mixlite.migrations import upgrade as migrations
from mixlite.people import stewardship
from mixlite.people.circle import is_founded
from mixlite.people.members import REASON_LENGTH, Member, longest_serving_host, member_with_handle

FIRST_DAYS = 7
MOST_DAYS_OUT = 3650


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """An invite-only social network for one circle of people."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.Formatter.converter = time.gmtime  # one clock for every line, wherever the machine stands
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("huey").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _settings(**overrides: Any) -> Settings:
    try:
        settings = load_settings(**overrides)
        # A restore that was killed after it was decided is brought to its end before anybody looks.
        return load_settings(**overrides) if keeping.finish(settings) else settings
    except (BadSettings, CannotKeep) as error:
        raise click.ClickException(str(error)) from error


def _app(settings: Settings) -> Flask:
    return create_app(settings, build_queue(settings))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Run the site, with a worker beside it. On an empty instance the first invitation is printed."""
    settings = _settings()
    if not settings.base_url_is_set:
        settings = replace(settings, base_url=f"http://localhost:{port}")
    _run(settings, host, port)


def _run(settings: Settings, host: str, port: int) -> None:
    app = _app(settings)
    with app.app_context():
        _bring_up_to_date(settings)
        if not is_founded():
            click.echo(f"Nobody lives here yet. Whoever opens this first becomes the host:\n\n  {_first_link()}\n")
        db.session.remove()
    click.echo(f"{settings.site_name} is open at {settings.base_url} (stop with Ctrl-C)")
    sys.stdout.flush()
    try:
        server.serve(app, settings, host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise click.ClickException(f"port {port} is taken; take another with --port (make: PORT=...)") from error


def _bring_up_to_date(settings: Settings) -> None:
    if migrations.is_current():
        return
    if not settings.is_sqlite and not migrations.is_empty():
        raise click.ClickException("the database is older than this mixlite: run `mixlite upgrade` first")
    _upgrade(settings)


def _upgrade(settings: Settings) -> None:
    try:
        copy = migrations.upgrade(settings, copy_before_upgrade)
    except CannotKeep as error:
        raise click.ClickException(f"no copy could be made, so nothing was changed: {error}") from error
    if copy:
        click.echo(f"before that, a copy of the database was put at {copy}", err=True)  # `invite` prints only the link


def _first_link() -> str:
    invitation = first_invitation()
    if invitation is None or invitation.token is None:
        with writing():
            invitation = create_invitation(None, letter="", uses=1, days=FIRST_DAYS)
    return _link(invitation)


def _link(invitation: Invitation) -> str:
    link = link_to(invitation)
    if link is None:
        raise click.ClickException("this invitation was made with another secret key")
    return link


@main.command()
def worker() -> None:
    """Run a worker of its own (serve brings one along)."""
    settings = _settings()
    run_worker(_app(settings), settings)


@main.command()
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, MOST_USES))
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, MOST_DAYS))
def invite(uses: int, days: int) -> None:
    """Print a new invitation link, and nothing else. It speaks for the longest-serving host."""
    settings = _settings()
    if not settings.base_url_is_set:
        settings = replace(settings, base_url=server.serving_address(settings) or settings.base_url)
    app = _app(settings)
    with app.app_context():
        _bring_up_to_date(settings)
        host = longest_serving_host()
        if host is None and is_founded():
            raise click.ClickException("this circle has no host now: promote a member first")
        with writing():
            invitation = create_invitation(host, letter="", uses=uses if host else 1, days=days)
        click.echo(_link(invitation))


@main.command()
def upgrade() -> None:
    """Bring the database up to date; a copy is made first."""
    settings = _settings()
    with _app(settings).app_context():
        _upgrade(settings)
        click.echo("the database is up to date")


@main.command()
def doctor() -> None:
    """Look at the instance and say what is well and what is not."""
    settings = _settings()
    with _app(settings).app_context():
        findings = health.examine(settings)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.is_well else 'BAD '} {finding.words}")
    if not all(finding.is_well for finding in findings):
        sys.exit(1)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there.")
def backup(file: Path, *, force: bool) -> None:
    """Put the whole site into one FILE: every row, every picture, the secret key. The site may be running."""
    settings = _settings()
    try:
        made = back_up(settings, file, overwrite=force)
        remember(settings, made)
    except CannotKeep as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{made.rows} rows and {made.media} files are in {made.file} ({made.size / 1_000_000:.1f} MB)")
    click.echo("It holds every word of this circle and its secret key: guard it like a key.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put what is here aside, and take the backup's place.")
def restore(file: Path, *, replace: bool) -> None:
    """Bring the site that is in FILE back, into this (empty) instance. Nothing old is sent again."""
    try:
        restored = keeping.restore(_settings(), file, replace=replace, say=click.echo)
    except CannotKeep as error:
        raise click.ClickException(f"{error}. Nothing was changed.") from error
    except keeping.Unfinished as error:
        raise click.ClickException(f"{error}. Mend that, then run `mixlite doctor`: it goes on from here.") from error
    for words in restored.words():
        click.echo(words)


@main.group()
def members() -> None:
    """Look after members."""


@members.command()
@click.argument("handle")
@click.option("--reason", default="", help="Kept in the host's log.")
def promote(handle: str, reason: str) -> None:
    """Make a member a host."""
    with _app(_settings()).app_context():
        with _acting():
            stewardship.promote(_member(handle), reason=_words(reason))
        click.echo(f"@{_member(handle).handle} is a host")


@members.command()
@click.argument("handle")
@click.option("--reason", default="", help="Kept in the host's log.")
def demote(handle: str, reason: str) -> None:
    """Take a host's right away. The last host keeps it."""
    with _app(_settings()).app_context():
        with _acting():
            stewardship.demote(_member(handle), reason=_words(reason))
        click.echo(f"@{_member(handle).handle} is not a host any more")


@members.command()
@click.argument("handle")
@click.option("--days", type=click.IntRange(1, MOST_DAYS_OUT), help="For so many days; else until somebody lifts it.")
@click.option("--reason", required=True, help="The member reads it at the door; it is kept in the host's log.")
def suspend(handle: str, days: int | None, reason: str) -> None:
    """Shut a member out. Every session ends at once."""
    if not _words(reason):
        raise click.ClickException("say why")
    with _app(_settings()).app_context():
        with _acting():
            stewardship.suspend(_member(handle), reason=_words(reason), days=days)
        click.echo(f"@{_member(handle).handle} is suspended {f'for {days} days' if days else 'until it is lifted'}")


@members.command()
@click.argument("handle")
@click.option("--reason", default="", help="Kept in the host's log.")
def lift(handle: str, reason: str) -> None:
    """Let a suspended member in again."""
    with _app(_settings()).app_context():
        with _acting():
            stewardship.lift(_member(handle), reason=_words(reason))
        click.echo(f"@{_member(handle).handle} can sign in again")


@members.command()
@click.argument("handle")
@click.option("--second-factor", "without_factor", is_flag=True, help="Switch the second factor off too: they lost it.")
@click.option("--reason", default="", help="Kept in the host's log.")
def reset(handle: str, reason: str, *, without_factor: bool) -> None:
    """Give a member a new password and end all their sessions. The password is printed once."""
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    with _app(_settings()).app_context():
        stored = hash_password(password)
        with _acting():
            member, words = _member(handle), _words(reason)
            was_on = stewardship.reset_password(member, stored, reason=words, without_factor=without_factor)
        if without_factor:
            click.echo("the second factor is off now" if was_on else "there was no second factor", err=True)
        click.echo(password)


@contextmanager
def _acting() -> Iterator[None]:
    """A writer's transaction; what a verb refuses is said in plain words, and nothing is kept."""
    try:
        with writing():
            yield
    except Refused as refusal:
        raise click.ClickException(str(refusal.message)) from refusal


def _words(reason: str) -> str:
    try:
        words = clean_text(reason)
    except UnusableText as error:
        raise click.ClickException("the reason holds characters that cannot be kept") from error
    if characters(words) > REASON_LENGTH:
        raise click.ClickException(f"the reason has more than {REASON_LENGTH} characters")
    return words


def _member(handle: str) -> Member:
    member = member_with_handle(handle.removeprefix("@"))
    if member is None or member.status == "gone":
        raise click.ClickException(f"there is no member @{handle.removeprefix('@')}")
    return member


@main.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--fresh", is_flag=True, help="Build it anew; what was written in it goes.")
@click.option("--only-build", is_flag=True, help="Build it and stop.")
def demo(port: int, *, fresh: bool, only_build: bool) -> None:
    """Open a lively site in an instance of its own: Zachary's karate club, three years of diaries."""
    folder = Path(os.environ.get("MIXLITE_INSTANCE") or ROOT / "instance") / "demo"
    # An instance of its own, for the worker beside it too: the environment may name somebody's real database.
    for name in [name for name in os.environ if name.startswith("MIXLITE_")]:
        del os.environ[name]
    if fresh or not demonstration.is_there(folder):
        if folder.exists() and (address := server.serving_address(demonstration.demo_settings(folder))):
            raise click.ClickException(f"the demo is open at {address}: stop that one first")
        demonstration.build_demo(folder, click.echo)
    if only_build:
        return
    settings = demonstration.demo_settings(folder, base_url=f"http://localhost:{port}")
    with _app(settings).app_context():
        _bring_up_to_date(settings)
        click.echo(demonstration.welcome())
        db.session.remove()
    _run(settings, "127.0.0.1", port)


@main.command()
@click.option("--members", "sizes", multiple=True, default=(10_000,), show_default=True, type=click.IntRange(100))
@click.option("--friends", default=30.0, show_default=True, help="How many friends each has, on average.")
@click.option("--entries", default=10.0, show_default=True, help="How many entries each wrote, on average.")
@click.option(
    "--database",
    "databases",
    multiple=True,
    default=(SQLITE,),
    show_default=True,
    help="Or a PostgreSQL server's address.",
)
@click.option("--only", default="", help=f"Some of: {', '.join(PARTS)}.")
@click.option(
    "--viewers", default=20, show_default=True, type=click.IntRange(1), help="How many of each sort are asked for."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--analyse", is_flag=True, help="Let SQLite gather statistics first.")
@click.option("--plans/--no-plans", default=True, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="A folder; circles stay there for the next run.")
def bench(*, sizes: tuple[int, ...], friends: float, entries: float, only: str, **order: Any) -> None:
    """Measure the site on synthetic circles, in instances (and, on PostgreSQL, databases) of their own."""
    parts = tuple(part.strip() for part in only.split(",") if part.strip())
    if unknown := set(parts) - set(PARTS):
        raise click.BadParameter(f"not known: {', '.join(sorted(unknown))}", param_hint="--only")
    run_bench(Order(sizes=[Size(n, friends, entries) for n in sizes], parts=parts, **order), click.echo)
