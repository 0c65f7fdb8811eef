"""Consent: asked or unasked, whole or in part, and taken back as easily as given (`spec/v1/consent/page.md`)."""

from typing import Literal

from pydantic import Field

from .envelope import Body
from .model import Model
from .personal import Datum
from .types import (
    Channel,
    Code,
    Digest,
    Distinct,
    Doc,
    Flag,
    Instant,
    Key,
    Lang,
    Name,
    Party,
    Region,
    Retention,
    Some,
    Storage,
    Term,
    Text,
    Token,
    Url,
)


class Item(Model):
    """One thing consented to: why (purposes), with which data, and within what bounds."""

    key: Key
    purposes: Distinct[Term]
    data: Distinct[Term]
    actions: Distinct[Term]
    recipients: Some[Party] | None = None
    channels: Distinct[Channel] | None = None
    topics: Some[Code] | None = None
    retention: Retention | None = None
    stored_in: Distinct[Storage] | None = None


class Notice(Doc):
    """The full notice: what the customer was shown, pinned by digest and language."""

    digest: Digest
    lang: Lang


class RequestItem(Item):
    """One thing asked for. `need` and `sources` only inform: a customer may always leave an item out."""

    need: Literal["required", "optional"] | None = None
    text: Text | None = None
    notice: Doc | None = None
    sources: Distinct[Literal["customer", "vendor", "thirdParty", "public"]] | None = None


class GrantItem(Item):
    """One thing granted: as asked, or narrower, or for a shorter time."""

    until: Instant | None = None


class Request(Body):
    """What the vendor asks for, from whom, until when, and where the full notice stands."""

    type = "consent.request"
    place = "first"
    expires = "may"

    items: Some[RequestItem]
    controller: Some[Party]
    notice: Notice
    until: Instant
    jurisdiction: Region | None = None
    law: Name | None = None
    explicit: Flag | None = None
    withdraw_url: Url | None = None
    rights: Url | None = None
    documents: Some[Doc] | None = None


class OnBehalf(Model):
    """As what a consent is given for somebody else, and for whom."""

    as_: Literal["parent", "guardian", "representative"] = Field(alias="as")
    of: Name | None = None


class Grant(Body):
    """The customer's yes, never wider than the request; unasked, with a statement of their own."""

    type = "consent.grant"
    place = "either"
    expires = "must"

    items: Some[GrantItem]
    until: Instant
    controller: Some[Party] | None = None
    statement: Text | None = None
    jurisdiction: Region | None = None
    from_: Instant | None = Field(None, alias="from")
    discloses: Some[Datum] | None = None
    on_behalf: OnBehalf | None = None


class Refuse(Body):
    """The customer's no to all that is asked, or to the items of these keys."""

    type = "consent.refuse"

    keys: Distinct[Key] | None = None
    reason: Token | None = None


class Heard(Model):
    """Where and when the vendor heard the customer's word, outside of OpenCMR."""

    where: Name
    when: Instant


class Withdraw(Body):
    """Consent taken back, whole or for these keys; by the vendor for words heard elsewhere."""

    type = "consent.withdraw"

    keys: Distinct[Key] | None = None
    reason: Token | None = None
    heard: Heard | None = None
