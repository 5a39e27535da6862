"""R1 and R2: processes that are killed (-9) while pictures come in, and while they are made ready."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, update

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.media import Media
from tests.features.media.test_media import noise, upload
from tests.support.site import Client, Site, gather

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0


def killed(site: Site, times: int, seed: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.features.media.killing", str(site.settings.instance), str(times), str(seed)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return dict(json.loads(ended.stdout))


def check(found: dict[str, int], times: int) -> None:
    told = {what: count for what, count in found.items() if what.startswith("told")}
    assert sum(told.values()) == times + 1
    assert "told y, nothing there" not in told, "lost what was acknowledged"
    assert set(told) <= {"told y, whole there", "told nothing, whole there", "told nothing, nothing there"}, told
    assert told["told y, whole there"] >= 1
    of_albums = told["told y, whole there"] + told.get("told nothing, whole there", 0)
    assert found["pictures"] == 3 * of_albums
    assert [found[what] for what in ("half an album", "not ready", "files of nobody", "files missing")] == [0] * 4


def test_r1_a_server_that_is_killed_while_three_pictures_come(site: Site) -> None:
    gather(site.without_throttles())
    check(killed(site, 12, seed=1), 12)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_r1_a_server_that_is_killed_two_hundred_times(site: Site) -> None:
    gather(site.without_throttles())
    found = killed(site, 200, seed=int(time.time()))
    check(found, 200)
    assert found["told nothing, nothing there"] > 20, "killed before there was anything to lose"


def children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task")
    with suppress(OSError):
        return [int(child) for each in threads.iterdir() for child in (each / "children").read_text().split()]
    return []


def until(condition, what: str):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited in vain: {what}")


class Worker:
    """`mixlite worker` on the instance of a site."""

    def __init__(self, site: Site):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIXLITE_")}
        environment = {**kept, "MIXLITE_INSTANCE": str(site.settings.instance)}
        command = [sys.executable, "-m", "mixlite", "worker"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


def test_r2_a_worker_that_is_killed_while_it_makes_a_picture_ready(site: Site) -> None:
    gather(site)
    author = site.sign_in("author")
    token = upload(author, noise((5000, 4000)))
    first = Worker(site)
    try:
        (preparing,) = until(lambda: children(first.process.pid), "a process for the picture")
        assert state_of(author, token) == "preparing"
    finally:
        first.kill()
    until(lambda: not Path(f"/proc/{preparing}").exists() or is_dead(preparing), "the end of the process it began")
    assert state_of(author, token) == "preparing"
    with site.inside(), writing():  # as if the two minutes of the lease were over
        db.session.execute(update(Media).values(leased_until=clock.now(), due_at=clock.now()))
    second = Worker(site)
    try:
        until(lambda: state_of(author, token) == "ready", "the picture")
    finally:
        second.kill()
    with site.inside():
        assert db.session.scalars(select(Media.attempts)).all() == [2]
    assert author.get(f"/media/{token}/large").data[:4] == b"RIFF"


def state_of(client: Client, token: str) -> str:
    return str((client.get(f"/media/{token}/upload").json or {})["state"])


def is_dead(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True
