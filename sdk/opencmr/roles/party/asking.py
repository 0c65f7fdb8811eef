"""The named arguments of `may`, the same on both sides."""

from datetime import datetime
from typing import Required, TypedDict

from ...messages.types import Channel, Code
from ...protocol import EVERYTHING, VENDOR
from .given import recipient_of
from .signing import exactly

Members = tuple[str, str, str, str, Channel | None, str | None, Code | None]
"""The members of a `Question`, in their order."""


class Asked(TypedDict, total=False):
    """What `may` is asked (`spec/v1/decisions.md`); all but `action` and `purpose` may be left out.

    Attributes:
        action: What is done, a DPV processing term such as `dpv:Use`.
        purpose: What for, such as `dpv:DirectMarketing`.
        data: Which data, such as `pd:EmailAddress`; absent: any personal data.
        recipient: Who ends up processing: `vendor` (or its DID), `third-party`, or the URI of a particular one;
            absent: the vendor.
        channel: Over which channel the customer would be reached, such as email.
        thread: The thread whose data it is; absent: data of the relationship.
        topic: What the customer would be told about; a consent may be for some topics alone.
        at: When, with its offset from UTC; absent: now, after all that has been said.
    """

    action: Required[str]
    purpose: Required[str]
    data: str | None
    recipient: str
    channel: Channel | None
    thread: str | None
    topic: Code | None
    at: datetime | None


def members(
    vendor: str,
    *,
    action: str,
    purpose: str,
    data: str | None = None,
    recipient: str = VENDOR,
    channel: Channel | None = None,
    thread: str | None = None,
    topic: Code | None = None,
    at: datetime | None = None,
) -> tuple[Members, str | None]:
    """The members of the question, and its instant; none: now.

    Args:
        vendor: Whom it is about; its DID means the same as `vendor`.
        action: For this and all others see `Asked`.
        purpose: As there.
        data: As there.
        recipient: As there.
        channel: As there.
        thread: As there.
        topic: As there.
        at: As there.

    Raises:
        UsageError: `at` is no instant: it must have its offset from UTC.
    """
    who = VENDOR if recipient == VENDOR else recipient_of(recipient, vendor)
    when = exactly(at) if at is not None else None
    return (action, purpose, data or EVERYTHING["data"], who, channel, thread, topic), when
