"""A PostgreSQL for the tests: what `MIXLITE_TEST_DATABASE_URL` names, or a private one of this machine's programs.

The private one is a throw-away cluster in a temporary folder, reached through a Unix socket that only its owner (and
root) can open; it listens on no network. One run has one cluster, however many xdist workers ask:

- The process that was started by hand (the *controller*) makes a folder and holds a lock in it for as long as it lives.
- The first worker that asks starts a *keeper* (this file, run as a program), which makes the cluster, runs it, and
  waits for that lock. When the controller ends, or dies, the keeper gets the lock, stops its own server and removes
  the folder. A worker may die at any moment without harm.
"""

import contextlib
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

START_SECONDS = 60
STOP_SECONDS = 20
OWNER = "mixlite"  # the role of the tests: like a real site's, it may make databases but is no superuser
PREFIX = "mixlite_test_"
DEBIAN = Path("/usr/lib/postgresql")
ALIVE, STATE, STARTING, LOG = "alive.lock", "state.json", "start.lock", "server.log"
# Nothing here must survive a power cut; it must be quick, and the same on every run.
SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "unix_socket_permissions": "0700",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to test with; the message says why."""


# -------------------------------------------------------------------------------------------------- for fixtures


@dataclass
class Server:
    """A running server, and where this process's databases on it are made. `run` is the run's folder."""

    admin: URL
    run: Path
    worker: str = "main"
    _numbers: Iterator[int] = field(default_factory=count)

    def fresh_database(self, template: str | None = None) -> str:
        """Make an empty database (or a copy of `template`) and return its URL, `postgresql+psycopg://...`."""
        name = f"{self._prefix}{self.worker}_{next(self._numbers)}"
        self._create(name, template)
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that `fresh_database` made, even if somebody is still connected to it."""
        name = make_url(url).database or ""
        if not name.startswith(self._prefix):
            raise ValueError(f"{name!r} is none of this run's databases")
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def template(self, key: str, build: Callable[[str], None]) -> str:
        """The name of a database that `build(url)` fills once per run; the first worker builds, the others wait.

        `build` must close its connections (`engine.dispose()`): PostgreSQL copies no database that is in use.
        """
        name = f"{self._prefix}template_{re.sub(r'[^a-z0-9]+', '_', key.lower())[:30]}"
        with _locked(self.run / f"{name}.lock"):
            done = self.run / f"{name}.done"
            if not done.exists():
                self.drop_database(self._url(name))  # half built by a worker that died
                self._create(name, None)
                build(self._url(name))
                done.touch()
        return name

    def drop_all(self) -> None:
        """Remove every database of this run, whichever worker made it (only needed on a server that lives on)."""
        with psycopg.connect(_dsn(self.admin), autocommit=True) as connection:
            ours = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            rows = connection.execute(ours, [self._prefix]).fetchall()
        for (name,) in rows:
            self.drop_database(self._url(name))

    @property
    def _prefix(self) -> str:
        return f"{PREFIX}{self.run.name.rpartition('-')[2].lower()}_"

    def _create(self, name: str, template: str | None) -> None:
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
        self._do(words.format(sql.Identifier(name), sql.Identifier(template or "template0")))

    def _do(self, statement: sql.Composed) -> None:
        with psycopg.connect(_dsn(self.admin), autocommit=True) as connection:
            connection.execute(statement)

    def _url(self, name: str) -> str:
        return self.admin.set(database=name).render_as_string(hide_password=False)


def new_run() -> tuple[Path, Any]:
    """Make the folder of one test run, and hold its lock. For the controller; give both to `end_run`."""
    # Not below pytest's own temporary folder: that one is closed to `nobody`, and a socket's path must be short.
    base = tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"  # noqa: S108 - mkdtemp is safe there
    run = Path(tempfile.mkdtemp(prefix="mixlite-pg-", dir=base))
    run.chmod(0o711)
    alive = (run / ALIVE).open("w")
    fcntl.flock(alive, fcntl.LOCK_EX)
    return run, alive


def end_run(run: Path, alive: Any) -> None:
    """Let the keeper go, if there is one, and wait until its server is gone and the folder removed."""
    state = _read(run / STATE)
    if "url" in state and "keeper" not in state:
        with contextlib.suppress(psycopg.Error):
            Server(make_url(state["url"]), run).drop_all()
    alive.close()
    until = time.monotonic() + STOP_SECONDS + 5
    while "keeper" in state and run.exists() and time.monotonic() < until:
        time.sleep(0.05)
    shutil.rmtree(run, ignore_errors=True)


def start(run: Path, worker: str = "main") -> Server:
    """The server of this run, started by whoever asks first. Raises NoPostgres; then for every worker alike."""
    with _locked(run / STARTING):
        state = _read(run / STATE)
        if not state:
            state = _given() or _private(run)
            _write(run / STATE, state)
    if "problem" in state:
        raise NoPostgres(state["problem"])
    return Server(make_url(state["url"]), run, worker)


def find_programs() -> Path | None:
    """The folder with `postgres` and `initdb`: the PATH first, then Debian's folders, newest release first."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    versions = [folder for folder in DEBIAN.glob("*") if re.fullmatch(r"[\d.]+", folder.name)]
    folders += [folder / "bin" for folder in sorted(versions, key=lambda folder: float(folder.name), reverse=True)]
    return next((f for f in folders if all(os.access(f / name, os.X_OK) for name in ("postgres", "initdb"))), None)


def _given() -> dict[str, Any]:
    """The server that the environment names, if it does. Used as it is: only our own databases on it are touched."""
    given = os.environ.get("MIXLITE_TEST_DATABASE_URL", "").strip()
    if not given:
        return {}
    url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", given))
    url = url.set(database=url.database or "postgres")
    try:
        psycopg.connect(_dsn(url), connect_timeout=10).close()
    except psycopg.Error as error:
        return {"problem": f"MIXLITE_TEST_DATABASE_URL does not answer: {error}"}
    return {"url": url.render_as_string(hide_password=False)}


def _private(run: Path) -> dict[str, Any]:
    programs = find_programs()
    if programs is None:
        return {"problem": "no MIXLITE_TEST_DATABASE_URL, no postgres and initdb on the PATH or in /usr/lib/postgresql"}
    ready = run / "ready.json"
    command = [sys.executable, "-P", str(Path(__file__).resolve()), str(run), str(programs), str(ready)]
    with (run / LOG).open("ab") as log:
        keeper = subprocess.Popen(  # its own session: a Ctrl-C at the terminal is for the controller
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
        )
    until = time.monotonic() + START_SECONDS + 5
    while not (state := _read(ready)):
        if keeper.poll() is not None or time.monotonic() > until:
            return {"problem": f"PostgreSQL did not start: {_tail(run / LOG)}"}
        time.sleep(0.02)
    # It outlives this worker; nobody here waits for it, and that is not worth a ResourceWarning.
    keeper.returncode = 0
    return state


# ---------------------------------------------------------------------------------------------------- the keeper


def keep(run: Path, programs: Path, ready: Path) -> None:
    """Make a cluster in `run`, keep it up until the controller is gone, remove everything. A process of its own."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # politely asked to go: clean up all the same
    server: subprocess.Popen[Any] | None = None
    try:
        home, as_owner = _home(run)
        _initialise(programs, home, as_owner)
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(home / "data"), "-k", str(home), *options]
        server = subprocess.Popen(command, cwd=home, **as_owner)
        _wait_for(server, home)
        url = URL.create("postgresql+psycopg", username=OWNER, database="postgres", query={"host": str(home)})
        state = {"url": url.render_as_string(hide_password=False), "keeper": os.getpid(), "server": server.pid}
        _write(ready, state)
        with (run / ALIVE).open("r+") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)  # ours only when the controller has gone
    finally:
        if server is not None:
            _stop(server)
        if ready.exists():
            shutil.rmtree(run, ignore_errors=True)


def _home(run: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the cluster, and how to start a program as its owner: `nobody` if we are root, whom it refuses."""
    home = run / "pg"
    home.mkdir(mode=0o700)
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}
    as_owner: dict[str, Any] = {"env": environment, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        as_owner |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return home, as_owner


def _initialise(programs: Path, home: Path, as_owner: dict[str, Any]) -> None:
    command = [str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--no-sync"]
    done = subprocess.run([*command, "--locale=C.UTF-8"], cwd=home, check=False, **as_owner)
    if done.returncode:  # a system that does not know this locale
        shutil.rmtree(home / "data", ignore_errors=True)
        subprocess.run([*command, "--locale=C"], cwd=home, check=True, **as_owner)


def _wait_for(server: subprocess.Popen[Any], home: Path) -> None:
    admin = f"host={home} user=postgres dbname=postgres"
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with psycopg.connect(admin, autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _stop(server: subprocess.Popen[Any]) -> None:
    """Stop our own server and nobody else's: first by cutting its connections, at last at once."""
    for wish in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(wish)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS / 2)


# --------------------------------------------------------------------------------------------------------- pieces


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among the processes of this run. The lock goes with its process, however that ends."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _dsn(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return state


def _write(path: Path, state: dict[str, Any]) -> None:
    whole = path.with_suffix(".part")
    whole.write_text(json.dumps(state), encoding="utf-8")
    whole.chmod(0o600)
    whole.replace(path)


def _tail(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()[-400:] or "it said nothing"


if __name__ == "__main__":
    keep(*(Path(word) for word in sys.argv[1:]))
