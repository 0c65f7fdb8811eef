"""The shared types of all bodies (`spec/v1/types.schema.json`), and the shapes of their strings."""

from collections.abc import Hashable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import orjson
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from .model import Model, Shaped, When

T = TypeVar("T")
_MOST_EXTENSIONS = 16
_MOST_ITEMS = 64


def _pattern(pattern: str, longest: int | None = None) -> StringConstraints:
    return StringConstraints(pattern=pattern, max_length=longest, strict=True)


def _on_the_calendar(text: str) -> str:
    try:
        datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("calendar", "not a day of the calendar") from None
    return text


def _each_once(items: Any) -> Any:
    """Asked before the items themselves: what is wrong with a list is told before what is wrong within.

    Of a list that is too long that is enough: it may have a hundred thousand items, and nobody looks at them.
    """
    if isinstance(items, list | tuple) and len(items) <= _MOST_ITEMS:
        try:
            alike = len(set(items)) != len(items)
        except TypeError:
            alike = True  # an item that is no string
        if alike and len({repr(item) for item in items}) != len(items):  # 1 and true are two
            raise PydanticCustomError("twice", "an item stands twice")
    return items


def _not_many(members: Any) -> Any:
    """Likewise: that there are too many comes before what is wrong with one."""
    if isinstance(members, dict) and len(members) > _MOST_EXTENSIONS:
        raise PydanticCustomError("many", "at most {most} members", {"most": _MOST_EXTENSIONS})
    return members


def _as_json(value: Any) -> Any:
    """What came over the wire is JSON; what a program says may be anything."""
    try:
        orjson.dumps(value, option=_JSON_ALONE)
    except TypeError as error:
        raise PydanticCustomError("json", "no JSON: {why}", {"why": str(error)}) from None
    return value


_JSON_ALONE = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)"  # not 0000, which calendars of programs don't share
_DAY = rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
_B58 = "[1-9A-HJ-NP-Za-km-z]"
_DID = rf"did:(key:z6Mk{_B58}{{44}}|web:[A-Za-z0-9.-]+(%3A[0-9]{{1,5}})?(:[A-Za-z0-9._-]+)*)"
_COUNTRY = r"([A-DF-Z][A-Z]|E[A-TV-Z])(-[A-Z0-9]{1,3})?"  # not EU, which is a group
_AMOUNT = r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?"

Uuid = Annotated[str, _pattern(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")]
Instant = Annotated[str, _pattern(rf"^{_DAY}{_TIME}$"), AfterValidator(_on_the_calendar)]
Date = Annotated[str, _pattern(rf"^{_DAY}$"), AfterValidator(_on_the_calendar)]
Moment = Annotated[str, _pattern(rf"^{_DAY}({_TIME})?$"), AfterValidator(_on_the_calendar)]
Duration = Annotated[str, _pattern(r"^P([0-9]{1,4}[DWMY]|T[0-9]{1,4}[HM]|[0-9]{1,4}DT[0-9]{1,4}H)$")]
Digest = Annotated[str, _pattern(rf"^zQm{_B58}{{44}}$")]
Did = Annotated[str, _pattern(rf"^{_DID}$", 255)]
CustomerDid = Annotated[str, _pattern(rf"^did:key:z6Mk{_B58}{{44}}$")]
Multikey = Annotated[str, _pattern(rf"^z6Mk{_B58}{{44}}$")]
KeyUrl = Annotated[str, _pattern(rf"^{_DID}#[A-Za-z0-9._-]{{1,100}}$", 400)]
ProofValue = Annotated[str, _pattern(rf"^z{_B58}{{80,90}}$")]
Decimal = Annotated[str, _pattern(rf"^{_AMOUNT}$")]
SignedDecimal = Annotated[str, _pattern(rf"^-?{_AMOUNT}$")]
Degrees = Annotated[str, _pattern(r"^-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,8})?$")]
Currency = Annotated[str, _pattern(r"^([A-Z]{3}|[a-z][a-z0-9-]*(\.[a-z0-9-]+){1,6})$", 100)]
Country = Annotated[str, _pattern(rf"^{_COUNTRY}$")]
Region = Annotated[str, _pattern(rf"^({_COUNTRY}|EU|EEA)$")]
Storage = Annotated[str, _pattern(rf"^({_COUNTRY}|EU|EEA|device)$")]
Lang = Annotated[str, _pattern(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Term = Annotated[str, _pattern(r"^(dpv|pd|ieee-7012|opencmr):[A-Za-z][A-Za-z0-9-]{0,80}$")]
TermsId = Annotated[str, _pattern(r"^[A-Za-z0-9][A-Za-z0-9:/._#-]{0,199}$")]
Key = Annotated[str, _pattern(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Token = Annotated[str, _pattern(r"^[a-zA-Z0-9][a-zA-Z0-9:/._-]{0,199}$")]
Voucher = Annotated[str, StringConstraints(min_length=1, max_length=100, strict=True)]
MediaType = Annotated[str, _pattern(r"^[a-z]{1,20}/[A-Za-z0-9][A-Za-z0-9.+_-]{0,126}$")]
Scheme = Annotated[str, _pattern(r"^[!-~]{1,200}$")]
Uri = Annotated[str, _pattern(r"^[a-z][a-z0-9+.-]*:[!-~]{1,2040}$")]
Url = Annotated[str, _pattern(r"^https?://[!-~]{1,2040}$")]
UnitCode = Annotated[str, _pattern(r"^[A-Z0-9]{2,3}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strict=True)]
PostalCode = Annotated[str, StringConstraints(min_length=1, max_length=20, strict=True)]
MOST_TEXT = 4000
"""Code points of a text for people."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT, strict=True)]
Flag = StrictBool
Count = Annotated[StrictInt, Field(ge=1)]
Days = Annotated[StrictInt, Field(ge=0, le=3650)]

Some = Annotated[list[T], Field(min_length=1, max_length=_MOST_ITEMS)]
"""One to 64 items."""

Json = Annotated[Any, AfterValidator(_as_json)]
"""Any JSON value, as deep as it may be: it is told by the bytes that it makes, not looked at part by part."""

K = TypeVar("K", bound=Hashable)
Distinct = Annotated[list[K], Field(min_length=1, max_length=_MOST_ITEMS), BeforeValidator(_each_once)]
"""One to 64 strings or numbers, each once."""

Channel = Literal[
    "email",
    "inApp",
    "inPerson",
    "messenger",
    "facebookMessenger",
    "instagram",
    "kakaoTalk",
    "line",
    "signal",
    "telegram",
    "threema",
    "viber",
    "weChat",
    "whatsApp",
    "phone",
    "post",
    "push",
    "sms",
    "web",
]
"""A way to reach the customer, of `vocabulary/channels.json`."""
Side = Literal["customer", "vendor"]

_closed = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_closed)
class Money:
    """An amount in a currency (ISO 4217), or in points and the like (a reverse domain)."""

    amount: Decimal
    currency: Currency


@dataclass(frozen=True, config=_closed)
class SignedMoney:
    """An amount that may be negative."""

    amount: SignedDecimal
    currency: Currency


@dataclass(frozen=True, config=_closed)
class Price:
    """A bound in money, for each `per` where it has one."""

    amount: Decimal
    currency: Currency
    per: Duration | None = None


class Quantity(Model):
    """How much, in a unit of UN/CEFACT Recommendation 20."""

    value: Decimal
    unit: UnitCode | None = None
    per: Duration | None = None


class Code(Model):
    """A category in a scheme: gpc, unspsc, google, text or a URI."""

    scheme: Scheme
    code: Voucher
    label: Name | None = None


class Ident(Model):
    """An identifier of a product or a place: gtin, mpn, sku, gln, meter and the like."""

    scheme: Scheme
    value: Name


class Near(Model):
    """A circle on the map."""

    latitude: Degrees
    longitude: Degrees
    metres: Count


class Place(Model):
    """A place by name, by country, or on the map; at least one member."""

    name: Name | None = None
    country: Country | None = None
    locality: Name | None = None
    postal_code: PostalCode | None = None
    street: Name | None = None
    id: Ident | None = None
    near: Near | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return not_empty(self)


class Window(Model):
    """A span of time: instants, or dates read in the place's own calendar; at least one end."""

    from_: Moment | None = Field(None, alias="from")
    until: Moment | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return not_empty(self)


Clock = Annotated[str, StringConstraints(strict=True, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Hour and minute on the clock of a place."""


class WeeklyTime(Model):
    """Days of the week, hours of the day, or both, on the clock of the place."""

    days: Distinct[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]] | None = None
    from_: Clock | None = Field(None, alias="from")
    until: Clock | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        return not_empty(self)


M = TypeVar("M", bound=Model)


def not_empty(model: M) -> M:
    """Refuse an object that has no member at all."""
    if not model.model_fields_set:
        raise PydanticCustomError("empty", "at least one member is needed")
    return model


class Ref(Model):
    """A message, by id and digest."""

    id: Uuid
    digest: Digest


class Rule(Shaped):
    """One line of a terms document: what is permitted, prohibited, or owed, and by whom."""

    effect: Literal["permit", "prohibit", "oblige"]
    by: Distinct[Literal["vendor", "third-party"]]
    action: Term | None = None
    duty: Term | None = None
    purpose: Term | None = None
    data: Term | None = None

    shape: ClassVar = (
        When("effect", "oblige", requires=("duty",), forbids=("action", "purpose", "data")),
        When("effect", "permit", requires=("action",), forbids=("duty",)),
        When("effect", "prohibit", requires=("action",), forbids=("duty",)),
    )


class TermsDocument(Model):
    """Machine-readable terms. Their digest is that of the canonical bytes of this object."""

    id: TermsId
    version: Annotated[str, StringConstraints(min_length=1, max_length=40, strict=True)]
    title: Name
    url: Url | None = None
    text_digest: Digest | None = None
    rules: Some[Rule]


class TermsRef(Shaped):
    """Terms by id and digest, or, when they are not on the roster, the document itself."""

    id: TermsId | None = None
    digest: Digest | None = None
    document: TermsDocument | None = None

    shape: ClassVar = (When("document", forbids=("id", "digest")), When(requires=("id", "digest")))


class File(Model):
    """A file by its digest."""

    media_type: MediaType
    size: Annotated[StrictInt, Field(ge=0)]
    digest: Digest
    name: Name | None = None
    expires: Instant | None = None


class Doc(Model):
    """A document for people."""

    url: Url
    digest: Digest | None = None
    lang: Lang | None = None
    title: Name | None = None
    date: Date | None = None


class Claim(Model):
    """What the customer says of themself, with a verifiable credential where there is one."""

    type: Token
    value: Json = None
    issuer: Did | None = None
    credential: Annotated[dict[str, Any], AfterValidator(_as_json)] | None = None


class Attr(Shaped):
    """A property: one value, one of several, or a range. `wish`: nice to have."""

    name: Name
    value: Name | None = None
    one_of: Distinct[Name] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    unit: UnitCode | None = None
    wish: Flag | None = None

    shape: ClassVar = (
        When("value", forbids=("one_of", "min", "max")),
        When("one_of", forbids=("min", "max")),
        When("max"),
        When(requires=("min",)),
    )


class Product(Model):
    """A product, as far as it is known."""

    name: Name | None = None
    brand: Name | None = None
    model: Name | None = None
    identifiers: Some[Ident] | None = None
    attributes: Some[Attr] | None = None


class Want(Product):
    """What is wanted, and what is to be done with it (`deal`; absent: buy).

    `fits` is what it has to fit; `subject` what the customer has already, and wants repaired, kept up or sold.
    """

    name: Name
    deal: Literal["buy", "rent", "serve", "repair", "install", "maintain", "dispose", "sell"] | None = None
    category: Some[Code] | None = None
    condition: Literal["NewCondition", "UsedCondition", "RefurbishedCondition", "DamagedCondition"] | None = None
    fits: Product | None = None
    subject: Product | None = None
    quantity: Quantity | None = None
    budget: Price | None = None
    window: Window | None = None
    times: Some[WeeklyTime] | None = None
    places: Some[Place] | None = None
    from_: Place | None = Field(None, alias="from")
    to: Place | None = None
    lasts: Duration | None = None
    text: Text | None = None
    url: Url | None = None
    alternatives: Some[Product] | None = None
    if_missing: Literal["ask", "replace", "leaveOut"] | None = None
    files: Some[File] | None = None


class Recurs(Model):
    """How a line comes back, and for how long the customer is bound.

    `times` is how many periods there are, `minimum` how many are owed though the customer ends it.
    """

    every: Duration
    times: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    from_: Moment | None = Field(None, alias="from")
    minimum: Annotated[StrictInt, Field(ge=0, le=1000)] | None = None
    notice: Duration | None = None
    renews: Flag | None = None
    exit_fee: Money | None = None

    @property
    def owed(self) -> int:
        """How many periods are owed at least: `minimum` of `times`, or one where neither is said."""
        return min((n for n in (self.minimum, self.times) if n is not None), default=1)


Index = Annotated[StrictInt, Field(ge=0)]
"""A place in a list, counted from 0."""


class OrderLine(Model):
    """A line of the accepted offer, or so much of it."""

    line: Index
    quantity: Quantity | None = None


class Party(Model):
    """Somebody who handles the data. Without an `id`, such as a category of parties, it only informs."""

    name: Name
    role: Literal["controller", "jointController", "processor", "thirdParty", "authority"]
    id: Uri | None = None
    contact: Name | None = None
    address: Place | None = None
    email: Name | None = None
    phone: Name | None = None
    country: Country | None = None


class Benefit(Model):
    """Something that the customer earns or may redeem."""

    key: Key
    kind: Literal["discount", "credit", "points", "access", "gift", "tier"]
    text: Text
    amount: Money | None = None
    percent: Decimal | None = None
    max: Money | None = None
    min_spend: Money | None = None
    on: Some[Code] | None = None
    uses: Count | None = None
    code: Voucher | None = None
    from_: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    of: Key | None = None
    pending: Flag | None = None


class Retention(Shaped):
    """How long data is kept: until an instant, or for a period after something."""

    until: Instant | None = None
    period: Duration | None = None
    after: Token | None = None

    shape: ClassVar = (
        When("period", requires=("after",), forbids=("until",)),
        When(requires=("until",), forbids=("after",)),
    )


Extensions = Annotated[dict[Uri, Json], Field(max_length=_MOST_EXTENSIONS), BeforeValidator(_not_many)]


def as_wire(part: Any) -> Any:
    """A part of a message as plain JSON: models and money become objects, absent members are left out."""
    if isinstance(part, Model):
        return part.wire()
    if isinstance(part, Money | SignedMoney | Price):
        return {name: value for name, value in vars(part).items() if value is not None and not name.startswith("_")}
    return [as_wire(each) for each in part] if isinstance(part, list) else part
