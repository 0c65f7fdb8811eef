"""What the two shops of the demo have in common: terms, a consent asked for, offers, and orders that are shipped.

What is to be done next is read from the records, not remembered beside them: a handler that runs twice asks once.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from catalogue import Article, Catalogue, amount

from opencmr import Draft, Money, Price, SignedMoney, Vendor, Want, consent, intent, offer, order, roster, terms, trust
from opencmr.messages import Message
from opencmr.messages.types import Attr, Ident, Party, Quantity, Recurs, Retention
from opencmr.protocol import Agreement, Consent, Dealing, instant
from opencmr.roles import VendorRelationship

HERE = Path(__file__).parent
NEEDS = {
    "parcel": ["pd:Name", "pd:PhysicalAddress"],
    "pallet": ["pd:Name", "pd:PhysicalAddress"],
    "on-site": ["pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber"],
    "collect": ["pd:Name", "pd:VehicalLicenseNumber"],
}
"""What a shop has to know to deliver in this way, and nothing else."""

BEGUN: dict[str, Literal["shipped", "ready", "started"]] = {"collect": "ready", "on-site": "started"}
"""How a shop begins to perform an order; absent: it ships."""

PATIENCE = 500
"""How often an errand looks whether its time has come."""

NOTICE = "{name} asks for two things, and you may leave out either. No goods and no price depend on it."


@dataclass
class Stall:
    """One shop of the market.

    Attributes:
        accepts: Roster codes of the terms that it takes.
        counter: What it puts to customers with other terms.
        delivery: Way of delivery → what that costs.
        returns: Days within which goods may be sent back, and who pays for that.
    """

    name: str
    accepts: list[str]
    counter: str | None
    delivery: dict[str, str]
    returns: offer.Returns
    payment: list[str]
    did: str
    goods: Catalogue = field(init=False)
    shop: Vendor = field(init=False)
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    def open(self) -> Vendor:
        """The shop, with the catalogue of its name and a file of its own."""
        key = self.name.lower()
        self.goods = Catalogue(HERE.parent / "catalogues" / f"{key}.json")
        categories = [{"scheme": "text", "code": category} for category in self.goods.categories]
        asked = [{"purposes": item.purposes, "data": item.data} for item in self.request().items]
        self.shop = Vendor.open(
            os.environ.get("SHOP_STORE", f"{key}.db"),
            did=os.environ.get("SHOP_DID", self.did),
            accepts=self.accepts,
            counter=self.counter,
            firm_for=timedelta(days=3),
            about={"name": self.name, "categories": categories, "consents": asked},
        )
        self.shop.on(terms.Proffer)(self.agree)
        self.shop.on(terms.Accept)(self.agreed)
        self.shop.on(intent.Cast)(self.quote)
        self.shop.on(offer.Accept)(self.confirm)
        self.shop.on(order.Disclose)(self.confirm)
        return self.shop

    # Terms and consent

    def agree(self, proffer: Message[terms.Proffer], customer: VendorRelationship) -> Iterator[terms.Accept | Any]:
        """Take the first of the customer's terms that is to our liking, or put our own."""
        liked = next((choice for choice in proffer.body.choices if choice.id in self.accepts), None)
        if liked is not None:
            self.agreed(proffer, customer)
            yield terms.Accept(terms=liked)
        elif self.counter is not None:
            yield terms.Counter(terms=roster.ref(self.counter), note="We count visits to our own pages, by ourselves.")
        else:
            yield terms.Decline(reason="notAcceptable")

    def agreed(self, message: Message[Any], customer: VendorRelationship) -> None:
        self._later(self._ask(customer, message.thread))

    async def _ask(self, customer: VendorRelationship, thread: str) -> None:
        """Ask for a consent, once, when terms are agreed on."""
        for _ in range(PATIENCE):
            await asyncio.sleep(0.02)
            records = customer.records
            if any(isinstance(record, Consent) for record in records.values()):
                return
            if isinstance(agreement := records.get(thread), Agreement) and agreement.state == "active":
                await customer.say(Draft(self.request(), expires=timedelta(days=30)))
                return

    def request(self) -> consent.Request:
        domain = f"https://{self.name.lower()}.example"
        notice = NOTICE.format(name=self.name)
        return consent.Request(
            items=[
                consent.RequestItem(
                    key="newsletter",
                    purposes=["dpv:DirectMarketing"],
                    data=["pd:EmailAddress"],
                    actions=["dpv:Use"],
                    channels=["email"],
                    retention=Retention(period="P30D", after="consentEnds"),
                    need="optional",
                    text="A letter each month, by email.",
                ),
                consent.RequestItem(
                    key="recommendations",
                    purposes=["dpv:ProvideProductRecommendations"],
                    data=["pd:PurchasesAndSpendingHabit"],
                    actions=["dpv:Use", "dpv:Profiling"],
                    need="optional",
                    text="Goods that go with what you have bought.",
                ),
            ],
            controller=[Party(name=self.name, role="controller", contact=f"{domain}/privacy", country="IE")],
            notice=consent.Notice(url=f"{domain}/notice", digest=trust.digest(notice.encode()), lang="en"),
            until=instant(datetime.now(UTC) + timedelta(days=365)),
        )

    # Offers

    def quote(self, cast: Message[intent.Cast], customer: VendorRelationship) -> Iterator[offer.Make]:
        """The best that we have for the whole wish, and one other; nothing where a part of it is missing."""
        found = [self.goods.find(want, cast.body.places or ()) for want in cast.body.wants]
        if not all(found):
            return
        best = [articles[0] for articles in found]
        other = [next((one for one in articles if one.name != articles[0].name), articles[0]) for articles in found]
        for articles in [best] if other == best else [best, other]:
            made = self.offer(cast.body, articles)
            if cast.body.budget is None or Decimal(made.total.amount) <= Decimal(cast.body.budget.amount):
                yield made

    def offer(self, wish: intent.Cast, articles: list[Article]) -> offer.Make:
        currency = articles[0].currency
        lines = [_line(number, *pair) for number, pair in enumerate(zip(wish.wants, articles, strict=True))]
        method = next((way for way in wish.delivery or () if way in self.delivery), next(iter(self.delivery)))
        cost = self.delivery[method]
        added = [offer.Adjustment(kind="delivery", amount=SignedMoney(cost, currency))] if Decimal(cost) else None
        total = sum((Decimal(line.price.amount) for line in lines), Decimal(cost))
        return offer.Make(
            lines=lines,
            adjustments=added,
            total=Money(f"{total:.2f}", currency),
            under=wish.terms[0],
            delivery=offer.Delivery(method=method),
            payment=[way for way in self.payment if way in (wish.payment or self.payment)] or self.payment,
            returns=self.returns if articles[0].deal == "buy" else None,
            needs=[term for term in NEEDS[method] if term in (wish.on_accept or ())] or None,
        )

    # Orders

    def confirm(self, message: Message[Any], customer: VendorRelationship) -> Iterator[order.Confirm]:
        """Confirm an order as soon as we know what we need to perform it, and send it."""
        deal = customer.records[message.thread]
        if not isinstance(deal, Dealing):
            return
        told = {datum.data for datum, _ in deal.disclosed}
        if isinstance(message.body, order.Disclose):
            told |= {datum.data for datum in message.body.discloses}
            accepted = deal.accepted_offer
        else:
            accepted = next(made for made in deal.offers if made.ref == message.body.offer)
        if deal.confirmed is None and told >= set(accepted.body.needs or ()):
            self._later(self._send(customer, message.thread))
            number = 1000 + len(self.shop.relationships())
            delivery = accepted.body.delivery
            yield order.Confirm(
                reference=f"{self.name[:2].upper()}-{number}", total=accepted.body.total, delivery=delivery
            )

    async def _send(self, customer: VendorRelationship, thread: str) -> None:
        """Do what was ordered: a while later in life, at once in a demo."""
        for _ in range(PATIENCE):
            await asyncio.sleep(0.15)
            deal = customer.records.get(thread)
            if isinstance(deal, Dealing) and deal.state == "confirmed":
                delivery = deal.accepted_offer.body.delivery
                begun = BEGUN.get(delivery.method, "shipped") if delivery else "shipped"
                await customer.say(order.Fulfil(status=begun), thread)
            elif isinstance(deal, Dealing) and deal.state == "fulfilling":
                await customer.say(order.Fulfil(status="done"), thread)
                return

    def _later(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


def _line(number: int, want: Want, article: Article) -> offer.Line:
    """A line of an offer; its price is that of the whole line."""
    many = amount(want)
    unit = article.attributes.get("sold by") or (want.quantity.unit if want.quantity else None)
    recurs = article.attributes.get("recurs")
    asked = [each.name for each in want.attributes or [] if each.name in article.attributes]
    return offer.Line(
        want=number,
        name=article.name,
        quantity=Quantity(value=f"{many:f}", unit=unit),
        unit_price=Money(f"{article.price:.2f}", article.currency),
        price=Price(f"{many * article.price:.2f}", article.currency, article.attributes.get("price per")),
        identifiers=[Ident(scheme="sku", value=article.sku)],
        attributes=[Attr(name=name, value=article.attributes[name]) for name in asked] or None,
        recurs=Recurs(every=recurs) if recurs else None,
    )
