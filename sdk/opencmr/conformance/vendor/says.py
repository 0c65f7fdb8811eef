"""What the suite's customers say, and how they get a thread into a state."""

from typing import Any

from ..hand import BASE, DP, OTHER, Document, Hand, Heard, digest_of
from ..suite import Failed

ITEM = {"purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "actions": ["dpv:Use"]}
OWN: Document = {
    "id": "https://customer.example/terms", "version": "1", "title": "My terms",
    "rules": [{"effect": "prohibit", "action": "dpv:Tracking", "by": ["vendor"]}],
}  # fmt: skip
"""Terms that the customer has written."""
TEN = {"amount": "10.00", "currency": "EUR"}


def proffer(
    hand: Hand,
    note: str | None = None,
    choices: list[Document] | None = None,
    answer_by: str | None = None,
    **members: Any,
) -> Document:
    """Terms that a vendor in test mode accepts."""
    body = {"choices": choices or [DP], "answerBy": answer_by, "note": note}
    return hand.write("terms.proffer", {name: value for name, value in body.items() if value is not None}, **members)


def wish(note: str | None = None, wants: int = 1, terms: list[Document] | None = None, **more: Any) -> Document:
    """The body of an intent."""
    return {
        "wants": [{"name": f"thing {number}"} for number in range(wants)],
        "terms": terms or [DP, BASE],
        "standing": "ready",
        **({"note": note} if note else {}),
        **more,
    }


def cast(hand: Hand, note: str | None = None, wants: int = 1, **members: Any) -> Document:
    """An intent."""
    return hand.write("intent.cast", wish(note, wants), **members)


def unasked(hand: Hand, statement: str = "Yes, do.", keys: tuple[str, ...] = ("news",), **members: Any) -> Document:
    """A consent that nobody asked for."""
    items = [{"key": key, **ITEM} for key in keys]
    body = {"items": items, "until": hand.bench.now(86400 * 30), "statement": statement}
    return hand.write("consent.grant", body, **members)


async def opened(hand: Hand, document: Document, state: str) -> str:
    """Say an opening message; gives the thread."""
    await hand.accepted(document, state)
    return str(document["thread"])


async def agreed(hand: Hand, note: str | None = None) -> str:
    """An agreement in force."""
    thread = await opened(hand, proffer(hand, note), "proffered")
    await hand.hear("terms.accept", thread)
    return thread


async def asked(hand: Hand, note: str = "test: ask") -> Document:
    """A consent that the vendor asks for: its request."""
    await agreed(hand, note)
    return await hand.hear("consent.request")


def grant(hand: Hand, request: Document, *items: Document, **body: Any) -> Document:
    """An answer to a request: these items, or all as they were asked."""
    wire = request["body"]
    chosen = list(items) or [item_of(request, number) for number in range(len(wire["items"]))]
    return hand.write("consent.grant", {"items": chosen, "until": wire["until"], **body}, request["thread"])


def item_of(request: Document, number: int) -> Document:
    """An item of a request, as it is granted."""
    item = request["body"]["items"][number]
    return {name: value for name, value in item.items() if name not in ("need", "text", "notice", "sources")}


async def offered(hand: Hand, note: str | None = None, wants: int = 1) -> tuple[str, Document]:
    """An open intent with an offer: the thread, and the offer."""
    thread = await opened(hand, cast(hand, note, wants), "open")
    return thread, await hand.hear("offer.make", thread)


def ref(document: Document) -> Document:
    """A reference to a message."""
    return {"id": document["id"], "digest": digest_of(document)}


def accept(hand: Hand, made: Document, **members: Any) -> Document:
    """The acceptance of an offer."""
    return hand.write("offer.accept", {"offer": ref(made), "total": made["body"]["total"]}, made["thread"], **members)


def disclose(hand: Hand, thread: str) -> Document:
    """What an order needs."""
    return hand.write("order.disclose", {"discloses": [{"data": "pd:Name", "value": "A. Customer"}]}, thread)


async def ordered(hand: Hand, note: str | None = "test: do not confirm") -> tuple[str, Document]:
    """An order that is not confirmed yet: the thread, and the offer that was accepted."""
    thread, made = await offered(hand, note)
    await hand.accepted(accept(hand, made), "ordered")
    return thread, made


async def confirmed(hand: Hand) -> str:
    """An order that the vendor has confirmed."""
    thread, _ = await ordered(hand, None)
    await hand.hear("order.confirm", thread)
    return thread


async def shipped(hand: Hand) -> str:
    """An order on its way."""
    thread = await confirmed(hand)
    await hand.accepted(disclose(hand, thread), "confirmed")
    await hand.hear("order.fulfil", thread)
    return thread


async def done(hand: Hand) -> str:
    """An order that is done."""
    thread = await shipped(hand)
    await hand.accepted(disclose(hand, thread), "fulfilling")
    report = await hand.hear("order.fulfil", thread)
    if report["body"]["status"] != "done":
        raise Failed(f"the second disclosure is answered with {report['body']['status']}, and not done")
    return thread


async def withdrawn_intent(hand: Hand) -> str:
    """An intent that was withdrawn."""
    thread, _ = await offered(hand)
    await hand.accepted(hand.write("intent.withdraw", {}, thread), "withdrawn")
    return thread


async def cancelled(hand: Hand) -> str:
    """An order that was cancelled, and settled."""
    thread = await confirmed(hand)
    await hand.accepted(hand.write("order.cancel", {"reason": "changedMind"}, thread), "cancelled")
    await hand.hear("order.cancel", thread)
    return thread


async def countered(hand: Hand, note: str | None = None) -> tuple[str, Document]:
    """Terms to which the vendor has an alternative."""
    thread = await opened(hand, proffer(hand, note, choices=[OTHER]), "proffered")
    return thread, await hand.hear("terms.counter", thread)


async def forgotten(hand: Hand) -> Heard:
    """Something that the vendor answers, and does not hold after: its store was put back from a copy of before."""
    return await hand.accepted(proffer(hand, "test: forget"), "proffered")


def unlinked(hand: Hand, place: int = 0) -> dict[str, str | None]:
    """The members of a word that knows what stands up to a place, and nothing after."""
    return {"prior": None, "seen": hand.words[place - 1] if place else None}


def no(hand: Hand, type_: str, thread: str, body: Document | None = None, **members: Any) -> Document:
    """A message that takes something back."""
    return hand.write(type_, body if body is not None else {}, thread, **members)


def must(holds: bool, why: str, requirement: str | None = None) -> None:
    """Fail where something does not hold.

    Raises:
        Failed: It does not.
    """
    if not holds:
        raise Failed(why, requirement)
