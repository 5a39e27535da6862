"""Loads the plugins of tests/support. What they offer: missing (NOT TESTED lines), PostgreSQL, a browser, a site."""

from pathlib import Path

_SUPPORT = Path(__file__).parent / "support"
_PLUGINS = ("missing", "fixtures_postgres", "browser", "site", "live")

# `site` and the others are independent files; one that is not there yet is no reason to test nothing.
pytest_plugins = [f"tests.support.{name}" for name in _PLUGINS if (_SUPPORT / f"{name}.py").exists()]
