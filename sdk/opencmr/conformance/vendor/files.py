"""`spec/v1/core/page.md`, blob.fetch, and `spec/v1/transport.md`, files: who may fetch a file, and how it comes."""

from dataclasses import dataclass
from typing import Any

from ... import trust
from ..hand import NOWHERE, Bench, Document, Hand, digest_of
from ..inspecting import described
from ..suite import Failed, Page
from ..wire import Answer
from .says import cast, must, offered

page: Page[Bench] = Page("files", "vendor")


@dataclass(frozen=True)
class Given:
    """A file that the vendor has named to a customer.

    Attributes:
        hand: The customer.
        said: What the message says of it.
        of: Digest of the message.
    """

    hand: Hand
    said: Document
    of: str

    def asks(self, hand: Hand | None = None, **body: Any) -> bytes:
        """A signed fetch, by the customer or by somebody else."""
        hand = hand or self.hand
        return hand.sign(hand.write("blob.fetch", {"digest": self.said["digest"], "of": self.of, **body}))


async def _given(bench: Bench, note: str = "test: file") -> Given:
    hand = Hand(bench)
    _, made = await offered(hand, note)
    files = made["body"]["lines"][0].get("files")
    if not files:
        raise Failed("the offer names no file", "TRN-40")
    must(files[0]["size"] >= 100_000, "the file is smaller than test mode says", "TRN-40")
    return Given(hand, files[0], digest_of(made))


async def _fetched(given: Given, **body: Any) -> Answer:
    return _inspect(await given.hand.post(given.asks(**body), "blobs"))


def _inspect(answer: Answer) -> Answer:
    must(answer.status == 200, f"{described(answer)}, and not the file", "TRN-40")
    must(answer.media_type == "application/octet-stream", f"the file comes as {answer.media_type}", "TRN-40")
    length = answer.headers.get("content-length")
    must(length == str(len(answer.body)), f"Content-Length is {length}, and {len(answer.body)} bytes came", "TRN-40")
    return answer


@page.add("file", "A file comes whole to whom it was named", "TRN-40")
async def file(bench: Bench) -> None:
    """Its size and its digest are those of the message."""
    given = await _given(bench)
    content = (await _fetched(given)).body
    must(len(content) == given.said["size"], f"{len(content)} bytes came")
    must(trust.digest(content) == given.said["digest"], "the bytes have another digest")


@page.add("file-from", "A file goes on where it broke off", "TRN-40", "COR-12")
async def file_from(bench: Bench) -> None:
    """From the middle, from the end; not from beyond it."""
    given = await _given(bench)
    content, size = (await _fetched(given)).body, given.said["size"]
    for start in (1, 70_000, size - 1, size):
        rest = (await _fetched(given, **{"from": start})).body
        must(rest == content[start:], f"from byte {start} on come {len(rest)} other bytes", "TRN-40")
    beyond = await given.hand.post(given.asks(**{"from": size + 1}), "blobs")
    must(beyond.status != 200, "an answer begins beyond the end", "COR-12")
    given.hand.refused_unsigned(beyond, "malformed", "/body/from", "blob.fetch")


@page.add("file-of-others", "A digest alone opens nothing", "COR-11")
async def file_of_others(bench: Bench) -> None:
    """Not to a stranger, not to a customer who names the file; and of what is unknown nothing else is said."""
    given = await _given(bench)
    stranger, known = Hand(bench), Hand(bench)
    theirs = cast(known)
    theirs["body"]["wants"][0]["files"] = [given.said]
    heard = await known.accepted(theirs, "open")
    for hand, raw in (
        (stranger, given.asks(stranger)),
        (known, given.asks(known)),
        (known, given.asks(known, of=digest_of(trust.parse(known.sign(theirs))))),
        (known, given.asks(known, of=digest_of(heard.receipt))),
        (given.hand, given.asks(digest=NOWHERE)),
        (given.hand, given.asks(of=NOWHERE)),
    ):
        hand.refused_unsigned(await hand.post(raw, "blobs"), "not-found", "/body/digest", "blob.fetch")


@page.add("file-expired", "A file that has expired is not found", "COR-11")
async def file_expired(bench: Bench) -> None:
    """Test mode: a file that can be fetched for 2 seconds. It is not fetched before, since its offer may come late."""
    given = await _given(bench, "test: file for 2 seconds")
    must("expires" in given.said, "the file never expires, and test mode says when", "COR-11")
    await bench.sleep(2.2)
    given.hand.refused_unsigned(await given.hand.post(given.asks(), "blobs"), "not-found", "/body/digest", "blob.fetch")


@page.add("fetch-once", "A fetch is answered once", "COR-9")
async def fetch_once(bench: Bench) -> None:
    """Whoever has copied it gets nothing."""
    given = await _given(bench)
    hand, raw = given.hand, given.asks()
    _inspect(await hand.post(raw, "blobs"))
    hand.refused_unsigned(await hand.post(raw, "blobs"), "replayed", "/id", "blob.fetch")


@page.add("fetch-off", "A fetch that is dated more than two minutes off is refused", "COR-8")
async def fetch_off(bench: Bench) -> None:
    """Both ways."""
    given = await _given(bench)
    hand = given.hand
    for seconds in (-130, 130):
        document = {**trust.parse(given.asks()), "created": bench.now(seconds)}
        document.pop("proof")
        hand.refused_unsigned(await hand.post(hand.sign(document), "blobs"), "stale-request", "/created", "blob.fetch")
