"""`mixlite serve` as a host starts it: a process on a loopback port, with a worker child. The test is at the end."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.site import forms_in

PATIENCE = 30.0


class Serving:
    """A running `mixlite serve` on an instance of its own."""

    def __init__(self, instance: Path):
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.instance = instance
        self.address = f"http://localhost:{self.port}"
        self.log = instance.parent / "serve.log"
        self.process = self.start()

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIXLITE_")}
        given = {"MIXLITE_INSTANCE": str(self.instance), "MIXLITE_BCRYPT_COST": "10", "MIXLITE_ERASE_AFTER": "1"}
        return {**kept, **given, "FLASK_DEBUG": "1", "PYTHONUNBUFFERED": "1"}

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mixlite", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "mixlite", *command)
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def workers(self) -> list[int]:
        """The children of the server."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if children.exists():
            return [int(pid) for pid in children.read_text().split()] + self._of_threads()
        found = subprocess.run(["ps", "--ppid", str(self.process.pid), "-o", "pid="], capture_output=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def _of_threads(self) -> list[int]:
        others = [p for p in Path(f"/proc/{self.process.pid}/task").iterdir() if p.name != str(self.process.pid)]
        return [int(pid) for thread in others for pid in (thread / "children").read_text().split()]

    def stop(self) -> None:
        for pid in [*self.workers(), self.process.pid] if self.process.poll() is None else []:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    if not Path("/proc/self/task").exists():
        pytest.skip("looks for child processes in /proc")
    serving = Serving(tmp_path / "instance")
    yield serving
    serving.stop()


def until(condition, what: str, patience: float = PATIENCE):
    """The first true answer of `condition`, or a failure."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(OSError):
            if answer := condition():
                return answer
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


class Browser:
    """Somebody's browser: keeps cookies, follows where a form leads."""

    def __init__(self, serving: Serving):
        self.serving = serving
        self.cookies: dict[str, str] = {}
        self.place = "/"

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
        """The status and the text of one answer."""
        given = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        if body:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", self.serving.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body.encode(), {"Host": f"localhost:{self.serving.port}", **given})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.place = answer.headers.get("Location", path)
        return answer.status, text

    def get(self, path: str) -> str:
        status, text = self.ask("GET", path)
        assert status == 200, (path, status)
        return text

    def press(self, path: str, button: str, **typed: str) -> str:
        """Fill in the form with this button; answers where it leads."""
        form = next(f for f in forms_in(self.get(path)) if button in f.buttons)
        status, text = self.ask("POST", form.action or path, urlencode({**form.fields, **typed}))
        assert status == 303, (path, status, text)
        return self.place.partition("#")[0]


def _is_ready(serving: Serving) -> bool:
    return Browser(serving).ask("GET", "/readyz") == (200, "ready\n")


def _an_empty_instance_is_served_and_its_first_invitation_is_printed(serving: Serving) -> None:
    until(lambda: _is_ready(serving), "ready")
    assert Browser(serving).get("/healthz") == "alive\n"
    assert len(_links(serving)) == 1
    assert Browser(serving).ask("GET", "/", Host="evil.example")[0] == 400


def _links(serving: Serving) -> list[str]:
    return re.findall(rf"{serving.address}(/join/\S+)", serving.said())


def _whoever_redeems_the_printed_link_is_the_host(serving: Serving) -> None:
    (link,) = _links(serving)
    newcomer = {"name": "Hanako", "handle": "hanako", "email": "h@example.com", "password": "seven ripe persimmons"}
    host = Browser(serving)
    assert host.press(link, "Join", **newcomer) == "/"
    assert "Hanako" in host.get("/@hanako")
    with closing(sqlite3.connect(serving.instance / "mixlite.sqlite3")) as database:
        assert database.execute("SELECT handle, is_host FROM members").fetchall() == [("hanako", 1)]
    assert Browser(serving).ask("GET", link)[0] == 404


def _s7_the_mail_to_the_newcomer_leads_to_this_server(serving: Serving) -> None:
    """The worker is another process: it must know the port that was asked for."""
    outbox = serving.instance / "outbox"
    mail = until(lambda: "".join(path.read_text() for path in outbox.glob("*.log")), "a mail")
    assert f"{serving.address}/email/confirm/" in mail


def _invite_in_another_window_prints_a_link_to_this_server_and_nothing_else(serving: Serving) -> None:
    answer = serving.run("invite", "--uses", "3", "--days", "2")
    assert answer.returncode == 0, answer.stderr
    assert re.fullmatch(rf"{serving.address}/join/[\w-]+\n", answer.stdout)
    assert "Hanako" in Browser(serving).get(answer.stdout.strip().removeprefix(serving.address))


def _no_link_and_no_password_is_in_the_log_but_the_printed_one(serving: Serving) -> None:
    assert "persimmons" not in serving.said()
    assert len(re.findall(r"/join/", serving.said())) == 1
    assert "Traceback" not in serving.said()


def _rows(serving, table):
    with closing(sqlite3.connect(serving.instance / "mixlite.sqlite3", timeout=5)) as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _signed_in(serving: Serving) -> Browser:
    host = Browser(serving)
    host.press("/sign-in", "Sign in", login="hanako", password="seven ripe persimmons")
    return host


def _write_and_delete(serving: Serving) -> None:
    host = _signed_in(serving)
    entry = host.press("/diary/new", "Publish", title="Soon gone", body="Words.")
    assert "Soon gone" in host.get(entry)
    assert _rows(serving, "diaries") == 1
    host.press(f"{entry}/delete", "Delete")
    assert host.ask("GET", entry)[0] == 404


def _the_worker_erases_what_was_deleted(serving: Serving) -> None:
    until(lambda: len(serving.workers()) == 1, "one worker")
    _write_and_delete(serving)
    until(lambda: _rows(serving, "diaries") == 0, "erased")
    assert _rows(serving, "entries") == 0


def _a_worker_that_is_killed_is_started_again_and_does_what_was_left(serving: Serving) -> None:
    (worker,) = until(serving.workers, "a worker")
    os.kill(worker, signal.SIGKILL)
    _write_and_delete(serving)
    (successor,) = until(lambda: [pid for pid in serving.workers() if pid != worker], "another worker")
    until(lambda: _rows(serving, "diaries") == 0, "erased", PATIENCE + 10)
    assert successor != worker
    assert "starting it again" in serving.said()


def _the_files_of_the_instance_are_closed_to_others(serving: Serving) -> None:
    names = ["secret-key", "outbox", *(path.name for path in serving.instance.glob("*.sqlite3*"))]
    assert {"mixlite.sqlite3", "queue.sqlite3"} <= set(names)
    for name in names:
        assert (serving.instance / name).stat().st_mode & 0o077 == 0, name


def _s59_the_debugger_cannot_be_turned_on_from_outside(serving: Serving) -> None:
    """The server runs with FLASK_DEBUG=1 in its environment."""
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=debugger.js", "/?__debugger__=yes&cmd=pinauth&pin=1"):
        status, text = Browser(serving).ask("GET", path)
        assert status in (200, 404)
        assert "Werkzeug" not in text
        assert "debugger" not in text.lower()


def _a_second_server_on_the_same_port_says_so_in_words(serving: Serving) -> None:
    second = serving.run("serve", "--port", str(serving.port))
    assert second.returncode == 1
    assert "taken" in second.stderr
    assert "Traceback" not in second.stderr


def _sigterm_ends_both_and_leaves_a_sound_database(serving: Serving) -> None:
    (worker,) = until(serving.workers, "a worker")
    announced = serving.instance / "serving.json"
    assert json.loads(announced.read_text())["base_url"] == serving.address, (
        "a server that could not start took it away"
    )
    serving.process.terminate()
    assert serving.process.wait(PATIENCE) == 0
    until(lambda: not Path(f"/proc/{worker}").exists(), "the worker's end")
    assert not announced.exists()
    with closing(sqlite3.connect(serving.instance / "mixlite.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert "Traceback" not in serving.said()


def _started_again_it_needs_no_first_invitation(serving: Serving) -> None:
    serving.log.write_text("")
    serving.process = serving.start()
    until(lambda: _is_ready(serving), "ready")
    assert "/join/" not in serving.said()
    assert "is open at" in serving.said()
    assert "Hanako" in _signed_in(serving).get("/@hanako")


@pytest.mark.timeout(300)
def test_a_hosts_first_hours(serving):
    """From the empty instance to the second start: one server, and one thing after the other."""
    _an_empty_instance_is_served_and_its_first_invitation_is_printed(serving)
    _whoever_redeems_the_printed_link_is_the_host(serving)
    _s7_the_mail_to_the_newcomer_leads_to_this_server(serving)
    _invite_in_another_window_prints_a_link_to_this_server_and_nothing_else(serving)
    _no_link_and_no_password_is_in_the_log_but_the_printed_one(serving)
    _the_worker_erases_what_was_deleted(serving)
    _a_worker_that_is_killed_is_started_again_and_does_what_was_left(serving)
    _the_files_of_the_instance_are_closed_to_others(serving)
    _s59_the_debugger_cannot_be_turned_on_from_outside(serving)
    _a_second_server_on_the_same_port_says_so_in_words(serving)
    _sigterm_ends_both_and_leaves_a_sound_database(serving)
    _started_again_it_needs_no_first_invitation(serving)
