"""`mixlite serve`: one threaded web process, and one worker child that is kept alive."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server

from mixlite.core.config import Settings

log = logging.getLogger(__name__)
THREADS = 8
SERVING_FILE = "serving.json"
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STOP_SECONDS = 20.0


def serve(app: Flask, settings: Settings, host: str, port: int) -> None:
    """Answer requests until told to stop (SIGINT, SIGTERM)."""
    server = build_server(app, settings, host=host, port=port)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _announced(settings), _worker(settings):
            server.run()
    except KeyboardInterrupt:
        log.info("stopping")
    finally:
        server.close()


def build_server(app: Any, settings: Settings, **where: Any) -> Any:
    """A server that listens, and refuses requests whose framing two readers could understand in two ways."""
    server = create_server(app, **where, **server_options(settings))
    for each in (server, *(getattr(server, "map", None) or {}).values()):
        if isinstance(each, BaseWSGIServer):
            each.channel_class = _Channel
    return server


class _Parser(HTTPRequestParser):
    """Waitress by itself takes a request that has both a length and chunks, and believes the chunks (S62)."""

    def parse_header(self, header_plus: bytes) -> None:
        names = [line.partition(b":")[0].strip().lower() for line in header_plus.split(b"\r\n")[1:]]
        if b"transfer-encoding" in names and b"content-length" in names:
            raise ParsingError("a length and a transfer encoding at once")
        super().parse_header(header_plus)


class _Channel(HTTPChannel):
    parser_class = _Parser


def server_options(settings: Settings) -> dict[str, Any]:
    """What the server is told. Who asks is whoever connects, unless that is the configured proxy (SECURITY.md, S62)."""
    options: dict[str, Any] = {"threads": THREADS, "ident": None, "clear_untrusted_proxy_headers": True}
    if settings.proxy:
        options |= {
            "trusted_proxy": settings.proxy,
            "trusted_proxy_count": 1,
            "trusted_proxy_headers": {"x-forwarded-for"},
        }
    return options


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def serving_address(settings: Settings) -> str | None:
    """Where a server of this instance says that it answers, for `mixlite invite` in another window."""
    with suppress(OSError, ValueError, KeyError):
        found = json.loads((settings.instance / SERVING_FILE).read_text(encoding="utf-8"))
        with suppress(PermissionError):  # somebody else's process, but it is there
            os.kill(int(found["pid"]), 0)
        return str(found["base_url"])
    return None


@contextmanager
def _announced(settings: Settings) -> Iterator[None]:
    path = settings.instance / SERVING_FILE
    path.write_text(json.dumps({"base_url": settings.base_url, "pid": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    # The address too: it may come from --port, and links in mails begin with it.
    ours = {"MIXLITE_INSTANCE": str(settings.instance), "MIXLITE_BASE_URL": settings.base_url}
    supervisor = Supervisor([sys.executable, "-m", "mixlite", "worker"], {**os.environ, **ours})
    supervisor.start()
    try:
        yield
    finally:
        supervisor.stop()


class Supervisor:
    """Keeps one child process running; after a crash it waits longer each time, up to a minute."""

    def __init__(self, command: list[str], environment: dict[str, str]):
        self.command = command
        self.environment = environment
        self.child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the child to finish what it holds, and see that it does."""
        self._stopping.set()
        if self.child is not None and self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self._thread.join(STOP_SECONDS)

    def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            self.child = subprocess.Popen(self.command, env=self.environment)  # noqa: S603 - our own command
            code = self.child.wait()
            if self._stopping.wait(pause):
                return
            log.error("the worker ended with %s; starting it again", code)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
