"""What a customer's software owes the customer: keys of their own, nothing lost, nothing taken for more than it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import consent, terms, trust
from opencmr.errors import OpenCMRError, Problem, Unreachable, WrongState
from opencmr.protocol import parse, roster, verify
from parties import CAST, GRANT, OTHER, SHOP, Street, Wire, read

PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.mark.requirement("IDN-2", "INT-5")
async def test_an_intent_to_two_vendors_is_two_threads_under_two_keys(street: Street) -> None:
    street.vendor(SHOP)
    street.vendor(OTHER)
    alice = street.customer()
    await alice.cast(CAST, to=[await alice.meet(SHOP), await alice.meet(OTHER)])
    one, other = map(read, street.wire.sent)
    assert {one["to"], other["to"]} == {SHOP, OTHER}
    for member in ("id", "thread", "from"):
        assert one[member] != other[member]
    assert one["proof"]["verificationMethod"] != other["proof"]["verificationMethod"]


@pytest.mark.requirement("IDN-2")
async def test_meeting_a_vendor_again_finds_the_same_key_and_no_other_vendor_has_it(street: Street) -> None:
    street.vendor(SHOP)
    street.vendor(OTHER)
    alice = street.customer()
    first, second = await alice.meet(SHOP), await alice.meet(OTHER)
    assert (await alice.meet(SHOP)).me == first.me != second.me
    assert first.me not in street.folder.joinpath("other.example.db").read_bytes().decode("latin-1")


@pytest.mark.requirement("IDN-6", "IDN-5")
async def test_a_key_that_turns_up_on_the_vendors_site_is_not_pinned(street: Street) -> None:
    shop = street.vendor(SHOP)
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(PROFFER)
    await shop.close()
    street.vendor(SHOP, file="thief")
    again = await alice.meet(SHOP)
    with pytest.raises(OpenCMRError):
        await again.say(PROFFER)
    assert again.waiting == 1
    assert len(again.history.threads) == 1
    assert len(again.misconduct) == 0


@pytest.mark.requirement("IDN-7")
async def test_every_kept_message_can_be_checked_with_the_keys_kept_beside_it(street: Street) -> None:
    shop = street.vendor(SHOP, accepts=["SD-BASE"])
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    await relationship.say(PROFFER)
    await relationship.collect()
    await shop.close()  # nobody is there to ask any more
    store = relationship._store
    (peer,) = store.read(lambda rows: list(rows.peers()))
    kept = store.read(lambda rows: list(rows.everything(peer.number)))
    assert {each.side for each in kept} == {"customer", "vendor"}
    for each in kept:
        document = read(each.raw)
        assert verify(parse(each.raw), me=document["to"], pinned=peer.pinned).digest == each.digest


class Proxy(Wire):
    """Something between the two that delivers a message, and answers with a problem of its own."""

    problem: Problem | None = None

    async def send(self, endpoint: str, raw: bytes) -> list[bytes]:
        answers = await super().send(endpoint, raw)
        if (problem := self.problem) is not None:
            raise problem
        return answers


@pytest.mark.requirement("RCV-3")
async def test_an_unsigned_problem_decides_nothing_the_signed_receipt_does(tmp_path: Path) -> None:
    street = Street(tmp_path, wire=Proxy())
    shop = street.vendor(SHOP)
    relationship = await street.customer().meet(SHOP)
    street.wire.problem = WrongState("says somebody")  # type: ignore[attr-defined]
    with pytest.raises(WrongState):
        await relationship.say(GRANT)
    assert relationship.history.threads == {}
    street.wire.problem = None  # type: ignore[attr-defined]
    await relationship.sync()
    (thread,) = relationship.history.threads.values()
    assert thread.state == "given"
    assert relationship.misconduct == []
    assert shop.history(relationship.me).threads[thread.id].entries == thread.entries
    await street.close()


@pytest.mark.requirement("TRN-6")
async def test_what_is_undecided_is_sent_again_with_the_same_bytes(street: Street) -> None:
    street.vendor(SHOP)
    relationship = await street.customer().meet(SHOP)
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await relationship.say(GRANT)
    street.clock.move(3600)
    await relationship.sync()
    assert len(street.wire.sent) == 2
    assert street.wire.sent[0] == street.wire.sent[1]
    assert [thread.state for thread in relationship.history.threads.values()] == ["given"]


@pytest.mark.requirement("TRN-6")
async def test_it_is_sent_again_with_the_same_bytes_after_a_restart(street: Street) -> None:
    street.vendor(SHOP)
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    street.wire.down.add(SHOP)
    with pytest.raises(Unreachable):
        await relationship.say(GRANT)
    (waiting,) = relationship._store.read(lambda rows: rows.with_status(1, "pending"))
    await alice.close()
    street.wire.down.clear()
    await (await street.customer().meet(SHOP)).sync()
    assert trust.digest(street.wire.sent[0]) == waiting.digest


@pytest.mark.requirement("TRN-8", "TRN-7")
async def test_a_collect_has_seen_only_what_has_been_stored(street: Street) -> None:
    shop = street.vendor(SHOP)
    alice = street.customer()
    relationship = await alice.meet(SHOP)
    thread = await relationship.say(GRANT)
    await relationship.collect()
    heard = consent.Heard(where="by telephone", when="2026-07-01T11:00:00.000Z")
    await shop.say(relationship.me, consent.Withdraw(heard=heard), thread)
    street.wire.lose = 1
    with pytest.raises(Unreachable):
        await relationship.collect()
    await relationship.collect()
    lost, again = (read(raw)["seen"] for raw in street.wire.collects[-2:])
    receipt, withdrawal = shop.history(relationship.me).chain.digests
    assert lost == again == receipt  # the lost answer has moved nothing
    await relationship.collect()
    assert read(street.wire.collects[-1])["seen"] == withdrawal
    await alice.close()
    (kept,) = (await street.customer().meet(SHOP)).history.threads.values()
    assert kept.state == "withdrawn"
