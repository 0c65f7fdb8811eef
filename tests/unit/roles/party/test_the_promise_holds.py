"""What a hostile peer tried, with the SDK on the other side; named after what it was tried with.

The same kinds on the pure core: `tests/unit/protocol`, `tests/properties`. Here are real stores, wallets and vendors.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opencmr import Draft, Vendor, consent, intent, offer, terms, trust
from opencmr.errors import OpenCMRError, Overloaded, Problem, Unreachable
from opencmr.messages.personal import Datum
from opencmr.messages.types import Ref, Rule, TermsDocument, TermsRef
from opencmr.protocol import instant, roster
from opencmr.roles import CustomerRelationship
from opencmr.roles.party.histories import Histories
from opencmr.store import Rows
from opencmr.testing import StandingClock
from parties import CAST, GRANT, MARKETING, NEW_YEAR, NEWS, REQUEST, SHOP, Street, an_offer, read

LAX = TermsDocument(
    id="https://alice.example/terms/lax", version="1", title="Lax",
    rules=[
        Rule(effect="permit", action="dpv:Use", purpose="dpv:DirectMarketing", data="pd:EmailAddress", by=["vendor"]),
        Rule(effect="permit", action="dpv:Use", purpose="dpv:RequestedServiceProvision", by=["vendor"]),
    ],
)  # fmt: skip
STRICT = TermsDocument(
    id="https://alice.example/terms/strict", version="1", title="Strict",
    rules=[
        Rule(effect="permit", action="dpv:Use", purpose="dpv:RequestedServiceProvision", by=["vendor"]),
        Rule(effect="prohibit", action="dpv:Use", purpose="dpv:DirectMarketing", by=["vendor"]),
    ],
)  # fmt: skip
PLAIN = TermsDocument(
    id="https://alice.example/terms/plain", version="1", title="Plain",
    rules=[Rule(effect="permit", action="dpv:Use", purpose="dpv:RequestedServiceProvision", by=["vendor"])],
)  # fmt: skip


def named(document: TermsDocument) -> TermsRef:
    return TermsRef(id=document.id, digest=roster.digest_of(document))


@pytest.fixture
def shop(street: Street) -> Vendor:
    return street.vendor(accepts=["SD-BASE"])


@pytest.fixture
async def rel(street: Street, shop: Vendor) -> CustomerRelationship:
    return await street.customer().meet(SHOP)


async def given_and_withdrawn(rel: CustomerRelationship) -> None:
    given = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until=NEW_YEAR
    )
    await given.withdraw()


@pytest.mark.requirement("SEQ-28", "SEQ-4")
async def test_01_a_grant_placed_after_its_withdrawal_is_void_and_told(
    street: Street, rel: CustomerRelationship, shop: Vendor
) -> None:
    thread = await shop_asks(street, rel, shop)
    hand, wire = street.vendors_hand(rel), street.wire
    wire.stated = Overloaded("busy")
    with pytest.raises(Problem):
        await rel.say(consent.Grant(items=[NEWS], until=NEW_YEAR), thread)
    grant = wire.sent[-1]
    wire.stated = None
    answers = {"consent.withdraw": "refused", "consent.grant": "given"}

    async def send(_: str, raw: bytes) -> list[bytes]:
        if raw == grant and not rel.thread(thread).entries[1:]:  # type: ignore[union-attr]
            raise Overloaded("busy")
        return [hand.receipt(raw, "accepted", body={"state": answers[read(raw)["type"]]})]

    wire.send = send  # type: ignore[method-assign]
    street.clock.move(60)
    await rel.say(consent.Withdraw(), thread)
    assert not rel.may(**MARKETING)
    street.clock.move(60)
    await rel.flush()
    entries = rel.history.threads[thread].entries
    assert [(entry.type, entry.outcome) for entry in entries] == [
        ("consent.request", "accepted"), ("consent.withdraw", "accepted"), ("consent.grant", "void"),
    ]  # fmt: skip
    assert not rel.may(**MARKETING)
    assert len(rel.misconduct) == 1


async def shop_asks(street: Street, rel: CustomerRelationship, shop: Vendor) -> str:
    await rel.agreements.proffer("SD-BASE")
    thread = await shop.say(rel.me, REQUEST)
    await rel.collect()
    return thread


@pytest.mark.requirement("SEQ-25")
async def test_02_expired_words_bind_nobody_though_the_vendor_accepts_them(
    street: Street, rel: CustomerRelationship, shop: Vendor
) -> None:
    shop.on(intent.Cast)(lambda *_: Draft(an_offer(), expires=timedelta(days=365)))
    await rel.agreements.proffer("SD-BASE")
    thread = await rel.say(CAST)
    (made,) = rel.records[thread].offers  # type: ignore[union-attr]
    hand, wire = street.vendors_hand(rel), street.wire
    wire.stated = Overloaded("busy")
    for body, where in ((offer.Accept(offer=made.ref, total=made.body.total), thread), (GRANT, None)):
        with pytest.raises(Problem):
            await rel.say(Draft(body, expires=timedelta(hours=1)), where)
    wire.stated = None
    street.clock.move(timedelta(days=30))

    async def send(_: str, raw: bytes) -> list[bytes]:
        state = "ordered" if read(raw)["type"] == "offer.accept" else "given"
        return [hand.receipt(raw, "accepted", body={"state": state})]

    wire.send = send  # type: ignore[method-assign]
    await rel.flush()
    assert rel.history.threads[thread].state == "open"
    assert not rel.may(**MARKETING)
    assert [each.code for each in rel.noticed] == ["other-outcome"] * 2


@pytest.mark.requirement("SEQ-21", "TRM-10")
@pytest.mark.parametrize("how", ["an offer", "an old proffer", "a proffer of a year ago"])
async def test_03_nothing_that_the_vendor_says_lifts_a_withdrawal(
    street: Street, rel: CustomerRelationship, shop: Vendor, how: str
) -> None:
    shop.accept()
    shop.on(terms.Proffer)(lambda *_: None)
    data = [Datum(data="pd:EmailAddress", value="a@b.example")]
    asked: dict[str, Any] = dict(MARKETING)
    if how == "an offer":
        wish = intent.Cast(wants=CAST.wants, terms=[TermsRef(document=LAX)], standing="ready", discloses=data)
        thread = await rel.say(wish)
        asked["thread"] = thread
        say: Any = (an_offer().model_copy(update={"under": named(LAX)}), thread)
        await shop.say(rel.me, *say)
    else:
        expires = None if how == "an old proffer" else timedelta(days=7)
        old = await rel.say(Draft(terms.Proffer(choices=[TermsRef(document=LAX)]), expires=expires))
        new = await rel.say(terms.Proffer(choices=[TermsRef(document=STRICT)]))
        await shop.say(rel.me, terms.Accept(terms=named(STRICT)), new)
        say = (terms.Accept(terms=named(LAX)), old)
    await rel.collect()
    await given_and_withdrawn(rel)
    assert not rel.may(**asked)
    street.clock.move(timedelta(days=400 if expires_long(how) else 20))
    with suppress(OpenCMRError):  # an honest vendor can't say it; a hostile one does
        await shop.say(rel.me, *say)
    hand = street.vendors_hand(rel)
    street.wire.mail = [hand.write(say[0], say[1], **({"expires": None} if how != "an offer" else {"expires": NEXT}))]
    await rel.collect()
    assert not rel.may(**asked)
    assert not shop.may(rel.me, **asked)


NEXT = "2028-01-01T00:00:00.000Z"


def expires_long(how: str) -> bool:
    return how == "a proffer of a year ago"


@pytest.mark.requirement("SEQ-21", "DEC-13")
async def test_05_offline_the_customers_own_order_holds(
    street: Street, rel: CustomerRelationship, shop: Vendor
) -> None:
    old = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until=NEW_YEAR
    )
    street.wire.down.add(SHOP)
    for word in (rel.say(GRANT), old.withdraw()):
        street.clock.move(60)
        with pytest.raises(Unreachable):
            await word
    assert not rel.may(**MARKETING), "before anybody has heard of it"
    street.wire.down.clear()
    await rel.sync()
    assert [rel.may(**MARKETING).answer, shop.may(rel.me, **MARKETING).answer] == ["deny", "deny"]


@pytest.mark.requirement("SEQ-21", "DEC-13")
async def test_05_the_other_way_round_a_yes_after_a_no_is_a_yes(
    street: Street, rel: CustomerRelationship, shop: Vendor
) -> None:
    old = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until=NEW_YEAR
    )
    street.wire.down.add(SHOP)
    for word in (old.withdraw(), rel.say(GRANT)):
        street.clock.move(60)
        with pytest.raises(Unreachable):
            await word
    street.wire.down.clear()
    await rel.sync()
    assert [rel.may(**MARKETING).answer, shop.may(rel.me, **MARKETING).answer] == ["permit", "permit"]


@pytest.mark.requirement("SEQ-27", "SEQ-24", "SEQ-22")
async def test_14_a_withdrawal_is_not_postdated_by_waiting(
    street: Street, rel: CustomerRelationship, clock: StandingClock
) -> None:
    given = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until="2028-01-01"
    )
    hand = street.vendors_hand(rel)
    late = "2026-09-01T00:00:00.000Z"
    street.wire.slip = lambda _: [hand.receipt(street.wire.sent[-1], body={"state": "withdrawn"}, created=late)]
    await given.withdraw()
    assert [each.code for each in rel.noticed] == ["date-ahead"], "the person is told, and the receipt is kept"
    assert given.state == "withdrawn"
    august = datetime.fromisoformat("2026-08-15T00:00:00+00:00")
    assert not rel.may(**MARKETING, at=august), "from when it was said"
    clock.move(60)
    await rel.say(GRANT)  # a word that has seen the receipt, and is dated months before it
    assert [each.code for each in rel.noticed] == ["date-ahead", "disputed"]
    assert rel.misconduct == [], "whose clock was wrong can't be told"


@pytest.mark.requirement("SEQ-29", "RCV-6")
async def test_15_what_proves_a_vendor_wrong_is_kept_for_good(
    street: Street, rel: CustomerRelationship, tmp_path: Path
) -> None:
    hand = street.vendors_hand(rel)
    await rel.say(terms.Proffer(choices=[roster.ref("SD-BASE")]))
    one = hand.write(REQUEST)
    two = hand.write(consent.Request(**{**dict(REQUEST), "items": REQUEST.items[:1]}), id=read(one)["id"])
    for raw in (one, two):
        street.wire.mail = [raw]
        await rel.collect()
    again = street.customer().relationships()[0]
    assert [each.code for each in again.noticed] == ["conflict"]
    assert len(again.misconduct) == 1
    kept = {each.digest for each in again._store.read(lambda rows: rows.everything(1))}
    assert {trust.digest(one), trust.digest(two)} <= kept


@pytest.mark.requirement("SEQ-18", "SEQ-22")
async def test_22_one_glitch_of_a_clock_harms_one_word_at_most(street: Street, clock: StandingClock) -> None:
    skew = [timedelta(0)]
    shop = street.vendor(accepts=["SD-BASE"], clock=lambda: clock() + skew[0])
    rel = await street.customer().meet(SHOP)
    given = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until="2030-01-01"
    )
    skew[0] = timedelta(days=730)
    with suppress(OpenCMRError):
        await rel.agreements.proffer("SD-BASE")
    skew[0] = timedelta(0)
    clock.move(3600)
    await given.withdraw()
    assert (rel.waiting, given.state) == (0, "withdrawn")
    assert [rel.may(**MARKETING).answer, shop.may(rel.me, **MARKETING).answer] == ["deny", "deny"]
    clock.move(1)
    assert not shop.may(rel.me, **MARKETING, at=clock()), "the next right word is right again"
    entry = shop.history(rel.me).threads[given.thread].entries[-1]
    assert entry.at == instant(clock() - timedelta(seconds=1))
    assert (
        await rel.consents.grant(purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], until=NEW_YEAR)
    ).state == "given"


@pytest.mark.requirement("DEC-7", "SEQ-21")
async def test_what_a_vendor_says_it_heard_takes_no_later_no_its_force(
    street: Street, rel: CustomerRelationship, shop: Vendor
) -> None:
    shop.on(terms.Proffer)(lambda *_: None)
    thread = await shop_asks(street, rel, shop)
    heard = consent.Heard(where="telephone", when="2026-01-01T00:00:00.000Z")
    await shop.say(rel.me, consent.Withdraw(heard=heard), thread)
    await rel.collect()
    lax = await rel.say(terms.Proffer(choices=[TermsRef(document=LAX)]))
    await rel.say(consent.Refuse(), thread)  # finds nothing left to refuse; it is the last word all the same
    await shop.say(rel.me, terms.Accept(terms=named(LAX)), lax)
    await rel.collect()
    assert rel.may(**MARKETING).reason == shop.may(rel.me, **MARKETING).reason == "refused"
    await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until=NEW_YEAR
    )
    assert rel.may(**MARKETING)


@pytest.mark.requirement("TRM-10", "OFR-8")
@pytest.mark.parametrize("how", ["another offer", "an acceptance"])
async def test_an_offer_brings_nothing_back_that_later_terms_for_the_thread_have_ended(
    rel: CustomerRelationship, shop: Vendor, how: str
) -> None:
    made = Draft(an_offer(under="SD-BASE").model_copy(update={"under": named(LAX)}), expires=timedelta(days=30))
    shop.accept()
    shop.on(intent.Cast)(lambda *_: made)
    shop.on(terms.Proffer)(lambda *_: terms.Accept(terms=named(PLAIN)))
    datum = Datum(data="pd:EmailAddress", value="alice@example.com")
    cast = CAST.model_copy(update={"terms": [TermsRef(document=LAX)], "discloses": [datum]})
    thread = await rel.say(cast)
    question = {**MARKETING, "thread": thread}
    assert rel.may(**question)
    scope = Ref(id=thread, digest=rel.history.threads[thread].entries[0].digest)
    await rel.say(terms.Proffer(choices=[TermsRef(document=PLAIN)], scope=scope))
    assert not rel.may(**question)
    if how == "another offer":
        await shop.say(rel.me, made, thread)
        await rel.collect()
    else:
        first = rel.history.threads[thread].record.offers[0]  # type: ignore[union-attr]
        await rel.say(offer.Accept(offer=first.ref, total=first.body.total), thread)
    assert rel.may(**question).reason == shop.may(rel.me, **question).reason == "agreement-ended"
    assert rel.may(**{**question, "purpose": "dpv:RequestedServiceProvision"})


async def test_what_a_vendor_signs_costs_work_once(
    street: Street, rel: CustomerRelationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words each show something, and fill page after page: nothing is folded or looked up anew for each."""
    await rel.agreements.proffer("SD-BASE")
    await rel.collect()
    hand, ahead = street.vendors_hand(rel), "2031-01-01T00:00:00.000Z"
    pages = [[hand.write({}, type="shop.example", created=ahead) for _ in range(10)] for _ in range(5)]
    looked: list[str] = []
    for kind, name in ((Histories, "replay"), (Rows, "add_findings")):
        whole = getattr(kind, name)
        monkeypatch.setattr(kind, name, lambda *args, whole=whole, name=name: (looked.append(name), whole(*args))[1])

    async def collect(*_: object) -> tuple[list[bytes], bool]:
        return (pages.pop(0), True) if pages else ([], False)

    monkeypatch.setattr(street.wire, "collect", collect)
    await rel.collect()
    assert len(rel.noticed) == 50
    assert (looked.count("replay"), looked.count("add_findings")) == (0, 6)


@pytest.mark.requirement("SEQ-8")
async def test_a_line_that_breaks_for_one_no_keeps_no_other_one_back(
    street: Street, rel: CustomerRelationship, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = await rel.agreements.proffer("SD-BASE")
    given = await rel.consents.grant(
        purpose="dpv:DirectMarketing", data=["pd:EmailAddress"], actions=["dpv:Use"], until=NEW_YEAR
    )
    send = street.wire.send

    async def breaks(endpoint: str, raw: bytes) -> list[bytes]:
        if read(raw)["type"] == "consent.withdraw":
            raise Unreachable("the line broke")
        return await send(endpoint, raw)

    monkeypatch.setattr(street.wire, "send", breaks)
    for body, thread in ((consent.Withdraw(), given.thread), (terms.Terminate(), agreed.thread)):
        with suppress(Unreachable):
            await rel.say(body, thread)
    with suppress(Unreachable):
        await rel.sync()
    assert (agreed.state, rel.waiting) == ("terminated", 1)
    assert not rel.may(**MARKETING)
