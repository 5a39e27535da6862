"""A program: does a backup or a restore again and again, and each time is killed (-9) one moment later.

The moments are every change of a name on the disk, every member of the file, every table, and just before each commit.
After each death it looks at what is there, and answers one line of JSON: how often what was found. Started by
`test_keeping.py`, because a process with threads should not fork.
"""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from mixlite.app.keeping import backup, rows
from mixlite.app.keeping import restore as keeping
from mixlite.app.keeping.archive import Archive, Writer
from mixlite.core.config import Settings
from tests.support.site import settings_for

NAMES_CHANGE = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}


class Death:
    """Comes at the `moment`-th time that somebody asks."""

    def __init__(self, moment: int):
        self.left = moment

    def ask(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def await_(self) -> None:
        sys.addaudithook(lambda name, _args: self.ask() if name in NAMES_CHANGE else None)
        event.listen(Engine, "commit", self.ask)
        for place, name in ((Writer, "add"), (keeping, "empty"), (keeping, "sync_folder"), (keeping, "hold")):
            setattr(place, name, self._before(getattr(place, name)))

    def _before(self, act: Callable) -> Callable:
        def asked(*args, **kwargs):
            self.ask()
            return act(*args, **kwargs)

        return asked


def die_at_moments(
    act: Callable[[], object], prepare: Callable[[], None], look: Callable[[], str], *, moments: Iterable[int]
) -> Counter:
    """What `look` found, counted; the last time the act comes to its end."""
    found: Counter[str] = Counter()
    prepare()
    act()  # once undisturbed: what Python has to load is loaded
    for moment in moments:
        prepare()
        child = os.fork()
        if child == 0:
            Death(moment).await_()
            act()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        found[look()] += 1
        if os.WIFEXITED(status):
            return found
    raise RuntimeError("it never came to its end")


def backups(settings: Settings, file: Path, *, there: bool) -> Counter:
    """Whether `file` is the old one (or missing) or the new one, never anything else."""

    def prepare() -> None:
        file.unlink(missing_ok=True)
        if there:
            file.write_bytes(b"the old one")

    def look() -> str:
        if not file.exists() or file.read_bytes() == b"the old one":
            return "before"
        with Archive(file) as archive:
            archive.verify()
        return "after"

    found = die_at_moments(
        lambda: backup.back_up(settings, file, overwrite=there), prepare, look, moments=range(1, 500)
    )
    return found + Counter({"left over": len(list(file.parent.glob(".*.part")))})


def restores(pristine: Path, file: Path, url: str, first: int, step: int) -> Counter:
    """Whether the instance is as it was or as the backup is: rows, key, pictures; and nothing lies about."""
    instance = pristine.with_name("killed")
    with Archive(file) as archive:
        members, key, media = archive.manifest.tables["members"].rows, archive.secret_key(), archive.manifest.media

    def prepare() -> None:
        if instance.exists():
            shutil.rmtree(instance)
        shutil.copytree(pristine, instance)
        if url:
            with _engine(url).begin() as connection:
                schemas = connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before%'"))
                for schema in [*schemas, "public"]:
                    connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))

    def look() -> str:
        keeping.finish(settings_for(instance, url))
        settings = settings_for(instance, url)
        pictures = sorted(path.name for path in (instance / "media").glob("*"))
        strays = [path for path in instance.rglob("*") if "restoring" in path.name or path.name.endswith(".part")]
        with _engine(settings.database_url).connect() as connection:
            tables = rows.table_names(connection)
            count = connection.scalar(text("SELECT count(*) FROM members")) if tables else 0
        is_after = (count, settings.secret_key, pictures) == (members, key, media)
        is_before = (count, settings.secret_key, pictures) == (0, (pristine / "secret-key").read_text().strip(), [])
        if strays or is_before == is_after:
            return f"half: {count} members, {pictures}, {strays}"
        return "after" if is_after else "before"

    def act() -> None:
        keeping.restore(settings_for(instance, url), file, replace=True)

    return die_at_moments(act, prepare, look, moments=range(first, 500, step))


def _engine(url: str) -> Engine:
    from sqlalchemy.pool import NullPool

    return create_engine(url, poolclass=NullPool)


if __name__ == "__main__":
    # Each word is one order: backup or overwrite, instance, file; or restore, pristine, file, URL, first, step.
    answers = []
    for what, folder, path, *url in map(json.loads, sys.argv[1:]):
        if what == "restore":
            answers.append(restores(Path(folder), Path(path), *url))
        else:
            answers.append(backups(settings_for(Path(folder)), Path(path), there=what == "overwrite"))
    print(json.dumps(answers))
