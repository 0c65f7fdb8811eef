"""What a wish and an order permit while they last (`spec/v1/decisions.md`, rule 1)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, NamedTuple

from ....messages.offer import Make
from ....messages.types import Side
from ...clock import length, shifted
from ...statements import Activity
from .returning import REFUND_WITHIN

_NEVER_DONE = timedelta(days=365)
_TO_SETTLE = REFUND_WITHIN + timedelta(days=30)
"""How long an order in `returning` goes on after the customer's last word in it: whatever the vendor reports."""
_TO_ANSWER = ("opencmr:IntentCasting",)
_TO_PERFORM = (
    "dpv:RequestedServiceProvision",
    "dpv:PaymentManagement",
    "dpv:CustomerOrderManagement",
    "dpv:CustomerCare",
    "dpv:RightsFulfilment",
    "dpv:EnforceSecurity",
)
_CARE = ("dpv:CustomerCare",)


def what_lasts(made: Make) -> "Lasting":
    """How long an order goes on after it is done, and with whom its data may be shared."""
    return Lasting(
        timedelta(days=made.returns.days if made.returns else 0),
        length(made.warranty) if made.warranty else timedelta(),
        tuple(
            (recipient.party.id, tuple(recipient.data))
            for recipient in made.recipients or ()
            if recipient.party.id is not None
        ),
    )


class Lasting(NamedTuple):
    """What an offer says that counts in the order which it becomes.

    Attributes:
        returns: How long the order goes on after it is done.
        warranty: How long it goes on for customer care alone.
        recipients: Who else gets which data, by URI.
    """

    returns: timedelta = timedelta()
    warranty: timedelta = timedelta()
    recipients: tuple[tuple[str, tuple[str, ...]], ...] = ()


Phase = Literal["open", "returning", "done"]
"""How far an order has come; `open` is all that is neither of the others."""


class Turn(NamedTuple):
    """An entry of an order.

    Attributes:
        at: The time of its place.
        phase: How far the order has come with it.
        side: Who said it.
        left: Whether anything is left of it that was not withdrawn from or cancelled.
    """

    at: str
    phase: Phase = "open"
    side: Side = "vendor"
    left: bool = True


def standing_wish(
    thread: str,
    wishes: Sequence[tuple[str, str]],
    closed: str | None,
    data: tuple[tuple[str, str], ...],
    evidence: tuple[str, ...],
) -> Iterator[Activity]:
    """What an intent permits, wording by wording: an amendment changes no answer about the time before it.

    Args:
        thread: Its thread.
        wishes: Of the cast and each amendment: since when it stands, and until when.
        closed: When it was ordered or withdrawn.
        data: What was disclosed, and when.
        evidence: The digest of what opened the thread.
    """
    ends = [*(since for since, _ in wishes[1:]), closed]
    for (since, until), end in zip(wishes, ends, strict=True):
        yield Activity(thread, "intent-live", since, until, end, data, evidence, _TO_ANSWER)


def standing_order(
    thread: str,
    turns: Sequence[Turn],
    cancelled: str | None,
    lasting: Lasting,
    data: tuple[tuple[str, str], ...],
    evidence: tuple[str, ...],
) -> Iterator[Activity]:
    """What an order permits: until it is cancelled, or done and the days for returning it are over.

    For customer care alone it goes on until the warranty is over.

    Args:
        thread: Its thread.
        turns: Its entries, from the acceptance on and before it was cancelled.
        cancelled: When it was cancelled.
        lasting: What counts in it of its offer.
        data: What was disclosed, and when.
        evidence: The digests of offer and acceptance.
    """
    made = Activity(thread, "order-live", "", "", None, data, evidence, _TO_PERFORM, lasting.recipients)
    for since, until, closed in _spans(turns, cancelled, lasting.returns):
        yield replace(made, since=since, until=until, closed=closed)
    if lasting.warranty > lasting.returns:
        for since, until, closed in _spans(turns, cancelled, lasting.warranty):
            yield replace(made, since=since, until=until, closed=closed, purposes=_CARE, recipients=())


def _spans(turns: Sequence[Turn], cancelled: str | None, after: timedelta) -> Iterator[tuple[str, str, str | None]]:
    """Since when, until when, and when an end was put to it, span by span.

    An entry that comes when it had ended lets it begin anew, and changes no answer about the time before. But once the
    order was done, or withdrawn from, what the vendor reports brings nothing back.
    """
    spans: list[tuple[str, str]] = []
    done = said = None  # where it first became done, and the customer's last word while it was returning
    for at, phase, side, left in turns:
        if (done or said) and side == "vendor" and at >= spans[-1][1]:
            continue
        done = done or (at if phase == "done" else None)
        said = at if phase == "returning" and side == "customer" else said
        kept = shifted(done, after) if done and left else at
        ends = {"open": shifted(at, _NEVER_DONE), "returning": shifted(said or at, _TO_SETTLE), "done": at}[phase]
        spans.append((at, ends if phase == "open" else max(ends, kept)))
    last, end = spans[-1]
    closed = cancelled or (last if end <= last else None)
    since, until = spans[0]
    for at, end in spans[1:]:
        if at >= until:
            yield since, until, None
            since = at
        until = end
    yield since, until, closed
