"""A vendor's side of a relationship, in memory: what a customer says is settled by the checks 8 to 10, and takes its
place; what the vendor says takes the next one, right or wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr import errors, messages, trust
from opencmr.protocol import History, Settled, Thread, moment, parse, settle, verify
from opencmr.testing import Forger

CUSTOMER, VENDOR = trust.SigningKey(b"c" * 32), trust.SigningKey(b"v" * 32)
ME, THEM = "did:web:shop.example", CUSTOMER.did
KEY = ME + "#key-1"
NOON = "2026-03-01T12:00:00.000Z"
EVENING = "2026-03-01T20:00:00.000Z"
MORROW = "2026-03-02T12:00:00.000Z"
NEXT_WEEK = "2026-03-08T12:00:00.000Z"
IDS = [f"urn:uuid:{n:08x}-0000-4000-8000-000000000000" for n in range(20)]
NOWHERE = "zQm" + "2" * 44
"""The digest of nothing that anybody holds."""


def no_proof(method: str) -> dict[str, str]:
    """What stands for a proof where nobody looks at signatures."""
    return {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": method,
        "proofPurpose": "assertionMethod", "proofValue": "z" + "2" * 87,
    }  # fmt: skip


def word(type_: str, body: dict[str, Any], at: int, thread: int | None = None, **more: Any) -> dict[str, Any]:
    """A customer's message as it would travel, unsigned; its id and its thread by their positions in `IDS`.

    A yes may take its place for a week, unless it says otherwise.
    """
    forger = Forger(did=THEM, to=ME, key=CUSTOMER, method=trust.key_url(THEM), clock=lambda: moment(NOON))
    return forger.write(type_, body, IDS[at if thread is None else thread], id=IDS[at], **more)


def signed(document: dict[str, Any], key: trust.SigningKey = CUSTOMER, method: str | None = None) -> bytes:
    return trust.sign(document, key, method or trust.key_url(key.did))


class InMemoryVendor:
    """One relationship, as its vendor holds it."""

    def __init__(self) -> None:
        self.history = History()

    @property
    def tip(self) -> str:
        """The vendor's last word."""
        assert self.history.chain.tip is not None
        return self.history.chain.tip

    def decide(self, document: dict[str, Any], now: str = NOON) -> Settled:
        """What a customer's message comes to, and its place by a receipt of this date."""
        verified = verify(parse(signed(document)), me=ME, pinned={})
        settled = settle(verified.message, verified.digest, history=self.history, now=now)
        receipt = trust.digest(b"receipt of " + verified.digest.encode())
        thread = None if settled.problem else settled.thread
        self.history.answer(settled.said, receipt, f"receipt of {verified.message.id}", now, thread)
        return settled

    def after(self, document: dict[str, Any], now: str = NOON) -> Settled:
        """Likewise, of a message that has seen all there is."""
        return self.decide({**document, "seen": self.tip}, now)

    def say(self, document: dict[str, Any], now: str = NOON) -> tuple[Thread, Any]:
        """The vendor's next word: its thread, and why it is void where it is."""
        chain = self.history.chain
        linked = {"number": chain.next, **({"prior": chain.tip} if chain.tip else {})}
        says = messages.BODIES[document["type"]].expires
        said = {name: value for name, value in document.items() if name != "expires" or says != "customer"}
        said = {**said, "from": ME, "to": THEM, "created": now, **linked}
        verified = verify(parse(signed(said, VENDOR, KEY)), me=THEM, pinned={KEY: VENDOR.public}, lenient=True)
        thread, why = self.history.follow(verified.message, verified.digest, fault=verified.fault)
        assert thread is not None
        return thread, why


def from_vendor(type_: str, body: dict[str, Any]) -> dict[str, Any]:
    return {**word(type_, body, 1, 2), "from": ME, "to": THEM, "number": 2, "prior": NOWHERE}


def refusal(error: type[errors.Problem], act: Callable[[], Any]) -> errors.Problem:
    with pytest.raises(error) as caught:
        act()
    return caught.value
