"""Random conversations of one relationship, as vectors hold them, for two implementations to fold.

All three families meet in them, and every rule is broken now and then: by customers with other clocks, who have not
seen all, whose words come late, out of order or never; and by vendors that answer wrongly, twice, or what nobody said,
and that say what no thread allows or no model reads.
"""

import json
import random
from typing import Any

from vectors.conversation import Body, Script, Word, _verified, setting, terms
from vectors.writing import Case, uuid

from opencmr import _spec
from opencmr.errors import Problem
from opencmr.messages.offer import Adjustment, Line
from opencmr.messages.consent import Item
from opencmr.protocol.families.consent import Consent
from opencmr.protocol.families.intent.dealing import Dealing
from opencmr.protocol.families.terms import Agreement
from opencmr.protocol.families.intent.sums import commitment_of, total_of

STEPS = 26
QUESTIONS = 24
_OFF = (-3000, -11, -7, -4, 4, 7, 11, 3000)
"""Minutes by which a clock is off: around each bound, and far."""

_NEAR = {
    "actions": ("dpv:Use", "dpv:Use", "dpv:Processing", "dpv:Share", "dpv:Store", "dpv:Collect", "dpv:Disclose",
                "dpv:Transfer", "dpv:Profiling", "dpv:Analyse"),
    "purposes": ("dpv:DirectMarketing", "dpv:DirectMarketing", "dpv:Marketing", "dpv:Purpose", "dpv:CustomerCare",
                 "dpv:RequestedServiceProvision", "dpv:ServiceProvision", "opencmr:IntentCasting",
                 "dpv:ResearchAndDevelopment", "dpv:PersonalisedAdvertising"),
    "data": ("pd:EmailAddress", "pd:EmailAddress", "pd:TelephoneNumber", "pd:Contact", "pd:Intention",
             "dpv:PersonalData", "pd:PhysicalAddress", "pd:Health", "dpv:NonPersonalData"),
}  # fmt: skip
_FILES = {"actions": "processing", "purposes": "purposes", "data": "personal-data"}
_ALL = {name: sorted(_spec.table(f"vocabulary/{file}.json")["terms"]) for name, file in _FILES.items()}
_CHANNELS = ("email", "phone", "messenger", "signal", "post")
_STORED = ("AT", "AT-9", "DE", "EU", "EEA", "US", "device")
_TOPICS = tuple({"scheme": scheme, "code": code} for scheme in ("gs1", "x") for code in ("shoes", "hats"))
_PARTIES: tuple[Body, ...] = (
    {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"},
    {"name": "Carrier", "role": "thirdParty", "id": "did:web:carrier.example"},
    {"name": "Anybody", "role": "thirdParty"},
    {"name": "Authority", "role": "authority"},
    {"name": "Host", "role": "processor", "id": "https://host.example/"},
    {"name": "https://ads.example/", "role": "jointController"},
)
_RECIPIENTS = ("vendor", "vendor", "third-party", "https://ads.example/", "HTTPS://Ads.example:443", "did:web:carrier.example",
               "https://host.example/", "https://else.example/", "did:web:shop.example", "no party", "",
               "https://ads.example", "https://ads.example/%41/../", "http://ads.example:80/", "https://ads.example:/",
               "https://ads.example/?", "https://ads.example/./", "https://ADS.example./", "https://[::1]/", "did:web:Shop.example",
               "https://u@ads.example/", "https://%61ds.example/", "mailto:a@b", "x", "https:ads.example", "https://ads.example//",
               "https://ads.example/%2f", "https://\u00e4ds.example/", "https://ads.example:0443/")  # fmt: skip
_PERIODS = ("PT30M", "P1D", "P2D", "P1W", "P1M", "P30D", "P1Y", "P1DT2H", "P9999Y")
_ROSTER = tuple(sorted(_spec.table("vocabulary/roster.json")["terms"]))
_KEYS = ("news", "study", "calls")
_AMOUNTS = ("0", "1", "1", "1.00", "2", "2.5", "0.1", "0.000001", "3", "10", "999999999999999.999999")


class Talk:
    """One conversation, made of dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.script = Script(f"random {seed}")
        self.wrong = self.dice.choice((0.0, 0.1, 0.35))
        """How often something is wrong."""
        self.skew = self.dice.choice((0, 0, *_OFF))
        few = self.dice.choice((2, 2, 3, 20))
        self.near = {name: self.dice.sample(pool, min(few, len(pool))) for name, pool in _NEAR.items()}
        """What is spoken of: few terms, so that words meet."""
        self.open: list[Word] = []
        """The customer's words that no receipt answers so far."""
        self.said: list[Word] = []
        self.pace = self.dice.choice(((0, 0.01, 1, 4), (0, 1, 4, 30, 600), (0, 0.01, 1, 30, 3000, 20000)))
        """Minutes from one word to the next."""
        self.families = self.dice.choice(("tci", "tci", "t", "c", "c", "i", "i", "i", "ci", "ti"))
        self.count = 0

    def case(self) -> Case:
        words = self.dice.randint(STEPS // 2, STEPS * 2)
        if "i" in self.families and self.maybe(0.6):
            self._deal()
        for _ in range(8 * words):
            self._step()
            if len(self.script.words) >= words:
                break
        if self.dice.random() < 0.5:
            while self.open:
                self._answer(self.open.pop(0))
        return {
            **setting(), "words": [word.message for word in self.script.words],
            "asks": [self._ask() for _ in range(QUESTIONS)],
        }  # fmt: skip

    def _deal(self) -> None:
        """An order at once: by dice alone there would be few."""
        wrong, self.wrong = self.wrong, 0.0
        cast = self.script.cast(discloses=[self._datum()])
        made = self.script.place(
            self.script.word("offer.make", self._offer(cast.thread), cast.thread, expires=self.script.after(days=30))
        )
        self.said += self.script.words
        if (accepting := self._accepting(cast.thread)) is not None and self.maybe(0.9):
            self._say("customer", *accepting)
        if self.maybe(0.7):
            self._say("vendor", "order.confirm", {"reference": "R", "total": made.message["body"]["total"]}, cast.thread)
        self.wrong = wrong

    def maybe(self, chance: float) -> bool:
        return self.dice.random() < chance

    def is_wrong(self) -> bool:
        return self.maybe(self.wrong)

    def off(self) -> str:
        """Another date than now's: minutes away, or as far as can be written."""
        if self.maybe(0.1):
            return self.dice.choice(("0001-01-01T00:00:00.000Z", "0001-01-01T00:03:00.000Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:50:00.000Z"))
        return self.script.after(minutes=self.dice.choice(_OFF))

    def _step(self) -> None:
        self.script.later(minutes=self.dice.choice(self.pace))
        if self.open and self.maybe(0.6):
            return self._answer(self.open.pop(0 if self.maybe(0.8) else self.dice.randrange(len(self.open))))
        if self.is_wrong() and self.maybe(0.3):
            return self._wrong_receipt()
        side = self.dice.choice(("customer", "vendor"))
        family = self.dice.choice(self.families)
        made = getattr(self, f"_{side}_{family}")()
        if made is not None:
            type_, body, thread, *more = made
            self._say(side, type_, body, thread, **(more[0] if more else {}), **(self._opening() if thread is None else {}))
        return None

    # Saying and answering

    def _say(self, side: str, type_: str, body: Body, thread: str | None, **more: Any) -> None:
        script = self.script
        if side == "customer":
            more.setdefault("created", script.after(minutes=self.skew))
            if self.maybe(0.25):
                more["seen"] = self.dice.choice([None, *script.history.chain.digests])
            if self.is_wrong():
                more["prior"] = self.dice.choice([None, *(word.digest for word in self.said)])
            if self.maybe(0.1) and type_ not in _NO_WORDS:
                more["expires"] = script.after(minutes=self.dice.choice((0.02, 1, 60, 3000)))
        elif self.is_wrong():
            body, type_ = self._spoiled(body), self.dice.choice([type_] * 8 + ["consent.muse"])
            if self.maybe(0.2) and script.words:
                more["id"] = self.dice.choice(script.words).id
                thread = thread or None
        if self.is_wrong():
            more["created"] = self.off()
            if side == "customer" and type_ not in _NO_WORDS:
                more.setdefault("expires", self._expires())
        before = script.last
        try:
            word = script.word(type_, json.loads(json.dumps(body)), thread, by=side, **more)
            _verified(word)
        except Problem:  # a customer's that no model reads is no word
            script.last = before
            return
        script.words.append(word)
        self.said.append(word)
        if side == "vendor":
            script.follow(word)
        elif self.maybe(0.6):
            self._answer(word)
        elif self.maybe(0.9):
            self.open.append(word)

    def _answer(self, word: Word) -> None:
        at = self.off() if self.is_wrong() else self.script.after(seconds=1)
        claims: Body = {}
        if self.is_wrong():
            claims = {"outcome": self.dice.choice(("accepted", "accepted", "moot")),
                      "state": self.dice.choice(("none", "open", "given", "active"))}  # fmt: skip
            if self.maybe(0.3):
                claims = {"outcome": "refused", "problem": _STALE}
        self.script.receipt(word, at, **claims)
        self.said.append(self.script.words[-1])

    def _wrong_receipt(self) -> None:
        """For what has its place, for what nobody said, in another thread, or one that no model reads."""
        mine = [word for word in self.script.words if word.side == "customer"]
        if not mine:
            return
        of = self.dice.choice(mine)
        if of in self.open:
            self.open.remove(of)
        body: Body = {"of": self.dice.choice((of.digest, of.digest, "zQm" + "2" * 44)), "outcome": "accepted", "state": "open"}
        if self.maybe(0.3):
            body = self._spoiled(body)
        thread = self.dice.choice((of.thread, of.thread, self.dice.choice(mine).thread))
        made = self.script.word("receipt", body, thread, by="vendor")
        self.script.words.append(made)
        if made.message["body"].get("of") == of.digest:
            self.script.follow(made, of=of)
        else:
            self.script.follow(made)

    def _spoiled(self, body: Body) -> Body:
        if not self.maybe(0.3) or not body:
            return body
        spoiled = dict(body)
        name = self.dice.choice(list(spoiled))
        if self.maybe(0.5):
            spoiled.pop(name)
        else:
            spoiled[name] = self.dice.choice(("x", 7, [], {}))
        return spoiled

    # Threads

    def _threads(self, family: str, *states: str) -> list[str]:
        found = [one for one in self.script.history.threads.values() if one.family == family]
        fitting = [one.id for one in found if one.state in states]
        if not fitting and (self.is_wrong() or self.maybe(0.15)):
            return [one.id for one in found]
        return fitting

    def _in(self, family: str, *states: str) -> str | None:
        """A thread where it may be said; now and then one where it may not be."""
        if self.is_wrong() and self.maybe(0.2):
            anywhere = [*self.script.history.threads, *(word.thread for word in self.said), uuid(f"{self.script.name} ahead {self.count}")]
            return self.dice.choice(anywhere)
        found = self._threads(family, *states)
        return self.dice.choice(found) if found else None

    def _opening(self) -> Body:
        """Of an opening: now and then it has the id of a thread in which something else was said before."""
        if self.is_wrong() and self.maybe(0.5):
            self.count += 1
            return {"id": uuid(f"{self.script.name} ahead {self.count - 1}")}
        return {}

    def _later(self) -> str:
        return self.script.after(minutes=self.dice.choice((-60, 1, 600, 3000, 20000, 400000, 400000, 10**6, 10**6)))

    # Terms

    def _terms_ref(self, carried: bool = False) -> Body:
        if self.maybe(0.5):
            ref = terms(self.dice.choice((*_ROSTER[:4], "SD-BASE", "PDC-INTENT")) if self.maybe(0.8) else self.dice.choice(_ROSTER))
            return {**ref, "digest": "zQm" + "3" * 44} if self.is_wrong() and self.maybe(0.3) else ref
        number = self.dice.randrange(6 if self.is_wrong() else 5)
        document = _document(number, "2" if self.is_wrong() and self.maybe(0.4) else "1")
        return {"document": document}

    def _one_of(self, refs: list[Body]) -> Body:
        return self.dice.choice(refs) if refs and not self.is_wrong() else self._terms_ref()

    def _bodies(self, thread: str | None, *types: str) -> list[Body]:
        return [word.message["body"] for word in self.script.words if word.thread == thread and word.message["type"] in types]

    def _customer_t(self) -> Any:
        match self.dice.randrange(6):
            case 0 | 1 | 2:
                body: Body = {"choices": [self._terms_ref() for _ in range(self.dice.choice((1, 1, 2, 3)))]}
                casts = [word for word in self.script.words if word.message["type"] in ("intent.cast", "intent.amend", "consent.grant")]
                if casts and self.maybe(0.6):
                    cast = self.dice.choice(casts)
                    body["scope"] = dict(cast.ref)
                    if self.maybe(0.3):
                        body["scope"]["digest"] = self.dice.choice(self.said).digest
                elif self.maybe(0.3):
                    body["scope"] = "relationship"
                if self.maybe(0.3):
                    body["answerBy"] = self._later()
                return "terms.proffer", body, None
            case 3 | 4:
                thread = self._in("terms", "countered")
                if thread is None:
                    return None
                refs = [each["terms"] for each in self._bodies(thread, "terms.counter") if "terms" in each]
                return "terms.accept", {"terms": self._named(self._one_of(refs))}, thread
            case _:
                thread = self._in("terms", "proffered", "countered", "active")
                return self._end_of_terms(thread)

    def _named(self, ref: Any) -> Any:
        """Terms by name, though they were carried before."""
        if isinstance(ref, dict) and "document" in ref and self.maybe(0.7):
            from opencmr import trust

            return {"id": ref["document"]["id"], "digest": trust.digest(trust.write(ref["document"]))}
        return ref

    def _end_of_terms(self, thread: str | None) -> Any:
        if thread is None:
            return None
        return self.dice.choice((("terms.decline", {"reason": "changedMind"}, thread), ("terms.terminate", {}, thread)))

    def _vendor_t(self) -> Any:
        thread = self._in("terms", "proffered")
        if thread is None:
            return None
        refs = [ref for each in self._bodies(thread, "terms.proffer") for ref in each["choices"]]
        match self.dice.randrange(7):
            case 0 | 1 | 2 | 3:
                return "terms.accept", {"terms": self._named(self._one_of(refs))}, thread
            case 4 | 5:
                late = {"answerBy": self._later()} if self.maybe(0.4) else {}
                return "terms.counter", {"terms": self._named(self._one_of(refs)) if self.maybe(0.4) else self._terms_ref(), **late}, thread
            case _:
                return self._end_of_terms(self._in("terms", "proffered", "active"))

    # Consents

    def _some(self, name: str, most: int = 2) -> list[str]:
        pool = self.near[name]
        found = {self.dice.choice(pool) for _ in range(self.dice.randint(1, most))}
        if self.maybe(0.08):
            found.add(self.dice.choice(_ALL[name]))
        if self.is_wrong() and self.maybe(0.1):
            found.add("dpv:Nothing")
        return self._mixed(found)

    def _mixed(self, found: set[str]) -> list[str]:
        return self.dice.sample(sorted(found), len(found))

    def _item(self, key: str) -> Body:
        item: Body = {
            "key": key, "purposes": self._some("purposes"), "data": self._some("data", 3), "actions": self._some("actions"),
        }  # fmt: skip
        if self.maybe(0.25):
            item["channels"] = self._mixed({self.dice.choice(_CHANNELS) for _ in range(2)})
        if self.maybe(0.2):
            item["topics"] = [dict(each) for each in self.dice.sample(_TOPICS, self.dice.choice((1, 2)))]
        if self.maybe(0.35):
            item["recipients"] = [dict(each) for each in self.dice.sample(_PARTIES, self.dice.choice((1, 2)))]
        if self.maybe(0.2):
            item["storedIn"] = self._mixed({self.dice.choice(_STORED) for _ in range(2)})
        if self.maybe(0.2):
            item["retention"] = self._retention()
        return item

    def _retention(self) -> Body:
        if self.maybe(0.3):
            return {"until": self._later()}
        return {"period": self.dice.choice(_PERIODS), "after": self.dice.choice(("collected", "lastUse"))}

    def _narrower(self, asked: Body) -> Body:
        """An item as asked, or less; now and then another member."""
        item = {name: value for name, value in asked.items() if name not in ("need", "text", "notice", "sources")}
        for name in ("purposes", "data", "actions", "channels", "storedIn"):
            if name in item and self.maybe(0.3):
                item[name] = self.dice.sample(item[name], self.dice.randint(1, len(item[name])))
        if self.maybe(0.3):
            other = self._item(item["key"])
            name = self.dice.choice(list(other))
            item[name] = other[name]
        if self.is_wrong():
            item.pop(self.dice.choice(("channels", "topics", "storedIn", "retention", "recipients")), None)
        return item

    def _grant(self, thread: str | None) -> Body:
        requests = self._bodies(thread, "consent.request") if thread else []
        requests = [each for each in requests if isinstance(each.get("items"), list) and each["items"]]
        body: Body = {"until": self._later()}
        if requests and not self.is_wrong():
            asked = requests[0]
            body["items"] = [self._narrower(each) for each in self.dice.sample(asked["items"], self.dice.randint(1, len(asked["items"])))]
            if self.maybe(0.7) and isinstance(asked.get("until"), str):
                body["until"] = asked["until"]
        else:
            body["items"] = [self._item(key) for key in self.dice.sample(_KEYS, self.dice.choice((1, 1, 2)))]
        if not requests or self.maybe(0.3):
            body["statement"] = "You may."
        if self.is_wrong() and self.maybe(0.3):
            body.pop("statement", None)
        if self.maybe(0.2):
            body["from"] = self._later()
        if self.maybe(0.2):
            body["items"][0]["until"] = self._later()
        if self.maybe(0.2):
            body["discloses"] = [self._datum()]
        return body

    def _datum(self) -> Body:
        return dict(self.dice.choice((
            {"data": "pd:EmailAddress", "value": "a@mail.example"}, {"data": "pd:EmailAddress", "value": "b@mail.example"},
            {"data": "pd:TelephoneNumber", "value": "+43123456"},
        )))  # fmt: skip

    def _no_word(self, thread: str | None) -> Any:
        if thread is None:
            return None
        body = {"keys": self.dice.sample(_KEYS, self.dice.choice((1, 2)))} if self.maybe(0.5) else {}
        return self.dice.choice(("consent.refuse", "consent.withdraw")), body, thread

    def _customer_c(self) -> Any:
        match self.dice.randrange(6):
            case 0 | 1:
                return "consent.grant", self._grant(None), None
            case 2 | 3:
                thread = self._in("consent", "requested", "given", "withdrawn", "refused")
                return ("consent.grant", self._grant(thread), thread) if thread else None
            case _:
                return self._no_word(self._in("consent", "requested", "given"))

    def _vendor_c(self) -> Any:
        if self.maybe(0.2) and (thread := self._in("consent", "requested", "given")):
            body: Body = {"heard": {"where": "the shop", "when": self.script.now}}
            return "consent.withdraw", body if self.maybe(0.5) else {**body, "keys": [self.dice.choice(_KEYS)]}, thread
        if self.maybe(0.5):
            return None
        body = {
            "items": [self._item(key) for key in self.dice.sample(_KEYS, self.dice.choice((1, 2, 3)))],
            "controller": [{"name": "Shop", "role": "controller"}], "until": self._later(),
            "notice": {"url": "https://shop.example/notice", "digest": "zQm" + "2" * 44, "lang": "en"},
        }  # fmt: skip
        return "consent.request", body, None

    # Wishes, offers, orders

    def _wish(self, thread: str | None) -> Body:
        refs = [self._named(ref) for each in self._bodies(thread, "intent.cast", "intent.amend") for ref in each["terms"]]
        body: Body = {
            "wants": [{"name": name} for name in ("Boots", "Wax")[: self.dice.choice((1, 2))]], "standing": "ready",
            "terms": [self._one_of(refs) for _ in range(self.dice.choice((1, 1, 2)))],
        }  # fmt: skip
        if self.maybe(0.4):
            body["until"] = self._later()
        if self.maybe(0.6):
            body["discloses"] = [self._datum() for _ in range(self.dice.choice((1, 2)))]
        if self.maybe(0.2):
            body["onAccept"] = self._some("data")
        return body

    def _made(self, thread: str) -> list[Word]:
        return [word for word in self.script.words if word.thread == thread and word.message["type"] == "offer.make"]

    def _customer_i(self) -> Any:
        match self.dice.randrange(14):
            case 0 | 1:
                return "intent.cast", self._wish(None), None
            case 2 | 3:
                thread = self._in("intent", "open")
                return ("intent.amend", self._wish(thread), thread) if thread else None
            case 4:
                thread = self._in("intent", "open") if self.maybe(0.4) else None
                return ("intent.withdraw", {}, thread) if thread else None
            case 5 | 6 | 7 | 8:
                return self._accepting(self._offered())
            case 9:
                thread = self._in("intent", "open")
                made = self._made(thread) if thread else []
                return ("offer.decline", {"offer": self._ref(made), "reason": "other"}, thread) if made else None
            case 10:
                thread = self._in("intent", "ordered", "confirmed", "fulfilling")
                return self._cancelling("customer", thread)
            case 11:
                thread = self._in("intent", "ordered", "confirmed", "fulfilling", "done")
                datum = self._datum() if self.maybe(0.8) else {**self._datum(), "line": self.dice.choice((0, 1, 2))}
                return ("order.disclose", {"discloses": [datum]}, thread) if thread else None
            case _:
                thread = self._in("intent", "confirmed", "fulfilling", "done", "returning")
                if thread is None:
                    return None
                body: Body = {"ground": self.dice.choice(("returns", "law")), **self._lines()}
                return "order.withdraw", body, thread

    def _offered(self) -> str | None:
        """A thread in which an offer is firm."""
        firm = [
            one.id for one in self.script.history.threads.values()
            if one.state == "open" and any(each.state == "firm" for each in one.record.offers)
        ]  # fmt: skip
        return self.dice.choice(firm) if firm and not self.is_wrong() else self._in("intent", "open")

    def _ref(self, made: list[Word]) -> Body:
        ref = dict(self.dice.choice(made[-2:]).ref)
        if self.is_wrong() and self.maybe(0.3):
            ref["digest"] = self.dice.choice(made).digest
        return ref

    def _lines(self) -> Body:
        """Some lines, or parts of lines, or all."""
        if self.maybe(0.3):
            return {}
        parts: list[Body] = []
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            part: Body = {"line": self.dice.choice((0, 0, 1, 1, 2))}
            if self.maybe(0.5):
                part["quantity"] = {"value": self.dice.choice(_AMOUNTS)}
            parts.append(part)
        return {"lines": parts}

    def _money(self, currency: str = "EUR") -> Body:
        return {"amount": self.dice.choice(_AMOUNTS), "currency": "USD" if self.is_wrong() and self.maybe(0.1) else currency}

    def _accepting(self, thread: str | None) -> Any:
        made = self._made(thread) if thread else []
        if not made:
            return None
        chosen = self.dice.choice(made[-2:]).message["body"]
        ref = self._ref(made)
        chosen = next((word.message["body"] for word in made if word.ref == ref), chosen)
        body: Body = {"offer": ref, "total": chosen.get("total")}
        if "commitment" in chosen:
            body["commitment"] = chosen["commitment"]
        if self.is_wrong():
            body[self.dice.choice(("total", "commitment"))] = self._money()
        if self.maybe(0.4):
            body["payment"] = [{"method": self.dice.choice(("card", "cash", "card"))} for _ in range(self.dice.choice((1, 2)))]
            if self.maybe(0.6):
                body["payment"][0]["amount"] = body["total"] if self.maybe(0.6) else self._money()
        return "offer.accept", body, thread

    def _offer(self, thread: str | None) -> Body:
        lines: list[Body] = []
        for number in range(self.dice.choice((1, 1, 2, 2, 3))):
            line: Body = {"name": f"Line {number}", "price": self._money()}
            if self.maybe(0.5):
                line["quantity"] = {"value": self.dice.choice(_AMOUNTS)}
            if self.maybe(0.3):
                line["want"] = self.dice.choice((0, 0, 1))
            if self.maybe(0.15):
                line["recurs"] = {"every": "P1M", **({"minimum": self.dice.choice((0, 2))} if self.maybe(0.5) else {}),
                                  **({"times": 12} if self.maybe(0.5) else {})}  # fmt: skip
            lines.append(line)
        body: Body = {"lines": lines}
        if self.maybe(0.3):
            body["adjustments"] = [self._adjustment(len(lines)) for _ in range(self.dice.choice((1, 2)))]
        adjustments = [Adjustment.model_validate(each) for each in body.get("adjustments", ())]
        read = [Line.model_validate(line) for line in lines]
        try:
            total, commitment = total_of(read, adjustments), commitment_of(read, adjustments)
        except IndexError:
            total, commitment = total_of(read), commitment_of(read)
        body["total"] = {"amount": f"{abs(total):f}", "currency": "EUR"}
        if commitment is not None:
            body["commitment"] = {"amount": f"{abs(commitment):f}", "currency": "EUR"}
        if self.is_wrong() and self.maybe(0.3):
            body[self.dice.choice(("total", "commitment"))] = self._money()
        casts = self._bodies(thread, "intent.cast", "intent.amend")[-1:] if thread else []
        proffers = [word.message["body"] for word in self.script.words if word.message["type"] == "terms.proffer"]
        refs = [ref for each in casts for ref in each["terms"]] or [ref for each in proffers for ref in each["choices"]]
        body["under"] = self._named(self._one_of(refs))
        if self.maybe(0.3):
            body["payment"] = ["card", "invoice"]
        if self.maybe(0.4):
            body["returns"] = {"days": self.dice.choice((0, 1, 14, 3650))}
        if self.maybe(0.3):
            body["warranty"] = self.dice.choice(_PERIODS)
        if self.maybe(0.3):
            body["needs"] = self._some("data")
            body["recipients"] = [{"party": dict(self.dice.choice(_PARTIES)), "data": self.dice.choice((body["needs"], self._some("data", 1)))}]
        if self.maybe(0.1):
            parts = [{"amount": body["total"], "due": "now"}]
            body["schedule"] = parts if self.maybe(0.7) else [*parts, {"amount": self._money(), "due": "later"}]
        return body

    def _adjustment(self, lines: int) -> Body:
        kind = self.dice.choice(("tax", "delivery", "discount", "estimate", "fee"))
        amount = self._money()
        if kind == "discount" and amount["amount"] != "0":
            amount["amount"] = "-0.1"
        each: Body = {"kind": kind, "amount": amount}
        if self.maybe(0.3):
            each["lines"] = self.dice.sample(range(lines + (1 if self.is_wrong() else 0)), 1)
        if self.maybe(0.2):
            each["included"] = True
        return each

    def _vendor_i(self) -> Any:
        match self.dice.randrange(12):
            case 0 | 1 | 2 | 3:
                thread = self._in("intent", "open")
                if (thread is None and self.maybe(0.3)) or self.maybe(0.1):
                    body = self._offer(None)
                    grants = [word for word in self.script.words if word.message["type"].startswith("consent.")]
                    if grants:
                        body["basis"] = dict(self.dice.choice(grants).ref)
                    return "offer.make", body, None, {"expires": self._expires()}
                if thread is None:
                    return None
                return "offer.make", self._offer(thread), thread, {"expires": self._expires()}
            case 4 | 5:
                thread = self._in("intent", "ordered")
                made = self._accepted(thread)
                total = made.get("total") if made and not self.is_wrong() else self._money()
                return ("order.confirm", {"reference": "R", "total": total}, thread) if thread else None
            case 6:
                return self._cancelling("vendor", self._in("intent", "ordered", "confirmed", "fulfilling", "cancelled"))
            case _:
                thread = self._in("intent", "confirmed", "fulfilling", "done", "returning")
                if thread is None:
                    return None
                status = self.dice.choice(("paid", "shipped", "delivered", "returned", "refunded", "refunded", "done", "failed"))
                body = {"status": status, **self._lines()}
                if status == "refunded":
                    body["amount"] = self._money()
                return "order.fulfil", body, thread

    def _expires(self) -> str:
        return self.script.after(minutes=self.dice.choice((-1, 1, 600, 3000, 20000, 20000, 20000)))

    def _accepted(self, thread: str | None) -> Body | None:
        bodies = {word.id: word.message["body"] for word in self._made(thread)} if thread else {}
        accepted = self._bodies(thread, "offer.accept")
        return bodies.get(accepted[-1]["offer"]["id"]) if accepted else None

    def _cancelling(self, side: str, thread: str | None) -> Any:
        if thread is None:
            return None
        body: Body = {"reason": "changedMind", **self._lines()}
        if side == "vendor" and self.maybe(0.6):
            body[self.dice.choice(("refund", "fee"))] = self._money()
        return "order.cancel", body, thread

    # Questions

    def _ask(self) -> Body:
        asked: Body = {}
        spoken = self._spoken_of()
        for member, pool in (("action", "actions"), ("purpose", "purposes"), ("data", "data")):
            asked[member] = self.dice.choice(self.near[pool]) if self.maybe(0.93) else self.dice.choice(_ALL[pool])
        if spoken and self.maybe(0.75):
            asked |= self.dice.choice(spoken)
        if self.maybe(0.1):
            asked.pop("data")
        if self.maybe(0.25):
            asked["recipient"] = self.dice.choice(_RECIPIENTS)
        if self.maybe(0.4):
            asked["channel"] = self.dice.choice(_CHANNELS)
        if self.maybe(0.3):
            asked["topic"] = dict(self.dice.choice(_TOPICS))
        threads = sorted(self.script.history.threads)
        if threads and self.maybe(0.25):
            asked["thread"] = self.dice.choice(threads)
        times = self.script.history.chain.times() or [self.script.now]
        at = self.dice.choice((self.script.now, self.dice.choice(times), self.dice.choice(times), self.off(), self._later()))
        return {"question": asked, "at": at, "now": self.maybe(0.4), "mine": self.maybe(0.5)}


    def _spoken_of(self) -> list[Body]:
        """What the conversation speaks of, as questions."""
        found: list[Body] = []
        for thread in self.script.history.threads.values():
            match thread.record:
                case Consent(items=items):
                    found += [self._about_item(each.item) for each in items.values()]
                case Agreement(choices=choices):
                    rules = [rule for _, document in choices for rule in document.rules if rule.effect != "oblige"]
                    found += [{"action": one.action, **({"purpose": one.purpose} if one.purpose else {}),
                               **({"data": one.data} if one.data else {})} for one in rules]  # fmt: skip
                case Dealing():
                    for purpose in ("opencmr:IntentCasting", "dpv:RequestedServiceProvision", "dpv:CustomerCare"):
                        datum = self.dice.choice(("pd:EmailAddress", "pd:TelephoneNumber", "pd:Intention"))
                        found.append({"action": "dpv:Use", "purpose": purpose, "data": datum, "thread": thread.id})
        return found

    def _about_item(self, item: Item) -> Body:
        about: Body = {
            "action": self.dice.choice(item.actions), "purpose": self.dice.choice(item.purposes),
            "data": self.dice.choice(item.data),
        }  # fmt: skip
        if item.channels:
            about["channel"] = self.dice.choice(item.channels)
        if item.topics:
            about["topic"] = self.dice.choice(item.topics).wire()
        return about


_NO_WORDS = frozenset(("terms.decline", "terms.terminate", "consent.refuse", "consent.withdraw", "intent.withdraw",
                       "offer.decline", "order.cancel", "order.withdraw"))  # fmt: skip
_STALE = {"type": "https://w3id.org/opencmr/v1/problems#stale", "title": "Stale", "status": 409, "fault": "sender", "retry": False}


def _document(number: int, version: str) -> Body:
    """Terms that are on no roster."""
    dice = random.Random(number)
    rules: list[Body] = []
    if number == 5:
        return {"id": "own-5", "version": version, "title": "Own 5", "rules": [
            {"effect": "oblige", "by": ["vendor"], "duty": "dpv:Nothing"}, {"effect": "permit", "by": ["vendor"],
             "action": "dpv:Nothing", "data": "pd:Nothing", "purpose": "dpv:Nothing"}]}  # fmt: skip
    for _ in range(dice.randint(1, 4)):
        rule: Body = {"effect": dice.choice(("permit", "permit", "prohibit")), "action": dice.choice(_NEAR["actions"]),
                      "by": dice.choice((["vendor"], ["vendor", "third-party"], ["third-party"]))}  # fmt: skip
        if dice.random() < 0.8:
            rule["purpose"] = dice.choice(_NEAR["purposes"])
        if dice.random() < 0.8:
            rule["data"] = dice.choice(_NEAR["data"])
        rules.append(rule)
    return {"id": f"own-{number}", "version": version, "title": f"Own {number}", "rules": rules}


def conversation(seed: int) -> Case:
    """A random conversation with questions, as a case of the vectors: the same for the same seed."""
    return Talk(seed).case()
