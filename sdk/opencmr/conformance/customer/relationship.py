"""What a customer makes of a vendor's keys, and what their own close does."""

from collections.abc import Callable
from typing import Any

from ... import trust
from ...testing import Document
from ..suite import Page
from .played import Played, later
from .scenes import ITEM, given, must, permitted, told_code
from .stage import Stage

page: Page[Stage] = Page("relationship", "customer")
WEAK = trust.encode_public(b"\x01" + bytes(31))
"""The neutral element of the group: anybody can sign for it."""
STRONG = trust.SigningKey(b"a further key of the vendor".ljust(32)).public


def ask(vendor: Played, key: trust.SigningKey | None = None, method: str | None = None) -> bytes:
    """The vendor's next word: a request, signed by this key."""
    body = {
        "items": [ITEM],
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": "zQm" + "2" * 44, "lang": "en"},
        "until": later(86400),
    }
    return vendor.write(body, "consent.request", key=key, method=method)


def introduced(vendor: Played, **more: object) -> tuple[trust.SigningKey, str]:
    """A further key, introduced by the pinned one; and the URL by which its proofs name it."""
    key = trust.SigningKey.generate()
    vendor.say({"key": key.public, **more}, "key.introduce")
    return key, f"{vendor.did}#{key.public}"


async def is_taken(stage: Stage, vendor: Played, raw: bytes) -> bool:
    """Whether a word takes the next place."""
    digest = vendor.known.add(raw)
    await stage.sync(vendor)
    return digest in vendor.known.receipts


def _void(code: str, body: Document) -> Callable[[Stage], Any]:
    async def void(stage: Stage) -> None:
        vendor, _ = await given(stage)
        digest = vendor.say(body, "key.introduce")
        await stage.sync(vendor)
        receipt = vendor.receipt(digest)
        must(receipt["body"]["outcome"] == "refused", "it is accepted")
        must(told_code(receipt) == code, f"its receipt says {told_code(receipt)}, and not {code}")

    return void


page.add("weak", "A weak key that is introduced is void", "REL-9", "RCV-15")(_void("weak-key", {"key": WEAK}))
page.add("ends-other", "To end a key of somebody else is void", "REL-11", "RCV-15")(
    _void("malformed", {"key": STRONG, "ends": ["did:web:x.example#key-1"]})
)


@page.add("introduced", "A key counts once a pinned one has introduced it", "REL-10", "IDN-6")
async def counts(stage: Stage) -> None:
    """The old one goes on to count."""
    vendor, _ = await given(stage)
    key, method = introduced(vendor)
    must(await is_taken(stage, vendor, ask(vendor, key, method)), "what an introduced key signs is not taken", "REL-10")
    must(await is_taken(stage, vendor, ask(vendor)), "the key of before counts no more", "REL-10")


@page.add("not-yet", "A key does not count before the instant from which it is to", "REL-10")
async def not_yet(stage: Stage) -> None:
    """Its word gets no receipt."""
    vendor, _ = await given(stage)
    key, method = introduced(vendor, **{"from": later(86400)})
    await stage.sync(vendor)
    early = vendor.drop(ask(vendor, key, method))
    await stage.sync(vendor)
    must(early not in vendor.known.receipts, "a key counts before its time", "REL-10")


@page.add("ended", "A key that was ended counts no more", "REL-10")
async def ended(stage: Stage) -> None:
    """Its word is no word; the next one of its number is."""
    vendor, _ = await given(stage)
    key, method = introduced(vendor, ends=[vendor.method])
    await stage.sync(vendor)
    late = vendor.drop(ask(vendor))
    await stage.sync(vendor)
    must(late not in vendor.known.receipts, "a key that was ended counts", "REL-10")
    must(await is_taken(stage, vendor, ask(vendor, key, method)), "the new key is not taken after that", "REL-10")


@page.add("not-introduced", "A word under a key that was not introduced gets no place, and is told", "REL-12", "IDN-6")
async def not_introduced(stage: Stage) -> None:
    """The mail waits: the next word by a pinned key is taken."""
    vendor, _ = await given(stage)
    key = trust.SigningKey.generate()
    method = f"{vendor.did}#{key.public}"
    vendor.listed = {**vendor.listed, method: key.public}
    strange = vendor.drop(ask(vendor, key, method))
    await stage.sync(vendor)
    must(strange not in vendor.known.receipts, "a key that the vendor lists now was believed", "REL-12")
    told = (await stage.do("told", vendor)).get("told", [])
    must("key" in told, f"it is not told: {told}", "REL-12")
    must(await is_taken(stage, vendor, ask(vendor)), "what the pinned key signs is not taken after that")


@page.add("close", "A close denies at once what was permitted, and a later yes lifts it", "REL-8", "SEQ-27")
async def close(stage: Stage) -> None:
    """In a thread of its own."""
    vendor, _ = await given(stage)
    must(await permitted(stage, vendor), "its may() denies what was granted")
    closing = await stage.said(vendor, "relationship.close", {})
    await stage.state(vendor, closing, "closed", "REL-8")
    must(not await permitted(stage, vendor), "its may() permits what was closed", "REL-8")
    again = {"items": [ITEM], "statement": "Yes, again.", "until": later(86400 * 30)}
    await stage.said(vendor, "consent.grant", again)
    must(await permitted(stage, vendor), "a later yes does not lift it", "REL-8")
