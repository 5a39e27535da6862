#!/usr/bin/env python3
"""Asks for known holes in the locked dependencies. Fails when there are any; says so and passes when nobody answers."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "requirements-dev.lock")
SECONDS = 240


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
        command += ["--timeout", "15", "--format", "json", "--output", str(report), *sys.argv[1:]]
        for lock in LOCKS:
            command += ["--requirement", lock]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            said = done.stderr.strip()
        except subprocess.TimeoutExpired:
            said = f"no end after {SECONDS} seconds"
        if not report.exists() or not report.stat().st_size:
            return not_run((said.splitlines() or ["it said nothing"])[-1][:200])
        return tell(json.loads(report.read_text(encoding="utf-8"))["dependencies"])


def tell(packages: list[dict[str, Any]]) -> int:
    """Print what pip-audit found, and return the exit code."""
    names = {package["name"] for package in packages}
    unknown = {package["name"] for package in packages if "skip_reason" in package}
    if unknown == names:
        return not_run("it has packages, but no word about their holes")
    holes = {
        (p["name"], p["version"], h["id"], ", ".join(h["fix_versions"])) for p in packages for h in p.get("vulns", [])
    }
    for name, version, hole, fixed in sorted(holes):
        print(f"audit: {name} {version}: {hole} (fixed in: {fixed or 'no release yet'})")
    if unknown:
        print(f"audit: the registry knows nothing of {', '.join(sorted(unknown))}")
    print(f"audit: {len(names - unknown)} packages asked about, {len(holes)} known holes")
    return 1 if holes else 0


def not_run(why: str) -> int:
    """Say that nothing was audited. That fails nothing: a check must be possible without a network."""
    print(f"audit: NOT RUN: the package registry did not answer ({why})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
