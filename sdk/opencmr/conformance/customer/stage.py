"""The program under test, and the vendors that are played for it (`spec/conformance.md`)."""

import asyncio
import shlex
from collections.abc import Awaitable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import orjson

from ...testing import Document
from ..suite import Failed
from ..wire import NoAnswer
from .played import Known, Played, Reply


class Stage:
    """The program under test, and the vendors that are played for it.

    Args:
        command: Starts the program.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self._program: asyncio.subprocess.Process | None = None
        self._busy = False
        self._servers: list[asyncio.Server] = []

    async def begin(self) -> None:
        """Start the program, and see whether it answers.

        Raises:
            NoAnswer: It cannot be started, or does not answer.
        """
        vendor = await self.vendor()
        reply = await self.do("meet", vendor)
        if reply.get("ok") is not True:
            raise Failed(f"it does not meet a vendor: {_short(reply)}")

    async def vendor(self) -> Played:
        """A vendor of its own, served on loopback."""
        holder: list[Played] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await holder[0].serve(reader, writer)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**17)
        self._servers.append(server)
        holder.append(Played(server.sockets[0].getsockname()[1]))
        return holder[0]

    async def met(self, reply: Reply = lambda vendor, message: None) -> Played:
        """A vendor that the program has met.

        Raises:
            Failed: It will not.
        """
        vendor = await self.vendor()
        vendor.reply = reply
        answer = await self.do("meet", vendor)
        if answer.get("ok") is not True or not isinstance(answer.get("me"), str):
            raise Failed(f"it does not meet a vendor: {_short(answer)}")
        vendor.customers[answer["me"]] = Known()
        return vendor

    async def do(self, what: str, vendor: Played, **more: Any) -> Document:
        """Give a command, and wait for the answer.

        Raises:
            NoAnswer: The program has ended, or does not answer with a JSON object.
        """
        program = await self._running()
        self._busy = True
        command = {"do": what, "vendor": vendor.did, **more}
        if program.stdin is None or program.stdout is None:
            raise NoAnswer("the program has no pipes")
        try:
            program.stdin.write(orjson.dumps(command) + b"\n")
            await program.stdin.drain()
            line = await program.stdout.readline()
        except (OSError, ValueError) as error:
            raise NoAnswer(f"the program does not answer: {error}") from error
        if not line:
            raise NoAnswer(f"the program has ended at {what}")
        self._busy = False
        try:
            reply = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Failed(f"the program answers {line[:60]!r}, which is not JSON") from error
        if not isinstance(reply, dict) or not isinstance(reply.get("ok"), bool):
            raise Failed(f"the program answers {line[:60]!r}, without ok")
        return reply

    async def say(self, vendor: Played, type_: str, body: Document, thread: str | None = None) -> Document:
        """Let the program say something."""
        return await self.do("say", vendor, type=type_, body=body, **({"thread": thread} if thread else {}))

    async def said(self, vendor: Played, type_: str, body: Document, thread: str | None = None) -> str:
        """Let it say something that is accepted; gives the thread.

        Raises:
            Failed: It was not accepted.
        """
        reply = await self.say(vendor, type_, body, thread)
        if reply["ok"] is not True or not isinstance(reply.get("thread"), str):
            why = f"; the vendor found: {vendor.faults[-1]}" if vendor.faults else ""
            raise Failed(f"{type_} was not accepted: {_short(reply)}{why}")
        found: str = reply["thread"]
        return found

    async def sync(self, vendor: Played) -> None:
        """Let it collect, and bring its receipts: twice, for those come with the next collect."""
        for _ in range(2):
            reply = await self.do("sync", vendor)
            if reply["ok"] is not True:
                raise Failed(f"sync: {_short(reply)}")

    async def state(self, vendor: Played, thread: str, right: str, requirement: str | None = None) -> Document:
        """Hold the state of a thread, as the program folds it, to the right one.

        Raises:
            Failed: It is another.
        """
        reply = await self.do("state", vendor, thread=thread)
        if reply.get("state") != right:
            raise Failed(f"the program's state is {reply.get('state')}, and it is {right}", requirement)
        return reply

    async def told(self, vendor: Played) -> set[str]:
        """What the program tells its person about what this vendor has signed."""
        reply = await self.do("told", vendor)
        told = reply.get("told")
        if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
            raise Failed(f"told: {_short(reply)}")
        return set(told)

    async def may(self, vendor: Played, action: str, purpose: str, data: str) -> str:
        """What the program's own `may()` answers: permit or deny."""
        reply = await self.do("may", vendor, action=action, purpose=purpose, data=data)
        if reply.get("answer") not in ("permit", "deny"):
            raise Failed(f"may: {_short(reply)}")
        return str(reply["answer"])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        for server in self._servers:
            server.close()

    async def _running(self) -> asyncio.subprocess.Process:
        """The program; started anew if it has ended, or has not answered the command before."""
        if self._program is not None and (self._busy or self._program.returncode is not None):
            await self._end()
        if self._program is None:
            try:
                self._program = await asyncio.create_subprocess_exec(
                    *shlex.split(self.command),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    limit=2**20,
                )
            except (OSError, ValueError) as error:
                raise NoAnswer(f"the program cannot be started: {error}") from error
            self._busy = False
        return self._program

    async def _end(self) -> None:
        program, self._program = self._program, None
        if program is None:
            return
        if program.stdin is not None:
            program.stdin.close()
        waiting: Awaitable[int] = program.wait()
        try:
            await asyncio.wait_for(waiting, 0.2 if self._busy else 3)
        except TimeoutError:
            with suppress(ProcessLookupError):
                program.kill()
            # Only once its output is read to the end is the program gone for asyncio.
            while program.stdout is not None and await program.stdout.read(2**20):
                pass
            await program.wait()


def _short(reply: Document) -> str:
    return orjson.dumps(reply).decode()[:200]
