"""`opencmr explain`: why a vendor may, or may not, do something with a customer's data."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ..errors import UsageError
from .output import Json, console, plain, print_json, short, table

if TYPE_CHECKING:
    from ..messages.types import Channel, Code
    from ..roles.party.reading import StoredRelationship


def explain(
    store: Annotated[str, typer.Argument(metavar="STORE", help="A customer's or a vendor's store, or its URL.")],
    action: Annotated[str, typer.Option(metavar="TERM", help="What is done: a DPV processing term.")],
    purpose: Annotated[str, typer.Option(metavar="TERM", help="What for: a DPV purpose.")],
    customer: Annotated[
        str | None, typer.Option(metavar="DID", help="Whose data it is; absent: of the store's only relationship.")
    ] = None,
    vendor: Annotated[str | None, typer.Option(metavar="DID", help="Who does it; the same for a customer.")] = None,
    data: Annotated[str | None, typer.Option(metavar="TERM", help="Which data; absent: any personal data.")] = None,
    recipient: Annotated[
        str, typer.Option(metavar="WHO", help="Who ends up processing: vendor, third-party, or a party's URI.")
    ] = "vendor",
    channel: Annotated[
        str | None, typer.Option(help="How the customer would be reached, such as email, sms or whatsApp.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option(metavar="ID", help="The thread whose data it is; absent: the relationship's.")
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(metavar="[SCHEME:]CODE", help="What the customer would be told about; scheme absent: text."),
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When, such as 2026-09-01; absent: now.")] = None,
    as_json: Json = False,
) -> None:
    """Say why a vendor may or may not do something.

    Both sides' stores give the same answer, since it is computed from the messages that both hold. Exits with 0
    whatever the answer is.

    \b
    Example:
      opencmr explain shop.db --customer did:key:z6Mk… \\
        --action dpv:Use --purpose dpv:DirectMarketing --data pd:EmailAddress --channel email
    """
    from ..protocol import Question
    from ..protocol import explain as in_words
    from ..protocol.question import as_dict
    from ..roles.party.reading import Reader

    when = _instant(at)
    _check(recipient)
    with Reader(store) as reader:
        store = reader.where
        relationship = _one(store, list(reader.relationships()), customer, vendor)
        named = relationship.threads(thread) if thread else []
        if thread and len(named) != 1:
            raise UsageError(f"{len(named) or 'no'} threads begin with {thread}; see: opencmr show {store}")
        more: dict[str, Any] = {"data": data} if data else {}
        about = named[0].id if named else None
        over = cast("Channel | None", channel)  # the question checks it
        subject = _topic(topic) if topic else None
        question = Question(action, purpose, recipient=recipient, channel=over, thread=about, topic=subject, **more)
        decision = relationship.history.may(question, when, now=not at)
        lines = {line.digest: line for line in relationship.timeline()}
    evidence = [lines[digest] for digest in decision.evidence if digest in lines]
    sentence = in_words(decision, lambda digest: f"{lines[digest].type} {short(digest)}" if digest in lines else digest)
    if as_json:
        told = {
            "customer": relationship.customer,
            "vendor": relationship.vendor,
            **as_dict(decision),
            "sentence": sentence,
        }
        print_json({**told, "evidence": [line.as_dict() for line in evidence]})
        return
    out = console()
    style = {"permit": "bold green", "deny": "bold red"}.get(decision.answer, "bold")
    out.print(f"{decision.answer}, {decision.reason}", style=style)
    out.print(plain(sentence), soft_wrap=True)
    if evidence:
        made = table(None, "rests on", "said by", "time", "thread", "digest")
        for line in evidence:
            made.add_row(plain(line.type), line.side, line.at, short(line.thread), line.digest)
        out.print(made)


def _one(
    store: str, relationships: "list[StoredRelationship]", customer: str | None, vendor: str | None
) -> "StoredRelationship":
    """The relationship that is asked about.

    Raises:
        UsageError: There is none, or more than one.
    """
    named = {did for did in (customer, vendor) if did is not None}
    found = [one for one in relationships if named <= one.dids]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"{store} has no such relationship; see: opencmr show {store}")
    raise UsageError(f"{store} has {len(found)} relationships; say which with --customer or --vendor")


def _check(recipient: str) -> None:
    """Refuse a party that no message could ever name: a misspelt one must not silently mean no.

    Raises:
        UsageError: Says what there is.
    """
    from ..protocol import THIRD_PARTY, VENDOR

    if recipient not in (VENDOR, THIRD_PARTY) and ":" not in recipient:
        raise UsageError(f"{recipient!r} is neither {VENDOR} nor {THIRD_PARTY} nor the URI of a party")


def _topic(topic: str) -> "Code":
    """The topic that a person wrote.

    Raises:
        UsageError: It is none that a message could name.
    """
    from pydantic import ValidationError

    from ..messages.types import Code

    scheme, _, code = topic.rpartition(":")
    try:
        return Code(scheme=scheme or "text", code=code)
    except ValidationError:
        raise UsageError(f"{topic!r} is no topic: a scheme and a code, such as text:bikes") from None


def _instant(at: str | None) -> str:
    """An instant from what a person would write; absent, now.

    Raises:
        UsageError: Not a time.
    """
    from datetime import UTC, datetime

    from ..roles.party.signing import exactly

    return exactly(datetime.now(UTC) if at is None else at)
