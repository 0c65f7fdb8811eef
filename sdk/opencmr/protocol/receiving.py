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
from ..errors import Behind, Malformed, Problem, StaleCollect, TooEarly, UnknownThread, WrongAddressee
from ..messages import Message, core
from ..messages.model import in_order
from .clock import AHEAD, shifted
from .families import FAMILIES
from .family import Misplaced
from .history import History
from .lifecycle import family_of, is_narrowing
from .said import Said
from .thread import Thread, opened_by

COLLECT_WINDOW = timedelta(seconds=120)


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
        fault: For `lenient` verification: why the message is not of the form that its type asks for.
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
    document = trust.read(raw)
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
        lenient: For a vendor's entries: keep a message whose envelope holds though its body does not. It has its
            place, and is void.

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
    message: Message[Any] = messages.read_envelope(document)
    # 5 the key belongs to the sender
    public = trust.public_key(message.from_, message.proof.verification_method, pinned)
    # 6 signature
    trust.check(document, public)
    # 7 body
    if fault is None:
        try:
            typed = messages.typed(message)
            check_place(typed)
            message = typed
        except Problem as problem:
            if not lenient:
                raise
            fault = problem
    return Verified(parsed.raw, parsed.digest, message, fault)


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
    if kind.place == "first" or kind is core.Collect:
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
        Problem: UnknownThread, TooEarly or Behind, which may come good; nothing is to be stored, but for a no-word for
            which we are `Behind`: it is stored, denies at once, and is settled once we have caught up.
    """
    narrowing = is_narrowing(message.type, "customer")
    said = history.placing(message, digest, now)
    # 8 parties: what they hold of each other's words, and the thread. A narrowing message may come before its thread.
    if history.chain.lacks(message.seen) and not (caught_up and narrowing):
        raise Behind("a word of ours that you have seen is not held here", pointer="/seen", rule="SEQ-6")
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


def check_collect(message: Message[core.Collect], now: str) -> None:
    """A collect is valid for two minutes around its date.

    Raises:
        StaleCollect: It is dated further off.
    """
    if not shifted(now, -COLLECT_WINDOW) <= message.created <= shifted(now, COLLECT_WINDOW):
        raise StaleCollect(f"dated {message.created}, here it is {now}", pointer="/created", rule="COR-8")
