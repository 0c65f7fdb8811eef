"""The numbered checks on receiving (`spec/v1/receiving.md`), from bytes to an effect.

     1  size and shape                    `parse`
     2  already known?                    the caller's store, between `parse` and `verify`
     3  addressee                         `verify`
     4  envelope                          `verify`
     5  the key belongs to the sender     `verify`
     6  signature                         `verify`
     7  body                              `verify`
     8  parties: the chain and the thread `settle`
     9  time and expiry                   `settle`
    10  state                             `settle`
    11  effect, stored with its receipt   the caller's store, in one transaction

What is *not* handled here: bytes on a network, rows in a store, and the time, which callers bring. Up to check 7 a
problem is raised, to be answered unsigned, and nothing is stored. From check 8 on, a problem that is final is returned,
to be answered with a signed receipt that is stored; one that may come good (`retry`) is raised.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from .. import messages, trust
from ..errors import Behind, Malformed, Problem, StaleRequest, TooEarly, UnknownThread, WrongAddressee
from ..messages import Message, core
from ..messages.model import in_order
from .clock import AHEAD, shifted
from .families import FAMILIES
from .family import Misplaced
from .history import History
from .lifecycle import family_of, is_narrowing
from .said import Said
from .thread import Thread, opened_by

REQUEST_WINDOW = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Canonical bytes that are a JSON object: check 1 is done. `sender` and `id` are not yet believed."""

    raw: bytes
    document: dict[str, Any]
    digest: str

    @property
    def sender(self) -> str:
        """Who it claims to be from."""
        return self._claimed("from")

    @property
    def id(self) -> str:
        """The id that it claims."""
        return self._claimed("id")

    def _claimed(self, member: str) -> str:
        """What no message can name is nobody's and nothing's; some databases would choke on it."""
        found = self.document.get(member)
        return found if isinstance(found, str) and found.isprintable() else ""


@dataclass(frozen=True, slots=True)
class Verified:
    """A message that its sender has signed: checks 1 to 7 are done.

    Attributes:
        fault: For `lenient` verification: why the message is not of the form that its type asks for. Then `message` is
            the envelope alone, with nothing in its body.
    """

    raw: bytes
    digest: str
    message: Message[Any]
    fault: Problem | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a message does: checks 8 to 10 are done.

    Attributes:
        said: The message in its place.
        thread: The thread with the message in it; unchanged where it is refused.
        outcome: `accepted`, `moot`, or `refused` with its `problem`.
    """

    said: Said
    thread: Thread
    outcome: Literal["accepted", "moot", "refused"]
    problem: Problem | None = None


def parse(raw: bytes) -> Parsed:
    """Check 1: size and shape.

    Raises:
        Problem: TooLarge, NotJson, TooDeep, BadNumber, NullMember, NotCanonical or Malformed.
    """
    document = trust.parse(raw)
    return Parsed(raw, document, trust.digest(raw))


def verify(
    parsed: Parsed, *, me: str, pinned: Mapping[str, str], types: Collection[str] | None = None, lenient: bool = False
) -> Verified:
    """Checks 3 to 7: who it is for, who said it, and what it says.

    Nobody looks into the body before the signature holds.

    Args:
        parsed: What came.
        me: The DID that it must be addressed to.
        pinned: Key URL → key of a `did:web` sender, as pinned; a `did:key` needs none.
        types: The message types that are taken here; absent: all.
        lenient: For a vendor's entries: keep the envelope of a message, if that holds, though the body does not. It has
            its place, and is void.

    Raises:
        Problem: WrongAddressee, Malformed, UnsupportedVersion, UnsupportedType, WrongKey, WeakKey or BadSignature.
    """
    # 3 addressee
    document = parsed.document
    if isinstance(document.get("to"), str) and document["to"] != me:
        raise WrongAddressee("addressed to somebody else", pointer="/to")
    # 4 envelope
    fault: Problem | None = None
    try:
        messages.check_spoken(document, types)
    except Problem as problem:
        if not lenient:
            raise
        fault = problem
    envelope = messages.validate_envelope(document)
    # 5 the key belongs to the sender
    public = trust.public_key(envelope.from_, envelope.proof.verification_method, pinned)
    # 6 signature
    trust.verify(document, public)
    # 7 body
    if not lenient:
        return Verified(parsed.raw, parsed.digest, _typed(envelope))
    return Verified(parsed.raw, parsed.digest, *_as_far_as_right(envelope, fault))


def validate_verified(document: dict[str, Any]) -> tuple[Message[Any], Problem | None]:
    """A message whose signature was verified before: what `verify` makes of it where it is `lenient`.

    Returns:
        The message; and why it is not of the form that its type asks for, where it isn't: then it is only the envelope.

    Raises:
        Problem: Not even the envelope holds.
    """
    fault: Problem | None = None
    try:
        messages.check_spoken(document)
    except Problem as problem:
        fault = problem
    return _as_far_as_right(messages.validate_envelope(document), fault)


def _as_far_as_right(envelope: Message[Any], fault: Problem | None) -> tuple[Message[Any], Problem | None]:
    if fault is None:
        try:
            return _typed(envelope), None
        except Problem as problem:
            fault = problem
    # Nobody goes by a body of a wrong form, and it may take fifty times its bytes in memory: it stays in the bytes.
    return envelope.model_copy(update={"body": {}, "ext": None}), bare(fault)


def _typed(envelope: Message[Any]) -> Message[Any]:
    message = messages.typed(envelope)
    check_place(message)
    return message


def bare(problem: Problem) -> Problem:
    """A problem to keep: without what led to it, which holds each fault of a hostile body, and the frames around it."""
    problem.__cause__ = problem.__context__ = None
    return problem.with_traceback(None)


def check_place(message: Message[Any]) -> None:
    """Check 7, last part: what belongs to the model though no schema can say it.

    Of several faults, the first in canonical order is told.

    A first message names itself as its thread, and only a first one does. The rest is the families'.

    Raises:
        Malformed: One of these does not hold.
    """
    faults = sorted(_misplaced(message), key=lambda fault: in_order(fault[0]))
    if faults:
        path, why, more = faults[0]
        raise Malformed(why, pointer=messages.pointer(path), **more)


def _misplaced(message: Message[Any]) -> Iterator[Misplaced]:
    family, kind, opens = family_of(message.type), type(message.body), message.opens
    if family is not None:
        yield from FAMILIES[family].misplaced(message)
    if kind.place == "first" or kind in core.REQUESTS:
        wrong = not opens
    else:
        wrong = opens and (kind.place == "later" or kind is core.Receipt)
    if wrong:
        yield ("thread",), "a first message names itself as its thread, and only a first one does", {}


def settle(message: Message[Any], digest: str, *, history: History, now: str, caught_up: bool = False) -> Settled:
    """Checks 8 to 10, for a message that a customer sent and that is about to take its place.

    Args:
        message: The message.
        digest: Its digest.
        history: The relationship up to here.
        now: The date of the receipt that would give it the place.
        caught_up: Whether the customer has collected with what is held here: then nobody holds what a no-word has seen
            beyond it, and it need not wait for that.

    Raises:
        Problem: WrongKey or Moved: the sender does not speak here. UnknownThread, TooEarly or Behind, which may come
            good. Nothing is to be stored, but for a no-word for which we are `Behind`: it is stored, denies at once,
            and is settled once we have caught up.
    """
    narrowing = is_narrowing(message.type, "customer")
    said = history.placing(message, digest, now)
    # 8 parties: who speaks, what they hold of each other's words, and the thread. A no may come before its thread.
    if history.chain.lacks(message.seen) and not (caught_up and narrowing):
        raise Behind("a word of ours that you have seen is not held here", pointer="/seen", rule="SEQ-6")
    if not narrowing:
        history.check_customer(message)
    thread = history.threads.get(message.thread)
    if thread is None:
        if not message.opens and not narrowing and not _too_late(said):
            raise UnknownThread("no such thread is known between these two parties", pointer="/thread")
        thread = opened_by(message)
    try:
        # 9 time and expiry
        if not narrowing and message.created > now and message.created > shifted(now, AHEAD):
            raise TooEarly(f"dated {message.created}, here it is {now}", pointer="/created", rule="RCV-10")
        # 10 state: the sequence
        thread.check_in_time(said)
        # 10 state: lifecycle and rules across members
        after, outcome = thread.judge(said, history)
    except Problem as problem:
        if problem.retry:
            raise
        return Settled(said, thread, "refused", problem)
    return Settled(said, after, outcome)


def _too_late(said: Said) -> bool:
    """Whether it can never take its place any more, whatever may still open its thread."""
    return said.message.expires is not None and said.message.expires <= said.at


def check_fresh(message: Message[core.Collect] | Message[core.Fetch], now: str) -> None:
    """A collect or a fetch is valid for two minutes around its date.

    Raises:
        StaleRequest: It is dated further off.
    """
    if not shifted(now, -REQUEST_WINDOW) <= message.created <= shifted(now, REQUEST_WINDOW):
        raise StaleRequest(f"dated {message.created}, here it is {now}", pointer="/created", rule="COR-8")
