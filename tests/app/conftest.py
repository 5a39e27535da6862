"""`whole`: a furnished site (see everywhere.py), copied for each test from one that was furnished once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mixlite.core.db import db
from tests.app.everywhere import Whole, furnish
from tests.support.site import Site, _open, settings_for


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Whole:
    folder = tmp_path_factory.mktemp("furnished") / "instance"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "mixlite.sqlite3")
    whole = furnish(_open(settings_for(folder)))
    with whole.site.inside(), db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    whole.site.close()
    return whole


@pytest.fixture
def whole(tmp_path: Path, furnished: Whole) -> Iterator[Whole]:
    folder = tmp_path / "whole"
    shutil.copytree(furnished.site.settings.instance, folder)
    site = Site(_open(settings_for(folder)).app, settings_for(folder), dict(furnished.site.ids))
    yield Whole(site, dict(furnished.of))
    site.close()
