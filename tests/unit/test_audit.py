"""The audit says what it knows, and never takes silence for safety. pip-audit is real; the service is on loopback."""

import json
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "audit.py"


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    sys.modules["audit"] = sys.modules[__name__]  # its dataclass looks for its module while it is run
    return runpy.run_path(str(TOOL), run_name="audit")


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """A service that knows of one vulnerability in click 8.5.0, and of none elsewhere."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known: dict[str, Any] = {}
            if asked["package"]["name"] == "click" and asked["version"] == "8.5.0":
                package = {"name": "click", "ecosystem": "PyPI"}
                ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "8.5.1"}]}]
                affected = [{"package": package, "ranges": ranges}]
                known = {"vulns": [{"id": "PYSEC-0000-1", "aliases": ["CVE-0000-1"], "affected": affected}]}
            body = json.dumps(known).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def audit(tmp_path: Path, url: str, *changes: tuple[str, str]) -> tuple[int, str]:
    """The tool as `make audit` runs it, on our own constraints with something changed: its exit code and its words."""
    text = (ROOT / "constraints.txt").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(text)
    done = subprocess.run(
        [sys.executable, str(TOOL), "--constraints", str(constraints), "--osv-url", url],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def line_of(name: str) -> str:
    return next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith(f"{name}=="))


def test_pinned_versions_of_which_nothing_is_known_pass_and_are_counted(tmp_path: Path, service: str) -> None:
    code, said = audit(tmp_path, service)
    assert code == 0, said
    count = sum("==" in line for line in (ROOT / "constraints.txt").read_text().splitlines())
    assert said.splitlines()[-1] == f"audited: {count} packages, none known to be vulnerable"


def test_a_pinned_version_that_is_known_to_be_vulnerable_fails(tmp_path: Path, service: str) -> None:
    code, said = audit(tmp_path, service, (line_of("click"), "click==8.5.0"))
    assert code == 1
    assert "click 8.5.0: PYSEC-0000-1, mended in 8.5.1" in said
    assert "none known" not in said


def test_a_service_that_cannot_be_reached_fails_nothing_and_is_never_taken_for_an_audit(tmp_path: Path) -> None:
    code, said = audit(tmp_path, "http://127.0.0.1:9/v1/query")
    assert code == 0
    assert said.startswith("audit: the service can't be reached; not audited")
    assert "audited:" not in said


def test_what_is_needed_and_not_pinned_fails_though_no_service_is_reached(tmp_path: Path) -> None:
    code, said = audit(tmp_path, "http://127.0.0.1:9/v1/query", (line_of("orjson") + "\n", ""))
    assert code == 1
    assert "orjson is needed, and constraints.txt does not pin it" in said


def test_our_own_constraints_pin_everything_and_nothing_below_its_floor(tool: dict[str, Any]) -> None:
    project = tool["tomllib"].loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = tool["pinned"]((ROOT / "constraints.txt").read_text())
    assert tool["wrong_pins"](project, pins) == []
    (low,) = tool["wrong_pins"](project, pins | {"pynacl": "1.5.0"})
    assert "PyNaCl>=1.6.2 is needed" in low
    (deep,) = tool["wrong_pins"](project, {name: version for name, version in pins.items() if name != "h11"})
    assert "h11 is needed" in deep  # by something that we need


SAFE = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "Dependency not found"}
FAULTY = {"name": "c", "version": "1", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": []}]}


def test_a_package_that_was_skipped_was_not_audited(tool: dict[str, Any]) -> None:
    assert tool["judged"]([SKIPPED, SKIPPED], {}).unreachable is not None
    both = tool["judged"]([SAFE, SKIPPED], {})
    assert (both.audited, both.unknown, both.unreachable) == (["a"], ["b"], None)


def test_what_is_ignored_has_a_reason_that_holds(tool: dict[str, Any]) -> None:
    assert tool["judged"]([FAULTY], {}).vulnerable == ["c 1: PYSEC-1, mended in no version yet"]
    for id_ in ("PYSEC-1", "CVE-1"):
        assert tool["judged"]([FAULTY], {id_: "not reached"}).vulnerable == []
    assert tool["judged"]([SAFE], {"PYSEC-1": "not reached"}).needless == ["PYSEC-1"]
    assert all(len(reason) > 20 for reason in tool["IGNORED"].values())
