"""A customer and a vendor who sign, in the pure core: no store, no network. They say what a test wants."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from opencmr import trust
from opencmr.errors import Problem
from opencmr.messages import VERSION, Body, Message, consent, intent, offer, order, terms, validate, validate_envelope
from opencmr.messages.consent import GrantItem, Notice, RequestItem
from opencmr.messages.types import Money, Party, Ref, Want
from opencmr.protocol import History, instant, is_narrowing, moment, roster, settle
from opencmr.protocol.arrangement import Arrangement, Piece, arrange
from opencmr.protocol.evidence import Evidence, Exhibit, folded, records_of
from opencmr.protocol.manifest import file_of
from opencmr.testing import envelope

SHOP, OTHER = "did:web:shop.example", "did:web:other.example"
NOON = "2026-07-01T12:00:00.000Z"
NEW_YEAR = "2027-01-01T00:00:00.000Z"
NEWS = GrantItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
GRANT = consent.Grant(items=[NEWS], until=NEW_YEAR, statement="You may write to me.")
REQUEST = consent.Request(
    items=[RequestItem(key="news", purposes=["dpv:DirectMarketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])],
    controller=[Party(name="Shop", role="controller")],
    notice=Notice(url="https://shop.example/notice", digest=roster.ref("SD-BASE").digest, lang="en"),
    until=NEW_YEAR,
)
CAST = intent.Cast(wants=[Want(name="boots")], terms=[roster.ref("SD-BASE")], standing="ready")
PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
ACCEPT = terms.Accept(terms=roster.ref("SD-BASE"))
_ASIS: Any = object()


def an_offer(amount: str = "49.00", **more: Any) -> offer.Make:
    """Boots at this price."""
    line = offer.Line(name="Boots", price=Money(amount, "EUR"))
    return offer.Make(lines=[line], total=Money(amount, "EUR"), under=roster.ref("SD-BASE"), **more)


class Dialogue:
    """One relationship. A word takes a minute; both sides hold all that was said, unless a test says otherwise.

    Attributes:
        now: The time of what does not say another.
        history: The relationship as the vendor's words fold it.
        raws: All that was signed, as it was said.
    """

    def __init__(self, vendor: str = SHOP, *, key: int = 1) -> None:
        self.keys = [trust.SigningKey(bytes([key + number]) * 32) for number in (0, 100)]
        self.customer_did, self.vendor_did = self.keys[0].did, vendor
        self.now = NOON
        self.history = History()
        self.raws: list[bytes] = []
        self.prior: str | None = None
        self.seen: str | None = None
        self._ids = 0
        self._seed = key

    @property
    def pair(self) -> tuple[str, str]:
        """The relationship."""
        return self.customer_did, self.vendor_did

    def later(self, **by: int) -> str:
        """Let time pass."""
        self.now = self.after(**by)
        return self.now

    def after(self, **by: int) -> str:
        """An instant that far from now."""
        return instant(moment(self.now) + timedelta(**by))

    def id(self) -> str:
        """A new id."""
        self._ids += 1
        return f"urn:uuid:{self._ids:08x}-0000-4000-8000-{self._seed:012x}"

    def sign(self, side: str, document: dict[str, Any]) -> bytes:
        """Sign a document as one of the two."""
        key = self.keys[side == "vendor"]
        url = f"{self.vendor_did}#key-1" if side == "vendor" else trust.key_url(self.customer_did)
        return trust.sign(document, key, url)

    def document(self, side: str, body: Body | dict[str, Any], thread: str | None, **members: Any) -> dict[str, Any]:
        """An unsigned message; members that are none are left out."""
        self.later(minutes=1)
        from_, to = self.pair if side == "customer" else self.pair[::-1]
        type_, said = (body.type, body.wire()) if isinstance(body, Body) else (members.pop("type"), body)
        id_, created = members.pop("id", None) or self.id(), members.pop("at", None) or self.now
        return envelope(type_, said, id_=id_, from_=from_, to=to, created=created, thread=thread, **members)

    # The customer

    def write(
        self, body: Body, thread: str | None = None, *, prior: Any = _ASIS, seen: Any = _ASIS, **members: Any
    ) -> bytes:
        """A customer's word, signed; it goes nowhere yet."""
        if type(body).expires in ("must", "customer"):
            members.setdefault("expires", self.after(days=7))
        prior, seen = (self.prior if prior is _ASIS else prior), (self.seen if seen is _ASIS else seen)
        raw = self.sign("customer", self.document("customer", body, thread, prior=prior, seen=seen, **members))
        self.prior = trust.digest(raw)
        return raw

    def say(self, body: Body, thread: str | None = None, **members: Any) -> str:
        """The customer says it, and the vendor answers as it has to. Returns the thread."""
        raw = self.write(body, thread, **members)
        self.answer(raw)
        return str(json.loads(raw)["thread"])

    def take(self, entry: bytes, **members: Any) -> bytes | None:
        """The customer's receipt for a vendor's message that was just said."""
        message = validate_envelope(json.loads(entry))
        thread = self.history.threads[message.thread]
        outcome = thread.entries[-1].outcome
        said = {"outcome": outcome, "state": thread.state}
        return self.receipt("customer", entry, said, **members)

    # The vendor

    def answer(self, raw: bytes, said: dict[str, Any] | None = None, **members: Any) -> bytes:
        """The vendor's receipt for a customer's word; what it says is what the rules say, unless it is said here.

        Raises:
            Problem: It can't be decided, and is not answered.
        """
        message, digest = validate(json.loads(raw)), trust.digest(raw)
        if said is None:
            self.later(minutes=1)
            settled = settle(message, digest, history=self.history, now=members.get("at") or self.now)
            said = {"outcome": settled.outcome, "state": settled.thread.state}
            if settled.problem is not None:
                said = {"outcome": "refused", "problem": settled.problem.as_dict()}
        self.raws.append(raw)
        receipt = self.receipt("vendor", raw, said, **members)
        self.history.follow(validate(json.loads(receipt)), trust.digest(receipt), of=message)
        self.seen = self.history.chain.tip
        return receipt

    def receipt(self, side: str, of: bytes, said: dict[str, Any], **members: Any) -> bytes:
        """A signed receipt. A vendor's goes on from its last word."""
        if side == "vendor":
            members = {"number": self.history.chain.next, "prior": self.history.chain.tip, **members}
        thread = members.pop("thread", None) or json.loads(of)["thread"]
        document = self.document(side, {"of": trust.digest(of), **said}, thread, type="receipt", **members)
        raw = self.sign(side, document)
        self.raws.append(raw)
        return raw

    def tell(self, body: Body, thread: str | None = None, *, taken: bool = True, **members: Any) -> str:
        """The vendor says it, right or wrong, and the customer takes it in. Returns the thread."""
        if type(body).expires == "must":
            members.setdefault("expires", self.after(days=2))
        members = {"number": self.history.chain.next, "prior": self.history.chain.tip, **members}
        raw = self.sign("vendor", self.document("vendor", body, thread, **members))
        self.raws.append(raw)
        message = validate(json.loads(raw))
        _, why = self.history.follow(message, trust.digest(raw))
        self.seen = self.history.chain.tip
        if taken and why is None:
            self.take(raw)
        elif taken:
            self.receipt("customer", raw, {"outcome": "refused", "problem": why.as_dict()})
        return message.thread

    # What it leaves

    @property
    def pieces(self) -> list[Piece]:
        """All that was said."""
        return [piece_of(raw, position) for position, raw in enumerate(self.raws)]

    @property
    def arranged(self) -> Arrangement:
        """The same in its order."""
        return arrange(self.pieces)

    def ordered(self) -> list[bytes]:
        """The bytes in the order in which they are written down."""
        return [self.raws[piece.position] for piece in self.arranged.order]

    def did_document(self) -> bytes:
        """What the vendor publishes."""
        keys = {f"{self.vendor_did}#key-1": self.keys[1].public}
        return trust.canonicalize(trust.document_for(self.vendor_did, keys, "https://shop.example/opencmr"))


def conversation() -> tuple[Dialogue, Dialogue]:
    """A customer with two shops: terms, a consent taken back, an order, refusals; 20 messages and their receipts."""
    plain, picky = Dialogue("did:web:plain.example", key=1), Dialogue("did:web:picky.example", key=2)
    agreed = plain.say(PROFFER)
    plain.tell(ACCEPT, agreed)
    asked = plain.tell(REQUEST)
    plain.say(consent.Grant(items=[NEWS], until=NEW_YEAR), asked)
    wish = plain.say(CAST)
    plain.tell(an_offer(), wish)
    made = ref_of(plain.raws[-2])
    plain.say(offer.Accept(offer=made, total=Money("49.00", "EUR")), wish)
    plain.tell(order.Confirm(reference="R1", total=Money("49.00", "EUR")), wish)
    home = {"addressLocality": "Kiel"}
    plain.say(order.Disclose(discloses=[order.OrderDatum(data="pd:PhysicalAddress", value=home)]), wish)
    before = plain.seen
    plain.tell(order.Fulfil(status="shipped"), wish)
    plain.say(intent.Amend(**dict(CAST)), wish, seen=before)  # refused as stale
    plain.say(intent.Amend(**dict(CAST)), wish)  # refused for the state
    plain.say(consent.Withdraw(), asked)
    plain.say(consent.Withdraw(), asked)  # moot
    agreed = picky.say(PROFFER)
    picky.tell(terms.Counter(terms=roster.ref("SD-BASE-A")), agreed)
    picky.say(terms.Accept(terms=roster.ref("SD-BASE-A")), agreed)
    wish = picky.say(CAST)
    picky.tell(an_offer("51.00"), wish)
    picky.say(intent.Withdraw(), wish)
    return plain, picky


def at_random(dice: random.Random, *, forging: bool = False) -> Dialogue:
    """A conversation at random with an honest vendor; the customer may name whatever it likes as `prior` and `seen`."""
    one = Dialogue(key=dice.randrange(1, 50))
    consents: list[str] = []
    agreements: list[str] = []
    wishes: list[str] = []
    offers: list[tuple[Ref, str]] = []
    for _ in range(dice.randrange(4, 14)):
        named: dict[str, Any] = {}
        if forging:
            said = [trust.digest(raw) for raw in one.raws] + ["zQm" + dice.choice("23456789") * 44]
            seen = [None, *one.history.chain.digests]
            named = {"prior": dice.choice([None, *said]), "seen": dice.choice(seen)}
        if dice.random() < 0.2:
            named["at"] = one.after(minutes=dice.randrange(-20, 4))
        turn = dice.randrange(12)
        try:
            match turn:
                case 0:
                    agreements.append(one.say(PROFFER, **named))
                case 1 if agreements:
                    one.tell(ACCEPT, dice.choice(agreements))
                case 2:
                    consents.append(one.say(GRANT, **named))
                case 3:
                    consents.append(one.tell(REQUEST, taken=dice.random() < 0.9))
                case 4 if consents:
                    one.say(consent.Grant(items=[NEWS], until=NEW_YEAR), dice.choice(consents), **named)
                case 5 if consents:
                    one.say(consent.Withdraw(), dice.choice(consents), **named)
                case 6:
                    wishes.append(one.say(CAST, **named))
                case 7 if wishes:
                    one.tell(an_offer(), wishes[-1])
                    offers.append((ref_of(one.raws[-2]), wishes[-1]))
                case 8 if offers:
                    made, wish = dice.choice(offers)
                    one.say(offer.Accept(offer=made, total=Money("49.00", "EUR")), wish, **named)
                case 9 if wishes:
                    one.say(intent.Withdraw(), dice.choice(wishes), **named)
                case 10 if agreements:
                    one.say(terms.Terminate(), dice.choice(agreements), **named)
                case 11 if consents:
                    basis = ref_of(dice.choice([raw for raw in one.raws if b"consent." in raw]))
                    one.tell(an_offer(basis=basis))
        except Problem as problem:
            if not problem.retry:  # else it is not answered, and has no place
                raise
        if dice.random() < 0.2:
            one.write(CAST)  # it never arrives
    return one


def piece_of(raw: bytes, position: int = 0) -> Piece:
    """A message as a piece of evidence; its signature is not looked at."""
    document = json.loads(raw)
    message: Message[Any]
    try:
        message, fault = validate(document), None
    except Problem as problem:
        message, fault = validate_envelope(document), problem
    return Piece(f"{position}", trust.digest(raw), message, fault, position)


def put_forward(
    *dialogues: Dialogue, raws: Sequence[bytes] | None = None, part: Iterable[str] | None = None
) -> Evidence:
    """Evidence of these relationships; of other bytes than were said, where a test says so. The records are true."""
    those = sorted(dialogues, key=lambda one: one.pair)
    raws = [raw for one in those for raw in one.ordered()] if raws is None else raws
    threads = frozenset(part) if part is not None else None
    folds = []
    for one in those:
        pieces = [piece_of(raw, position) for position, raw in enumerate(raws)]
        mine = [piece for piece in pieces if {piece.message.from_, piece.message.to} == set(one.pair)]
        records = records_of(folded(arrange(mine), threads))
        fold = trust.canonicalize({"customer": one.customer_did, "vendor": one.vendor_did, "records": records})
        folds.append(Exhibit(f"folds/{one.customer_did[-4:]}.json", fold))
    dids = [Exhibit(f"dids/{one.vendor_did[8:]}.json", one.did_document()) for one in those]
    return Evidence(exhibits(raws), dids, folds, threads)


def write_folder(folder: Path, evidence: Evidence) -> Path:
    """The evidence as a folder with its manifest."""
    listed: dict[str, list[dict[str, Any]]] = {"messages": [], "dids": [], "folds": []}
    for each in (*evidence.messages, *evidence.dids, *evidence.folds):
        (folder / each.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / each.name).write_bytes(each.raw)
        kind, document = each.name.partition("/")[0], json.loads(each.raw)
        stated = {
            "messages": {"number": len(listed["messages"]) + 1, "type": document.get("type")},
            "dids": {"did": document.get("id")},
            "folds": {"customer": document.get("customer"), "vendor": document.get("vendor")},
        }[kind]
        listed[kind].append({"file": each.name, "digest": trust.digest(each.raw), **stated})
    part = {"part": {"threads": sorted(evidence.part)}} if evidence.part else {}
    (folder / "manifest.json").write_bytes(trust.canonicalize({"opencmr": VERSION, **listed, **part}))
    return folder


def exhibits(raws: Iterable[bytes]) -> list[Exhibit]:
    """Messages under the names that they have in a folder."""
    made = []
    for number, raw in enumerate(raws, start=1):
        type_ = json.loads(raw)["type"]
        made.append(Exhibit(file_of(number, type_), raw, trust.digest(raw), {"type": type_}))
    return made


def ref_of(raw: bytes) -> Ref:
    """A reference to a message."""
    return Ref(id=json.loads(raw)["id"], digest=trust.digest(raw))


def number_of(raw: bytes) -> int | None:
    """The number of a vendor's word."""
    number: int | None = json.loads(raw).get("number")
    return number


def is_no(raw: bytes) -> bool:
    """Whether it is a no-word of the customer's."""
    return is_narrowing(json.loads(raw)["type"], "customer")
