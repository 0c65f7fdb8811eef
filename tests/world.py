"""A small world for property tests: shops and customers who say random things over a wire that misbehaves."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opencmr import Customer, Money, Vendor, Want, consent, intent, offer, order, terms
from opencmr.errors import OpenCMRError, Problem, Refused, StoreError, Unreachable, UsageError
from opencmr.messages import Body
from opencmr.messages.consent import GrantItem, Notice, RequestItem
from opencmr.messages.types import Party, TermsRef
from opencmr.protocol import Thread, instant, roster
from opencmr.protocol.families.consent import Consent
from opencmr.protocol.families.intent import Dealing
from opencmr.protocol.families.terms import Agreement
from opencmr.roles import CustomerRelationship, Draft
from opencmr.testing import Faults, Loopback, StandingClock

HOME = {"streetAddress": "Main Street 1"}
ROUGH = Faults(lose_request=0.08, lose_answer=0.12, repeat=0.15, shuffle=0.3, delay=0.08)
CODES = ("SD-BASE", "SD-BASE-DP", "SD-BASE-A", "PDC-INTENT")
NOTICE = Notice(url="https://shop.example/notice", digest=roster.ref("SD-BASE").digest, lang="en")


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: the suite measures folds, not disks."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class World:
    """Some shops and some customers, all of whom deal with each other."""

    folder: Path
    dice: random.Random
    clock: StandingClock = field(default_factory=StandingClock)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    refused: int = 0
    lost: int = 0
    said: int = 0
    conversations: int = 0

    def __post_init__(self) -> None:
        self.network = Loopback(faults=ROUGH, dice=self.dice)
        self.skews: dict[str, timedelta] = {}

    def open_vendor(self, name: str) -> Vendor:
        """Open a shop, or the same one after a restart."""
        accepts = ("SD-BASE", "SD-BASE-DP") if name.endswith("0") else ("SD-BASE-A",)
        vendor = Vendor.open(
            self.folder / f"{name}.db",
            did=f"did:web:{name}.example",
            accepts=accepts,
            counter="SD-BASE-A",
            clock=self.clock,
        )
        vendor.on(intent.Cast)(self._quote)
        vendor.on(offer.Accept)(self._confirm)
        vendor.on(order.Cancel)(self._settle)
        self.vendors[name] = vendor
        self.network.attach(vendor)
        return vendor

    def open_customer(self, name: str) -> Customer:
        """Open a customer's wallet, or the same one after a restart. Their clocks differ by up to 100 seconds."""
        skew = self.skews.setdefault(name, timedelta(seconds=self.dice.uniform(-100, 100)))

        def clock() -> datetime:
            return self.clock() + skew

        customer = Customer.open(self.folder / f"{name}.db", network=self.network, clock=clock)
        self.customers[name] = customer
        return customer

    async def restart(self, name: str) -> None:
        """Close a party without warning, and open it again from what it kept."""
        if name in self.vendors:
            await self.vendors[name].close()
            self.open_vendor(name)
        else:
            await self.customers[name].close()
            self.open_customer(name)

    async def close(self) -> None:
        """Close everybody."""
        for party in (*self.vendors.values(), *self.customers.values()):
            await party.close()

    async def play(self, relationship: CustomerRelationship, steps: int) -> None:
        """One relationship: random things are said by both sides, most of them allowed."""
        for _ in range(steps):
            vendor = next(vendor for vendor in self.vendors.values() if vendor.did == relationship.vendor)
            self.clock.move(self.dice.choice((0, 0, 0.001, 1, 3600)))
            await asyncio.sleep(0)
            try:
                await self._step(relationship, vendor)
                self.said += 1
            except (Refused, Problem, UsageError):
                self.refused += 1
            except Unreachable:
                self.lost += 1
            except StoreError:
                continue  # the shop is just being restarted

    async def _step(self, relationship: CustomerRelationship, vendor: Vendor) -> None:
        threads = list(relationship.history.threads.values())
        thread = self.dice.choice(threads) if threads and self.dice.random() < 0.75 else None
        roll = self.dice.random()
        if roll < 0.15:
            await relationship.collect()
        elif roll < 0.35:
            theirs = vendor.history(relationship.me).threads
            known = theirs.get(thread.id) if thread else None
            if known is None and thread is not None:
                return
            if known is not None or theirs:
                await vendor.say(relationship.me, self._vendors_word(known), known.id if known else None)
        else:
            body = self._customers_word(thread)
            await relationship.say(body, thread.id if thread else None, check=self.dice.random() < 0.5)

    def _customers_word(self, thread: Thread | None) -> Body | Draft:
        refs = [roster.ref(code) for code in self.dice.sample(CODES, 2)]
        match thread.record if thread else None:
            case None if thread is not None:
                return consent.Withdraw()
            case None:
                return self.dice.choice(
                    (
                        terms.Proffer(choices=refs),
                        self._cast(refs),
                        consent.Grant(items=[self._item("1")], until="2027-01-01T00:00:00.000Z", statement="Yes."),
                        consent.Grant(items=[self._item("1")], until="2027-01-01T00:00:00.000Z"),
                        Draft(self._cast(refs), expires=timedelta(seconds=self.dice.choice((-1, 1, 7200)))),
                    )
                )
            case Agreement() as record:
                named = record.counter or record.choices[0] if record.choices or record.counter else None
                ref = TermsRef(id=named[1].id, digest=named[0]) if named else refs[0]
                return self.dice.choice(
                    (
                        terms.Accept(terms=ref),
                        terms.Decline(reason="no"),
                        terms.Terminate(),
                        terms.Accept(terms=refs[1]),
                    )
                )
            case Consent():
                keys = self.dice.choice((None, ["1"], ["2"], ["9"]))
                grant = consent.Grant(
                    items=[self._item(self.dice.choice("12"))], until="2027-01-01T00:00:00.000Z", statement="Yes."
                )
                return self.dice.choice((grant, grant, consent.Refuse(keys=keys), consent.Withdraw(keys=keys)))
            case Dealing() as record:
                return self._word_in_dealing(record, refs)

    def _word_in_dealing(self, record: Dealing, refs: list[TermsRef]) -> Body:
        words: list[Body] = [
            intent.Amend(**dict(self._cast(refs))),
            order.Disclose(discloses=[order.OrderDatum(data="pd:PhysicalAddress", value=HOME)]),
        ]
        if self.dice.random() < 0.3:
            words += [intent.Withdraw(), order.Cancel(reason="changedMind")]
        for made in record.offers:
            words += [offer.Accept(offer=made.ref, total=made.body.total)] * 3
            words += [
                offer.Decline(offer=made.ref, reason="tooDear"),
                offer.Accept(offer=made.ref, total=Money("1", "EUR")),
            ]
        return self.dice.choice(words)

    def _vendors_word(self, thread: Thread | None) -> Body | Draft:
        until = "2026-12-01T00:00:00.000Z"
        match thread.record if thread else None:
            case Agreement():
                return self.dice.choice(
                    (terms.Terminate(), terms.Decline(reason="no"), terms.Counter(terms=roster.ref("SD-BASE")))
                )
            case Consent():
                heard = {"where": "shop", "when": instant(self.clock())}
                return consent.Withdraw(keys=self.dice.choice((None, ["1"])), heard=heard)
            case Dealing() as record:
                total = record.accepted_offer.body.total if record.accepted else Money("10.00", "EUR")
                refund = self.dice.choice((None, total))
                return self.dice.choice(
                    (
                        order.Confirm(reference="R", total=total),
                        order.Fulfil(status=self.dice.choice(("shipped", "done"))),
                        order.Cancel(reason="soldOut", refund=refund),
                        self._offer(record.terms[0][1].id if record.terms else "SD-BASE"),
                    )
                )
            case _:
                items = [
                    RequestItem(key=key, purposes=["dpv:Marketing"], data=["pd:EmailAddress"], actions=["dpv:Use"])
                    for key in "12"
                ]
                controller = [Party(name="Shop", role="controller")]
                body = consent.Request(
                    items=items, controller=controller, notice=NOTICE, until="2027-01-01T00:00:00.000Z"
                )
                return Draft(body, expires=self.dice.choice((None, until, timedelta(hours=2))))

    def _cast(self, refs: list[TermsRef]) -> intent.Cast:
        return intent.Cast(wants=[Want(name="boots")], terms=refs, standing="ready")

    def _item(self, key: str) -> GrantItem:
        purpose = self.dice.choice(("dpv:DirectMarketing", "dpv:Marketing", "dpv:ResearchAndDevelopment"))
        return GrantItem(key=key, purposes=[purpose], data=["pd:EmailAddress"], actions=["dpv:Use"])

    def _offer(self, code: str) -> offer.Make:
        return offer.Make(
            lines=[offer.Line(name="boots", price=Money("10.00", "EUR"))],
            total=Money("10.00", "EUR"),
            under=roster.ref(code),
        )

    def _quote(self, message: Any, _: Any) -> list[Draft]:
        if self.dice.random() < 0.05:
            raise RuntimeError("the shop's own code failed")
        under = message.body.terms[0].id
        return [Draft(self._offer(under), expires=timedelta(hours=self.dice.choice((1, 48)))) for _ in range(2)]

    def _confirm(self, message: Any, _: Any) -> Body | None:
        if self.dice.random() < 0.5:
            return order.Confirm(reference="R", total=message.body.total)
        return None

    def _settle(self, message: Any, relationship: Any) -> Body:
        return order.Cancel(reason="asWished", refund=Money("10.00", "EUR"))


async def settle_down(world: World) -> None:
    """The wire is mended; everybody sends and collects until nothing waits any more."""
    world.network.faults = Faults()
    for _ in range(6):
        for customer in world.customers.values():
            for relationship in customer.relationships():
                try:
                    await relationship.sync()
                except OpenCMRError:
                    continue
        if all(not r.waiting for c in world.customers.values() for r in c.relationships()):
            break
    for customer in world.customers.values():
        for relationship in customer.relationships():
            await relationship.collect()
            await relationship.collect()
