"""`spec/v1/identity.md`: whose key speaks for whom."""

import asyncio
from typing import Any

from ... import trust
from ..hand import Bench, Hand
from ..suite import Page
from .says import must, proffer

page: Page[Bench] = Page("identity", "vendor")


@page.add("somebody-elses-did", "A message from another's DID under one's own key is refused", "IDN-9")
async def somebody_elses_did(bench: Bench) -> None:
    """The key is that of the sender, the DID is not."""
    hand = Hand(bench)
    document = proffer(hand, from_=trust.SigningKey.generate().did)
    await hand.problem(hand.sign(document), "wrong-key", "/proof/verificationMethod")


@page.add("other-fragment", "A did:key signs with itself, and with no other fragment", "IDN-9")
async def other_fragment(bench: Bench) -> None:
    """`did:key:…#key-1` names no key."""
    hand = Hand(bench)
    raw = hand.sign(proffer(hand), method=f"{hand.did}#key-1")
    await hand.problem(raw, "wrong-key", "/proof/verificationMethod")


@page.add("web-customer", "A customer is a did:key, and the vendor a did:web", "IDN-1")
async def web_customer(bench: Bench) -> None:
    """A stranger's did:web is nobody's customer."""
    must(bench.did.startswith("did:web:"), f"the vendor is {bench.did}")
    hand = Hand(bench)
    did = "did:web:customer.example"
    raw = hand.sign(proffer(hand, from_=did, number=1), method=f"{did}#key-1")
    await hand.problem(raw, "wrong-key", "/proof/verificationMethod")


@page.add("no-request", "Nothing is fetched because a message names it", "IDN-8", "TRM-3")
async def no_request(bench: Bench) -> None:
    """A DID, terms and a text whose addresses lead to a listener of the suite. It hears nothing."""
    callers: list[Any] = []

    async def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        hand, did = Hand(bench), f"did:web:{host}%3A{port}"
        raw = hand.sign(proffer(hand, from_=did, number=1), method=f"{did}#key-1")
        await hand.problem(raw, "wrong-key")
        rule = {"effect": "prohibit", "action": "dpv:Share", "by": ["vendor"]}
        document = {
            "id": f"http://{host}:{port}/terms", "version": "1", "title": "Terms",
            "url": f"http://{host}:{port}/text", "rules": [rule],
        }  # fmt: skip
        await hand.accepted(proffer(hand, choices=[{"document": document}]), "proffered")
        await asyncio.sleep(0.1)
        must(not callers, "the listener was called")
    finally:
        server.close()
