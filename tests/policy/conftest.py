"""A site that many tests only read, or that one long test wipes by itself."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.site import Site, _build, _open, settings_for


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def lasting_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Site]:
    """One site for all tests of a module, once on each database."""
    folder = tmp_path_factory.mktemp("lasting")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "mixlite.sqlite3")
        (folder / "mixlite.sqlite3").chmod(0o600)
        site = _open(settings_for(folder))
        yield site
        site.close()
        return
    server = request.getfixturevalue("postgres_server")
    url = server.fresh_database(server.template("house", lambda url: _build(settings_for(folder / "template", url))))
    site = _open(settings_for(folder / "instance", url))
    yield site
    site.close()
    server.drop_database(url)
