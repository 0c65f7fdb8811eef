"""A conversation full of secrets, with everything logged and measured that can be: none of them is told.

Every text that a party writes, every name that a stranger makes up and every secret of the operator's holds one word.
That word, and no key, may stand in a log record at DEBUG, in a span or in a metric.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from opencmr import Draft, Money, Vendor, Want, consent, intent, offer, order
from opencmr.errors import HandlerFailed, Malformed, OpenCMRError, Problem, Replayed, StoreError, UnknownThread
from opencmr.messages import core
from opencmr.messages.consent import GrantItem
from opencmr.protocol import roster
from opencmr.roles import Policy
from opencmr.store import Store
from opencmr.trust import SigningKey
from parties import NEW_YEAR, SHOP, Hand, Street, an_offer, code_of, read
from serving import did_of, listening, served
from watching import Watch, watching

WORD = "Xyzzy"
PASSPHRASE = f"open {WORD}"
CAST = intent.Cast(
    wants=[Want(name=f"a present for {WORD}")], terms=[roster.ref("SD-BASE")], standing="ready", note=f"hush {WORD}"
)
GRANT = consent.Grant(
    items=[GrantItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])],
    until=NEW_YEAR,
    statement=f"I, {WORD}, consent",
)


class Records(logging.Handler):
    """Keeps every record, whole."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.kept: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append({**vars(record), "said": record.getMessage()})

    def events(self) -> set[str]:
        return {record["event"] for record in self.kept}


@pytest.fixture
def records() -> Iterator[Records]:
    handler, tree = Records(), logging.getLogger("opencmr")
    tree.addHandler(handler)
    tree.setLevel(logging.DEBUG)
    yield handler
    tree.setLevel(logging.NOTSET)
    tree.removeHandler(handler)


@pytest.fixture
async def street(tmp_path: Path) -> Any:
    street = Street(tmp_path)
    yield street
    await street.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watching() as watch:
        yield watch


def assert_nothing_told(records: Records, watch: Watch, keys: list[str]) -> None:
    told = [repr(record) for record in records.kept]
    told.append(watch.everything())
    for line in told:
        assert WORD.lower() not in line.lower()
        assert not [key for key in keys if key in line]
    assert not [record for record in records.kept if record["exc_info"]], "its text would be printed"


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every key that is made meanwhile, in hex."""
    made: list[str] = []
    begin = SigningKey.__init__

    def noted(self: SigningKey, seed: bytes) -> None:
        made.append(seed.hex())
        begin(self, seed)

    monkeypatch.setattr(SigningKey, "__init__", noted)
    return made


def shop_of(street: Street, **more: Any) -> Vendor:
    shop = street.vendor(accepts=["SD-BASE"], passphrase=PASSPHRASE, **more)

    @shop.on(intent.Cast)
    def quote(cast: Any, _: Any) -> offer.Make:
        line = offer.Line(name=f"{WORD} boots", price=Money("49.00", "EUR"), want=0)
        return offer.Make(lines=[line], total=Money("49.00", "EUR"), under=cast.body.terms[0], note=f"for {WORD}")

    @shop.on(offer.Accept)
    def confirm(accepted: Any, _: Any) -> order.Confirm:
        return order.Confirm(reference=f"{WORD}-1", total=accepted.body.total)

    @shop.after(order.Disclose)
    def ship(disclosed: Any, _: Any) -> None:
        raise ValueError(f"no such street: {disclosed.body}")

    return shop


async def test_a_whole_conversation(street: Street, records: Records, watch: Watch, seeds: list[str]) -> None:
    shop = shop_of(street)
    alice = street.customer(passphrase=PASSPHRASE, policy=Policy(takes=["SD-BASE"]))
    relationship = await alice.meet(SHOP)
    await relationship.agreements.proffer("SD-BASE", note=f"my name is {WORD}")
    await relationship.say(GRANT)
    casting = await alice.cast(CAST, to=relationship)
    ordered = await casting.accept(casting.firm()[0])
    await ordered.disclose({"pd:PhysicalAddress": {"streetAddress": f"1 {WORD} Street"}})
    await alice.sync()
    await shop.close()
    await alice.close()
    assert {"message.received", "mailbox.collected", "handler.failed", "handler.failed.detail"} <= records.events()
    assert len(seeds) >= 2
    assert_nothing_told(records, watch, seeds)


def faulty(she: Hand) -> list[bytes]:
    """A message that fails at each check, and holds the word wherever there is room for it."""
    good = she.write(CAST)
    cut = read(good)
    proof = cut.pop("proof")
    other = Hand(she.did, she.to, SigningKey.generate(), she.method, she.clock)
    far = Hand(she.did, f"did:web:{WORD}.example", she.key, she.method, she.clock)
    named = Hand(she.did, she.to, she.key, f"{she.did}#{WORD}", she.clock)
    thread = "urn:uuid:0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a"
    return [
        f'{{"name": "{WORD}"'.encode(),  # 1
        json.dumps({"type": WORD, "note": f"{WORD} " * 20_000}).encode(),
        json.dumps({"id": WORD, "thread": WORD, "type": f"{WORD}.is.my.name", "from": f"did:key:{WORD}"}).encode(),
        f'{{"note":"{WORD}","price":1.5}}'.encode(),
        far.write(CAST),  # 3
        she.write({**CAST.wire(), WORD: 1}, type="intent.cast"),  # 4
        she.write({WORD: WORD}, type=f"com.example.{WORD}"),
        she.write(CAST, ext={WORD: WORD}),
        she.write(CAST, id=f"urn:uuid:{WORD}"),
        named.write(CAST),  # 5
        other.write(CAST),  # 6
        json.dumps({**cut, "proof": {**proof, "proofValue": WORD}}, sort_keys=True, separators=(",", ":")).encode(),
        she.write(consent.Refuse(reason=WORD), thread, "zQmYKPaDfVPshvopryDahavQWvUnuck7bwiFZTeMXT9b2Eo"),  # 7
        she.write(CAST, created="2026-12-01T00:00:00.000Z"),  # 8
        she.write(CAST, expires="2026-01-01T00:00:00.000Z"),
        she.write({"offer": WORD, "total": WORD}, thread, type="offer.accept"),  # 9
    ]  # fmt: skip


async def test_a_failure_at_each_check(street: Street, records: Records, watch: Watch, seeds: list[str]) -> None:
    shop, she = shop_of(street), street.stranger()
    codes: list[str] = []
    known = she.write(GRANT)
    await shop.receive(known)
    for raw in [*faulty(she), she.write(CAST, id=read(known)["id"])]:
        try:
            answers = await shop.receive(raw)
        except Problem as problem:
            codes.append(problem.code)
        else:
            codes.append(code_of(answers[0]) or "none")
    assert set(codes) >= {"not-json", "too-large", "bad-number", "wrong-addressee", "malformed", "wrong-key",
                          "bad-signature", "too-early", "expired", "conflict", "unsupported-type"}  # fmt: skip

    def raises(_: Any, __: Any) -> Any:
        raise KeyError(WORD)

    def misspeaks(_: Any, __: Any) -> Any:
        return Draft(an_offer(), ext={WORD: WORD})

    def refuses(_: Any, __: Any) -> Any:
        raise UnknownThread(f"{WORD}?", pointer=f"/{WORD}", expected=[WORD])

    for handler in (raises, misspeaks, refuses):
        shop.on(intent.Cast)(handler)
        with pytest.raises(Problem):
            await shop.receive(she.write(CAST))
    for body in ({WORD: WORD}, {"limit": f"{WORD}!"}):
        with pytest.raises(Malformed):
            await shop.collect(she.write(body, type="mailbox.collect"))
    again = she.write(core.Collect())
    await shop.collect(again)
    with pytest.raises(Replayed):
        await shop.collect(again)
    await shop.close()
    assert {"handler.failed", "handler.misspoke"} <= records.events()
    assert_nothing_told(records, watch, seeds)


async def test_a_store_that_fails_and_words_of_a_vendor(
    street: Street, records: Records, watch: Watch, seeds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(street)
    alice = street.customer(passphrase=PASSPHRASE)
    relationship = await alice.meet(SHOP)
    await relationship.agreements.proffer("SD-BASE")

    async def broken(*_: Any, **__: Any) -> Any:
        raise StoreError(f"postgresql://{WORD}:{WORD}@db/shop: Key (raw)=({WORD}) exists")

    with monkeypatch.context() as patched:
        patched.setattr(shop._store, "write", broken)
        with pytest.raises(Problem):
            await relationship.agreements.proffer("SD-BASE", note=WORD)
        patched.setattr(shop.health.store, "read", lambda _: (_ for _ in ()).throw(StoreError(WORD)))
        assert await shop.health.ready() == "store-unreadable"
    await alice.sync()
    street.wire.stated = UnknownThread(f"{WORD}?", pointer=f"/{WORD}", rule=WORD, expected=[WORD])
    with pytest.raises(Problem):
        await relationship.agreements.proffer("SD-BASE")
    street.wire.stated = None
    street.wire.mail = [f'{{"{WORD}":"{WORD}"}}'.encode()]
    await relationship.collect()
    street.wire.down = {SHOP}
    await alice.sync()
    assert {"store.failed", "readiness.changed", "answer.passed-over", "vendor.unanswered"} <= records.events()
    assert_nothing_told(records, watch, seeds)


async def test_a_restore_and_a_clock_that_jumps(
    street: Street, records: Records, watch: Watch, seeds: list[str]
) -> None:
    shop = shop_of(street)
    relationship = await street.customer(passphrase=PASSPHRASE).meet(SHOP)
    await relationship.say(GRANT)
    await relationship.say(CAST)
    await shop.close()
    for file in street.folder.glob("shop.example.db*"):  # the copy is of a time before the two had met
        file.unlink()
    shop = shop_of(street)
    with pytest.raises(Malformed):
        await shop.take_back([street.stranger().write({WORD: WORD}, type="mailbox.collect")])
    await relationship.collect()
    street.clock.move(3600)
    await relationship.say(GRANT)
    assert {"vendor.was-restored", "clock.jumped"} <= records.events()
    assert len(shop.history(relationship.me).threads) == 3
    assert_nothing_told(records, watch, seeds)


async def test_over_http_and_in_the_operators_own_words(
    street: Street, records: Records, watch: Watch, seeds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as bound:
        shop = shop_of(street, did=did_of(bound))
        she = street.stranger(shop.did)

        async def receive(_: bytes, __: str | None) -> Any:
            raise RuntimeError(f"this is a fault, {WORD}")

        with served(shop.asgi(), bound) as base:
            async with httpx.AsyncClient(headers={"Content-Type": "application/opencmr+json"}) as client:
                address = f"{base}/opencmr/messages?token={WORD}"
                answers = [await client.post(address, content=raw, headers={"Cookie": WORD}) for raw in faulty(she)]
                answers.append(await client.post(address, content=b"{", headers={"Content-Type": WORD}))
                answers.append(await client.get(f"{base}/{WORD}"))
                monkeypatch.setattr(shop, "receive", receive)
                answers.append(await client.post(address, content=she.write(CAST)))
        assert {answer.status_code for answer in answers} >= {200, 400, 404, 413, 415, HandlerFailed.status}
    with pytest.raises(OpenCMRError):
        Store(f"sqlite:////{WORD}/{WORD}.db")
    assert "request.failed" in records.events()
    assert_nothing_told(records, watch, seeds)
