"""`opencmr conformance` against real processes: what it prints, what it writes, and how it ends."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def opencmr(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "opencmr.cli", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=240)


@contextmanager
def serving(folder: Path, code: str, *options: str) -> Iterator[str]:
    """`examples/shop.py`, with its port exchanged for one that is free, and perhaps something broken."""
    port = free_port()
    (folder / "shop_here.py").write_text(code.replace("8001", str(port)))
    command = [sys.executable, "-m", "opencmr.cli", "serve", *options, "shop_here.py:shop"]
    server = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    )
    try:
        for _ in range(200):
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


SHOP = (ROOT / "examples" / "shop.py").read_text()


def test_the_shop_of_the_examples_conforms_and_the_coverage_is_whole(tmp_path: Path) -> None:
    with serving(tmp_path, SHOP, "--test-mode") as url:
        done = opencmr("conformance", url, "--junit", "r.xml", "--json", "r.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "requirement coverage: 100 %" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["ok"]
    assert report["coverage"]["missing"] == []
    suite = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == (str(len(report["checks"])), "0")


BROKEN = (
    SHOP
    + """
from opencmr.protocol.thread import Thread
Thread.missed = lambda self, said: []
"""
)


def test_a_broken_shop_ends_with_1_and_the_requirement_is_named(tmp_path: Path) -> None:
    with serving(tmp_path, BROKEN, "--test-mode") as url:
        done = opencmr("conformance", url, "--only", "SEQ-4", "--junit", "r.xml", "--trace", "sent", cwd=tmp_path)
        assert done.returncode == 1
        assert "FAIL  sequence/stale" in done.stdout
        assert "SEQ-4" in done.stdout
        assert "the last that was sent: intent.amend urn:uuid:" in " ".join(done.stdout.split())
        last = max((tmp_path / "sent" / "sequence-stale").glob("*-request.http"))
        assert b'"type":"intent.amend"' in last.read_bytes()
        kinds = {failure.get("type") for failure in ElementTree.parse(tmp_path / "r.xml").iter("failure")}
        assert "SEQ-4" in kinds
        names = ("knows-nothing-else", "stale", "accept-after-own-word", "narrowing-first", "moot-keeps-place",
                 "moot-first")  # fmt: skip
        known = [f"sequence/{name}" for name in names]
        (tmp_path / "known.txt").write_text("# mended soon\n" + "\n".join(known))
        expecting = ("conformance", url, "--expect-failures", "known.txt")
        assert opencmr(*expecting, "--only", "sequence/", cwd=tmp_path).returncode == 0
        (tmp_path / "known.txt").write_text("\n".join([*known, "sequence/two-offers"]))
        strict = opencmr(*expecting, "--only", "sequence/", "--json", "-", cwd=tmp_path)
        assert strict.returncode == 1
        assert json.loads(strict.stdout)["passedUnexpectedly"] == ["sequence/two-offers"]


def test_a_vendor_that_is_not_in_test_mode_fails_and_nothing_crashes(tmp_path: Path) -> None:
    with serving(tmp_path, SHOP) as url:
        done = opencmr("conformance", url, "--only", "terms/one-counter", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [(), ("ftp://x",), ("http://127.0.0.1:1", "--customer", "x"), ("http://127.0.0.1:1", "--only", "nothing")],
)
def test_what_is_asked_wrongly_ends_with_2(words: tuple[str, ...], tmp_path: Path) -> None:
    assert opencmr("conformance", *words, cwd=tmp_path).returncode == 2


def test_nobody_there_ends_with_1(tmp_path: Path) -> None:
    done = opencmr("conformance", f"http://127.0.0.1:{free_port()}", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
