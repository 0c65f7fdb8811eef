"""Test mode: a vendor whose every path can be provoked from outside (`spec/conformance.md`).

`opencmr serve --test-mode examples/shop.py:shop` puts these handlers on top of a vendor's own. What they say depends on
the customer's message alone, so that the suite needs neither a clock nor a door at the back.
"""

import asyncio
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from ..errors import OpenCMRError
from ..messages import Body, Message, consent, data, intent, offer, order, terms
from ..messages.consent import Heard, Notice, RequestItem
from ..messages.types import (
    Code,
    Digest,
    File,
    Instant,
    Money,
    OrderLine,
    Party,
    Quantity,
    Recurs,
    Ref,
    Retention,
    SignedMoney,
)
from ..protocol import Verified, instant, moment, roster
from ..protocol.families.intent import Dealing
from ..roles import Draft, Vendor, VendorRelationship
from ..roles.vendor.transaction import Received
from ..store import Files, Rows
from ..trust import canonicalize, digest

ACCEPTS = ("SD-BASE", "SD-BASE-DP")
COUNTER = "SD-BASE-A"
LATER = 0.2
"""Seconds after its cause at which the vendor says what it says of its own accord."""

_YEAR, _HOUR, _SHORT = timedelta(days=365), timedelta(hours=1), timedelta(seconds=2)
_DUE_BY = "test: due by "
_PIECES = 300
"""KiB of the file that the test mode names."""
_NO_TEXT: Digest = "zQmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"
"""The digest of no bytes at all: the notice of the test mode has no text."""


class _ProvokedError(Exception):
    """A handler that fails because it was asked to."""


class _ForgottenError(Exception):
    """What was answered, and is not to be stored."""

    def __init__(self, received: Received) -> None:
        super().__init__("not stored")
        self.received = received


def install(vendor: Vendor) -> Vendor:
    """Put a vendor into test mode. Not to be done with a store that matters."""
    vendor.accept(*ACCEPTS, counter=COUNTER)
    files = vendor._fetching.files = vendor._fetching.files or _files_while(vendor)
    later: set[asyncio.Task[None]] = set()
    first_grants: dict[str, Ref] = {}

    def soon(relationship: VendorRelationship, body: Body | Draft, thread: str | None = None) -> None:
        async def say() -> None:
            await asyncio.sleep(LATER)
            with suppress(OpenCMRError):  # what may not be said is not said
                await relationship.say(body, thread)

        task = asyncio.ensure_future(say())
        later.add(task)
        task.add_done_callback(later.discard)

    @vendor.on(terms.Proffer)
    def weigh(message: Message[terms.Proffer], relationship: VendorRelationship) -> Iterator[Body]:
        note = message.body.note
        if note == "test: fail":
            raise _ProvokedError
        if note == "test: say nothing":
            return
        if note == "test: decline":
            yield terms.Decline(reason="notAcceptable")
            return
        now = vendor._clock()
        if message.body.answer_by is not None and message.body.answer_by <= instant(now):
            return
        answer = _answer(message, now)
        if note == "test: accept later":
            soon(relationship, answer, message.thread)
            return
        yield answer
        if note == "test: ask":
            soon(relationship, Draft(_request(message), _HOUR))
        if note == "test: ask for 2 seconds":
            soon(relationship, Draft(_request(message), _SHORT))

    @vendor.on(consent.Grant)
    def granted(message: Message[consent.Grant], relationship: VendorRelationship) -> None:
        this = Ref(id=message.id, digest=digest(canonicalize(message.wire())))
        first = first_grants.setdefault(message.thread, this)
        if message.body.statement in ("test: offer", "test: offer on the first grant"):
            line = offer.Line(name="An unasked thing", price=Money("10.00", "EUR"))
            basis = this if message.body.statement == "test: offer" else first
            body = offer.Make(lines=[line], total=Money("10.00", "EUR"), under=roster.ref(ACCEPTS[0]), basis=basis)
            soon(relationship, Draft(body, _HOUR))
        if message.body.statement == "test: hear no":
            heard = Heard(where="the shop", when=message.created)
            soon(relationship, consent.Withdraw(heard=heard), message.thread)

    @vendor.on(intent.Cast)
    @vendor.on(intent.Amend)
    async def quote(message: Message[intent.Cast], relationship: VendorRelationship) -> AsyncIterator[Draft]:
        note = message.body.note
        if note == "test: say nothing":
            return
        made = Draft(offered(message.body), _SHORT if note == "test: offer for 2 seconds" else _HOUR)
        if note in ("test: file", "test: file for 2 seconds"):
            until = instant(vendor._clock() + _SHORT) if note == "test: file for 2 seconds" else None
            made = Draft(_naming(offered(message.body), await _file(files, until)), _HOUR)
        if note == "test: offer later":
            soon(relationship, made, message.thread)
            return
        yield made
        if note == "test: two offers":
            yield made

    @vendor.on(offer.Accept)
    def confirm(message: Message[offer.Accept], relationship: VendorRelationship) -> Iterator[Body]:
        if _note(relationship, message.thread) != "test: do not confirm":
            yield order.Confirm(reference="TEST-1", total=message.body.total)

    @vendor.on(order.Disclose)
    def fulfil(message: Message[order.Disclose], relationship: VendorRelationship) -> Iterator[Body]:
        dealing = relationship.records[message.thread]
        if isinstance(dealing, Dealing) and dealing.state == "confirmed":
            yield order.Fulfil(status="shipped", lines=[OrderLine(line=0)])
        elif isinstance(dealing, Dealing) and dealing.state == "fulfilling":
            yield order.Fulfil(status="done")

    @vendor.on(order.Withdraw)
    def refund(message: Message[order.Withdraw], relationship: VendorRelationship) -> Iterator[Body]:
        dealing = relationship.records[message.thread]
        if isinstance(dealing, Dealing) and dealing.accepted is not None and message.body.refund_to != "nowhere":
            half = [OrderLine(line=0, quantity=Quantity(value="0.5"))] if message.body.refund_to == "half" else None
            yield order.Fulfil(status="refunded", amount=Money("10.00", "EUR"), lines=half)

    @vendor.on(order.Cancel)
    def settle(message: Message[order.Cancel], relationship: VendorRelationship) -> Iterator[Body]:
        dealing = relationship.records[message.thread]
        if not isinstance(dealing, Dealing) or dealing.accepted is None:
            return  # it came before the order that it cancels
        if message.body.lines is None and not dealing.settled:
            yield order.Cancel(reason="askedByCustomer", refund=dealing.accepted_offer.body.total)

    @vendor.on(consent.Withdraw)
    def fail(message: Message[consent.Withdraw], relationship: VendorRelationship) -> None:
        if message.body.reason == "test-fail":
            raise _ProvokedError

    @vendor.on(data.Request)
    def answer(message: Message[data.Request], relationship: VendorRelationship) -> Iterator[Body]:
        note = message.body.note or ""
        if note == "test: give":
            soon(relationship, given(Ref(id=message.id, digest=digest(canonicalize(message.wire())))))
        elif note == "test: partly for an order":
            kept = [data.Kept(data=["pd:Name"], because="order")]
            soon(relationship, data.Answer(status="partly", kept=kept), message.thread)
        elif note.startswith(_DUE_BY):
            soon(relationship, data.Answer(status="received", due_by=note.removeprefix(_DUE_BY)), message.thread)
        elif note.startswith("test: "):
            yield answered(note.removeprefix("test: "), message)

    _forgetting(vendor)
    return vendor


def _files_while(vendor: Vendor) -> Files:
    """Files in a folder that goes with the vendor."""
    folder = tempfile.TemporaryDirectory(prefix="opencmr-test-mode-", ignore_cleanup_errors=True)
    weakref.finalize(vendor, folder.cleanup)
    return Files(folder.name)


def _forgetting(vendor: Vendor) -> None:
    """Let the vendor be, after certain messages, as if its store had been put back from a copy of before."""
    keep = vendor._receiving.keep

    async def kept(verified: Verified, replies: list[Draft]) -> Received:
        body = verified.message.body
        if not isinstance(body, terms.Proffer) or body.note != "test: forget":
            return await keep(verified, replies)

        def answer(rows: Rows) -> Received:
            raise _ForgottenError(vendor._transactions.receive(rows, verified, replies, instant(vendor._clock())))

        try:
            return await vendor._store.write(answer)
        except _ForgottenError as forgotten:
            return forgotten.received

    vendor._receiving.keep = kept  # type: ignore[method-assign]


def _answer(message: Message[terms.Proffer], now: datetime) -> terms.Accept | terms.Counter:
    """The first of the choices that a vendor in test mode knows; else its counter."""
    for choice in message.body.choices:
        if choice.id in ACCEPTS and choice == roster.ref(str(choice.id)):
            return terms.Accept(terms=choice)
    short = message.body.note == "test: counter for 2 seconds"
    return terms.Counter(terms=roster.ref(COUNTER), answer_by=instant(now + _SHORT) if short else None)


def given(about: Ref) -> data.Give:
    """A bill of one line."""
    line = data.GivenLine(name="A thing", price=Money("10.00", "EUR"))
    return data.Give(kind="bill", about=about, lines=[line], total=Money("10.00", "EUR"))


def answered(status: str, request: Message[data.Request]) -> data.Answer:
    """An answer of this status, and what goes with it; `extended`: longer than a law allows at first."""
    if status == "extended":
        due_by = instant(moment(request.created) + timedelta(days=46))
        return data.Answer(status="inProgress", reason=["extended"], due_by=due_by)
    known: Any = status
    more: dict[str, Any] = {
        "needVerification": {"needs": ["pd:BirthDate"]},
        "fulfilled": {"data": request.body.identify, "categories": ["pd:Contact"]},
        "partly": {"kept": [data.Kept(data=["pd:Name"], because="legalObligation")]},
        "denied": {"reason": ["noMatch"]},
    }
    return data.Answer(status=known, **more.get(status, {}))


def _note(relationship: VendorRelationship, thread: str) -> str | None:
    """The note of the wish of a thread."""
    dealing = relationship.records[thread]
    return dealing.cast.note if isinstance(dealing, Dealing) and dealing.cast else None


def _request(asked_by: Message[terms.Proffer]) -> consent.Request:
    """Items of which one can be granted and another refused; the last has every bound."""
    until = instant(moment(asked_by.created) + _YEAR)
    news = RequestItem(
        key="news",
        purposes=["dpv:DirectMarketing"],
        data=["pd:EmailAddress"],
        actions=["dpv:Use"],
        channels=["email"],
        retention=Retention(until=until),
        need="optional",
    )
    study = RequestItem(
        key="study",
        purposes=["dpv:ResearchAndDevelopment"],
        data=["pd:Opinion"],
        actions=["dpv:Use", "dpv:Store"],
        recipients=[
            Party(name="A laboratory", role="thirdParty", id="https://lab.example/"),
            Party(name="A host", role="processor", id="https://host.example/"),
        ],
        retention=Retention(period="P1M", after="consentEnds"),
        stored_in=["DE", "IE"],
    )
    chat = RequestItem(
        key="chat",
        purposes=["dpv:DirectMarketing"],
        data=["pd:Contact"],
        actions=["dpv:Use", "dpv:Share"],
        recipients=[Party(name="Ads", role="thirdParty", id="https://ads.example/")],
        channels=["messenger"],
        topics=[Code(scheme="text", code="bikes"), Code(scheme="text", code="shoes")],
        retention=Retention(period="P30D", after="consentEnds"),
        stored_in=["EU"],
    )
    return consent.Request(
        items=[news, study, chat],
        controller=[Party(name="A vendor in test mode", role="controller")],
        notice=Notice(url="https://vendor.example/notice", digest=_NO_TEXT, lang="en"),
        until=until,
    )


def offered(wish: intent.Cast) -> offer.Make:
    """One line a want, each at 10.00 EUR; or, if it is asked for, each month."""
    if wish.note == "test: each month":
        return _monthly(wish)
    lines = [
        offer.Line(name=want.name or "A thing", want=number, price=Money("10.00", "EUR"))
        for number, want in enumerate(wish.wants)
    ]
    total = Money(f"{10 * len(lines)}.00", "EUR")
    return offer.Make(lines=lines, total=total, under=wish.terms[0], payment=["invoice"])


async def _file(files: Files, until: Instant | None) -> File:
    """A file that takes a vendor more than one piece to send."""

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(_PIECES):
            yield b"%07d\n" % number * 128

    return await files.add(pieces(), media_type="text/plain", name="file.txt", expires=until)


def _naming(made: offer.Make, file: File) -> offer.Make:
    lines = [made.lines[0].model_copy(update={"files": [file]}), *made.lines[1:]]
    return made.model_copy(update={"lines": lines})


def _monthly(wish: intent.Cast) -> offer.Make:
    """One line a want, 14.00 EUR each month six times with 1.00 EUR of tax; one of 49.00 EUR once, in two parts."""
    monthly = [
        offer.Line(name=want.name, want=number, price=Money("14.00", "EUR"), recurs=Recurs(every="P1M", times=6))
        for number, want in enumerate(wish.wants)
    ]
    post = Party(name="Post", role="thirdParty", id="https://post.example/")
    return offer.Make(
        lines=[*monthly, offer.Line(name="To begin with", price=Money("49.00", "EUR"))],
        adjustments=[
            offer.Adjustment(kind="tax", amount=SignedMoney("1.00", "EUR"), lines=[number])
            for number in range(len(monthly))
        ],
        total=Money("49.00", "EUR"),
        commitment=Money(f"{49 + 90 * len(monthly)}.00", "EUR"),
        under=wish.terms[0],
        schedule=[
            offer.Part(amount=Money("9.00", "EUR"), due="at once"),
            offer.Part(amount=Money("40.00", "EUR"), due="on delivery"),
        ],
        needs=["pd:Name"],
        recipients=[offer.Recipient(party=post, data=["pd:Name"])],
    )
