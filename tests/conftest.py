"""Loads the plugins of tests/support. What they offer: missing (NOT TESTED lines), PostgreSQL, a browser, a site."""

from pathlib import Path

import pytest

_SUPPORT = Path(__file__).parent / "support"
_PLUGINS = ("missing", "fixtures_postgres", "browser", "site", "live")

# `site` and the others are independent files; one that is not there yet is no reason to test nothing.
pytest_plugins = [f"tests.support.{name}" for name in _PLUGINS if (_SUPPORT / f"{name}.py").exists()]

# What takes long: whole processes, killed ones, sites played through, measurements, most browsers. `make test` leaves
# these out to stay within five minutes; `make check` and `make long` run them too.
_LONG = (
    "app/test_every_page.py",
    "app/demo/test_site.py",
    "app/demo/test_build.py",
    "app/test_bench.py",
    "app/test_canary.py",
    "app/test_hostile_text.py",
    "app/test_keeping.py",
    "app/test_readers_crawl.py",
    "app/test_writing.py",
    "core/test_prose.py",
    "features/accounts/test_browser.py",
    "features/accounts/test_mail.py",
    "features/accounts/test_throttle.py",
    "features/audiences/test_audiences_browser.py",
    "features/drafts/test_drafts_browser.py",
    "features/home/test_browser.py",
    "features/host/test_browser.py",
    "features/host/test_private.py",
    "features/invitations/test_pages.py",
    "features/invitations/test_tree.py",
    "features/leaving/test_erasing.py",
    "features/leaving/test_leaving_browser.py",
    "features/media/test_full_disk.py",
    "features/media/test_killed.py",
    "features/photos/test_browser.py",
    "features/photos/test_camera_roll.py",
    "features/profiles/test_browser.py",
    "features/reports/test_browser.py",
    "migrations/",
    "policy/test_cursors.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(_LONG):
            item.add_marker(pytest.mark.long)
