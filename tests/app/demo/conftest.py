"""One demo for all these tests, built once however many processes share the work, on a noon of the town's clock."""

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from filelock import FileLock

from mixlite.app.demo.build import build_demo, demo_settings
from mixlite.app.demo.times import TOWN
from mixlite.app.factory import create_app
from mixlite.core import clock
from tests.support.site import Site

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=TOWN)
CHEAP = {"testing": True, "bcrypt_cost": 4, "base_url": "http://localhost"}


def build(folder: Path, say=lambda _words: None) -> Path:
    """Build the demo there as if it were noon."""
    with clock.at(NOON):
        build_demo(folder, say, **CHEAP)
    return folder


@pytest.fixture(scope="session")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    # Of several workers each has a folder of its own in that of the run; without them the parent is of all runs.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "the-demo"
    shared.mkdir(exist_ok=True)
    with FileLock(shared / "lock"):
        if not (shared / "demo").exists():
            build(shared / "demo")
    return shared / "demo"


@pytest.fixture
def demo(whole_demo: Path, tmp_path: Path) -> Iterator[Site]:
    """A copy of it, open, at noon."""
    folder = tmp_path / "demo"
    shutil.copytree(whole_demo, folder)
    settings = demo_settings(folder, **CHEAP)
    site = Site(create_app(settings), settings)
    with clock.at(NOON):
        yield site
    site.close()
