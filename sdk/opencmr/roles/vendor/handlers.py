"""Handlers: the application's functions that answer messages, run so that a failure harms nothing."""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

from ..._log import Fields, log_failure
from ..._telemetry import internal
from ...errors import HandlerFailed, Problem, UsageError
from ...messages import Body, Message
from ...protocol import is_narrowing
from ..party.given import expected
from ..party.signing import Draft
from .telemetry import known_type

R = TypeVar("R")
Reply = Body | Draft
Handled = Reply | Iterable[Reply] | AsyncIterator[Reply] | Awaitable[Reply | Iterable[Reply] | None] | None
Handler = Callable[[Message[Any], R], Handled]
Say = Callable[[Draft], Awaitable[None]]

_log = logging.getLogger("opencmr.vendor")
_FAILED = "the receiver could not work on the message; nothing was stored"
_LAST_WAIT = 2.0
"""Seconds that handlers may still run when the vendor closes."""


class Handlers(Generic[R]):
    """The handlers of one vendor; `R` is the relationship that they get beside the message.

    Args:
        timeout: Seconds that a handler may take.
        complete: Gives a draft what its envelope needs, where the handler does not say.
    """

    def __init__(self, timeout: float, complete: Callable[[Draft], Draft]) -> None:
        self.timeout = timeout
        self._complete = complete
        self._answering: dict[str, Handler[R]] = {}
        self._following: dict[str, Handler[R]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def answer(self, type_: str, handler: Handler[R]) -> None:
        """Let a handler answer a message type, in one transaction with the message."""
        self._answering[type_] = handler

    def follow(self, type_: str, handler: Handler[R]) -> None:
        """Let a handler follow a message type, once the message has taken effect."""
        self._following[type_] = handler

    def waits_for(self, type_: str) -> bool:
        """Whether a message of this type waits for a handler. A narrowing message never does."""
        return type_ in self._answering and not is_narrowing(type_, "customer")

    async def replies(self, message: Message[Any], relationship: R) -> list[Draft]:
        """What the handler of this type replies.

        Raises:
            HandlerFailed: It raised, or took too long.
            Problem: It raised one on purpose.
        """
        try:
            return await self._run(self._answering[message.type], message, relationship)
        except Problem:
            raise
        except Exception as error:
            handler = self._answering[message.type]
            log_failure(_log, "handler.failed", error, **_fields(message, handler, error))
            raise HandlerFailed(_FAILED) from _named(handler, error)

    def misspoke(self, message: Message[Any], error: UsageError) -> HandlerFailed:
        """The problem where the replies of a message's handler cannot be said; the log says which of them, and why."""
        fields = _fields(message, self._answering.get(message.type), error)
        log_failure(_log, "handler.misspoke", error.__cause__ or error, **fields)
        return HandlerFailed(_FAILED)

    def begin(self, message: Message[Any], relationship: R, say: Say) -> None:
        """Start what follows a message that has taken effect, beside everything else.

        Args:
            message: The message.
            relationship: Whose it is.
            say: Says a reply in the message's thread.
        """
        handlers = [self._following.get(message.type)]
        if is_narrowing(message.type, "customer"):
            handlers.insert(0, self._answering.get(message.type))
        for handler in handlers:
            if handler is not None:
                task = asyncio.create_task(self._afterwards(handler, message, relationship, say))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Let what runs come to an end, for a short while."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=_LAST_WAIT)
            for task in late:
                task.cancel()

    def draft(self, reply: Reply) -> Draft:
        """A reply with what its envelope needs.

        Raises:
            UsageError: It is no body of a message.
        """
        return self._complete(reply if isinstance(reply, Draft) else Draft(reply))

    async def _afterwards(self, handler: Handler[R], message: Message[Any], relationship: R, say: Say) -> None:
        try:
            for draft in await self._run(handler, message, relationship):
                await say(draft)
        except Exception as error:
            # The message has taken effect.
            log_failure(_log, "handler.failed", error, **_fields(message, handler, error, "accepted"))

    async def _run(self, handler: Handler[R], message: Message[Any], relationship: R) -> list[Draft]:
        async with asyncio.timeout(self.timeout):
            with internal("opencmr.handler", {"opencmr.message.type": known_type(message.type)}):
                return [self.draft(reply) for reply in await _all(handler(message, relationship))]


def _name(handler: Callable[..., Any] | None) -> str | None:
    """A handler as its programmer knows it."""
    if handler is None:
        return None
    kind = type(handler)
    return f"{getattr(handler, '__module__', kind.__module__)}.{getattr(handler, '__qualname__', kind.__qualname__)}"


def _fields(
    message: Message[Any], handler: Callable[..., Any] | None, error: BaseException, outcome: str | None = None
) -> Fields:
    """What a log says of a handler that failed: whose fault it is, and where in what it made, if it made anything."""
    said: Fields = {
        "message_type": known_type(message.type),
        "message_id": message.id,
        "handler": _name(handler),
        "outcome": outcome,
    }
    if (found := expected(error)) is not None:
        said["pointer"], said["expected"] = found
    return said


def _named(handler: Callable[..., Any], error: Exception) -> Exception:
    """The error of a handler; where it gave a model a wrong value, one that says which handler, and what was due."""
    if (found := expected(error)) is None:
        return error
    named = UsageError(f"the handler {_name(handler)} made {found[0]}: {found[1]}")
    named.__cause__ = error
    return named


async def _all(handled: Handled) -> list[Reply]:
    """The replies of a handler of any kind."""
    if isinstance(handled, AsyncIterator):
        return [reply async for reply in handled]
    if inspect.isawaitable(handled):
        handled = await handled
    if handled is None:
        return []
    if isinstance(handled, Body | Draft):
        return [handled]
    return list(handled)
