"""A vendor's files: who may fetch one, and how it goes out (`spec/v1/transport.md`, files)."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import BinaryIO

from ...errors import Malformed, Moved, NotFound, UnsupportedType
from ...messages import Message, core
from ...messages.naming import files_in
from ...messages.types import Digest
from ...protocol import parse, verify
from ...protocol.receiving import check_fresh
from ...store import Files, Kept, Rows, Store
from ...store.files import pieces
from ...transport import Outgoing
from ...transport.limits import Gate
from ..party.histories import read
from ..party.signing import Signer
from .mailbox import use_request


class Fetching:
    """Answers the fetches of one vendor's customers.

    Args:
        store: Where the words are that name files.
        files: Where the files are; none: the vendor has none.
        signer: Whose they are.
        gate: What may come in.
        now: The time.
    """

    def __init__(self, store: Store, files: Files | None, signer: Signer, gate: Gate, now: Callable[[], str]) -> None:
        self._store = store
        self.files = files
        self._signer = signer
        self._gate = gate
        self._now = now

    async def fetch(self, raw: bytes) -> Outgoing:
        """The file that a signed `blob.fetch` asks for.

        Raises:
            Problem: To be answered unsigned.
        """
        asked = self._asked(raw)
        with ExitStack() as held:
            file = self._opened(asked)
            held.callback(file.close)
            size, start = file.seek(0, 2), asked.body.from_ or 0
            if start > size:
                raise Malformed(f"the file has {size} bytes", pointer="/body/from", rule="COR-12")
            file.seek(start)
            held.enter_context(self._gate.fetching.place(asked.from_))
            await self._store.write(lambda rows: self._use(rows, asked))
            return Outgoing(size - start, pieces(file), held.pop_all().close)

    def _asked(self, raw: bytes) -> Message[core.Fetch]:
        types = (core.Fetch.type,)
        try:
            message: Message[core.Fetch] = verify(parse(raw), me=self._signer.did, pinned={}, types=types).message
        except UnsupportedType as problem:
            raise UnsupportedType("only blob.fetch gets a file", pointer="/type", expected=[*types]) from problem
        check_fresh(message, self._now())
        self._gate.charge_key(message.from_)
        return message

    def _opened(self, asked: Message[core.Fetch]) -> BinaryIO:
        named = self._store.read(lambda rows: self._is_named(rows, asked))
        file = self.files.open(asked.body.digest) if named and self.files is not None else None
        if file is None:
            raise NotFound("no such file was given to you", pointer="/body/digest", rule="COR-11")
        return file

    def _is_named(self, rows: Rows, asked: Message[core.Fetch]) -> bool:
        peer = rows.peer(self._signer.did, asked.from_)
        if peer is None and rows.peer_of_before(self._signer.did, asked.from_) is not None:
            raise Moved(pointer="/from", rule="REL-7")
        kept = rows.message(peer.number, asked.body.of) if peer is not None else None
        return names_file(kept, asked.body.digest, self._now())

    def _use(self, rows: Rows, asked: Message[core.Fetch]) -> None:
        peer = rows.peer(self._signer.did, asked.from_)
        if peer is None:
            raise NotFound("no such file was given to you", pointer="/body/digest", rule="COR-11")
        use_request(rows, peer, asked, self._now())


def names_file(kept: Kept | None, digest: Digest, now: str) -> bool:
    """Whether a message of a relationship opens a file to its customer: it is the vendor's, and names it still.

    What a customer says themself opens nothing: anybody may have heard of a digest.
    """
    if kept is None or kept.side != "vendor" or not kept.placed:
        return False
    found = [file for file in files_in(read(kept)[0].body) if file.digest == digest]
    return any(file.expires is None or file.expires > now for file in found)
