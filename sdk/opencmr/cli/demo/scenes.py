"""The scenes of the demo: one customer and two shops, from the first look to the withdrawn consent.

All messages go over HTTP to real processes. The story is read from the stores of those who sent and received them.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from ...errors import OpenCMRError
from ...messages import consent
from ...messages.intent import Cast
from ...messages.types import Attr
from ...protocol import Decision, Question, explain
from ...protocol.clock import shifted
from ...roles import Casting, ConsentInHand, Customer, CustomerRelationship, OfferInHand, OrderInHand, Policy
from ...roles.customer.messaging import Messaging
from ...roles.party.reading import Line
from ...transport import HttpNetwork
from .persona import Persona
from .shops import Shop
from .stores import RECEIPT, PartyStore, compare, gist
from .story import Remark, Step, Story, Teller

_NEWS = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress", channel="email")
_QUESTIONS = {
    "Newsletter by email": _NEWS,
    "Newsletter by text": Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress", channel="sms"),
    "Product suggestions": Question("dpv:Use", "dpv:ProvideProductRecommendations", "pd:PurchasesAndSpendingHabit"),
    "Counting visitors": Question("dpv:Use", "dpv:ServiceUsageAnalytics"),
    "Handing to others": Question("dpv:Share", "dpv:Advertising", "pd:EmailAddress", recipient="third-party"),
}
_TERMS, _COUNTER = "SD-BASE-DP", "SD-BASE-A"
_NEAR = Decimal("0.02")
"""An offer counts as equal in price where it costs at most this share more than the cheapest."""
_PATIENCE = 15.0
"""Seconds that the customer waits for a shop."""


class Failed(OpenCMRError):
    """The demo did not come out as it must: a fault of ours."""


class Scenes:
    """The scenes, in their order.

    Args:
        shops: The shops, open.
        store: The customer's file.
        wish: What the customer wants.
        persona: Who the customer is.
        dice: Decides among near-equal offers.
        story: Where it is written down.
        teller: Who tells it.
    """

    def __init__(
        self,
        shops: list[Shop],
        store: Path,
        wish: Cast,
        persona: Persona,
        dice: random.Random,
        story: Story,
        teller: Teller,
    ) -> None:
        self.shops = shops
        self.wish = wish
        self.persona = persona
        self.story = story
        self.teller = teller
        self.mine = PartyStore(store)
        self.theirs = {shop.did: PartyStore(shop.store) for shop in shops}
        self.names = {shop.did: shop.name for shop in shops}
        self._dice = dice
        self._moments: dict[str, str] = {}
        self._consents: dict[str, ConsentInHand] = {}

    async def run(self) -> None:
        """Play all but the last two scenes, for which the shops are closed."""
        network = HttpNetwork()
        policy = Policy(proffers=[_TERMS], takes=[_COUNTER])
        async with Customer.open(self.mine.path, network=network, policy=policy) as customer:
            met = await self._look(customer, network)
            await self._agree(met)
            await self._consent(met)
            await self._ask(met)
            casting = await self._cast(customer, met)
            best = await self._weigh(casting)
            if best is not None:
                await self._order(met, casting, best)
            await self._withdraw(met[0])
            for _ in range(2):  # the second brings the receipts for what the first has collected
                await customer.sync()
            await self._tell()

    # Scenes

    async def _look(self, customer: Customer, network: HttpNetwork) -> list[CustomerRelationship]:
        name = self.persona.name
        await self._step(
            "discovery", "Look before speaking", f"A shop says what it accepts before {name} tells it anything."
        )
        met, published = [], []
        for shop in self.shops:
            found = (await network.find(shop.did)).discovery
            met.append(relationship := await customer.meet(shop.did))
            self.names[relationship.me] = name
            accepted = [terms.id for terms in found.terms]
            await self._note(f"{shop.name} is {shop.did} and accepts {' or '.join(accepted)}.")
            published.append({"shop": shop.name, "did": shop.did, "customer": relationship.me, "accepts": accepted})
        self.story.now.facts["shops"] = published
        await self._note(f"{name} meets each under a fresh key, so that they can't join what they know by key.")
        return met

    async def _agree(self, met: list[CustomerRelationship]) -> None:
        name = self.persona.name
        await self._step("terms", "State the terms", f"{name} proffers terms, and the shops answer; not the reverse.")
        agreed = {}
        for relationship in met:
            agreement = await relationship.agreements.proffer()
            await self._tell()
            if agreement.state != "active" or agreement.terms is None:
                raise Failed(f"{self._shop(relationship)} and the customer have not agreed: {agreement.state}")
            agreed[self._shop(relationship)] = agreement.terms.id
        self.story.now.facts["agreed"] = agreed
        await self._note(f"{_COUNTER} lets a shop count visits to its own pages. {name}'s policy takes that unasked.")

    async def _consent(self, met: list[CustomerRelationship]) -> None:
        name = self.persona.name
        await self._step(
            "consent", "Consent to a part", f"Both shops ask for two things. {name} picks; a no costs nothing."
        )
        for relationship in met:
            self._consents[relationship.vendor] = await self._asked(relationship)
        await self._tell()
        first, *others = met
        await self._consents[first.vendor].grant("newsletter")
        await self._tell()
        for relationship in others:
            await self._consents[relationship.vendor].refuse()
            await self._tell()
        self.story.now.facts["granted"] = {self._shop(first): ["newsletter"]}

    async def _ask(self, met: list[CustomerRelationship]) -> None:
        await self._step(
            "decisions", "May they?", "One question, one answer: both sides compute it from the same messages."
        )
        rows: list[tuple[str, ...]] = []
        marks: dict[int, str] = {}
        decisions = []
        for relationship in met:
            rows.append((self._shop(relationship),))
            for asked, question in _QUESTIONS.items():
                decision = self._decide(relationship, question)
                decisions.append(decision)
                marks[len(rows)] = "yes" if decision else "no"
                rows.append((f"  {asked}", _word(decision), decision.reason, self._when(decision)))
        self.teller.table(("May …", "", "Because of", "Said at"), rows, marks)
        self.story.now.facts["decisions"] = [self._as_dict(decision) for decision in decisions]
        await self._note(explain(decisions[0], self._moment))
        await self._note("Each shop's own file gives the same answers, on the same evidence.")

    async def _cast(self, customer: Customer, met: list[CustomerRelationship]) -> Casting:
        name, first = self.persona.name, self.wish.wants[0].name
        await self._step("intent", "Say what is wanted", f"{name} tells the market, under terms of {name}'s own.")
        casting = await customer.cast(self.wish, to=met, expires=timedelta(days=7))
        await self._tell()
        terms = [ref.id or (ref.document and ref.document.id) for ref in self.wish.terms]
        self.story.now.facts["wants"] = [want.name for want in self.wish.wants]
        self.story.now.facts["terms"] = terms
        await self._note(f"Whoever offers “{first}” has thereby signed {' or '.join(map(str, terms))} for this wish.")
        return casting

    async def _weigh(self, casting: Casting) -> OfferInHand | None:
        await self._step(
            "offers", "Compare the offers", "Offers are firm and signed, and stand side by side on equal terms."
        )
        offers = casting.firm()
        facts = self.story.now.facts
        facts["offers"], facts["chosen"] = [], None
        if not offers:
            await self._note("Nobody offers what is wanted: no offer, no order, and nothing disclosed.")
            await casting.withdraw(reason="nothing-offered")
            await self._tell()
            return None
        most = max(map(self._met, offers))
        cheapest = min(Decimal(made.owed.amount) for made in offers if self._met(made) == most)
        near = [
            made for made in offers if self._met(made) == most and Decimal(made.owed.amount) <= cheapest * (1 + _NEAR)
        ]
        best = self._dice.choice(near)
        wished = sum(len(_wished(want.attributes)) for want in self.wish.wants)
        rows = []
        for made in offers:
            body = made.body
            goods = " + ".join(_amount(line.quantity) + line.name for line in body.lines)
            back = f"{body.returns.days} days" if body.returns else "–"
            price = f"{made.owed.amount} {made.owed.currency}"
            met = f"{self._met(made)} of {wished}" if wished else "–"
            rows.append((self._shop(made.relationship), goods, price, met, back))
            facts["offers"].append(
                {
                    "shop": rows[-1][0],
                    "offer": made.offer.digest,
                    "goods": [line.name for line in body.lines],
                    "total": {"amount": made.total.amount, "currency": made.total.currency},
                    "wishesMet": self._met(made),
                    "under": made.offer.terms[1].id,
                }
            )
        chosen = offers.index(best)
        facts["chosen"] = best.offer.digest
        self.teller.table(("Shop", "Offer", "Total", "Wishes", "Returns"), rows, {chosen: "best"})
        why = "most wishes met, then the lowest price" if len(near) == 1 else "chance decides among near-equal offers"
        await self._note(f"{self.persona.name} takes {rows[chosen][0]}'s at {rows[chosen][2]}: {why}.")
        return best

    async def _order(self, met: list[CustomerRelationship], casting: Casting, best: OfferInHand) -> None:
        shop = self._shop(best.relationship)
        needs = best.body.needs or []
        what = "the address" if "pd:PhysicalAddress" in needs else "what it needs"
        await self._step(
            "order", "Order, and only then disclose", f"{shop} gets {what} once it is bound to deliver; others never."
        )
        term = "pd:PhysicalAddress" if "pd:PhysicalAddress" in needs else "pd:Name"
        question = Question("dpv:Use", "dpv:CustomerOrderManagement", term, thread=best.thread)
        before = self._decide(best.relationship, question)
        secret = self.persona.street if term == "pd:PhysicalAddress" else self.persona.whole_name
        if self.theirs[best.relationship.vendor].holds(best.relationship.me, secret):
            raise Failed(f"{shop} knew “{secret}” before the order")
        await self._note(
            f"Before: “{secret}” is in no message, and {shop} may not use it for an order ({before.reason})."
        )
        order = await best.accept(payment=best.body.payment[0] if best.body.payment else None)
        await self._tell()
        await casting.withdraw(reason="bought-elsewhere", but=order)
        await self._tell()
        if needs:
            await order.disclose({term: self.persona.tell(term) for term in needs})
            await self._tell()
        # Asked as of what was said last: the shop goes on meanwhile, and may be done before we hear of it.
        after = self._decide(best.relationship, question, self.story.now.said[-1].at)
        if after:
            await self._note(f"After: it may, because of the order ({after.reason}), and for as long as that lasts.")
        else:
            await self._note(
                f"After: nothing was needed, so nothing was disclosed, and it still may not ({after.reason})."
            )
        await self._delivered(order)
        ignorant = [
            self.names[one.vendor]
            for one in met
            if one is not best.relationship and not self.theirs[one.vendor].holds(one.me, secret)
        ]
        self.story.now.facts.update(
            before=self._as_dict(before),
            after=self._as_dict(after),
            disclosed=needs,
            neverTold=ignorant,
            state=order.state,
        )
        for other in ignorant:
            await self._note(f"{other}'s file holds “{secret}” nowhere.")

    async def _withdraw(self, relationship: CustomerRelationship) -> None:
        shop = self._shop(relationship)
        await self._step(
            "withdrawal",
            "Take the consent back",
            "As easy as giving it. The shop can't refuse, and signs when it took effect.",
        )
        await self._consents[relationship.vendor].withdraw()
        await self._tell()
        now = self._decide(relationship, _NEWS)
        withdrawal = next(one.digest for one in self.story.now.said if one.type == consent.Withdraw.type)
        receipt = self._read(lambda line: line.of == withdrawal)
        at = str(receipt["created"])
        # The customer's own view denies from when they said it, the shop's from when it took its place.
        said = str(self._read(lambda line: line.digest == withdrawal)["created"])
        before = self._decide(relationship, _NEWS, shifted(min(said, at), timedelta(milliseconds=-1)))
        if not before or now:
            raise Failed("the withdrawal did not change the answer")
        self.story.now.facts.update(
            effective=at, receiptSignedBy=receipt["from"], before=self._as_dict(before), after=self._as_dict(now)
        )
        await self._note(
            f"Until {_clock(at)} {shop} might send its letter ({before.reason}); from then on not ({now.reason})."
        )
        await self._note(f"{shop}'s own signature on the receipt proves that instant.")

    async def compare(self) -> None:
        """Compare the files of both sides, byte for byte; the shops are closed."""
        await self._step(
            "records", "Compare the records", "The customer keeps the same records as the shops, of the same worth."
        )
        rows: list[tuple[str, ...]] = []
        marks: dict[int, str] = {}
        facts = []
        for shop in self.shops:
            found = compare(self.mine, shop.name, self.theirs[shop.did])
            marks[len(rows)] = "no" if found.differences else "yes"
            same = "differ" if found.differences else "the same, byte for byte"
            rows.append((shop.name, str(found.messages), f"{found.octets:,}", str(found.threads), same))
            facts.append({"shop": shop.name, "equal": not found.differences, **found.as_dict()})
        self.teller.table(("Shop", "Messages", "Bytes", "Records", "Both sides"), rows, marks)
        self.story.now.facts["compared"] = facts
        if any(not each["equal"] for each in facts):
            raise Failed("the two sides hold different records")

    async def verified(self, verify: Callable[[], dict[str, Any]]) -> None:
        """Check all of the evidence, offline.

        Args:
            verify: Exports and checks; returns what was counted.
        """
        await self._step(
            "verification",
            "Check it all, offline",
            "Anyone who is given the evidence can check it, and needs neither side for that.",
        )
        counts = await asyncio.to_thread(verify)
        self.story.now.facts["verified"] = counts
        told = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
        await self._note(f"All signatures, chains, states and records hold: {told}.")

    # What scenes share

    async def _step(self, key: str, title: str, meaning: str) -> None:
        step = Step(len(self.story.steps) + 1, key, title, meaning)
        self.story.steps.append(step)
        self.teller.step(step)
        await asyncio.sleep(3 * self.teller.beat)

    async def _note(self, text: str) -> None:
        self.story.now.facts.setdefault("notes", []).append(text)
        self.teller.note(text)
        await asyncio.sleep(2 * self.teller.beat)

    async def _tell(self) -> None:
        """Tell what has been said since."""
        for relationship, line in self.mine.news():
            if line.type == RECEIPT:
                self.story.now.receipts.append(line.digest)
                continue
            said_by = [relationship.customer, relationship.vendor]
            speaker, hearer = said_by if line.side == "customer" else reversed(said_by)
            self._moments[line.digest] = line.at
            remark = Remark(
                line.digest, line.at, self.names[speaker], self.names[hearer], line.type, gist(line),
                line.outcome or "", line.state or "",
            )  # fmt: skip
            self.story.now.said.append(remark)
            self.teller.said(remark)
            await asyncio.sleep(self.teller.beat)

    async def _asked(self, relationship: CustomerRelationship) -> ConsentInHand:
        """Wait until the shop asks for a consent."""
        async with _patience(f"{self._shop(relationship)} to ask for a consent"):
            while not (asked := relationship.consents.in_state("requested")):
                await relationship.collect(wait=5)
        return asked[0]

    async def _delivered(self, order: OrderInHand) -> None:
        """Wait until the order is done, and tell each step of it."""
        async with _patience("the order to be performed"):
            while True:
                await self._tell()
                if order.state == "done":
                    return
                await order.relationship.collect(wait=5)

    def _decide(self, relationship: Messaging, question: Question, at: str | None = None) -> Decision:
        """Ask both sides; they must agree."""
        when, now = at or relationship.now(), at is None
        ours = relationship.history.may(question, when, now=now)
        theirs = self.theirs[relationship.vendor].may(relationship.me, question, when, now=now)
        if ours != theirs:
            raise Failed(f"the two sides decide differently: {ours} and {theirs}")
        return ours

    def _read(self, wanted: Callable[[Line], bool]) -> dict[str, Any]:
        """The message of the first line of this kind."""
        with self.mine.read() as relationships:
            for line in (line for relationship in relationships for line in relationship.timeline()):
                if wanted(line):
                    found: dict[str, Any] = orjson.loads(line.raw)
                    return found
        raise Failed("the customer's file does not hold what was said")

    def _as_dict(self, decision: Decision) -> dict[str, Any]:
        question = decision.question
        asked = {name: value for name in question.__slots__ if (value := getattr(question, name)) is not None}
        return {"question": asked, "at": decision.at, "answer": decision.answer, "reason": decision.reason,
                "evidence": list(decision.evidence)}  # fmt: skip

    def _met(self, made: OfferInHand) -> int:
        """How many of the wishes an offer meets, by its own lines."""
        return sum(
            _has(line.attributes or [], wish)
            for line in made.body.lines
            if line.want is not None
            for wish in _wished(self.wish.wants[line.want].attributes)
        )

    def _shop(self, relationship: Messaging) -> str:
        return self.names[relationship.vendor]

    def _moment(self, digest: str) -> str:
        return _clock(self._moments.get(digest, ""))

    def _when(self, decision: Decision) -> str:
        return max(map(self._moment, decision.evidence), default="–")


@asynccontextmanager
async def _patience(what: str) -> AsyncIterator[None]:
    """Wait no longer than a person would."""
    try:
        async with asyncio.timeout(_PATIENCE):
            yield
    except TimeoutError as error:
        raise Failed(f"waited {_PATIENCE:g} s for {what}") from error


def _word(decision: Decision) -> str:
    return {"permit": "yes", "deny": "no"}.get(decision.answer, "–")


def _clock(at: str) -> str:
    return at[11:23]


def _amount(quantity: Any) -> str:
    return "" if quantity is None or quantity.value == "1" else f"{quantity.value} × "


def _wished(attributes: Iterable[Attr] | None) -> list[Attr]:
    return [each for each in attributes or () if each.wish]


def _has(attributes: Iterable[Attr], wish: Attr) -> bool:
    value = next((each.value for each in attributes if each.name == wish.name), None)
    if value is None:
        return False
    if wish.value is not None or wish.one_of:
        return value == wish.value or value in (wish.one_of or [])
    return Decimal(wish.min or 0) <= Decimal(value) and (wish.max is None or Decimal(value) <= Decimal(wish.max))
