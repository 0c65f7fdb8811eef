"""Names that nobody answers for, and what must not wait for them."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from opencmr.transport import HttpNetwork, pack
from opencmr.transport.names import Names
from rude import Server, http

RECEIPT = b'{"type":"receipt"}'
LOCAL = "127.0.0.1"


class NameServer:
    """Answers for all names but the dead ones, whose look-ups block until the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host.startswith("dead"):
            self.over.wait(60)
        if host.startswith("none"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [LOCAL]


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    running = NameServer()
    yield running
    running.over.set()


async def hanging(names: Names, *hosts: str) -> list[asyncio.Task[list[str]]]:
    """Look-ups that have begun, and do not end."""
    tasks = [asyncio.ensure_future(names(host)) for host in hosts]
    done, _ = await asyncio.wait(tasks, timeout=0)
    assert not done
    return tasks


async def call_off(tasks: list[asyncio.Task[list[str]]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_dead_names_do_not_hold_up_the_look_ups_of_others(name_server: NameServer) -> None:
    names = Names(name_server)
    tasks = await hanging(names, *(f"dead{number}.example" for number in range(100)))
    async with asyncio.timeout(30):
        assert await names("shop.example") == [LOCAL]
        assert await asyncio.to_thread(lambda: "done") == "done"  # nor what else blocks
    await call_off(tasks)


async def test_a_dead_name_takes_one_thread_however_often_it_is_asked_for(name_server: NameServer) -> None:
    names = Names(name_server, most=2)
    tasks = await hanging(names, *["dead.example"] * 50)
    await call_off(tasks)
    again = await hanging(names, "dead.example")
    assert name_server.asked == ["dead.example"]
    assert await names("shop.example") == [LOCAL]
    name_server.over.set()  # it answers at last: to who still waits, though others have gone
    assert await again[0] == [LOCAL]


async def test_more_dead_names_than_there_is_room_for_are_told_at_once(name_server: NameServer) -> None:
    names = Names(name_server, most=2)
    tasks = await hanging(names, "dead1.example", "dead2.example")
    with pytest.raises(OSError, match="2 names"):
        await names("shop.example")
    await call_off(tasks)
    with pytest.raises(OSError, match="2 names"):  # who has gone has left the look-up behind
        await names("shop.example")
    name_server.over.set()


async def test_each_who_asks_is_told_anew_and_has_an_answer_of_their_own(name_server: NameServer) -> None:
    names = Names(name_server)
    first, second = await names("shop.example"), await names("shop.example")
    first.clear()
    assert second == [LOCAL]
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await names("none.example")
    assert name_server.asked == ["shop.example"] * 2 + ["none.example"] * 2


async def test_a_vendor_is_reached_while_the_names_of_others_are_dead(
    name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client as it is made for everybody, over a system whose name server is dead for some."""

    def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in name_server(host)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with Server() as server:
        server.answers["/opencmr/messages"] = http(pack([RECEIPT]))
        network = HttpNetwork(connect_timeout=60, timeout=60)
        dead = [asyncio.ensure_future(network.send(f"https://dead{n}.example/a", b"{}")) for n in range(60)]
        await asyncio.wait(dead, timeout=0)
        assert await network.send(f"http://localhost:{server.port}/opencmr", b"{}") == [RECEIPT]
        assert not any(each.done() for each in dead)
        for each in dead:
            each.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
        await network.close()
