"""The customer's store, and a vendor that numbers, links and answers its words as it likes, and hands them out anyhow.

Whatever comes, nothing raises, what is kept folds to what is remembered, and a no that was said denies.
"""

import hashlib
import os
import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson

from opencmr import consent, intent, offer, terms, trust
from opencmr.errors import OpenCMRError, Problem
from opencmr.messages import Body
from opencmr.messages.consent import GrantItem, Notice, RequestItem
from opencmr.messages.types import Money, Party, Want
from opencmr.protocol import History, Question, is_narrowing, roster
from opencmr.protocol.clock import shifted
from opencmr.roles.customer.arrived import Arrived
from opencmr.roles.customer.checking import check_words
from opencmr.roles.customer.transaction import Transactions
from opencmr.roles.party.histories import Histories
from opencmr.roles.party.signing import Draft, Signer
from opencmr.store import Rows, Store
from opencmr.testing import envelope

from .cast import CUSTOMER, CUSTOMER_KEY
from .documents import _folder as scratch
from .folds import mutated_talk
from .target import Target, expect

STEP = 5
"""Bytes a step: who says what, of what, how it is linked, how else, and how far the vendor's clock is off."""
_MOST = 30
"""Steps an input."""
_MANY = 200
"""Relationships of a store before it is opened anew."""
_NOW, _UNTIL = "2026-07-01T12:00:00.000Z", "2027-01-01T00:00:00.000Z"
_KEY = trust.SigningKey(bytes(31) + b"\2")
_SKEWS = (0, 0, 1, 2, -1, 20, -20, 60 * 24 * 400)
"""Minutes."""
_DATA = {"purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
_NEWS = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
_YES = consent.Grant(items=[GrantItem(key="news", **_DATA)], until=_UNTIL, statement="You may write to me.")
_BASE = roster.ref("SD-BASE")
_SAID: tuple[Body, ...] = (
    _YES,
    consent.Withdraw(),
    consent.Refuse(),
    intent.Cast(wants=[Want(name="boots")], terms=[_BASE], standing="ready"),
    terms.Proffer(choices=[_BASE]),
    terms.Terminate(),
    intent.Withdraw(),
)
_ASKED = consent.Request(
    items=[RequestItem(key="news", **_DATA)],
    controller=[Party(name="Shop", role="controller")],
    notice=Notice(url="https://shop.example/notice", digest=_BASE.digest, lang="en"),
    until=_UNTIL,
)
_MADE = offer.Make(
    lines=[offer.Line(name="Boots", price=Money("49.00", "EUR"))], total=Money("49.00", "EUR"), under=_BASE
)
_HEARD: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("consent.request", _ASKED.wire(), {}),
    ("offer.make", _MADE.wire(), {"expires": _UNTIL}),
    ("terms.accept", terms.Accept(terms=_BASE).wire(), {}),
    ("terms.counter", terms.Counter(terms=_BASE).wire(), {}),
    ("consent.withdraw", {"heard": {"where": "shop", "when": _NOW}}, {}),
    ("consent.grant", _YES.wire(), {}),
    ("com.shop.wish", {}, {}),
    ("mailbox.collect", {}, {}),
)


class _Stores:
    """The stores of this process: a wallet's, and one of the same wallet that has lost everything."""

    kept: tuple[Store, Store] | None = None
    used = 0

    @classmethod
    def pair(cls) -> tuple[Store, Store]:
        """Both, anew after so many inputs."""
        if cls.kept is None or cls.used % _MANY == 0:
            for store in cls.kept or ():
                store.close()
            folder = scratch(os.getpid())
            for old in folder.glob("wallet*"):
                old.unlink()
            cls.kept = (Store(folder / "wallet.db"), Store(folder / "wallet-lost.db"))
        cls.used += 1
        return cls.kept


@dataclass
class _Holder:
    """A wallet in its store.

    Attributes:
        nos: Own no-words that it holds.
    """

    store: Store
    vendor: str
    nos: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        pinned = {trust.key_url(self.vendor): _KEY.public}
        peer = self.store.write_now(
            lambda rows: rows.add_peer(CUSTOMER, self.vendor, opened=_NOW, pinned=pinned, endpoint=None)
        )
        self.number = peer.number
        self.wallet = self._opened()

    def _opened(self) -> Transactions:
        return Transactions(lambda did: Signer(did, CUSTOMER_KEY, trust.key_url(did)), self.number, Histories())

    def take_in(self, raws: list[bytes], *, collected: bool) -> None:
        """What a vendor says; then what is remembered is what is kept."""

        def take_in(rows: Rows) -> Arrived:
            words = check_words(self.wallet.peer(rows), raws)
            return self.wallet.take_in(rows, words, _NOW, collected=collected)

        self.store.write_now(take_in)
        self.check()

    def history(self) -> History:
        """As it is remembered."""
        return self.store.read(self.wallet.history)

    def check(self) -> None:
        """What is kept folds to what is remembered."""
        ours = self.history()
        again = self.store.read(self._opened().history)
        expect(ours.threads == again.threads, "the store folds to something else", self.vendor)
        expect(ours.chain.digests == again.chain.digests, "the store has another chain", self.vendor)
        expect(ours.chain.times() == again.chain.times(), "the store has other times", self.vendor)
        expect(ours.chain.disputes == again.chain.disputes, "the store has other contradictions", self.vendor)
        expect(list(ours.unplaced) == list(again.unplaced), "the store has other words without a place", self.vendor)

    @property
    def heard(self) -> bool:
        """Whether the vendor says that it has heard a no elsewhere."""
        entries = [entry for thread in self.history().threads.values() for entry in thread.entries]
        return any((entry.type, entry.side) == ("consent.withdraw", "vendor") for entry in entries)

    def holds(self, digest: str) -> bool:
        """Whether a word is kept here."""
        return self.store.read(lambda rows: rows.message(self.number, digest)) is not None

    def denies(self) -> None:
        """The last thing that was said about it was a no, or nothing was."""
        history = self.history()
        asked = [(_NOW, True), (_NOW, False), ("2026-12-31T00:00:00.000Z", False)]
        if self.heard:  # then the customer's own is moot, and the instant from which on it denies is the vendor's
            asked = asked[:1]
        for at, now in asked:
            decision = history.may(_NEWS, at, now=now)
            expect(not decision, "permitted after a no", at, now, decision)


@dataclass
class _Play:
    """One input: what the customer says, what the vendor makes of it, and when it arrives."""

    data: bytes
    holder: _Holder
    lost: _Holder
    own: list[tuple[str, str, bytes]] = field(default_factory=list)
    """The customer's words: digest, thread, bytes; `words`, the vendor's: number, digest, id."""
    words: list[tuple[int, str, str]] = field(default_factory=list)
    all: list[bytes] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)
    tip: tuple[int, str | None] = (0, None)
    no: str | None = None
    """Digest of the last word about consent, where that is a no."""
    granted: bool = False
    count: int = 0

    def step(self, what: int, of: int, link: int, how: int, clock: int) -> None:
        """Somebody says something, or what was said arrives."""
        if what < 64:
            self._say(_SAID[what % len(_SAID)], of, how)
        elif what < 112:
            self._deliver(link, how)
        elif what < 176:
            self._answer(of, link, how, clock)
        elif what < 240:
            type_, body, more = _HEARD[what % len(_HEARD)]
            opens = type_ in ("consent.request", "com.shop.wish", "mailbox.collect") and how & 1
            thread = None if opens or not self.own else self.own[of % len(self.own)][1]
            self._speak(type_, body, thread, of, link, how, clock, **more)
        elif self.all:
            self.waiting.append(self.all[of % len(self.all)])  # once more, or the customer's own word back

    def _say(self, body: Body, of: int, how: int) -> None:
        opens = not is_narrowing(body.type, "customer")
        thread = None if opens else self.own[of % len(self.own)][1] if self.own else self._id()
        try:
            verified = self.holder.store.write_now(
                lambda rows: self.holder.wallet.say(rows, Draft(body), thread, _NOW, check=bool(how & 1))
            )
        except OpenCMRError:
            return
        self.own.append((verified.digest, verified.message.thread, verified.raw))
        self.all.append(verified.raw)
        families = {digest: orjson.loads(raw)["type"] for digest, _, raw in self.own}
        if body is _YES:
            self.no, self.granted = None, True
        elif body.type.startswith("consent.") and self._takes_all_back(verified.message.thread, families):
            self.no = verified.digest
        self.holder.check()

    def _takes_all_back(self, thread: str, types: dict[str, str]) -> bool:
        """Whether the thread is that of the only grant that there is."""
        grants = [where for digest, where, _ in self.own if types[digest] == "consent.grant"]
        return set(grants) <= {thread}

    def _answer(self, of: int, link: int, how: int, clock: int) -> None:
        if not self.own:
            return
        digest, thread, _ = self.own[of % len(self.own)]
        match how & 7:
            case 0:
                digest = self.words[link % len(self.words)][1] if self.words else "zQm" + "2" * 44
            case 1:
                thread = self.own[link % len(self.own)][1]
            case 2:
                digest = "zQm" + "2" * 44
        outcome = ("accepted", "accepted", "moot", "refused")[how >> 3 & 3]
        said: dict[str, Any] = {"of": digest, "outcome": outcome, "state": ("active", "open", "given", "none")[of & 3]}
        if outcome == "refused":
            del said["state"]
            said["problem"] = Problem.from_dict({"type": "https://w3id.org/opencmr/v1/problems#wrong-state"}).as_dict()
        self._speak("receipt", said, thread, of, link, how, clock)

    def _speak(
        self,
        type_: str,
        body: dict[str, Any],
        thread: str | None,
        of: int,
        link: int,
        how: int,
        clock: int,
        **more: Any,
    ) -> None:
        """A word of the vendor's: it goes on from its last, from another, or from nowhere."""
        id_ = self._id()
        number, prior = self.tip[0] + 1, self.tip[1]
        if self.words and link & 7 == 5:
            before = self.words[of % len(self.words)]
            number, prior = before[0] + 1, before[1]
        elif link & 7 == 6:
            prior = self.words[of % len(self.words)][1] if self.words else "zQm" + "2" * 44
        elif link & 7 == 7:
            number, prior = (1, None) if how & 32 else (number + of, prior)
        if self.words and how & 192 == 192:
            id_ = self.words[of % len(self.words)][2]
        created = shifted(_NOW, timedelta(minutes=_SKEWS[clock % len(_SKEWS)]))
        document = envelope(
            type_, body, id_=id_, from_=self.holder.vendor, to=CUSTOMER, created=created, thread=thread,
            number=number, prior=prior, **more,
        )  # fmt: skip
        raw = trust.sign(document, _KEY, trust.key_url(self.holder.vendor))
        self.words.append((number, trust.digest(raw), id_))
        if link & 8 == 0:
            self.tip = self.words[-1][:2]
        self.waiting.append(raw)
        self.all.append(raw)

    def _deliver(self, link: int, how: int) -> None:
        raws, self.waiting = self.waiting, []
        if how & 2:
            random.Random(how).shuffle(raws)
        if how & 4:
            raws = [*raws, *raws]
        if how & 8 and raws:
            self.waiting = raws[link % len(raws) :]
            raws = raws[: link % len(raws)]
        self.holder.take_in(raws, collected=bool(how & 1))
        self.check()

    def check(self) -> None:
        """After a no, or with no yes, it denies."""
        if self.no is not None or not self.granted:
            self.holder.denies()

    def end(self) -> None:
        """All arrives; then all of it once more at a store that lost everything."""
        self._deliver(0, 1)
        self._deliver(0, 0)
        self.holder.take_in(self.all, collected=False)
        self.check()
        for collected in (True, False, True):
            self.lost.take_in(self.all, collected=collected)
            if not self.granted or (self.no is not None and self.lost.holds(self.no)):
                self.lost.denies()

    def _id(self) -> str:
        self.count += 1
        seed = hashlib.sha256(self.count.to_bytes(2) + self.data).digest()[:16]
        return uuid.UUID(bytes=seed, version=4).urn


def run_chain(data: bytes) -> None:
    """Steps of five bytes: the customer says something, the vendor says something, or what waits arrives."""
    store, other = _Stores.pair()
    vendor = f"did:web:{hashlib.sha256(data).hexdigest()[:32]}-{_Stores.used}.example"
    play = _Play(data, _Holder(store, vendor), _Holder(other, vendor))
    for at in range(0, min(len(data), STEP * _MOST) - STEP + 1, STEP):
        play.step(*data[at : at + STEP])
    play.end()


def _spoken(step: str, of: int = 0, link: int = 0, how: int = 16, clock: int = 0) -> bytes:
    says = {"yes": 0, "no": 1, "refuse": 2, "cast": 3, "proffer": 4, "terminate": 5, "withdraw": 6}
    heard = {type_: number for number, (type_, _, _) in enumerate(_HEARD)}
    if step in says:
        first = says[step]
    elif step in heard:
        first = next(each for each in range(176, 240) if each % len(_HEARD) == heard[step])
    else:
        first = {"arrives": 64, "answered": 112, "again": 240}[step]
    return bytes((first, of, link, how, clock))


def seeds() -> list[bytes]:
    """Conversations that get somewhere, with a split, and with a no that is held back."""
    told, all_of_it = 7, 1
    yes = _spoken("yes") + _spoken("answered", 0, 0, told) + _spoken("arrives", how=all_of_it)
    no = _spoken("no") + _spoken("answered", 1, 0, told)
    asks = _spoken("consent.request", how=1) + _spoken("arrives", how=all_of_it)
    deals = _spoken("cast") + _spoken("answered", 0, 0, told) + _spoken("offer.make", 0)
    split = _spoken("answered", 0, 5, told) + _spoken("offer.make", 0, 0)
    agreed = _spoken("proffer") + _spoken("answered", 0, 0, told) + _spoken("terms.accept") + _spoken("terminate")
    arrives = _spoken("arrives", how=all_of_it)
    return [
        yes + no, yes + no + arrives, yes + no + split + arrives, asks + yes + no + arrives + split,
        deals + arrives + yes + no, agreed + arrives + yes + no + _spoken("again", 2) + arrives,
        yes + no + arrives + _spoken("yes") + _spoken("answered", 2, 0, told) + arrives + _spoken("no", 2),
        no + _spoken("yes") + arrives + split + _spoken("answered", 1, 0, 31) + arrives,
    ]  # fmt: skip


def mutated_steps(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """A step more, less, elsewhere or otherwise."""
    return mutated_talk(dice, data, donor)


TARGETS = (Target("chain", "a customer's store, and any chain", run_chain, seeds, mutated_steps, share=1, short=20),)
