"""What this machine lacks is skipped and said in the last lines: `NOT TESTED: browser (no Chromium found)`.

With CI=true that is a failure: a green run has tested everything. A pytest plugin.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import NoReturn

import pytest

_SKIPPED = re.compile(r"^(?:Skipped: )?NOT TESTED: (?P<what>\S+) \((?P<why>.*)\)$", re.DOTALL)
# A test that asks for one of these fixtures carries the marker, so that `-m "not browser"` is always the truth.
_MARKER_OF_FIXTURE = {"browser": "browser", "postgres_server": "postgres"}


def skip(what: str, why: str) -> NoReturn:
    """Skip the running test: `what` (browser, postgresql ...) is not on this machine. The end of the run says so."""
    pytest.skip(f"NOT TESTED: {what} ({' '.join(why.split())})")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture, marker in _MARKER_OF_FIXTURE.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    # 0: all passed; 5: no test left to run. Anything else is a failure already.
    if _is_ci() and exitstatus == pytest.ExitCode.OK and _not_tested(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    yield  # failures, warnings and pytest's own list come first; only its closing line comes after ours
    colour = {"red" if _is_ci() else "yellow": True}
    lines = [
        f"NOT TESTED: {what} ({why}): tests skipped: {n}" for (what, why), n in sorted(_not_tested(config).items())
    ]
    if lines and _is_ci():
        lines.append("CI=true: what is not tested fails the run (make system installs what is missing)")
    for line in lines:
        terminalreporter.write_line(line, **colour)


def _not_tested(config: pytest.Config) -> Counter[tuple[str, str]]:
    """How many tests were skipped, by what was missing and why. Known where reports arrive: not in xdist's workers."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    found: Counter[tuple[str, str]] = Counter()
    for report in reporter.stats.get("skipped", ()) if reporter else ():
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if match := _SKIPPED.match(words):
            found[match["what"], match["why"]] += 1
    return found


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
