"""Random conversations of one relationship, as vectors hold them, for two implementations to fold.

All families meet in them, and every rule is broken now and then: by customers with other clocks, who have not
seen all, whose words come late, out of order or never; and by vendors that answer wrongly, twice, or what nobody said,
and that say what no thread allows or no model reads.
"""

from datetime import timedelta
from typing import Any

from vectors.conversation import Body, setting
from vectors.writing import Case

from opencmr.messages.consent import Item
from opencmr.protocol.clock import shifted
from opencmr.protocol.families.consent import Consent
from opencmr.protocol.families.data import RightsRequest
from opencmr.protocol.families.intent.dealing import Dealing
from opencmr.protocol.families.terms import Agreement

from .consents import Consents
from .orders import Orders
from .rights import Rights
from .talking import ALL, CHANNELS, RECIPIENTS, TOPICS

STEPS = 26
QUESTIONS = 24


class Talk(Consents, Orders, Rights):
    """One conversation of all families, with questions."""

    def case(self) -> Case:
        words = self.dice.randint(STEPS // 2, STEPS * 2)
        if "i" in self.families and self.maybe(0.75):
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

    # Terms

    def _customer_t(self) -> Any:
        match self.dice.randrange(6):
            case 0 | 1 | 2:
                body: Body = {"choices": [self._terms_ref() for _ in range(self.dice.choice((1, 1, 2, 3)))]}
                casts = [
                    word
                    for word in self.script.words
                    if word.message["type"] in ("intent.cast", "intent.amend", "consent.grant")
                ]
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
                return (
                    "terms.counter",
                    {"terms": self._named(self._one_of(refs)) if self.maybe(0.4) else self._terms_ref(), **late},
                    thread,
                )
            case _:
                return self._end_of_terms(self._in("terms", "proffered", "active"))

    # Questions

    def _ask(self) -> Body:
        asked: Body = {}
        spoken = self._spoken_of()
        for member, pool in (("action", "actions"), ("purpose", "purposes"), ("data", "data")):
            asked[member] = self.dice.choice(self.near[pool]) if self.maybe(0.93) else self.dice.choice(ALL[pool])
        if spoken and self.maybe(0.75):
            asked |= self.dice.choice(spoken)
        if self.maybe(0.1):
            asked.pop("data")
        if self.maybe(0.25):
            asked["recipient"] = self.dice.choice(RECIPIENTS)
        if self.maybe(0.4):
            asked["channel"] = self.dice.choice(CHANNELS)
        if self.maybe(0.3):
            asked["topic"] = dict(self.dice.choice(TOPICS))
        threads = sorted(self.script.history.threads)
        if threads and self.maybe(0.25):
            asked["thread"] = self.dice.choice(threads)
        times = self.script.history.chain.times() or [self.script.now]
        at = self.dice.choice(
            (
                self.script.now,
                self.dice.choice(times),
                self.dice.choice(times),
                self.off(),
                self._later(),
                self._end(times),
            )
        )
        return {"question": asked, "at": at, "now": self.maybe(0.4), "mine": self.maybe(0.5)}

    def _end(self, times: list[str]) -> str:
        """About where something ends that began at a place: a return, a refund, a wish, an order, a warranty."""
        days = timedelta(days=self.dice.choice((1, 2, 14, 30, 44, 365)), milliseconds=self.dice.choice((-1, 0, 1)))
        return shifted(self.dice.choice(times), days)

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
                case RightsRequest(body=asked):
                    data = (asked.data or ["pd:EmailAddress"])[0]
                    found.append({"action": "dpv:Use", "purpose": "dpv:RightsFulfilment", "data": data,
                                  "thread": thread.id})  # fmt: skip
                case Dealing(offers=offers):
                    found += [{"action": "dpv:Share", "purpose": "dpv:RequestedServiceProvision", "thread": thread.id,
                               "data": each.data[0], "recipient": each.party.id or "third-party"}
                              for made in offers for each in made.body.recipients or ()]  # fmt: skip
                    for purpose in ("opencmr:IntentCasting", "dpv:RequestedServiceProvision", "dpv:CustomerCare",
                                    "dpv:RightsFulfilment"):  # fmt: skip
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


def conversation(seed: int) -> Case:
    """A random conversation with questions, as a case of the vectors: the same for the same seed."""
    return Talk(seed).case()
