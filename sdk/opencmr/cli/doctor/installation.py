"""Examination of this installation: Python, libraries, the check of keys, the specification's tables, the clock."""

import base64
import hashlib
import platform
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from ... import _spec, trust
from ...errors import OpenCMRError
from .finding import Area, Finding

OLDEST = (3, 11)
BORN = datetime(2026, 1, 1, tzinfo=UTC)
"""The date before which there was no OpenCMR: a clock that shows an earlier one is wrong."""
_EXTRAS = {"vendor": "to serve a vendor", "postgres": "for PostgreSQL", "telemetry": "for OpenTelemetry"}
_REQUIREMENT = re.compile(
    r"""(?P<name>[A-Za-z0-9._-]+)(\[.*?\])?(>=(?P<floor>[0-9.]+))?.*?(extra == ["'](?P<extra>\w+)["'])?$"""
)


def examine(now: datetime) -> list[Finding]:
    """Look at this installation.

    Args:
        now: The system's time.
    """
    area = Area("installation")
    _python(area)
    _libraries(area)
    _points(area)
    _tables(area)
    area.judge(
        "clock",
        now >= BORN,
        f"it is {now:%Y-%m-%d %H:%M:%S} UTC",
        "set the system's clock, and let NTP keep it: messages carry times, and are refused when they are far off",
    )
    return area.findings


def _python(area: Area) -> None:
    mend = f"use Python {'.'.join(map(str, OLDEST))} or newer"
    said = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    area.judge("Python", sys.version_info[:2] >= OLDEST, said, mend)


def _libraries(area: Area) -> None:
    try:
        version = metadata.version("opencmr")
        required = metadata.requires("opencmr") or []
    except metadata.PackageNotFoundError:
        area.note("OpenCMR", "it is not installed, but found on the path", "pip install opencmr")
        return
    area.ok("OpenCMR", f"version {version}")
    missing: dict[str, list[str]] = {}
    fit, old = 0, []
    for name, floor, extra in _requirements(required):
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.setdefault(extra, []).append(name)
            continue
        fit += 1
        if _release(found) < _release(floor):
            old.append(f"{name} {found}, which must be {floor} or newer")
    area.judge("libraries", not old, "; ".join(old) or f"{fit} are new enough", "pip install --upgrade opencmr")
    for extra, names in missing.items():
        if extra:
            said = f"{', '.join(names)} missing: only needed {_EXTRAS[extra]}"
            area.note(f"extra {extra}", said, f"pip install 'opencmr[{extra}]'")
        else:
            area.wrong("libraries", f"{', '.join(names)} missing", "pip install --force-reinstall opencmr")


def _requirements(required: list[str]) -> Iterator[tuple[str, str, str]]:
    """Name, floor and extra of what OpenCMR asks for; what only its developers need is passed over."""
    for line in required:
        found = _REQUIREMENT.match(line)
        if found is not None and (found["extra"] or "") in ("", *_EXTRAS):
            yield found["name"], found["floor"] or "0", found["extra"] or ""


def _release(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _points(area: Area) -> None:
    """Try keys outside of the prime-order group: whether they are refused depends on PyNaCl and its libsodium."""
    from ...conformance.vectors import run, shipped

    try:
        results = list(run(shipped(), "keys"))
        failed = [result.id for result in results if not result.passed]
    except (OpenCMRError, OSError, ValueError) as error:
        area.wrong("keys are checked", f"the vectors cannot be read: {type(error).__name__}", _REINSTALL)
        return
    said = f"wrong about {', '.join(failed[:5])}" if failed else f"{len(results)} vectors agree, weak keys are refused"
    mend = "pip install --upgrade 'PyNaCl>=1.6.2': without it a forged signature may be taken for a true one"
    area.judge("keys are checked", not failed, said, mend)


_SPEC = "opencmr/spec/v1/"
_REINSTALL = "pip install --force-reinstall opencmr"


def _tables(area: Area) -> None:
    """Check the tables: one changed member would change what may be done."""
    root = _spec.root()
    if not root.is_dir():
        area.wrong("specification", f"its tables are not at {root}", _REINSTALL)
        return
    pinned = _pinned()
    wrong = [name for name, digest in pinned.items() if _digest(name) != digest]
    try:
        roster = _as_it_is("vocabulary/roster.json")["terms"]
        bad = [code for code, digest in roster.items() if _terms(code) != digest]
    except (OSError, orjson.JSONDecodeError, KeyError, OpenCMRError):
        roster, bad = {}, ["vocabulary/roster.json"]
    count = f"{len(roster)} agreements and {len(pinned)} files have their digests" if pinned else (
        f"{len(roster)} agreements have their digests; the files are those of a working copy")  # fmt: skip
    said = f"not as they were published: {', '.join([*bad, *wrong][:5])}" if bad or wrong else count
    area.judge("specification", not (bad or wrong), said, _REINSTALL)


def _pinned() -> dict[str, str]:
    """The files of the specification in the installed wheel, with the digests that it lists; none in a working copy."""
    try:
        installed = metadata.distribution("opencmr")
    except metadata.PackageNotFoundError:
        return {}
    if Path(str(installed.locate_file(_SPEC))).resolve() != _spec.root().resolve():
        return {}
    return {str(file): file.hash.value for file in installed.files or () if file.hash and str(file).startswith(_SPEC)}


def _digest(name: str) -> str:
    try:
        raw = (_spec.root().parents[2] / name).read_bytes()
    except OSError:
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).rstrip(b"=").decode()


def _terms(code: str) -> str:
    return trust.digest(trust.canonicalize(_as_it_is(f"vocabulary/roster/{code}.json")))


def _as_it_is(path: str) -> Any:
    """A table as its file holds it now, whatever was read before."""
    return orjson.loads((_spec.root() / path).read_bytes())
