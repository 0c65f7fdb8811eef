"""What tests of bridges share: a consent to export, conversations of all families at random, and what documents state,
read without the bridges that wrote them."""

import json
import random
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from dialogue import NEW_YEAR, REQUEST, SHOP, Dialogue, ref_of
from opencmr import _spec
from opencmr.bridges.gate import View
from opencmr.errors import Problem
from opencmr.messages import BODIES, FAMILIES, Body, consent, data, intent, offer, terms
from opencmr.messages.personal import Datum
from opencmr.messages.types import Code, Money, Party, Place, Ref, Retention, Rule, TermsDocument, TermsRef, Want
from opencmr.protocol import THIRD_PARTY, VENDOR, Question, family_of, lifecycle, roster
from opencmr.protocol.families.consent import Consent
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.families.terms import Agreement
from opencmr.protocol.vocabulary import label

ACTIONS = (
    "dpv:Processing",
    "dpv:Use",
    "dpv:Share",
    "dpv:Disclose",
    "dpv:Tracking",
    "dpv:Profiling",
    "dpv:Collect",
    "dpv:Transmit",
    "dpv:TrackingByFirstParty",
)
PURPOSES = (
    "dpv:Marketing",
    "dpv:DirectMarketing",
    "dpv:Advertising",
    "dpv:Personalisation",
    "dpv:ServiceProvision",
    "dpv:RequestedServiceProvision",
    "dpv:SellProducts",
    "dpv:SellDataToThirdParties",
    "dpv:Purpose",
)
DATA = (
    "pd:Contact",
    "pd:EmailAddress",
    "pd:TelephoneNumber",
    "dpv:PersonalData",
    "dpv:AnonymisedData",
    "dpv:SensitivePersonalData",
)
PARTIES = (
    Party(name="Ads", role="thirdParty", id="https://ads.example/"),
    Party(name="Press", role="authority", id="https://press.example/"),
    Party(name="Sister", role="jointController", id="did:web:sister.example"),
    Party(name="Mailer", role="processor"),
    Party(name="Whoever", role="thirdParty"),
)
CHANNELS = ("email", "messenger", "whatsApp", "sms")
TOPICS = (Code(scheme="text", code="bikes"), Code(scheme="text", code="shoes", label="Shoes"))
# One consent that a record can be made of

ADS = Party(name="Ads", role="thirdParty", id="https://ads.example/", contact="Ann", address=Place(country="FR"))
BERLIN = Place(country="DE", locality="Berlin", street="Weg 1", postal_code="10115")
MAILER = Party(name="Mailer", role="processor", id="https://mailer.example/", email="a@mailer.example", address=BERLIN)
NORTHWIND = Party(name="Northwind", role="controller", id=SHOP, phone="+35315550100", address=Place(country="IE"))
NEWS: dict[str, Any] = {
    "key": "news",
    "purposes": ["dpv:DirectMarketing"],
    "data": ["pd:EmailAddress"],
    "actions": ["dpv:Use", "dpv:Share"],
    "recipients": [MAILER, ADS],
    "retention": Retention(period="P30D", after="consentEnds"),
    "stored_in": ["IE", "device"],
}


def request(*items: dict[str, Any], **more: Any) -> consent.Request:
    """A request that says all that a record must hold."""
    said = {
        "controller": [NORTHWIND],
        "notice": consent.Notice(url="https://shop.example/n", digest=roster.ref("SD-BASE").digest, lang="en"),
        "jurisdiction": "IE",
        "rights": "https://shop.example/rights",
        "withdraw_url": "https://shop.example/stop",
    }
    asked = [consent.RequestItem(**item) for item in items or (NEWS,)]
    return consent.Request(items=asked, until=NEW_YEAR, **(said | more))


def grant(*items: dict[str, Any], **more: Any) -> consent.Grant:
    return consent.Grant(items=[consent.GrantItem(**item) for item in items or (NEWS,)], until=NEW_YEAR, **more)


def view(one: Dialogue, **later: int) -> View:
    return View(one.history, one.customer_did, one.vendor_did, one.after(**later) if later else one.now)


def asked_and_granted(one: Dialogue, *items: dict[str, Any], **more: Any) -> str:
    thread = one.tell(request(*items, **more))
    one.say(grant(*items), thread)
    return thread


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "dpv:Use", "2026-01-01", "P6M", "email", "x:y"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@id", "claims", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
"""What a member of a hostile document may hold."""

# Conversations at random

MOSTLY = ("consent", "consent", "terms", "terms")
LIKELY = ("consent.grant", "offer.make", "terms.accept")


class Talk:
    """One relationship in which all families say something, right or wrong."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.one = Dialogue(key=dice.randrange(1, 50))
        self.types = [type_ for type_ in BODIES if family_of(type_) is not None]

    def play(self, steps: int) -> Dialogue:
        """That many words, as far as they can be said; half of the time after an agreement."""
        if self.dice.random() < 0.5:
            ref = self._terms()
            chosen = dict(zip(("id", "digest"), roster.named(ref), strict=True))
            self.one.tell(terms.Accept(terms=TermsRef(**chosen)), self.one.say(terms.Proffer(choices=[ref])))
        for _ in range(steps):
            self._step()
        return self.one

    def _step(self) -> None:
        choice = self._choose()
        if choice is None:
            return
        side, type_, thread = choice
        body = self._body(type_, thread)
        named = {"at": self.one.after(minutes=self.dice.randrange(-20, 4))} if self.dice.random() < 0.1 else {}
        try:
            if side == "customer":
                self.one.say(body, thread, **named)
            else:
                self.one.tell(body, thread)
        except Problem as problem:
            if not problem.retry:
                raise

    def _choose(self) -> tuple[str, str, str | None] | None:
        """A word that its thread's lifecycle allows: of a new thread, or of one that is there."""
        threads = [one for one in self.one.history.threads.values() if one.family]
        found = self.dice.choice(threads) if threads and self.dice.random() < 0.7 else None
        family = found.family if found else self.dice.choice([*FAMILIES, *MOSTLY])
        state = found.state if found else "none"
        rows = sorted((side, type_) for at, type_, side in lifecycle(str(family)).rows if at == state)
        if not rows:
            return None
        rows += [row for row in rows if row[1] in LIKELY] * 8
        side, type_ = self.dice.choice(rows)
        return side, type_, found.id if found else None

    # Bodies

    def _body(self, type_: str, thread: str | None) -> Any:
        record = self.one.history.threads[thread].record if thread in self.one.history.threads else None
        match type_, record:
            case "consent.request", _:
                items = [consent.RequestItem(**self._item(key)) for key in self._keys()]
                return REQUEST.model_copy(update={"items": items})
            case "consent.grant", Consent(request=consent.Request() as request):
                return consent.Grant(items=[self._answered(item) for item in self._some(request.items)], until=NEW_YEAR)
            case "consent.grant", _:
                items = [consent.GrantItem(**self._item(key)) for key in self._keys()]
                return consent.Grant(items=items, until=NEW_YEAR, statement="Do.")
            case "terms.proffer", _:
                casts = [id_ for id_, one in self.one.history.records.items() if isinstance(one, Dealing)]
                scope = self._ref(self.dice.choice(casts)) if casts and self.dice.random() < 0.5 else None
                return terms.Proffer(choices=[self._terms()], scope=scope)
            case "terms.accept", Agreement() as agreement:
                chosen = agreement.counter or agreement.choices[0]
                return terms.Accept(terms=TermsRef(id=chosen[1].id, digest=chosen[0]))
            case "data.object", _:
                return self._objection()
            case "intent.cast", _:
                data = [Datum(data="pd:EmailAddress", value="alice@mail.example")] if self.dice.random() < 0.7 else None
                return intent.Cast(wants=[Want(name="Boots")], terms=[self._terms()], standing="ready", discloses=data)
            case "offer.make", Dealing() as dealing if dealing.terms:
                line = offer.Line(name="Boots", price=Money("10.00", "EUR"))
                return offer.Make(lines=[line], total=Money("10.00", "EUR"), under=self._under(dealing))
            case _:
                return self.dice.choice(examples(type_))

    def _objection(self) -> data.Object:
        return data.Object(
            right=self.dice.choice(["object", "restrict"]),
            purposes=self._some(PURPOSES),
            data=self._maybe(DATA),
            actions=self._maybe(ACTIONS),
            recipients=self._maybe(PARTIES),
            channels=self._maybe(CHANNELS),
        )

    def _under(self, dealing: Dealing) -> TermsRef:
        digest, document = self.dice.choice(list(dealing.terms))
        return TermsRef(id=document.id, digest=digest)

    def _keys(self) -> list[str]:
        return self._some(["a", "b", "c"])

    def _some(self, of: Any) -> list[Any]:
        return self.dice.sample(list(of), self.dice.randint(1, min(3, len(of))))

    def _maybe(self, of: Any) -> list[Any] | None:
        return self._some(of) if self.dice.random() < 0.3 else None

    def _item(self, key: str) -> dict[str, Any]:
        return {
            "key": key,
            "purposes": self._some(PURPOSES),
            "data": self._some(DATA),
            "actions": self._some(ACTIONS),
            "recipients": self._maybe(PARTIES),
            "channels": self._maybe(CHANNELS),
            "topics": self._maybe(TOPICS),
        }

    def _answered(self, asked: consent.Item) -> consent.GrantItem:
        names = set(consent.GrantItem.model_fields) & set(consent.RequestItem.model_fields)
        members = {name: getattr(asked, name) for name in names}
        if self.dice.random() < 0.4:
            members["purposes"] = asked.purposes[:1]
        if self.dice.random() < 0.2:
            members["until"] = self.one.after(days=1)
        return consent.GrantItem(**members)

    def _terms(self) -> TermsRef:
        if self.dice.random() < 0.6:
            return roster.ref(self.dice.choice(roster.codes()))
        rules = [
            Rule(
                effect=self.dice.choice(["permit"] * 4 + ["prohibit"]),
                by=self._some(["vendor", "third-party"]),
                action=self.dice.choice(ACTIONS),
                purpose=self.dice.choice([None, *PURPOSES]),
                data=self.dice.choice([None, *DATA]),
            )
            for _ in range(self.dice.randint(1, 4))
        ]
        name = f"terms-{self.dice.getrandbits(40)}"
        return TermsRef(document=TermsDocument(id=name, version="1", title="Terms", rules=rules))

    def _ref(self, id_: str) -> Ref:
        raw = next(raw for raw in self.one.raws if json.loads(raw)["id"] == id_)
        return ref_of(raw)


@cache
def examples(type_: str) -> list[Body]:
    """The bodies of the examples of the specification, as one may say any of them."""
    folder = _spec.root() / str(family_of(type_)) / "examples" / "valid"
    bodies = [json.loads(file.read_text())["body"] for file in sorted(folder.glob(f"{type_}.*.json"))]
    return [BODIES[type_].model_validate(body) for body in bodies]


# What documents state, as their reader would put it to `may()`


def stated_in_record(record: Mapping[str, Any]) -> Iterator[Question]:
    """All that a consent record states as permitted."""
    last = record["dpv:hasConsentStatus"][-1]["@type"]
    if not {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"} & set(last if isinstance(last, list) else [last]):
        return
    within = {one["@id"] for one in record["dpv:hasEntity"] if one["@type"] == "dpv:DataProcessor"}
    vendor = "did:web:shop.example"
    for process in record.get("dpv:hasProcess", ()):
        whom = [VENDOR if one == vendor or one in within else one for one in process["dpv:hasRecipient"]]
        for purpose in process["dpv:hasPurpose"]:
            told = purpose if isinstance(purpose, dict) else {"skos:broader": purpose}
            for action in process["dpv:hasProcessing"]:
                for term in process["dpv:hasPersonalData"]:
                    for channel in told.get("opencmr:channel", [None]):
                        for topic in told.get("opencmr:topic", [None]):
                            about = Code(**topic) if topic else None
                            for to in whom:
                                yield Question(action, told["skos:broader"], term, to, channel, None, about)


def stated_in_policy(policy: Mapping[str, Any]) -> Iterator[Question]:
    """All that an ODRL policy states as permitted."""
    for rule in policy.get("permission", ()):
        target = rule["target"]
        data, thread = target, None
        if isinstance(target, dict):
            data, thread = target["refinement"][0]["rightOperand"]["@id"], target["source"]
        bounds = {one["leftOperand"]: one["rightOperand"]["@id"] for one in rule["constraint"]}
        to = THIRD_PARTY if bounds["recipient"] == "dpv:ThirdParty" else VENDOR
        yield Question(rule["action"], bounds.get("purpose", "dpv:Purpose"), data, to, thread=thread)


def stated_in_receipt(receipt: Mapping[str, Any]) -> Iterator[Question]:
    """All that a Kantara receipt states as permitted: its categories, and its words for the rest."""
    actions = {label(action): action for action in ACTIONS}
    for purpose in receipt["services"][0]["purposes"]:
        words = purpose["purpose"]
        by = re.match(r".*?, by (.*?)(?: over | about |, without |$)", words)
        over = re.search(r" over (.*?) only", words)
        about = re.search(r" about (.*?) only", words)
        channels: list[Any] = over[1].split(" or ") if over else [None]
        topics: list[Any] = [_topic(name) for name in about[1].split(" or ")] if about else [None]
        whom = [VENDOR, *re.findall(r"<(.*?)>", purpose.get("thirdPartyName", ""))]
        assert by is not None
        for action in by[1].split(" and "):
            for term in purpose["piiCategory"]:
                for channel in channels:
                    for topic in topics:
                        for to in whom:
                            yield Question(
                                actions[action], purpose["purposeCategory"][0], term, to, channel, None, topic
                            )


def _topic(name: str) -> Code:
    return next(one for one in TOPICS if name in (one.code, one.label))
