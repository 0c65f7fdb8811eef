"""What the two shops of the demo have in common: terms, a consent asked for, offers, and orders that are shipped.

What is to be done next is read from the records, not remembered beside them: a handler that runs twice asks once.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalogue import Article, Catalogue, amount

from opencmr import Money, SignedMoney, Vendor, Want, consent, intent, offer, order, terms, trust
from opencmr.messages import Message
from opencmr.messages.types import Attr, Ident, Party, Quantity, Recurs, Retention, TermsRef
from opencmr.protocol import instant
from opencmr.protocol.families.intent import commitment_of, total_of
from opencmr.roles import VendorRelationship

HERE = Path(__file__).parent
NEEDS = {
    "parcel": ["pd:Name", "pd:PhysicalAddress"],
    "pallet": ["pd:Name", "pd:PhysicalAddress"],
    "on-site": ["pd:Name", "pd:PhysicalAddress", "pd:TelephoneNumber"],
    "collect": ["pd:Name", "opencmr:DrivingLicence"],
}
"""What a shop has to know to deliver in this way, and nothing else."""


BEGUN: dict[str, order.Progress] = {"collect": "ready", "on-site": "started"}
"""How a shop begins to perform an order; absent: it ships."""

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
        self.shop.after(terms.Proffer)(self.ask)
        self.shop.after(terms.Accept)(self.ask)
        self.shop.on(intent.Cast)(self.quote)
        self.shop.on(offer.Accept)(self.confirm)
        self.shop.on(order.Disclose)(self.confirm)
        self.shop.after(offer.Accept)(self.send)
        self.shop.after(order.Disclose)(self.send)
        return self.shop

    # Terms and consent

    async def ask(self, message: Message[Any], customer: VendorRelationship) -> None:
        """Ask for a consent, once, when terms are agreed on."""
        if customer.agreements[message.thread].state == "active" and not customer.consents:
            await customer.consents.request(self.request(), expires=timedelta(days=30))

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
        """The best that we have for the whole wish, and one other; nothing where a part of it is missing.

        Whoever makes an offer takes the terms that it stands under: without any that we accept, we make none.
        """
        under = self.shop.acceptable(cast.body.terms)
        found = [self.goods.find(want, cast.body.places or ()) for want in cast.body.wants]
        if under is None or not all(found):
            return
        best = [articles[0] for articles in found]
        other = [next((one for one in articles if one.name != articles[0].name), articles[0]) for articles in found]
        for articles in [best] if other == best else [best, other]:
            made = self.offer(cast.body, articles, under)
            owed = made.commitment or made.total
            if cast.body.budget is None or Decimal(owed.amount) <= Decimal(cast.body.budget.amount):
                yield made

    def offer(self, wish: intent.Cast, articles: list[Article], under: TermsRef) -> offer.Make:
        currency = articles[0].currency
        lines = [_line(number, *pair) for number, pair in enumerate(zip(wish.wants, articles, strict=True))]
        method = next((way for way in wish.delivery or () if way in self.delivery), next(iter(self.delivery)))
        cost = self.delivery[method]
        again = [at for at, line in enumerate(lines) if line.recurs] if all(line.recurs for line in lines) else None
        fee = offer.Adjustment(kind="delivery", amount=SignedMoney(cost, currency), lines=again)
        added = [fee] if Decimal(cost) else None
        in_all = commitment_of(lines, added)
        return offer.Make(
            lines=lines,
            adjustments=added,
            total=Money(f"{total_of(lines, added):.2f}", currency),
            commitment=Money(f"{in_all:.2f}", currency) if in_all is not None else None,
            under=under,
            delivery=offer.Delivery(method=method),
            payment=[way for way in self.payment if way in (wish.payment or self.payment)] or self.payment,
            returns=self.returns if articles[0].deal == "buy" else None,
            needs=[term for term in NEEDS[method] if term in (wish.on_accept or ())] or None,
        )

    # Orders

    def confirm(self, message: Message[Any], customer: VendorRelationship) -> Iterator[order.Confirm]:
        """Confirm an order as soon as we know what we need to perform it, and send it."""
        deal = customer.dealings[message.thread].record
        told = {datum.data for datum, _ in deal.disclosed}
        if isinstance(message.body, order.Disclose):
            told |= {datum.data for datum in message.body.discloses}
            accepted = deal.accepted_offer
        else:
            accepted = next(made for made in deal.offers if made.ref == message.body.offer)
        if deal.confirmed is None and told >= set(accepted.body.needs or ()):
            number = 1000 + len(self.shop.relationships())
            delivery = accepted.body.delivery
            yield order.Confirm(
                reference=f"{self.name[:2].upper()}-{number}", total=accepted.body.total, delivery=delivery
            )

    async def send(self, message: Message[Any], customer: VendorRelationship) -> None:
        """Do what was ordered: a while later in life, at once in a demo."""
        placed = customer.orders[message.thread]
        if placed.state == "confirmed":
            delivery = placed.record.accepted_offer.body.delivery
            begun = BEGUN.get(delivery.method, "shipped") if delivery else "shipped"
            steps: tuple[order.Progress, ...] = (begun, "done")
            for status in steps:
                await asyncio.sleep(0.15)
                await placed.fulfil(status)


def _line(number: int, want: Want, article: Article) -> offer.Line:
    """A line of an offer; its price is that of the whole line."""
    many = amount(want)
    unit = article.attributes.get("sold by") or (want.quantity.unit if want.quantity else None)
    recurs = article.attributes.get("recurs")
    asked = [each.name for each in want.attributes or [] if each.name in article.attributes]
    asked += [name for name in ("price per",) if name in article.attributes and name not in asked and not recurs]
    return offer.Line(
        want=number,
        name=article.name,
        quantity=Quantity(value=f"{many:f}", unit=unit),
        unit_price=SignedMoney(f"{article.price:.2f}", article.currency),
        price=Money(f"{many * article.price:.2f}", article.currency),
        identifiers=[Ident(scheme="sku", value=article.sku)],
        attributes=[Attr(name=name, value=article.attributes[name]) for name in asked] or None,
        recurs=Recurs(every=recurs) if recurs else None,
    )
