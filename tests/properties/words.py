"""Messages, unsigned, and what they speak of: few terms, so that words often meet."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from opencmr.messages import Message, consent, intent, offer, order, terms
from opencmr.messages.personal import Datum
from opencmr.messages.types import Money, Party, Ref, Rule, TermsDocument, TermsRef, Want
from opencmr.protocol import Question
from opencmr.protocol.clock import instant

CUSTOMER = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
VENDOR = "did:web:shop.example"
EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

MARKETING, DIRECT, SERVICE = "dpv:Marketing", "dpv:DirectMarketing", "dpv:RequestedServiceProvision"
WISHES = "opencmr:IntentCasting"
CONTACT, EMAIL, PHONE = "pd:Contact", "pd:EmailAddress", "pd:TelephoneNumber"
BROADER = {DIRECT: MARKETING, EMAIL: CONTACT, PHONE: CONTACT}
"""All that the oracle knows of the vocabulary: term → the one above it, as `spec/v1/vocabulary/` has it."""


def at(minutes: float) -> str:
    """An instant so many minutes after the first."""
    return instant(EPOCH + timedelta(minutes=minutes))


class Word(NamedTuple):
    """A message, and its digest."""

    digest: str
    message: Message[Any]

    @property
    def type(self) -> str:
        return self.message.type

    @property
    def thread(self) -> str:
        return self.message.thread

    @property
    def ref(self) -> Ref:
        return Ref.model_construct(id=self.message.id, digest=self.digest)


class Mint:
    """Makes messages: the ids and digests of one conversation are counted."""

    def __init__(self) -> None:
        self.count = 0

    def word(self, body: Any, *, by: str, thread: str | None, created: str, **members: Any) -> Word:
        """A message of this body."""
        self.count += 1
        id_ = f"urn:uuid:{self.count:08x}-0000-4000-8000-000000000000"
        sender, to = (CUSTOMER, VENDOR) if by == "customer" else (VENDOR, CUSTOMER)
        message: Message[Any] = Message.model_construct(
            opencmr="1.0", id=id_, type=body.type, from_=sender, to=to, thread=thread or id_, created=created,
            body=body, **members,
        )  # fmt: skip
        return Word("zQm" + _counted(self.count), message)


def _counted(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return digits.rjust(44, _BASE58[0])


# Areas: what a word speaks of


class Area(NamedTuple):
    """One purpose, one kind of data, and the channels, where any are named."""

    purpose: str
    data: str
    channels: frozenset[str] | None = None

    def covers(self, question: Question) -> bool:
        """Whether all that is asked lies at or below it."""
        return (
            at_or_below(question.purpose, self.purpose)
            and at_or_below(question.data, self.data)
            and (self.channels is None or question.channel in self.channels)
        )

    def touches(self, question: Question) -> bool:
        """Whether something of what is asked lies in it, or it in that."""
        return (
            related(question.purpose, self.purpose)
            and related(question.data, self.data)
            and (self.channels is None or question.channel is None or question.channel in self.channels)
        )

    def lifts(self, no: "Area", question: Question) -> bool:
        """Whether a yes to this is explicit enough to undo that no (DEC-14)."""
        return (
            at_or_below(self.purpose, no.purpose)
            and at_or_below(self.data, no.data)
            and (no.channels is None or (self.channels is not None and question.channel in self.channels))
        )


def at_or_below(term: str, above: str) -> bool:
    found: str | None = term
    while found is not None and found != above:
        found = BROADER.get(found)
    return found is not None


def related(one: str, other: str) -> bool:
    return at_or_below(one, other) or at_or_below(other, one)


def areas_of_item(item: consent.Item) -> tuple[Area, ...]:
    channels = frozenset(item.channels) if item.channels else None
    return tuple(Area(purpose, data, channels) for purpose, data in product(item.purposes, item.data))


@cache
def areas_of_terms(name: str, effect: str) -> tuple[Area, ...]:
    return tuple(Area(str(rule.purpose), str(rule.data)) for rule in DOCUMENTS[name].rules if rule.effect == effect)


def _terms(name: str, *rules: tuple[str, str, str]) -> TermsDocument:
    return TermsDocument(
        id=name,
        version="1",
        title=name,
        rules=[
            Rule(effect=effect, by=["vendor"], action="dpv:Use", purpose=purpose, data=data)
            for effect, purpose, data in (("permit", SERVICE, CONTACT), *rules)
        ],
    )


DOCUMENTS = {
    document.id: document
    for document in (
        _terms("lax", ("permit", MARKETING, CONTACT)),
        _terms("mail", ("permit", DIRECT, EMAIL)),
        _terms("plain"),
        _terms("strict", ("prohibit", MARKETING, CONTACT)),
        _terms("no-calls", ("permit", DIRECT, EMAIL), ("prohibit", DIRECT, PHONE)),
    )
}


@cache
def terms_ref(name: str) -> TermsRef:
    return TermsRef(document=DOCUMENTS[name])


# Bodies, made once: they cannot be changed


@cache
def item(key: str, purpose: str, data: tuple[str, ...], channels: tuple[str, ...] | None, asked: bool) -> Any:
    kind = consent.RequestItem if asked else consent.GrantItem
    named: Any = list(channels) if channels else None
    return kind(key=key, purposes=[purpose], data=list(data), actions=["dpv:Use"], channels=named)


_SHOP = [Party(name="Shop", role="controller")]
_NOTICE = consent.Notice(url="https://shop.example/notice", digest="zQm" + "2" * 44, lang="en")


def request(items: Iterable[Any], until: str) -> consent.Request:
    return consent.Request.model_construct(items=list(items), controller=_SHOP, notice=_NOTICE, until=until)


def grant(items: Iterable[Any], until: str, *, asked: bool) -> consent.Grant:
    return consent.Grant.model_construct(items=list(items), until=until, statement=None if asked else "Do.")


def heard(keys: list[str] | None, when: str) -> consent.Withdraw:
    return consent.Withdraw(keys=keys, heard=consent.Heard(where="the shop", when=when))


def proffer(names: Iterable[str], scope: Ref | None, answer_by: str | None) -> terms.Proffer:
    return terms.Proffer.model_construct(choices=[terms_ref(name) for name in names], scope=scope, answer_by=answer_by)


def wish(kind: type[intent.Cast], names: Iterable[str], until: str | None, *, discloses: bool) -> intent.Cast:
    data = [Datum(data=EMAIL, value="alice@mail.example")] if discloses else None
    return kind.model_construct(
        wants=[Want(name="Boots")], terms=[terms_ref(name) for name in names], standing="ready", until=until,
        discloses=data,
    )  # fmt: skip


@cache
def offer_under(name: str) -> offer.Make:
    line = offer.Line(name="Boots", price=Money("10.00", "EUR"))
    return offer.Make(lines=[line], total=TOTAL, under=terms_ref(name))


TOTAL = Money("10.00", "EUR")
DISCLOSURE = order.Disclose(discloses=[order.OrderDatum(data=PHONE, value="+43123456")])


def questions(threads: Iterable[str]) -> Iterator[Question]:
    """All that is asked: about the relationship, and about threads of wishes."""
    yield from _OF_THE_RELATIONSHIP
    for thread in threads:
        for purpose, data in _OF_A_THREAD:
            yield Question("dpv:Use", purpose, data, thread=thread)


_OF_THE_RELATIONSHIP = [
    Question("dpv:Use", purpose, data, channel=channel)
    for purpose, data, channel in product((DIRECT, MARKETING), (EMAIL, PHONE, CONTACT), (None, "email", "phone"))
] + [Question("dpv:Use", SERVICE, EMAIL)]
_OF_A_THREAD = ((DIRECT, EMAIL), (DIRECT, PHONE), (WISHES, EMAIL), (SERVICE, EMAIL), (SERVICE, PHONE))
