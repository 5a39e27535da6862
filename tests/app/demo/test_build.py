"""Whole or not at all; opened as it is, made anew when asked or when its words have changed."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mixlite.app import cli, server
from mixlite.app.demo import build as demonstration
from mixlite.app.demo.build import MARKER, build_demo, demo_settings, is_there, version
from tests.app.demo.conftest import CHEAP


class Enough(Exception):
    pass


class StopAfter(list[str]):
    """A listener to progress that breaks off."""

    def __init__(self, lines: int):
        super().__init__()
        self.lines = lines

    def __call__(self, words: str) -> None:
        self.append(words)
        if len(self) > self.lines:
            raise Enough


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The instance folder of `run`. The command forgets what the environment says of mixlite; the tests get it back."""
    for name in [name for name in os.environ if name.startswith("MIXLITE_")]:
        monkeypatch.delenv(name)
    return tmp_path / "instance"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which folders `mixlite demo` builds; here that only leaves a marker."""
    folders: list[Path] = []

    def quickly(folder: Path, _say) -> None:
        folders.append(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text(json.dumps({"version": version()}))

    monkeypatch.setattr(demonstration, "build_demo", quickly)
    return folders


def run(instance: Path, *arguments: str):
    environment = {"MIXLITE_INSTANCE": str(instance)}
    return CliRunner().invoke(cli.main, ["demo", "--only-build", *arguments], env=environment)


def test_a_build_that_breaks_off_says_how_far_it_was_and_leaves_nothing(tmp_path):
    progress = StopAfter(3)
    with pytest.raises(Enough):
        build_demo(tmp_path / "demo", progress, **CHEAP)
    assert "34 people" in progress[0]
    assert "entries" in progress[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_breaks_off_leaves_what_was_there(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "old").write_text("as it was")
    with pytest.raises(Enough):
        build_demo(tmp_path / "demo", StopAfter(1), **CHEAP)
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["demo", "demo/old"]


def test_what_a_killed_build_left_goes_with_the_next_one(tmp_path):
    gone = dead_process()
    for name in (f"demo.building-{gone}", f"demo.old-{gone}", f"demo.building-{os.getppid()}", "demo.notes-1"):
        (tmp_path / name).mkdir()
    with pytest.raises(Enough):
        build_demo(tmp_path / "demo", StopAfter(0), **CHEAP)
    assert {path.name for path in tmp_path.iterdir()} == {f"demo.building-{os.getppid()}", "demo.notes-1"}


def test_a_demo_that_is_there_is_opened_as_it_is(instance, built):
    assert run(instance).exit_code == 0
    first = built.copy()
    assert run(instance).exit_code == 0
    assert built == first == [instance / "demo"]


def test_fresh_builds_it_anew(instance, built):
    run(instance)
    assert run(instance, "--fresh").exit_code == 0
    assert len(built) == 2


def test_other_words_build_it_anew(instance, built):
    run(instance)
    (instance / "demo" / MARKER).write_text(json.dumps({"version": "an older one"}))
    assert run(instance).exit_code == 0
    assert len(built) == 2


@pytest.mark.parametrize("marker", ["", "[]", "{}", "\x00"])
def test_a_folder_without_a_true_marker_is_not_a_whole_demo(tmp_path, marker):
    (tmp_path / MARKER).write_text(marker)
    assert not is_there(tmp_path)


def test_a_demo_that_is_open_is_not_replaced(instance, built):
    run(instance)
    serving = {"base_url": "http://localhost:8000", "pid": os.getpid()}
    (instance / "demo" / "serving.json").write_text(json.dumps(serving))
    answer = run(instance, "--fresh")
    assert answer.exit_code == 1
    assert "http://localhost:8000" in answer.output
    assert len(built) == 1


def test_the_demo_never_touches_the_database_that_the_environment_names(instance, built, monkeypatch):
    monkeypatch.setenv("MIXLITE_DATABASE_URL", "postgresql://db.example/the-real-one")
    assert demo_settings(instance / "demo").database_url == f"sqlite:///{instance / 'demo' / 'mixlite.sqlite3'}"
    assert run(instance).exit_code == 0
    assert "MIXLITE_DATABASE_URL" not in os.environ  # nor does the worker beside it


def test_a_port_that_is_taken_is_told_plainly(instance, monkeypatch):
    def taken(*_: object) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(server, "serve", taken)
    answer = CliRunner().invoke(cli.main, ["serve", "--port", "8007"], env={"MIXLITE_INSTANCE": str(instance)})
    assert answer.exit_code == 1
    assert answer.output.endswith("Error: port 8007 is taken; take another with --port (make: PORT=...)\n")
