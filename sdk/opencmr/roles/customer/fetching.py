"""Fetching a file that a vendor has named: in pieces, from where it broke off, and checked (`spec/v1/transport.md`)."""

import asyncio
import hashlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import StoreError, Unreachable, UsageError, WrongFile
from ...messages import core
from ...messages.naming import files_in
from ...messages.types import Digest, File, Uuid
from ...store import Rows, Store
from ...store.files import PIECE
from ...transport import Network
from ...trust import digest_of
from ..party.histories import read
from ..party.signing import Draft, Link
from .transaction import Transactions

if os.name == "posix":
    import fcntl

Progress = Callable[[int], None]
"""Is told how many bytes of a file are here."""
ENDING = ".part"
"""Ends the name of a file of which not all has come."""
SLOWEST = 4096
"""Bytes a second in which a file has to come, on the whole and over all connections."""
_GRACE = 60.0
"""Seconds that it may take beside that."""
_MOST_FAILURES = 3
"""After how many connections that bring nothing it is given up for now."""
_PAUSE = 0.5
"""Seconds before the second of these, about; then twice as many."""


class Named(NamedTuple):
    """A file that the vendor has named.

    Attributes:
        file: What the message says of it.
        of: Digest of the message.
        thread: Its thread.
    """

    file: File
    of: Digest
    thread: Uuid


class Fetching:
    """Fetches what one vendor has named.

    Args:
        store: The customer's.
        transactions: What is done inside a transaction of it, in this relationship.
        network: How the vendor is reached.
        endpoint: Where.
        now: The time.
    """

    def __init__(
        self, store: Store, transactions: Transactions, network: Network, endpoint: str, now: Callable[[], str]
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._network = network
        self._endpoint = endpoint
        self._now = now

    def named(self, thread: str | None = None) -> list[Named]:
        """What the vendor has named, in the order of its words; of one thread, or of all."""
        return self._store.read(lambda rows: list(self._named(rows, thread)))

    def _named(self, rows: Rows, thread: str | None) -> Iterator[Named]:
        for kept in rows.placed(self._transactions.number):
            if kept.side == "vendor" and kept.type != core.Receipt.type and thread in (None, kept.thread):
                for file in files_in(read(kept)[0].body):
                    yield Named(file, kept.digest, kept.thread)

    def naming(self, file: File) -> Named:
        """The last message that names a file.

        Raises:
            UsageError: There is none.
        """
        found = [each for each in self.named() if each.file == file]
        if not found:
            raise UsageError(f"no message of this vendor names the file {file.digest}")
        return found[-1]

    async def fetch(self, named: Named, to: Path, progress: Progress) -> None:
        """Fetch a file, or what is missing of it. Nothing stands under its name before all of it holds.

        Args:
            named: It.
            to: Where to. Until it is whole, its bytes are beside that, with the ending `.part`.
            progress: Is told how many bytes are here.

        Raises:
            UsageError: Something else is there already, or it is being fetched there.
            WrongFile: The bytes are not those that the message names; they were thrown away.
            Problem: The vendor refuses; `NotFound` where it gives the file no more.
            Unreachable: It does not answer, or breaks off again and again. What has come is kept, for the next time.
            StoreError: The file cannot be written.
        """
        file = named.file
        if await asyncio.to_thread(_is_there, to, file):
            return progress(file.size)
        with _Part(to, file, progress) as part:
            await asyncio.to_thread(part.look)
            await self._go_on(named, part)
            await asyncio.to_thread(part.finish)

    async def _go_on(self, named: Named, part: "_Part") -> None:
        clock = asyncio.get_running_loop().time
        began, first, failures = clock(), part.size, 0
        while part.size < named.file.size:
            before = part.size
            try:
                await self._network.fetch(
                    self._endpoint, self._asking(named, before), named.file.size - before, part.take
                )
            except Unreachable:
                failures = 0 if part.size > before else failures + 1
                late = clock() > began + _GRACE + (part.size - first) / SLOWEST
                if failures >= _MOST_FAILURES or late:
                    raise
                await asyncio.sleep(_PAUSE * 2**failures * random.uniform(0.5, 1))  # noqa: S311  # no secret

    def _asking(self, named: Named, start: int) -> bytes:
        body = core.Fetch(digest=named.file.digest, of=named.of, from_=start or None)
        peer = self._store.read(self._transactions.peer)
        return self._transactions.signers(peer.me).write(Draft(body), to=peer.peer, at=self._now(), link=Link()).raw


def _is_there(to: Path, file: File) -> bool:
    """Whether the file is there already, whole.

    Raises:
        UsageError: Something else is.
    """
    try:
        if not to.exists():
            return False
        hashed = hashlib.sha256()
        with to.open("rb") as there:
            while to.stat().st_size == file.size and (piece := there.read(PIECE)):
                hashed.update(piece)
    except OSError as error:
        raise _failed(to, error) from error
    if to.stat().st_size != file.size or digest_of(hashed) != file.digest:
        raise UsageError(f"{to} is there already, and is another file")
    return True


class _Part:
    """As much of a file as has come. One program at a time writes it."""

    def __init__(self, to: Path, file: File, progress: Progress) -> None:
        self._to = to
        self._path = to.with_name(to.name + ENDING)
        self._file = file
        self._progress = progress
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> "_Part":
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._open = os.fdopen(os.open(self._path, flags, 0o600), "r+b")
        except OSError as error:
            raise _failed(self._path, error) from error
        try:
            if os.name == "posix":
                fcntl.flock(self._open, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(self._open.fileno()), self._path.stat()):
                raise FileExistsError
        except OSError as error:
            self._open.close()
            raise UsageError(f"{self._to} is being fetched already") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def look(self) -> None:
        """Take in what has come before."""
        try:
            if os.fstat(self._open.fileno()).st_size > self._file.size:
                self._open.truncate(0)
            while piece := self._open.read(PIECE):
                self._count(piece)
        except OSError as error:
            raise _failed(self._path, error) from error

    def take(self, piece: bytes) -> None:
        """Take in what comes.

        Raises:
            Unreachable: It is more than the message says.
            StoreError: It cannot be written.
        """
        if self.size + len(piece) > self._file.size:
            raise Unreachable(f"more than the {self._file.size} bytes come that the message says")
        try:
            self._open.write(piece)
        except OSError as error:
            raise _failed(self._path, error) from error
        self._count(piece)

    def _count(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)
        self._progress(self.size)

    def finish(self) -> None:
        """Give the file its name, if it is the one that was named.

        Raises:
            WrongFile: It is not; nothing of it is left.
            StoreError: It cannot be written.
        """
        found = digest_of(self._hash)
        try:
            self._open.flush()
            if found != self._file.digest:
                self._path.unlink()
                raise WrongFile(self._file.digest, found)
            os.fsync(self._open.fileno())
            os.replace(self._path, self._to)
        except OSError as error:
            raise _failed(self._path, error) from error


def _failed(where: Path, error: OSError) -> StoreError:
    return StoreError(f"{where}: {error.strerror or error}")
