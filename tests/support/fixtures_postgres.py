"""Fixtures for tests on PostgreSQL. A pytest plugin; what it starts and how it ends is told in `postgres.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import missing, postgres

_RUN = pytest.StashKey[Path]()
_RUN_FOR_WORKERS = "mixlite_postgres_run"


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    if given is not None:
        config.stash[_RUN] = Path(given[_RUN_FOR_WORKERS])
        return
    run, alive = postgres.new_run()
    config.stash[_RUN] = run
    config.add_cleanup(lambda: postgres.end_run(run, alive))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell an xdist worker where this run's server is, or will be."""
    node.workerinput[_RUN_FOR_WORKERS] = str(node.config.stash[_RUN])


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> postgres.Server:
    """The PostgreSQL of this run, one for all workers: `fresh_database()`, `template()`, `drop_database()`."""
    worker = getattr(pytestconfig, "workerinput", {}).get("workerid", "main")
    try:
        return postgres.start(pytestconfig.stash[_RUN], worker)
    except postgres.NoPostgres as problem:
        missing.skip("postgresql", str(problem))


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """A fresh empty database of this test's own, `postgresql+psycopg://...`; gone afterwards."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop_database(url)
