"""A no-word that has no place yet denies, and changes no record: a fold rests on the words in their places alone."""

from typing import Any

import pytest

from in_memory_vendor import no_proof
from opencmr.messages import Message, validate
from opencmr.protocol import History, Question, roster
from opencmr.protocol.thread import opened_by
from opencmr.testing import envelope

ALICE, SHOP = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "did:web:shop.example"
NOON, TOMORROW, UNTIL = "2026-03-01T12:00:00.000Z", "2026-03-02T12:00:00.000Z", "2027-01-01T00:00:00.000Z"
NEWS = {"key": "news", "purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
EUROS = {"amount": "9.00", "currency": "EUR"}
MARKETING = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")


def named(number: int) -> str:
    """A digest, and the end of an id."""
    return "zQm" + "ABCDEFGHJK"[number] * 44


def message(which: int, type_: str, body: dict[str, Any], thread: int | None = None, **members: Any) -> Message[Any]:
    ids = [f"urn:uuid:00000000-0000-4000-8000-00000000000{each}" for each in range(10)]
    vendor = "number" in members
    me, you = (SHOP, ALICE) if vendor else (ALICE, SHOP)
    url = f"{SHOP}#key-1" if vendor else f"{ALICE}#{ALICE.removeprefix('did:key:')}"
    place = {"id_": ids[which], "thread": ids[which if thread is None else thread], "created": NOON, **members}
    return validate(envelope(type_, body, from_=me, to=you, **place, proof=no_proof(url)))


def placed(history: History, word: Message[Any], number: int) -> None:
    said = history.placing(word, named(number), NOON)
    thread = (history.threads.get(word.thread) or opened_by(word)).judge(said, history)[0]
    history.answer(said, named(9 - number), f"receipt {number}", NOON, thread)


@pytest.mark.requirement("SEQ-14", "SEQ-27")
def test_a_no_that_has_no_place_yet_denies_and_takes_no_offer_its_basis() -> None:
    alice = History(mine=True)
    proffer = message(1, "terms.proffer", {"choices": [roster.ref("SD-BASE").wire()]}, expires=TOMORROW)
    placed(alice, proffer, 1)
    accept = message(2, "terms.accept", {"terms": roster.ref("SD-BASE").wire()}, 1, number=2, prior=named(8))
    alice.follow(accept, named(2))
    grant = {"items": [NEWS], "until": UNTIL, "statement": "Write to me."}
    placed(alice, message(3, "consent.grant", grant, seen=named(2), expires=TOMORROW), 3)
    assert alice.may(MARKETING, NOON, now=True)
    alice.hear(message(4, "consent.withdraw", {}, 3), named(4))
    assert not alice.may(MARKETING, NOON, now=True)
    basis = {"id": "urn:uuid:00000000-0000-4000-8000-000000000003", "digest": named(3)}
    line = {"name": "Wax", "price": EUROS}
    body = {"lines": [line], "total": EUROS, "under": roster.ref("SD-BASE").wire(), "basis": basis}
    offer = message(5, "offer.make", body, number=4, prior=alice.chain.tip, expires=TOMORROW)
    thread, why = alice.follow(offer, named(5))
    assert why is None
    assert thread is not None
    assert thread.entries[-1].outcome == "accepted"
