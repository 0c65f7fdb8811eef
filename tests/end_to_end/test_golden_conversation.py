"""The golden conversation is up to date, and `opencmr serve` answers each of its requests byte by byte."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from opencmr import _spec

ROOT = Path(__file__).parents[2]
GOLDEN: dict[str, Any] = json.loads((_spec.root() / "golden.json").read_text())


def test_it_is_what_its_tool_makes() -> None:
    command = [sys.executable, ROOT / "tools" / "conversation.py", "--check"]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")


def test_it_goes_from_proffer_to_terminate_with_all_that_it_promises() -> None:
    sent = [json.loads(body)["type"] for one in GOLDEN["exchanges"] if (body := one["request"]["body"])]
    assert (sent[0], sent[-1]) == ("terms.proffer", "terms.terminate")
    assert {"offer.accept", "mailbox.collect", "consent.withdraw"} <= set(sent)
    answered = "".join(one["response"]["body"] for one in GOLDEN["exchanges"])
    for word in ("terms.counter", "problems#stale", "order.confirm", "consent.request"):
        assert word in answered


@pytest.fixture
def web() -> Any:
    command = [sys.executable, "-m", "opencmr.cli", "serve", "examples/conversation/shop.py:shop", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        line = next(line for line in server.stdout if line.startswith("listening"))
        with httpx.Client(base_url=f"http://{line.split()[1]}", trust_env=False) as client:
            yield client
        server.terminate()
        assert "clock.jumped" not in server.stderr.read(), "what time is there goes on as its words do"


def test_a_served_vendor_answers_it_byte_by_byte(web: httpx.Client) -> None:
    for one in GOLDEN["exchanges"]:
        request, response = one["request"], one["response"]
        answer = web.request(
            request["method"], request["path"], headers=request["headers"], content=request["body"].encode()
        )
        assert answer.content == response["body"].encode(), one["says"]
        assert answer.status_code == response["status"]
        assert {name: answer.headers[name] for name in response["headers"]} == response["headers"]
