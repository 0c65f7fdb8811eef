"""One who speaks at random in one relationship, for both sides: what families say stands in the classes below it."""

import json
import random
from typing import Any

from vectors.conversation import Body, Script, Word, terms, verified
from vectors.writing import uuid

from opencmr import _spec, trust
from opencmr.errors import Problem

OFF = (-3000, -11, -7, -4, 4, 7, 11, 3000)
"""Minutes by which a clock is off: around each bound, and far."""

NEAR = {
    "actions": ("dpv:Use", "dpv:Use", "dpv:Processing", "dpv:Share", "dpv:Store", "dpv:Collect", "dpv:Disclose",
                "dpv:Transfer", "dpv:Profiling", "dpv:Analyse"),
    "purposes": ("dpv:DirectMarketing", "dpv:DirectMarketing", "dpv:Marketing", "dpv:Purpose", "dpv:CustomerCare",
                 "dpv:RequestedServiceProvision", "dpv:ServiceProvision", "opencmr:IntentCasting",
                 "dpv:ResearchAndDevelopment", "dpv:PersonalisedAdvertising"),
    "data": ("pd:EmailAddress", "pd:EmailAddress", "pd:TelephoneNumber", "pd:Contact", "pd:Intention",
             "dpv:PersonalData", "pd:PhysicalAddress", "pd:Health", "dpv:NonPersonalData"),
}  # fmt: skip
FILES = {"actions": "processing", "purposes": "purposes", "data": "personal-data"}
ALL = {name: sorted(_spec.table(f"vocabulary/{file}.json")["terms"]) for name, file in FILES.items()}
CHANNELS = ("email", "phone", "messenger", "signal", "post")
STORED = ("AT", "AT-9", "DE", "EU", "EEA", "US", "device")
TOPICS = tuple({"scheme": scheme, "code": code} for scheme in ("gs1", "x") for code in ("shoes", "hats"))
PARTIES: tuple[Body, ...] = (
    {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"},
    {"name": "Carrier", "role": "thirdParty", "id": "did:web:carrier.example"},
    {"name": "Anybody", "role": "thirdParty"},
    {"name": "Authority", "role": "authority"},
    {"name": "Host", "role": "processor", "id": "https://host.example/"},
    {"name": "https://ads.example/", "role": "jointController"},
)
RECIPIENTS = (
    "vendor", "vendor", "third-party", "https://ads.example/", "HTTPS://Ads.example:443", "did:web:carrier.example",
    "https://host.example/", "https://else.example/", "did:web:shop.example", "no party", "", "x", "mailto:a@b",
    "https://ads.example", "https://ads.example/%41/../", "http://ads.example:80/", "https://ads.example:/",
    "https://ads.example/?", "https://ads.example/./", "https://ADS.example./", "https://[::1]/",
    "did:web:Shop.example", "https://u@ads.example/", "https://%61ds.example/", "https:ads.example",
    "https://ads.example//", "https://ads.example/%2f", "https://\u00e4ds.example/", "https://ads.example:0443/",
)  # fmt: skip
PERIODS = ("PT30M", "P1D", "P2D", "P1W", "P1M", "P30D", "P1Y", "P1DT2H", "P9999Y")
ROSTER = tuple(sorted(_spec.table("vocabulary/roster.json")["terms"]))
KEYS = ("news", "study", "calls")
AMOUNTS = ("0", "1", "1", "1.00", "2", "2.5", "0.1", "0.000001", "3", "10", "999999999999999.999999")


class Talking:
    """One conversation, made of dice."""

    repeated = 0.2
    """How often a wrong word of the vendor's has the id of another."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.script = Script(f"random {seed}")
        self.wrong = self.dice.choice((0.0, 0.1, 0.35))
        """How often something is wrong."""
        self.skew = self.dice.choice((0, 0, *OFF))
        few = self.dice.choice((2, 2, 3, 20))
        self.near = {name: self.dice.sample(pool, min(few, len(pool))) for name, pool in NEAR.items()}
        """What is spoken of: few terms, so that words meet."""
        self.open: list[Word] = []
        """The customer's words that no receipt answers so far."""
        self.said: list[Word] = []
        self.pace = self.dice.choice(((0, 0.01, 1, 4), (0, 1, 4, 30, 600), (0, 0.01, 1, 30, 3000, 20000)))
        """Minutes from one word to the next."""
        self.families = self.dice.choice(("tci", "tci", "t", "c", "c", "i", "i", "i", "ci", "ti"))
        if seed % 10 == 9:  # the others stay as they were when something was found by them
            self.families += "dd"
        self.count = 0

    def maybe(self, chance: float) -> bool:
        return self.dice.random() < chance

    def is_wrong(self) -> bool:
        return self.maybe(self.wrong)

    def off(self) -> str:
        """Another date than now's: minutes away, or as far as can be written."""
        if self.maybe(0.1):
            return self.dice.choice(
                (
                    "0001-01-01T00:00:00.000Z",
                    "0001-01-01T00:03:00.000Z",
                    "9999-12-31T23:59:59.999Z",
                    "9999-12-31T23:50:00.000Z",
                )
            )
        return self.script.after(minutes=self.dice.choice(OFF))

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
            self._say(
                side, type_, body, thread, **(more[0] if more else {}), **(self._opening() if thread is None else {})
            )
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
            if self.maybe(0.1) and type_ not in NO_WORDS:
                more["expires"] = script.after(minutes=self.dice.choice((0.02, 1, 60, 3000)))
        elif self.is_wrong():
            body, type_ = self._spoiled(body), self.dice.choice([type_] * 8 + ["consent.muse"])
            if self.maybe(self.repeated) and script.words:
                more["id"] = self.dice.choice(script.words).id
                thread = thread or None
        if self.is_wrong():
            more["created"] = self.off()
            if side == "customer" and type_ not in NO_WORDS:
                more.setdefault("expires", self._expires())
        before = script.last
        try:
            word = script.word(type_, json.loads(json.dumps(body)), thread, by=side, **more)
            verified(word)
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
                claims = {"outcome": "refused", "problem": STALE}
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
        body: Body = {
            "of": self.dice.choice((of.digest, of.digest, "zQm" + "2" * 44)),
            "outcome": "accepted",
            "state": "open",
        }
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
            anywhere = [
                *self.script.history.threads,
                *(word.thread for word in self.said),
                uuid(f"{self.script.name} ahead {self.count}"),
            ]
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

    # What several families say

    def _terms_ref(self, carried: bool = False) -> Body:
        if self.maybe(0.5):
            ref = terms(
                self.dice.choice((*ROSTER[:4], "SD-BASE", "PDC-INTENT"))
                if self.maybe(0.8)
                else self.dice.choice(ROSTER)
            )
            return {**ref, "digest": "zQm" + "3" * 44} if self.is_wrong() and self.maybe(0.3) else ref
        number = self.dice.randrange(6 if self.is_wrong() else 5)
        document = _document(number, "2" if self.is_wrong() and self.maybe(0.4) else "1")
        return {"document": document}

    def _one_of(self, refs: list[Body]) -> Body:
        return self.dice.choice(refs) if refs and not self.is_wrong() else self._terms_ref()

    def _bodies(self, thread: str | None, *types: str) -> list[Body]:
        return [
            word.message["body"]
            for word in self.script.words
            if word.thread == thread and word.message["type"] in types
        ]

    def _named(self, ref: Any) -> Any:
        """Terms by name, though they were carried before."""
        if isinstance(ref, dict) and "document" in ref and self.maybe(0.7):
            return {"id": ref["document"]["id"], "digest": trust.digest(trust.canonicalize(ref["document"]))}
        return ref

    def _some(self, name: str, most: int = 2) -> list[str]:
        pool = self.near[name]
        found = {self.dice.choice(pool) for _ in range(self.dice.randint(1, most))}
        if self.maybe(0.08):
            found.add(self.dice.choice(ALL[name]))
        if self.is_wrong() and self.maybe(0.1):
            found.add("dpv:Nothing")
        return self._mixed(found)

    def _mixed(self, found: set[str]) -> list[str]:
        return self.dice.sample(sorted(found), len(found))

    def _datum(self) -> Body:
        return dict(self.dice.choice((
            {"data": "pd:EmailAddress", "value": "a@mail.example"},
            {"data": "pd:EmailAddress", "value": "b@mail.example"},
            {"data": "pd:TelephoneNumber", "value": "+43123456"},
        )))  # fmt: skip


NO_WORDS = frozenset(("terms.decline", "terms.terminate", "consent.refuse", "consent.withdraw", "intent.withdraw",
                       "offer.decline", "order.cancel", "order.withdraw", "data.object", "data.cancel"))  # fmt: skip
STALE = {
    "type": "https://w3id.org/opencmr/v1/problems#stale",
    "title": "Stale",
    "status": 409,
    "fault": "sender",
    "retry": False,
}


def _document(number: int, version: str) -> Body:
    """Terms that are on no roster."""
    dice = random.Random(number)
    rules: list[Body] = []
    if number == 5:
        return {"id": "own-5", "version": version, "title": "Own 5", "rules": [
            {"effect": "oblige", "by": ["vendor"], "duty": "dpv:Nothing"}, {"effect": "permit", "by": ["vendor"],
             "action": "dpv:Nothing", "data": "pd:Nothing", "purpose": "dpv:Nothing"}]}  # fmt: skip
    for _ in range(dice.randint(1, 4)):
        rule: Body = {"effect": dice.choice(("permit", "permit", "prohibit")), "action": dice.choice(NEAR["actions"]),
                      "by": dice.choice((["vendor"], ["vendor", "third-party"], ["third-party"]))}  # fmt: skip
        if dice.random() < 0.8:
            rule["purpose"] = dice.choice(NEAR["purposes"])
        if dice.random() < 0.8:
            rule["data"] = dice.choice(NEAR["data"])
        rules.append(rule)
    return {"id": f"own-{number}", "version": version, "title": f"Own {number}", "rules": rules}
