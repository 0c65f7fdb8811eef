"""Conversations as vectors hold them: fixed ids and times, and really signed by the fixed keys."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from opencmr import trust
from opencmr.protocol import History, instant, moment, roster, verify
from opencmr.protocol.receiving import parse
from opencmr.protocol.thread import opened_by
from opencmr.testing import Forger, Link

from .writing import CUSTOMER, OTHER_CUSTOMER, PINNED, VENDOR, VENDOR_KEY, VENDOR_URL, Case, case, key_of, uuid

Body = dict[str, Any]
NOON = "2026-03-01T12:00:00.000Z"
NEW_YEAR = "2027-01-01T00:00:00.000Z"
VENDORS = ("terms.counter", "consent.request", "offer.make", "order.confirm", "order.fulfil", "key.introduce")
"""Types that only a vendor sends. Others are the customer's unless a script says otherwise."""


NEXT, AFTER = key_of("the next key of the customer"), key_of("the key after that")
KEYS = {key.did: key for key in (CUSTOMER, NEXT, AFTER, OTHER_CUSTOMER)}
"""With what customers sign, by the DID under which they speak."""


@dataclass(frozen=True)
class Word:
    """A signed message."""

    message: dict[str, Any]
    digest: str
    side: str

    @property
    def id(self) -> str:
        return str(self.message["id"])

    @property
    def thread(self) -> str:
        return str(self.message["thread"])

    @property
    def ref(self) -> Body:
        return {"id": self.id, "digest": self.digest}


@dataclass
class Script:
    """What is said in one relationship, a minute apart. Nothing is checked: a script can be wrong on purpose.

    Attributes:
        words: What was said, in the order of the mailbox: a receipt right after what it answers.
        history: What it folds to so far; an honest vendor's receipts say so.
        last: The customer's last own word.
        me: The DID under which the customer speaks.
    """

    name: str
    now: str = NOON
    words: list[Word] = field(default_factory=list)
    history: History = field(default_factory=History)
    last: str | None = None
    said: int = 0
    me: str = CUSTOMER.did

    def later(self, **by: float) -> str:
        self.now = self.after(**by)
        return self.now

    def after(self, **by: float) -> str:
        return instant(moment(self.now) + timedelta(**by))

    @property
    def tip(self) -> str | None:
        """The vendor's last word."""
        return self.history.chain.tip

    def at(self, place: int) -> str:
        """The vendor's word of this number."""
        return self.history.chain.digests[place - 1]

    def word(self, type_: str, body: Body, thread: str | None = None, *, by: str = "", **more: Any) -> Word:
        """A signed message of somebody who holds all that was said, unless `more` says otherwise; it has no place."""
        self.said += 1
        side = by or ("vendor" if type_ in VENDORS else "customer")
        mine = KEYS[more.pop("me", self.me)]
        key, url, sender, to = (
            (mine, trust.key_url(mine.did), mine.did, VENDOR)
            if side == "customer"
            else (VENDOR_KEY, VENDOR_URL, VENDOR, more.pop("to", self.me))
        )
        chain = self.history.chain
        link = Link(prior=self.last, seen=chain.tip) if side == "customer" else Link(chain.next, chain.tip)
        forger = Forger(did=sender, to=to, key=key, method=url, link=lambda: link,
                        clock=lambda: moment(more.get("created", self.now)),
                        ids=lambda: uuid(f"{self.name} {self.said}"))  # fmt: skip
        raw = forger.sign(forger.write(type_, body, thread, **more))
        word = Word(trust.parse(raw), trust.digest(raw), side)
        if side == "customer" and type_ not in ("mailbox.collect", "blob.fetch"):
            self.last = word.digest
        return word

    def place(self, word: Word, at: str | None = None, **claims: Any) -> Word:
        """Give a word its place: a vendor's in the chain, a customer's by a receipt that says what is right.

        Args:
            word: The word.
            at: The receipt's date; a second after now if it doesn't say.
            claims: What the receipt says instead: `outcome` and `state`, or `problem`.
        """
        self.words.append(word)
        if word.side == "vendor":
            self.follow(word)
        else:
            self.receipt(word, at, **claims)
        return word

    def receipt(self, word: Word, at: str | None = None, **claims: Any) -> Word:
        """The vendor's receipt for a customer's word."""
        at = at or self.after(seconds=1)
        of = verified(word).message
        if claims:
            body = claims
        else:
            said = self.history.placing(of, word.digest, at)
            thread, why = (self.history.threads.get(of.thread) or opened_by(of)).take(said, self.history)
            body = {"outcome": thread.entries[-1].outcome, "state": thread.state}
            if why is not None:
                body = {"outcome": "refused", "problem": {**why.as_dict(), "detail": None}}
                body["problem"] = {name: value for name, value in body["problem"].items() if value is not None}
        to = word.message["from"]
        made = self.word("receipt", {"of": word.digest, **body}, word.thread, by="vendor", created=at, to=to)
        self.words.append(made)
        self.follow(made, of=word)
        return made

    def follow(self, word: Word, *, of: Word | None = None) -> None:
        """A word of the vendor's takes its place, and what it answers."""
        read = verified(word)
        self.history.follow(read.message, word.digest, of=verified(of).message if of else None, fault=read.fault)

    def say(self, type_: str, body: Body, thread: str | None = None, **more: Any) -> Word:
        """Said and placed: a customer's message is answered a second after it was made."""
        self.later(minutes=1)
        claims = more.pop("claims", {})
        return self.place(self.word(type_, body, thread, **more), **claims)

    # what is said often

    def proffer(self, *codes: str, **more: Any) -> Word:
        body = {"choices": [terms(code) for code in codes or ("SD-BASE-DP", "SD-BASE")], **more.pop("body", {})}
        return self.say("terms.proffer", body, **more)

    def accept_terms(self, thread: Word, code: str = "SD-BASE-DP", by: str = "vendor", **more: Any) -> Word:
        return self.say("terms.accept", {"terms": terms(code)}, thread.thread, by=by, **more)

    def agree(self, code: str = "SD-BASE-DP") -> Word:
        proffered = self.proffer(code)
        self.accept_terms(proffered, code)
        return proffered

    def counter(self, thread: Word, code: str = "SD-BASE-A", **more: Any) -> Word:
        return self.say("terms.counter", {"terms": terms(code), **more.pop("body", {})}, thread.thread, **more)

    def end(self, thread: Word, type_: str, by: str, **more: Any) -> Word:
        body = {"reason": "changedMind"} if type_ == "terms.decline" else {}
        return self.say(type_, body, thread.thread, by=by, **more)

    def ask(self, *keys: str, until: str = NEW_YEAR, **more: Any) -> Word:
        body = {
            "items": [item(key) for key in keys or ("news", "study")],
            "controller": [{"name": "Shop", "role": "controller"}],
            "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
            "until": until,
        }
        return self.say("consent.request", body, **more)

    def grant(self, thread: Word | None, *items: Body, until: str = NEW_YEAR, **more: Any) -> Word:
        """Whole items, or their keys."""
        statement = {"statement": "You may write to me about shoes."} if thread is None else {}
        body = {"items": list(items) or [item("news")], "until": until, **statement, **more.pop("body", {})}
        return self.say("consent.grant", body, thread.thread if thread else None, **more)

    def refuse(self, thread: Word, *keys: str, **more: Any) -> Word:
        return self.say("consent.refuse", {"keys": list(keys)} if keys else {}, thread.thread, **more)

    def withdraw(self, thread: Word, *keys: str, by: str = "customer", **more: Any) -> Word:
        body: Body = {"keys": list(keys)} if keys else {}
        if by == "vendor":
            body["heard"] = {"where": "by telephone", "when": self.now}
        return self.say("consent.withdraw", body, thread.thread, by=by, **more)

    def cast(self, *codes: str, more: Body | None = None, **body: Any) -> Word:
        return self.say("intent.cast", wish(*codes, **body), **(more or {}))

    def amend(self, wished: Word, *codes: str, more: Body | None = None, **body: Any) -> Word:
        return self.say("intent.amend", wish(*codes, **body), wished.thread, **(more or {}))

    def offer(self, thread: Word | None, amount: str = "100.00", *, hours: float = 48, **more: Any) -> Word:
        body = {**offer(amount), **more.pop("body", {})}
        expires = more.pop("expires", None) or self.after(hours=hours)
        return self.say("offer.make", body, thread.thread if thread else None, expires=expires, **more)

    def accept(self, made: Word, amount: str = "100.00", **more: Any) -> Word:
        body = {"offer": made.ref, "total": euros(amount), **more.pop("body", {})}
        return self.say("offer.accept", body, made.thread, **more)

    def order(self) -> Word:
        """A wish, an offer, an order; the cast's own word."""
        wished = self.cast()
        self.accept(self.offer(wished))
        return wished

    def confirm(self, thread: Word, amount: str = "100.00", **more: Any) -> Word:
        return self.say("order.confirm", {"reference": "R-1", "total": euros(amount)}, thread.thread, **more)

    def fulfil(self, thread: Word, status: str, **more: Any) -> Word:
        return self.say("order.fulfil", {"status": status, **more.pop("body", {})}, thread.thread, **more)

    def cancel(self, thread: Word, by: str, **body: Any) -> Word:
        return self.say("order.cancel", {"reason": "changedMind", **body}, thread.thread, by=by)


def verified(word: Word) -> Any:
    """A word as its receiver reads it."""
    raw, me = trust.canonicalize(word.message), str(word.message["to"])
    return verify(parse(raw), me=me, pinned=PINNED, lenient=word.side == "vendor")


def terms(code: str) -> Body:
    return roster.ref(code).wire()


def euros(amount: str) -> Body:
    return {"amount": amount, "currency": "EUR"}


def item(key: str, **members: Any) -> Body:
    purpose = {"study": "dpv:ResearchAndDevelopment"}.get(key, "dpv:DirectMarketing")
    return {"key": key, "purposes": [purpose], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"], **members}


def wish(*codes: str, **body: Any) -> Body:
    choices = [terms(code) for code in codes or ("PDC-INTENT",)]
    return {"wants": [{"name": "Boots"}, {"name": "Wax"}], "terms": choices, "standing": "ready", **body}


def offer(amount: str = "100.00") -> Body:
    line = {"name": "Boots", "price": euros(amount), "want": 0}
    return {"lines": [line], "total": euros(amount), "under": terms("PDC-INTENT")}


def setting() -> Body:
    """Who speaks, in every case."""
    return {"customer": CUSTOMER.did, "vendor": VENDOR, "keys": PINNED}


def threads_case(id_: str, says: str, requirements: tuple[str, ...], **members: Any) -> Case:
    return case(id_, says, *requirements, **setting(), **members)
