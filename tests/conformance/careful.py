"""A right vendor that does all otherwise than ours: late, in small pages, busy, and sparing with what is optional."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson
import pytest
from inprocess import Within
from switch import DID, Switch

from opencmr import trust
from opencmr.conformance.inspecting import pointers
from opencmr.conformance.wire import Answer
from opencmr.errors import OpenCMRError, OverQuota, Problem
from opencmr.messages import BODIES, Message, terms
from opencmr.roles.party.signing import Signer
from opencmr.roles.vendor import mailbox
from opencmr.roles.vendor.handlers import Handlers

PAGE = 2
"""Words in an answer of the mailbox at most."""
LATE = 0.3
"""Seconds that each answer takes, and after which each reply is said."""
BUSY = 7
"""Every so many messages that open a thread, and collects, the vendor asks to come again."""
LISTED = ("unsupported-version", "unsupported-type", "stale", "behind")
"""The codes whose `expected` a page speaks of."""


def sparing(problem: dict[str, Any], types: Iterable[str]) -> dict[str, Any]:
    """A problem without what may be left out, whichever of some types it answers."""
    code = problem["type"].partition("#")[2]
    due = code == "malformed" or any(pointers(code, type_) for type_ in types)
    optional = {
        "detail",
        "rule",
        *(() if code in LISTED else ("expected",)),
        *(() if due else ("pointer",)),
    }
    return {name: value for name, value in problem.items() if name not in optional}


def late(patch: pytest.MonkeyPatch) -> None:
    """Each reply is said soon, and none in the answer; nobody is let wait for mail as long as they ask."""
    going, late_ones = set[asyncio.Task[None]](), dict[str, list[Any]]()

    async def replies(inner: Any, self: Any, message: Message[Any], relationship: Any) -> list[Any]:
        late_ones[message.id] = await inner(self, message, relationship)
        return []

    async def said(message: Message[Any], say: Any) -> None:
        await asyncio.sleep(LATE)
        for reply in late_ones.pop(message.id, ()):
            with suppress(OpenCMRError):
                await say(reply)

    def begin(inner: Any, self: Any, message: Message[Any], relationship: Any, say: Any) -> None:
        inner(self, message, relationship, say)
        body = message.body
        if not isinstance(body, terms.Proffer) or body.note != "test: forget":
            task = asyncio.ensure_future(said(message, say))
            going.add(task)
            task.add_done_callback(going.discard)

    at = Switch(patch)
    at.around(Handlers, "replies", replies)
    at.around(Handlers, "begin", begin)
    at.swap(mailbox, "asyncio", timeout=lambda seconds: asyncio.timeout(min(seconds, 1)))


def sparing_receipts(patch: pytest.MonkeyPatch) -> None:
    """The problems that this vendor signs say no more than they must."""
    receipt = Signer.receipt

    def spared(self: Signer, of: str, *, problem: Problem | None = None, **said: Any) -> Any:
        if problem is not None and self.did == DID:
            problem = Problem.from_dict(sparing(problem.as_dict(), BODIES))
        return receipt(self, of, problem=problem, **said)

    patch.setattr(Signer, "receipt", spared)


class Carried:
    """Carries requests to such a vendor."""

    def __init__(self, within: Within) -> None:
        self.within = within
        self.opened = 0
        self.waited: list[int] = []

    async def __call__(self, method: str, url: str, headers: Any, body: bytes, *, timeout: float) -> Answer:
        await asyncio.sleep(LATE)
        if method == "POST" and _opens(body):
            self.opened += 1
            if self.opened % BUSY == 0:
                return self._busy()
        answer = await self.within(method, url, headers, body, timeout=timeout)
        if answer.media_type == "application/problem+json":
            return replace(answer, body=trust.canonicalize(sparing(orjson.loads(answer.body), (_type(body),))))
        if url.endswith("/mailbox") and answer.media_type == "application/json":
            return replace(answer, body=_page(answer.body))
        return answer

    def _busy(self) -> Answer:
        """By turns of its own accord, and by what stands before it."""
        self.waited.append(1 + len(self.waited) % 2)
        headers = {"retry-after": str(self.waited[-1])}
        if self.waited[-1] == 1:
            problem = trust.canonicalize(sparing(OverQuota().as_dict(), ()))
            return Answer(429, {**headers, "content-type": "application/problem+json"}, problem)
        return Answer(503, {**headers, "content-type": "text/html"}, b"<html>Too busy</html>")


def _type(body: bytes) -> str:
    """The type of a message; that of all, where it is none."""
    with suppress(ValueError):
        message = orjson.loads(body)
        return str(message.get("type", "*")) if isinstance(message, dict) else "*"
    return "*"


def _opens(body: bytes) -> bool:
    """Whether it opens a thread, or collects. What goes on in one may have to come within two seconds."""
    with suppress(ValueError):
        message = orjson.loads(body)
        return isinstance(message, dict) and message.get("thread") == message.get("id") and "id" in message
    return False


def _page(body: bytes) -> bytes:
    """The first words of an answer of the mailbox, each receipt with what it answers before it."""
    whole = orjson.loads(body)
    page, words = [], 0
    for message in whole["messages"]:
        words += "number" in message
        page.append(message)
        if words == PAGE:
            break
    return trust.canonicalize({"messages": page, "more": whole["more"] or len(page) < len(whole["messages"])})
