"""Nobody sees another's messages, and nobody learns whether they are there: every way in that a stranger could try."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from opencmr import Vendor, consent, intent, offer, terms, trust
from opencmr.errors import BadSignature, Behind, Conflict, Problem, Replayed, StaleRequest, WrongKey
from opencmr.messages import core
from opencmr.messages.types import Ref
from opencmr.protocol import roster
from opencmr.store import Kept, Store
from opencmr.testing import StandingClock
from parties import CAST, GRANT, MARKETING, REQUEST, SHOP, Hand, Street, an_offer, read

NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"
AMEND = intent.Amend(**dict(CAST))
NOTHING = trust.digest(b"nothing")


@pytest.fixture
def shop(street: Street) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"])
    shop.on(intent.Cast)(lambda _message, _relationship: an_offer())
    return shop


class Alice:
    """A customer who has a wish, an offer, a consent and a question waiting."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.cast = hand.write(CAST)
        self.grant = hand.write(GRANT)
        self.answers: list[bytes] = []

    @property
    def offer(self) -> bytes:
        return self.answers[1]


@pytest.fixture
async def alice(street: Street, shop: Vendor) -> Alice:
    alice = Alice(street.stranger())
    alice.answers += await shop.receive(alice.cast)
    alice.answers += await shop.receive(alice.grant)
    await shop.say(alice.hand.did, REQUEST)
    return alice


@pytest.fixture
async def mallory(street: Street, shop: Vendor) -> Hand:
    """Somebody else, whom the shop knows too."""
    mallory = street.stranger()
    for _ in range(4):
        await shop.receive(mallory.write(CAST))
    return mallory


def held(street: Street, did: str) -> list[Kept]:
    """All that the shop's file holds of one customer."""
    with Store(street.folder / "shop.example.db", read_only=True) as store:
        return store.read(
            lambda rows: [kept for peer in rows.peers() if peer.peer == did for kept in rows.everything(peer.number)]
        )


async def problem_of(work: Any) -> dict[str, Any]:
    with pytest.raises(Problem) as raised:
        await work
    return raised.value.as_dict()


# Collecting


@pytest.mark.requirement("COR-10")
async def test_a_collect_in_anothers_name_opens_nothing_and_uses_nothing_up(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    hers = alice.hand.write(core.Collect())
    in_her_name = {"from": alice.hand.did}
    own_method = mallory.write(core.Collect(), id=read(hers)["id"], **in_her_name)
    her_method = Hand(alice.hand.did, SHOP, mallory.key, trust.key_url(alice.hand.did), street.clock)
    with pytest.raises(WrongKey):
        await shop.collect(own_method)
    with pytest.raises(BadSignature):
        await shop.collect(her_method.write(core.Collect(), id=read(hers)["id"]))
    # Her own words, changed in passing.
    later = read(hers)["created"].replace("000Z", "001Z")
    for change in ({"body": {"limit": 100}}, {"from": mallory.did}, {"created": later}):
        with pytest.raises((BadSignature, WrongKey)):
            await shop.collect(trust.canonicalize({**read(hers), **change}))
    found, _ = await shop.collect(hers)
    assert len([raw for raw in found if read(raw)["from"] == SHOP]) == 4


@pytest.mark.requirement("COR-9", "COR-8")
async def test_a_collect_that_was_overheard_opens_nothing_again(
    street: Street, shop: Vendor, alice: Alice, clock: StandingClock
) -> None:
    raw = alice.hand.write(core.Collect())
    await shop.collect(raw)
    second = street.vendor(file="shop.example")  # another process on the same store
    for vendor in (shop, second):
        with pytest.raises(Replayed):
            await vendor.collect(raw)
    await shop.close()
    await second.close()
    restarted = street.vendor(file="shop.example")
    with pytest.raises(Replayed):
        await restarted.collect(raw)
    for seconds in (119, 1, 60, 60, 3600):  # and it is never forgotten before its date has passed
        clock.move(seconds)
        with pytest.raises((Replayed, StaleRequest)):
            await restarted.collect(raw)


@pytest.mark.requirement("COR-10")
async def test_no_word_that_is_said_to_be_seen_leads_into_anothers_mailbox(
    shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    theirs, _ = await shop.collect(alice.hand.write(core.Collect()))
    own = [raw for raw in (await shop.collect(mallory.write(core.Collect())))[0] if read(raw)["from"] == SHOP]
    for raw in theirs:
        with pytest.raises(Behind) as caught:
            await shop.collect(mallory.write(core.Collect(), seen=trust.digest(raw)))
        assert set(caught.value.expected or ()) <= {trust.digest(each) for each in own}


@pytest.mark.requirement("COR-7")
async def test_receipts_for_anothers_messages_are_kept_nowhere(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    before = held(street, alice.hand.did)
    receipts = [
        mallory.receipt(alice.offer, body={"state": "open"}),
        mallory.receipt(alice.offer, body={"state": "open"}, **{"from": alice.hand.did}),
        alice.hand.receipt(alice.offer, body={"state": "open"}),  # her own true word, carried by another
    ]
    await shop.collect(mallory.write({"receipts": [read(raw) for raw in receipts]}, type="mailbox.collect"))
    assert held(street, alice.hand.did) == before
    assert all(read(kept.raw)["from"] in (mallory.did, SHOP) for kept in held(street, mallory.did))
    # She is not kept from saying it herself.
    await shop.collect(alice.hand.write({"receipts": [read(receipts[2])]}, type="mailbox.collect"))
    assert held(street, alice.hand.did)[len(before) :][0].raw == receipts[2]


async def test_who_collects_at_once_gets_each_their_own(street: Street, shop: Vendor, alice: Alice) -> None:
    others = [street.stranger() for _ in range(8)]
    for other in others:
        await shop.receive(other.write(CAST))
    hands = [alice.hand, *others] * 3
    for hand, (found, _) in zip(
        hands, await asyncio.gather(*(shop.collect(hand.write(core.Collect())) for hand in hands)), strict=True
    ):
        assert found
        assert {hand.did, SHOP} == {read(raw)["to"] for raw in found}
        assert {hand.did, SHOP} == {read(raw)["from"] for raw in found}


# Threads


@contextmanager
def statements(shop: Vendor) -> Iterator[list[str]]:
    """What the store is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(shop._store._backend.engine, "before_cursor_execute", note)
    yield asked
    event.remove(shop._store._backend.engine, "before_cursor_execute", note)


@pytest.mark.requirement("RCV-9")
@pytest.mark.parametrize("known", [True, False], ids=["known", "stranger"])
@pytest.mark.parametrize("type_", ["intent.amend", "terms.accept", "offer.accept", "of.tomorrow"])
async def test_an_unknown_thread_and_anothers_are_told_alike_by_the_same_way(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand, known: bool, type_: str
) -> None:
    """The same answer, and the same questions to the store: so nothing is there that could take its time."""
    asking = mallory if known else street.stranger()
    bodies: dict[str, Any] = {
        "intent.amend": AMEND,
        "terms.accept": terms.Accept(terms=roster.ref("SD-BASE")),
        "offer.accept": offer.Accept(offer=Ref(id=read(alice.offer)["id"], digest=trust.digest(alice.offer)),
                                     total=read(alice.offer)["body"]["total"]),
        "of.tomorrow": AMEND,
    }  # fmt: skip
    heads = (trust.digest(alice.offer), NOTHING)
    told: list[dict[str, Any]] = []
    ways: list[list[str]] = []
    for thread in (read(alice.cast)["id"], NOWHERE, read(alice.grant)["id"], uuid.uuid4().urn):
        for head in heads:
            more = {"type": type_} if type_ == "of.tomorrow" else {}
            with statements(shop) as asked:
                told.append(await problem_of(shop.receive(asking.write(bodies[type_], thread, head, **more))))
            ways.append(asked)
    assert all(each == told[0] for each in told)
    assert told[0]["type"].endswith("#behind" if type_ != "of.tomorrow" else "#unsupported-type")
    assert all(way == ways[0] for way in ways)


async def test_over_http_they_are_the_same_bytes_under_the_same_headers(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    answers = []
    transport = httpx.ASGITransport(app=shop.asgi())
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        for thread in (read(alice.cast)["id"], NOWHERE):
            raw = mallory.write(AMEND, thread, trust.digest(alice.cast))
            answer = await client.post(
                "/opencmr/messages", content=raw, headers={"Content-Type": "application/opencmr+json"}
            )
            answers.append((answer.status_code, sorted(answer.headers.raw), answer.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 409 or answers[0][0] == 404


async def test_anothers_digest_and_an_unknown_one_are_told_alike(shop: Vendor, alice: Alice, mallory: Hand) -> None:
    """In a thread of one's own: as the head, and as the offer that is accepted or declined."""
    answers = await shop.receive(cast := mallory.write(CAST))
    thread, head = read(cast)["id"], trust.digest(answers[1])
    for theirs in (alice.cast, alice.answers[0], alice.offer):
        told, ways = [], []
        for digest in (trust.digest(theirs), NOTHING):
            with statements(shop) as asked:
                told.append(await problem_of(shop.receive(mallory.write(AMEND, thread, digest))))
            ways.append(asked)
        assert told[0] == told[1]
        assert ways[0] == ways[1]
    refused = []
    for id_, digest in ((read(alice.offer)["id"], trust.digest(alice.offer)), (NOWHERE, NOTHING)):
        said = mallory.write(offer.Decline(offer=Ref(id=id_, digest=digest), reason="price"), thread, head)
        body = read((await shop.receive(said))[0])["body"]
        refused.append({name: value for name, value in body.items() if name != "of"})
    assert refused[0] == refused[1]


async def test_a_thread_named_like_anothers_is_ones_own_and_harms_nobody(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    """Ids are chosen by their senders. What is alike in two relationships has nothing in common."""
    before = held(street, alice.hand.did)
    ids = [read(raw)["id"] for raw in (alice.cast, alice.grant)]
    await shop.receive(mallory.write(CAST, id=ids[0]))
    receipt = (await shop.receive(mallory.write(consent.Withdraw(), ids[1])))[0]
    assert read(receipt)["body"] == {"of": read(receipt)["body"]["of"], "outcome": "moot", "state": "none"}
    await shop.receive(mallory.write(intent.Withdraw(), ids[0]))
    assert held(street, alice.hand.did) == before
    assert shop.may(alice.hand.did, **MARKETING)
    assert not shop.may(mallory.did, **MARKETING)
    assert shop.history(alice.hand.did).threads[ids[0]].state == "open"
    # And she goes on in her own.
    said = alice.hand.write(intent.Withdraw(), ids[0], trust.digest(alice.offer))
    assert read((await shop.receive(said))[0])["body"]["state"] == "withdrawn"


# What is known (check 2)


async def test_who_proves_nothing_learns_nothing_of_who_is_known(street: Street, shop: Vendor, alice: Alice) -> None:
    """Words in the name of a customer, and in that of somebody who never was one."""
    never = street.stranger()
    told = []
    for victim in (alice.hand, never):
        forged = Hand(victim.did, SHOP, street.stranger().key, trust.key_url(victim.did), street.clock)
        told.append(
            [
                await problem_of(shop.receive(forged.write(CAST))),
                await problem_of(shop.receive(forged.write(AMEND, read(alice.cast)["id"], NOTHING))),
                await problem_of(shop.collect(forged.write(core.Collect()))),
                await problem_of(shop.collect(forged.write(core.Collect(wait=30)))),
            ]
        )
    assert told[0] == told[1]
    assert {each["type"].partition("#")[2] for each in told[0]} == {"bad-signature"}


@pytest.mark.requirement("RCV-6", "RCV-7")
async def test_check_2_answers_only_whoever_has_seen_the_message(
    street: Street, shop: Vendor, alice: Alice, mallory: Hand
) -> None:
    copied = await shop.receive(alice.cast)
    assert copied == alice.answers[:1]  # the receipt, and not what was replied
    # An id says nothing under another's name, and a digest nothing without the bytes.
    same_id = mallory.write(CAST, id=read(alice.cast)["id"])
    assert read((await shop.receive(same_id))[0])["body"]["outcome"] == "accepted"
    with pytest.raises(Conflict):
        await shop.receive(trust.canonicalize({**read(alice.cast), "ext": {"urn:x": {}}}))
    for raw in (alice.offer, alice.answers[0]):  # the vendor's own words come back to nobody
        assert (await problem_of(shop.receive(raw)))["type"].endswith("#wrong-addressee")


@pytest.mark.parametrize(
    "sender", ["", "\0", "did:key:z6Mk\0", "did:key:" + "z" * 60_000, "%", "' OR 1=1 --", 7, {}, []]
)
@pytest.mark.parametrize("id_", ["urn:x", "\0", "' OR 1=1 --", "z" * 4000, 7, None])
async def test_a_name_that_is_none_finds_nobody(shop: Vendor, alice: Alice, sender: Any, id_: Any) -> None:
    document = {**read(alice.cast), "from": sender, "id": id_}
    problem = await problem_of(shop.receive(trust.canonicalize({k: v for k, v in document.items() if v is not None})))
    assert problem["type"].endswith(("#malformed",))
    assert problem["fault"] == "sender"
