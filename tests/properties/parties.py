"""A wallet and a vendor around the real core, without signatures, store and network.

What they do with their words is what the roles of the SDK do with their stores, in short.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from opencmr.errors import Behind, Problem
from opencmr.messages import consent, core, intent, offer, order, terms
from opencmr.protocol import History, is_narrowing, settle
from opencmr.protocol.families.consent import Consent
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.families.terms import Agreement

from . import words
from .words import Mint, Word, at

WEEK = 7 * 1440
KEYS = ("news", "calls")
REFUSED = core.ProblemDetail(type="https://x.example/stale", title="Stale", status=409, fault="sender", retry=False)


FOCI: dict[str, tuple[tuple[str, int], ...]] = {
    "all": (
        ("proffer", 3), ("end_terms", 3), ("accept_counter", 2), ("grant", 3), ("regrant", 4), ("no", 6), ("cast", 2),
        ("amend", 3), ("withdraw", 2), ("accept", 2), ("cancel", 1), ("disclose", 1),
    ),
    "consents": (("grant", 3), ("regrant", 5), ("no", 7), ("proffer", 1)),
    "terms": (("proffer", 5), ("end_terms", 4), ("accept_counter", 4), ("grant", 1), ("no", 1), ("cast", 1)),
    "wishes": (
        ("cast", 1), ("amend", 5), ("withdraw", 2), ("accept", 5), ("cancel", 4), ("disclose", 1), ("proffer", 2),
        ("end_terms", 1), ("grant", 1), ("no", 1),
    ),
}  # fmt: skip
"""What a conversation is about mostly: what the customer says, and how often."""


VENDORS_FOCI: dict[str, tuple[tuple[str, int], ...]] = {
    "all": (("accepts", 2), ("counters", 1), ("offers", 2), ("asks", 1), ("hears", 1), ("ends", 1), ("performs", 1)),
    "consents": (("asks", 3), ("hears", 2), ("accepts", 1)),
    "terms": (("accepts", 6), ("counters", 1), ("ends", 1)),
    "wishes": (("offers", 4), ("accepts", 3), ("performs", 2)),
}


class Branch:
    """A chain as it is held: the vendor's words in their order, and the history that they fold to."""

    def __init__(self, *, mine: bool) -> None:
        self.history = History(mine=mine)
        self.held: dict[str, Word] = {}
        """The customer's words that are held, by digest."""
        self.chain: list[Word] = []

    @property
    def tip(self) -> str | None:
        return self.chain[-1].digest if self.chain else None

    def follow(self, word: Word) -> Problem | None:
        """Take in the vendor's next word; says why it, or what it answers, is void."""
        of = self.held.get(word.message.body.of) if word.type == "receipt" else None
        self.chain.append(word)
        return self.history.follow(word.message, word.digest, of=of.message if of else None)[1]

    def cut(self, count: int) -> None:
        """Keep the first words of the chain alone, and fold them anew."""
        kept, self.chain = self.chain[:count], []
        unplaced = dict(self.history.unplaced)
        given_up = self.history.chain.given_up
        self.history = History(mine=self.history.mine)
        self.history.chain.given_up = given_up
        for word in kept:
            self.follow(word)
        for digest, message in unplaced.items():
            self.history.hear(message, digest)


class Wallet(Branch):
    """A customer's: own words, the vendor's chain without a gap, what is pending, and what is off the chain."""

    def __init__(self, mint: Mint, skew: float = 0, focus: str = "all") -> None:
        super().__init__(mine=True)
        self.focus = focus
        self.mint = mint
        self.skew = skew
        self.said: list[Word] = []
        self.pending: list[str] = []
        self.strays: list[Word] = []
        self.splits = 0

    def copy(self) -> "Wallet":
        other = Wallet(self.mint, self.skew, self.focus)
        other.history, other.chain, other.held = self.history.copy(), self.chain[:], self.held.copy()
        other.said, other.pending = self.said[:], self.pending[:]
        other.strays, other.splits = self.strays[:], self.splits
        return other

    def say(self, body: Any, thread: str | None, now: float, *, days: float = 7) -> Word:
        """Say something: it is pending."""
        created = at(now + self.skew)
        narrowing = is_narrowing(body.type, "customer")
        word = self.mint.word(
            body, by="customer", thread=thread, created=created, prior=self.said[-1].digest if self.said else None,
            seen=self.tip, expires=None if narrowing else at(now + self.skew + days * 1440),
        )  # fmt: skip
        self._own(word)
        return word

    def _own(self, word: Word) -> None:
        self.said.append(word)
        self.held[word.digest] = word
        self.pending.append(word.digest)
        self.history.hear(word.message, word.digest)

    def take(self, given: Sequence[Word]) -> list[Problem]:
        """Take in what the mailbox gives: each receipt behind what it answers. Says what of it is void."""
        void = []
        for word in given:
            if word.message.side == "customer":
                if word.digest not in self.held:
                    self._own(word)
            elif self.history.chain.number(word.digest) is None:
                if word.message.prior != self.tip:
                    self.strays.append(word)
                    continue
                why = self.follow(word)
                if why is not None:
                    void.append(why)
                if word.type == "receipt" and word.message.body.of in self.pending:
                    self.pending.remove(word.message.body.of)
        return void

    def back_to(self, count: int) -> None:
        """Leave the branch from here on: what had its place there alone is pending again."""
        left = self.chain[count:]
        self.strays += left
        self.splits += 1
        again = {word.message.body.of for word in left if word.type == "receipt"} & self.held.keys()
        self.cut(count)
        waiting = again | set(self.pending)
        self.pending = [word.digest for word in self.said if word.digest in waiting]
        for digest in self.pending:
            self.history.hear(self.held[digest].message, digest)

    # What there is to be said

    def choose(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        """A word that makes sense as far as this wallet knows, and its thread."""
        makers = [getattr(self, "_" + name) for name, _ in FOCI[self.focus]]
        for _ in range(4):
            make = dice.choices(makers, [weight for _, weight in FOCI[self.focus]])[0]
            if (made := make(dice, now)) is not None:
                return made
        return self._first(dice, now)

    def _first(self, dice: random.Random, now: float) -> tuple[Any, str | None]:
        made = self._cast(dice, now) if self.focus == "wishes" else None
        return made or (self._proffer(dice, now) if self.focus == "terms" else self._grant(dice, now))

    def own(self, *types: str) -> list[Word]:
        return [word for word in self.said if word.type in types]

    def records(self, kind: type[Any]) -> Iterator[tuple[str, Any]]:
        for thread in self.history.threads.values():
            if isinstance(thread.record, kind):
                yield thread.id, thread.record

    def _proffer(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        names = dice.sample(list(words.DOCUMENTS), dice.choice((1, 1, 2)))
        casts = self.own("intent.cast")
        often = 0.7 if self.focus == "wishes" else 0.3
        scope = dice.choice(casts).ref if casts and dice.random() < often else None
        answer_by = at(now + dice.choice((600, WEEK))) if dice.random() < 0.3 else None
        return words.proffer(names, scope, answer_by), None

    def _end_terms(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        proffers = self.own("terms.proffer")
        if not proffers:
            return None
        thread = dice.choice(proffers).thread
        return dice.choice((terms.Decline(reason="changedMind"), terms.Terminate())), thread

    def _accept_counter(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        open_ = [(id_, one) for id_, one in self.records(Agreement) if one.state == "countered"]
        if not open_:
            return None
        id_, one = dice.choice(open_)
        return terms.Accept(terms=words.terms_ref(one.counter[1].id)), id_

    def _some_items(self, dice: random.Random, *, asked: bool) -> list[Any]:
        keys = dice.sample(KEYS, dice.choice((1, 1, 2)))
        return [some_item(dice, key, asked=asked) for key in keys]

    def _grant(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        return words.grant(
            self._some_items(dice, asked=False), at(now + dice.choice((3000, 90 * 1440))), asked=False
        ), None

    def _requests(self) -> list[tuple[str, consent.Request]]:
        return [(id_, one.request) for id_, one in self.records(Consent) if one.request is not None]

    def _regrant(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        """A grant in a thread that there is: of what was asked for, no wider; or anew, wider or narrower."""
        requests = self._requests()
        if requests and dice.random() < 0.5:
            id_, request = dice.choice(requests)
            items = []
            for one in dice.sample(request.items, dice.randint(1, len(request.items))):
                data = tuple(dice.sample(one.data, dice.randint(1, len(one.data))))
                channels = tuple(one.channels) if one.channels else dice.choice((None, ("email",)))
                items.append(words.item(one.key, one.purposes[0], data, channels, False))
            return words.grant(items, request.until, asked=True), id_
        grants = [word for word in self.own("consent.grant") if word.message.opens]
        if not grants:
            return None
        return (
            words.grant(self._some_items(dice, asked=False), at(now + 90 * 1440), asked=False),
            dice.choice(grants).thread,
        )

    def _no(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        threads = sorted({word.thread for word in self.own("consent.grant")} | {id_ for id_, _ in self._requests()})
        if not threads:
            return None
        keys = dice.choice((None, None, [KEYS[0]], [KEYS[1]]))
        kind = dice.choice((consent.Refuse, consent.Withdraw))
        return kind(keys=keys), dice.choice(threads)

    def _cast(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        if len(self.own("intent.cast")) > (self.focus == "all"):
            return None
        return self._wish(dice, now, intent.Cast), None

    def _amend(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        casts = self.own("intent.cast")
        return (self._wish(dice, now, intent.Amend), dice.choice(casts).thread) if casts else None

    def _wish(self, dice: random.Random, now: float, kind: type[intent.Cast]) -> intent.Cast:
        names = dice.sample(list(words.DOCUMENTS), dice.choice((1, 1, 2)))
        until = dice.choice((None, None, at(now + 1500)))
        return words.wish(kind, names, until, discloses=dice.random() < 0.7)

    def _withdraw(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        casts = self.own("intent.cast")
        return (intent.Withdraw(), dice.choice(casts).thread) if casts else None

    def _accept(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        firm = [
            (id_, each) for id_, one in self.records(Dealing) if one.state == "open"
            for each in one.firm(at(now + self.skew))
        ]  # fmt: skip
        if not firm:
            return None
        id_, chosen = dice.choice(firm)
        return offer.Accept.model_construct(offer=chosen.ref, total=words.TOTAL), id_

    def _cancel(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        accepted = self.own("offer.accept")
        return (order.Cancel(reason="changedMind"), dice.choice(accepted).thread) if accepted else None

    def _disclose(self, dice: random.Random, now: float) -> tuple[Any, str | None] | None:
        ordered = [id_ for id_, one in self.records(Dealing) if one.state in ("ordered", "confirmed", "fulfilling")]
        return (words.DISCLOSURE, dice.choice(ordered)) if ordered else None


def some_item(dice: random.Random, key: str, *, asked: bool) -> Any:
    purpose = dice.choice((words.DIRECT, words.DIRECT, words.MARKETING))
    data = dice.choice(((words.EMAIL,), (words.PHONE,), (words.EMAIL, words.PHONE), (words.CONTACT,)))
    channels = dice.choice((None, None, ("email",), ("email", "phone")))
    return words.item(key, purpose, data, channels, asked)


class Vendor(Branch):
    """A vendor's store. `receive` and what it says of itself are honest; `place` does what it is told."""

    def __init__(self, mint: Mint, skew: float = 0, focus: str = "all") -> None:
        super().__init__(mine=False)
        self.focus = focus
        self.mint = mint
        self.skew = skew
        self.restored = False
        self.waiting: list[str] = []
        """No-words that are stored and deny, and have no place yet."""
        self.dead: list[Word] = []
        """What was said on branches that were given up."""
        self.unsaid: list[Word] = []
        """What of that is still to be said again."""

    def copy(self) -> "Vendor":
        other = Vendor(self.mint, self.skew, self.focus)
        other.history, other.chain, other.held = self.history.copy(), self.chain[:], self.held.copy()
        other.restored, other.waiting, other.dead = self.restored, self.waiting[:], self.dead[:]
        other.unsaid = self.unsaid[:]
        return other

    def sign(self, body: Any, thread: str | None, now: float, *, created: str | None = None, **members: Any) -> Word:
        """Say the next word, whatever it is."""
        number = len(self.chain) + 1
        word = self.mint.word(
            body, by="vendor", thread=thread, created=created or at(now + self.skew), number=number,
            prior=self.tip, **members,
        )  # fmt: skip
        self.follow(word)
        return word

    def place(self, word: Word, now: float, outcome: str, *, created: str | None = None) -> Word:
        """Give a word of the customer's a receipt of any outcome and date."""
        self.held[word.digest] = word
        refused = outcome == "refused"
        body = core.Receipt.model_construct(
            of=word.digest, outcome=outcome, state=None if refused else "none", problem=REFUSED if refused else None
        )
        return self.sign(body, word.thread, now, created=created)

    def receive(self, word: Word, now: float, *, caught_up: bool = False) -> str:
        """Settle what came, as an honest vendor does. Says what became of it."""
        if self.history.chain.place_of(word.digest) is not None or word.digest in self.waiting:
            return "known"
        narrowing = is_narrowing(word.type, "customer")
        dated = at(now + self.skew)
        try:
            if self.restored:
                raise Behind("first they collect")
            settled = settle(word.message, word.digest, history=self.history, now=dated, caught_up=caught_up)
        except Problem as problem:
            if isinstance(problem, Behind) and narrowing:
                self.held[word.digest] = word
                self.waiting.append(word.digest)
                self.history.hear(word.message, word.digest)
            return problem.code
        self.place(word, now, settled.outcome)
        return settled.outcome

    def speak(self, body: Any, thread: str | None, now: float, **members: Any) -> Word | None:
        """Say something of one's own, if the thread allows it."""
        if self.restored:
            return None
        dated = at(now + self.skew)
        probe = self.mint.word(body, by="vendor", thread=thread, created=dated, **members)
        said = self.history.saying(probe.message, probe.digest)
        try:
            self.history._thread(probe.message).judge(said, self.history)
        except Problem:
            return None
        return self.sign(body, thread, now, **members)

    def mailbox(self, seen: str | None) -> list[Word]:
        """What waits after a word that has been seen, each receipt behind what it answers."""
        given = []
        for word in self.chain[self.history.chain.number(seen) or 0 :]:
            if word.type == "receipt" and (of := self.held.get(word.message.body.of)) is not None:
                given.append(of)
            given.append(word)
        return given

    # After a restore

    def take_back(self, words: Sequence[Word], held: dict[str, Word]) -> None:
        """Take the branch that a customer hands back for the chain: the vendor's words, and what they answer."""
        common = 0
        while common < min(len(words), len(self.chain)) and words[common].digest == self.chain[common].digest:
            common += 1
        left = self.chain[common:]
        self.held |= {word.message.body.of: held[word.message.body.of] for word in words if word.type == "receipt"}
        self.dead += left
        self.history.chain.given_up |= {word.digest for word in left}
        self.cut(common)
        for word in words[common:]:
            self.follow(word)
        self.history.chain.given_up -= {word.digest for word in words}
        self.restored = True
        again = [word.message.body.of for word in left if word.type == "receipt"]
        for digest in again:
            if self.history.chain.place_of(digest) is None and digest not in self.waiting:
                self.waiting.append(digest)
                self.history.hear(self.held[digest].message, digest)
        self.unsaid += [word for word in left if word.type != "receipt" and word not in words]

    def fork(self, seen: str) -> int:
        """The last number that a branch which was given up has in common with the chain."""
        by_digest = {word.digest: word for word in self.dead}
        digest: str | None = seen
        while digest is not None and self.history.chain.number(digest) is None:
            digest = by_digest[digest].message.prior
        return self.history.chain.number(digest) or 0

    def catch_up(self, now: float) -> None:
        """Answer what was held, and say again what was said on a branch that was given up."""
        self.restored = False
        waiting, self.waiting = self.waiting, []
        for digest in waiting:
            self.receive(self.held[digest], now, caught_up=True)
        unsaid, self.unsaid = self.unsaid, []
        threads: dict[str, str] = {}
        for word in unsaid:
            thread = None if word.message.opens else threads.get(word.thread, word.thread)
            said = self.speak(word.message.body, thread, now, expires=word.message.expires)
            if said is not None:
                threads[word.thread] = said.thread

    # What there is to be said

    def choose(
        self, dice: random.Random, now: float, *, loose: bool = False
    ) -> tuple[Any, str | None, dict[str, Any]] | None:
        """Something that a vendor may say; `loose`: whether or not the thread allows it."""
        kinds = [getattr(self, "_" + name) for name, _ in VENDORS_FOCI[self.focus]]
        for _ in range(4):
            kind = dice.choices(kinds, [weight for _, weight in VENDORS_FOCI[self.focus]])[0]
            if (made := kind(dice, now, loose)) is not None:
                return made
        return None

    def threads_of(self, kind: type[Any], *states: str) -> list[tuple[str, Any]]:
        return [
            (thread.id, thread.record)
            for thread in self.history.threads.values()
            if isinstance(thread.record, kind) and (not states or thread.record.state in states)
        ]

    def _accepts(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Agreement, *(() if loose else ("proffered",)))
        if not open_:
            return None
        id_, one = dice.choice(open_)
        return (terms.Accept(terms=words.terms_ref(dice.choice(one.choices)[1].id)), id_, {}) if one.choices else None

    def _counters(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Agreement, *(() if loose else ("proffered",)))
        if not open_:
            return None
        name = dice.choice(list(words.DOCUMENTS))
        return terms.Counter(terms=words.terms_ref(name)), dice.choice(open_)[0], {}

    def _offers(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Dealing, *(() if loose else ("open",)))
        if not open_:
            return None
        id_, one = dice.choice(open_)
        names = sorted(one.carried) if loose else [document.id for _, document in one.terms]
        if not names:
            return None
        return words.offer_under(dice.choice(names)), id_, {"expires": at(now + self.skew + 3 * 1440)}

    def _asks(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        if len(self.threads_of(Consent)) > 3:
            return None
        items = [some_item(dice, key, asked=True) for key in dice.sample(KEYS, dice.choice((1, 2)))]
        until = at(now + 90 * 1440)
        return words.request(items, until), None, {"expires": at(now + self.skew + 5000)} if dice.random() < 0.3 else {}

    def _hears(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Consent)
        if not open_ or dice.random() < 0.5:
            return None
        return words.heard(dice.choice((None, [KEYS[0]])), at(now)), dice.choice(open_)[0], {}

    def _ends(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Agreement)
        if not open_ or dice.random() < 0.6:
            return None
        return terms.Terminate(), dice.choice(open_)[0], {}

    def _performs(self, dice: random.Random, now: float, loose: bool) -> tuple[Any, str | None, dict[str, Any]] | None:
        open_ = self.threads_of(Dealing, "ordered", "confirmed", "fulfilling")
        if not open_:
            return None
        id_, one = dice.choice(open_)
        body: Any = order.Fulfil(status=dice.choice(("shipped", "done")))
        if dice.random() < 0.2:
            body = order.Cancel(reason="other")
        elif one.state == "ordered":
            body = order.Confirm(reference="1", total=words.TOTAL)
        return body, id_, {}
