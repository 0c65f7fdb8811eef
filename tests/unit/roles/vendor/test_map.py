"""The map of a message's way in the docstring of `opencmr.roles.vendor` is the way that a message takes."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import opencmr
from opencmr.roles import vendor
from opencmr.transport.app import MEDIA_TYPE
from parties import CAST, Street
from serving import listening, served

OURS = str(Path(opencmr.__file__).parent)


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """The functions of ours that are called in any thread that starts from now on, in their order."""
    called: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            called.append(frame.f_code.co_name)

    threading.setprofile(note)
    yield called
    threading.setprofile(None)


def on_the_map() -> list[str]:
    way = (vendor.__doc__ or "").partition("Where it can wait")[0]
    lines = [line.partition("#")[0] for line in way.splitlines() if line.startswith("    ")]
    return [name for line in lines for name in re.findall(r"(\w+)\(", line)]


def test_the_map_names_the_functions_in_the_order_in_which_a_message_meets_them(
    calls: list[str], street: Street
) -> None:
    shop, she = street.vendor(accepts=["SD-BASE"]), street.stranger()
    with (
        listening() as bound,
        served(shop.asgi(), bound) as url,
        httpx.Client(trust_env=False, headers={"Content-Type": MEDIA_TYPE}) as web,
    ):
        for _ in range(2):  # with the first one there is no relationship yet whose history could be looked at
            calls.clear()
            raw = she.write(CAST)
            assert b'"outcome":"accepted"' in web.post(f"{url}/opencmr/messages", content=raw).content
    met = iter(calls.copy())
    assert len(on_the_map()) > 25
    assert [name for name in on_the_map() if name not in met] == []
