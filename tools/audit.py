"""Is a version that we pin known to be vulnerable? And does constraints.txt pin everything that we depend on?

    python tools/audit.py                           # what `make audit` runs
    python tools/audit.py --osv-url URL             # ask this service for vulnerabilities, and not pip-audit's default

The second question needs no network, and what is wrong there always fails. For the first, pip-audit asks a service.
Where that can't be reached, nothing is known, which is said and fails nothing: "not audited" is never "none known".
What we know and live with stands in IGNORED, with the reason; a reason that has become needless fails.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
IGNORED: dict[str, str] = {}
"""Id of a vulnerability → why it does not reach us, and until when that is to be looked at again."""
TOOLS_OF_THEIR_OWN = {"pip", "setuptools", "wheel"}
"""What every environment brings along, in a version that we do not choose."""
PATIENCE = 180
"""Seconds for all questions together."""


@dataclass
class Audit:
    """What a service has said of the pinned versions.

    Attributes:
        audited: Packages of which it knows.
        unknown: Packages of which it knows nothing: neither safe nor vulnerable.
        vulnerable: One line each.
        needless: What is ignored though nothing tells of it any more.
        unreachable: Why nobody could be asked, where that is so.
    """

    audited: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    vulnerable: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)
    unreachable: str | None = None


def pinned(constraints: str) -> dict[str, str]:
    """Name → version."""
    lines = [line.partition("==") for line in constraints.splitlines() if "==" in line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, _, version in lines}


def wrong_pins(project: dict[str, Any], pins: dict[str, str]) -> list[str]:
    """What constraints.txt lacks, or pins below what pyproject.toml asks for.

    What a dependency needs itself is read from what is installed; what is not installed here is not followed further.
    """
    wrong: list[str] = []
    waiting = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = Requirement(waiting.pop())
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in seen or name in TOOLS_OF_THEIR_OWN:
            continue
        seen.add((name, extras))
        if name not in pins:
            wrong.append(f"{name} is needed, and constraints.txt does not pin it")
        elif not wanted.specifier.contains(pins[name], prereleases=True):
            wrong.append(f"{name} {pins[name]} is pinned, and {wanted} is needed")
        waiting += _needs(name, extras)
    return sorted(set(wrong))


def _needs(name: str, extras: frozenset[str]) -> Iterator[str]:
    try:
        needed = requires(name) or []
    except PackageNotFoundError:
        return
    for text in needed:
        marker = Requirement(text).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            yield text


def ask(constraints: Path, osv_url: str | None = None) -> Audit:
    """Ask about every pinned version."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(constraints), "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    command += ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        found = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return Audit(unreachable=f"no answer within {PATIENCE} s")
    except (ValueError, KeyError, TypeError):
        return Audit(unreachable=(done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][-200:])
    return judged(found, IGNORED)


def judged(found: list[dict[str, Any]], ignored: dict[str, str]) -> Audit:
    """What pip-audit's findings mean. A package that it had to skip was not audited, whatever its exit code says."""
    audit, told = Audit(), set()
    for package in found:
        if "skip_reason" in package:
            audit.unknown.append(package["name"])
            continue
        audit.audited.append(package["name"])
        for fault in package.get("vulns", []):
            ids = {fault["id"], *fault.get("aliases", [])}
            told |= ids
            if not ids & ignored.keys():
                mended = ", ".join(fault.get("fix_versions", [])) or "no version yet"
                audit.vulnerable.append(f"{package['name']} {package['version']}: {fault['id']}, mended in {mended}")
    if not audit.audited:
        audit.unreachable = f"it knows none of {len(audit.unknown)} packages"
    else:
        audit.needless = sorted(ignored.keys() - told)
    return audit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--constraints", type=Path, default=ROOT / "constraints.txt", help="what is pinned")
    parser.add_argument("--osv-url", help="a service that speaks OSV, such as a mirror of one's own")
    asked = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wrong = wrong_pins(project, pinned(asked.constraints.read_text()))
    for line in wrong:
        print(f"audit: {line}")
    audit = ask(asked.constraints, asked.osv_url)
    if audit.unreachable is not None:
        print(f"audit: the service can't be reached; not audited ({audit.unreachable})")
        return int(bool(wrong))
    for line in audit.vulnerable:
        print(f"audit: {line}")
    for each in audit.needless:
        print(f"audit: {each} is ignored in tools/audit.py, and nothing tells of it any more")
    known = f"{len(audit.vulnerable)} known vulnerabilities" if audit.vulnerable else "none known to be vulnerable"
    print(f"audited: {len(audit.audited)} packages, {known}")
    if audit.unknown:
        print(f"  not audited, for the service does not know them: {', '.join(audit.unknown)}")
    return int(bool(wrong or audit.vulnerable or audit.needless))


if __name__ == "__main__":
    sys.exit(main())
