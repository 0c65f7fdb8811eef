"""What may be asked, and what is answered (`spec/v1/decisions.md`)."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from ..errors import UsageError
from ..messages.types import Channel, Code, Uri, as_wire
from .uri import normal
from .vocabulary import EVERYTHING, Kind, is_term, nearest

Answer = Literal["permit", "deny", "not-governed"]
Reason = Literal[
    "legal-compliance",
    "removal",
    "intent-live",
    "order-live",
    "request-live",
    "agreement",
    "consent",
    "prohibited-by-agreement",
    "refused",
    "withdrawn",
    "objected",
    "erasure",
    "agreement-ended",
    "consent-expired",
    "no-word",
]

Topic = tuple[str, str]
"""Scheme and code."""

VENDOR = "vendor"
THIRD_PARTY = "third-party"
_URI: TypeAdapter[str] = TypeAdapter(Uri)
_KINDS: dict[Kind, str] = {"action": "an action", "purpose": "a purpose", "data": "a kind of personal data"}


@dataclass(frozen=True, slots=True)
class Question:
    """May the vendor do this?

    Attributes:
        action: What is done, a DPV processing term.
        purpose: What for, a DPV purpose.
        data: With which data; absent, any personal data.
        recipient: Who ends up processing: `vendor` (its processors count as it), `third-party`, or the URI of one,
            which is brought into normal form.
        channel: Over which channel the customer is reached, where they are.
        thread: The thread whose data this is; absent, data of the relationship.
        topic: What the words are about, by scheme and code, where the customer is told something.
    """

    action: str
    purpose: str
    data: str = EVERYTHING["data"]
    recipient: str = VENDOR
    channel: Channel | None = None
    thread: str | None = None
    topic: Code | None = None

    def __post_init__(self) -> None:
        """Refuse words that no message could ever say: a misspelt purpose must not silently mean no.

        Raises:
            UsageError: Names the word, and what may have been meant; or the recipient that is no URI, or the topic that
                is no Code.
        """
        kinds: tuple[tuple[Kind, Any], ...] = (("action", self.action), ("purpose", self.purpose), ("data", self.data))
        for kind, term in kinds:
            if not isinstance(term, str) or not is_term(kind, term):
                meant = nearest(kind, term) if isinstance(term, str) else None
                hint = f"; did you mean {meant}?" if meant else ""
                raise UsageError(f"{term!r} is not {_KINDS[kind]} of the vocabulary{hint}")
        if self.recipient not in (VENDOR, THIRD_PARTY):
            object.__setattr__(self, "recipient", _party(self.recipient))
        if self.channel is not None and self.channel not in get_args(Channel):
            raise UsageError(f"{self.channel!r} is no channel; there are {', '.join(get_args(Channel))}")
        if not isinstance(self.thread, str | None):
            raise UsageError(f"{self.thread!r} is no id of a thread")
        if not isinstance(self.topic, Code | None):
            raise UsageError(f"{self.topic!r} is no topic; say Code(scheme='text', code={str(self.topic)!r})")

    @property
    def about(self) -> Topic | None:
        """Scheme and code of the topic: the label makes no difference."""
        return (self.topic.scheme, self.topic.code) if self.topic else None


def _party(recipient: str) -> str:
    """The URI of a party in normal form. What no message could say is none: no no-word could ever speak of it."""
    if not isinstance(recipient, str):
        raise UsageError(f"{recipient!r} is neither {VENDOR} nor {THIRD_PARTY} nor the URI of a party")
    found, why = normal(recipient), f"{recipient!r} is neither {VENDOR} nor {THIRD_PARTY} nor the URI of a party"
    if normal(found) != found:  # such as a host that ends in what looks like a port: no message could name it
        raise UsageError(why)
    try:
        return _URI.validate_python(found)
    except ValidationError:
        raise UsageError(why) from None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, why, and the digests of the messages that it rests on."""

    answer: Answer
    reason: Reason
    evidence: tuple[str, ...]
    question: Question
    at: str

    def __bool__(self) -> bool:
        """Whether it may be done as far as OpenCMR governs it. `not-governed` is no yes."""
        return self.answer == "permit"


def as_dict(decision: Decision) -> dict[str, Any]:
    """A decision as plain JSON."""
    question = decision.question
    return {
        "answer": decision.answer,
        "reason": decision.reason,
        "evidence": list(decision.evidence),
        "at": decision.at,
        "question": {
            name: value
            for name in ("action", "purpose", "data", "recipient", "channel", "thread")
            if (value := getattr(question, name)) is not None
        }
        | ({"topic": as_wire(question.topic)} if question.topic else {}),
    }
