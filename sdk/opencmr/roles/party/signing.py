"""Writing and signing of messages, for both roles."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import orjson

from ... import messages, trust
from ...errors import Problem, UsageError
from ...messages import VERSION, Body, core, lowest, side_of
from ...protocol import Verified, instant, moment
from ...store import Kept
from .given import told

Moment = str | datetime | date
"""A moment as people write it: with its offset from UTC, or a date, which is its first moment in UTC."""
Deadline = Moment | timedelta
"""A moment, or a span from now."""
IN_TIME = timedelta(days=7)
"""By when a customer's word must have taken its place, unless it says so itself."""


class Link(NamedTuple):
    """The members that link a word to what was said before (`spec/v1/sequence.md`, the chain).

    Attributes:
        number: Of a vendor's word.
        prior: Digest of the sender's own word before it.
        seen: Of a customer's word or collect: the vendor's last word that its sender holds.
    """

    number: int | None = None
    prior: str | None = None
    seen: str | None = None

    def members(self) -> dict[str, Any]:
        """The members of the envelope."""
        return {name: value for name, value in self._asdict().items() if value is not None}


@dataclass(frozen=True)
class Draft:
    """A body together with what its envelope is to say.

    Attributes:
        body: What is said.
        expires: Of a customer's word: by when it must have taken its place, a week if it doesn't say; of a vendor's:
            until when it can be answered. See `deadline`.
        ext: Extension members, keyed by URI. Ignoring them must always be safe.
    """

    body: Body
    expires: Deadline | None = None
    ext: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Take a body and nothing else.

        Raises:
            UsageError: It is no body of a message.
        """
        if not isinstance(self.body, Body):
            raise UsageError(f"a {type(self.body).__name__} is no body of a message")


def new_id() -> str:
    """A fresh message id: the URN of a random UUID (RFC 9562, version 4)."""
    raw = bytearray(secrets.token_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def envelope(
    type_: str, body: dict[str, Any], *, id_: str, from_: str, to: str, created: str, thread: str | None = None,
    **members: Any,
) -> dict[str, Any]:  # fmt: skip
    """A message without proof (`spec/v1/envelope.md`).

    Args:
        type_: Its type.
        body: Its body.
        id_: Its id.
        from_: The DID of its sender.
        to: The DID of its receiver.
        created: Its time.
        thread: The thread that it goes on; absent: it opens one.
        members: Further members, and others for these; what is None is left out.
    """
    document = {
        "opencmr": VERSION, "id": id_, "type": type_, "from": from_, "to": to, "thread": thread or id_,
        "created": created, "body": body, **members,
    }  # fmt: skip
    return {name: value for name, value in document.items() if value is not None}


@dataclass(frozen=True)
class Signer:
    """The signer of a party: its DID, its key, the key URL that its proofs name, and the source of its message ids.

    What it writes depends only on these and on the time.
    """

    did: str
    key: trust.SigningKey
    method: str
    ids: Callable[[], str] = new_id

    def write(self, draft: Draft, *, to: str, at: str, link: Link, thread: str | None = None) -> Verified:
        """A signed message, checked as its receiver will check it.

        Args:
            draft: What is said.
            to: The DID that it is said to.
            at: Its `created`.
            link: Where it stands among what was said before.
            thread: The thread that it goes on; absent, it opens one.

        Raises:
            UsageError: The message cannot be sent as it is; the cause says which member is wrong.
        """
        expires = draft.expires
        if expires is None and draft.body.expires in ("must", "customer") and side_of(self.did) == "customer":
            expires = IN_TIME
        document = envelope(
            draft.body.type, draft.body.wire(), id_=self.ids(), from_=self.did, to=to, created=at, thread=thread,
            opencmr=lowest(type(draft.body)).number, expires=None if expires is None else deadline(expires, at),
            ext=draft.ext, **link.members(),
        )  # fmt: skip
        try:
            raw = trust.sign(document, self.key, self.method)
            return Verified(raw, trust.digest(raw), messages.validate(orjson.loads(raw)))
        except Problem as problem:
            raise UsageError(f"{draft.body.type} cannot be sent: {problem}") from problem

    def receipt(
        self,
        of: str,
        *,
        to: str,
        at: str,
        thread: str,
        link: Link | None = None,
        outcome: str = "refused",
        state: str | None = None,
        problem: Problem | None = None,
    ) -> Kept:
        """A signed receipt, as a row that has no position yet.

        Args:
            of: Digest of the message that it answers.
            to: The DID that sent the message.
            at: Its `created`.
            thread: The message's thread.
            link: Where the vendor's receipt stands among its words; a customer's stands nowhere.
            outcome: `accepted` or `moot`; absent: `refused`.
            state: The thread's state afterwards; none where it is refused.
            problem: Why it is refused.
        """
        id_ = self.ids()
        body: dict[str, Any] = {"of": of, "outcome": outcome}
        if state is not None:
            body["state"] = state
        if problem is not None:
            body["problem"] = problem.as_dict()
        document = envelope(
            core.Receipt.type, body, id_=id_, from_=self.did, to=to, created=at, thread=thread,
            opencmr=lowest(core.Receipt).number, **(link or Link()).members(),
        )  # fmt: skip
        raw = trust.sign(document, self.key, self.method, check=False)
        digest, side, place = trust.digest(raw), side_of(self.did), link.number if link else None
        return Kept(digest, 0, side, id_, core.Receipt.type, thread, raw, "receipt", of, place, at)


def deadline(when: Deadline, now: str) -> str:
    """An instant from what a person or a program would write. It is the same on every machine.

    Args:
        when: A moment with its offset from UTC, as a `datetime` or in the form of ISO 8601; a date, which is its first
            moment in UTC; or a span from now. What is finer than a millisecond is cut off.
        now: The instant that a span counts from.

    Raises:
        UsageError: Not a time; or one without an offset, or of a year that the wire cannot write.
    """
    if not isinstance(when, timedelta):
        return exactly(when)
    try:
        return instant(moment(now) + when)
    except OverflowError as error:
        raise UsageError(f"{told(when)} from now is beyond the year 9999, or before the year 1") from error


def exactly(when: Moment) -> str:
    """The instant of a moment or a date; see `deadline`.

    Raises:
        UsageError: As there.
    """
    try:
        found = _moment(when)
        if found.utcoffset() is not None:
            return instant(found)
    except OverflowError as error:
        raise UsageError(f"{told(when)} is beyond the year 9999 in UTC, or before the year 1") from error
    except (ValueError, TypeError, NotImplementedError) as error:  # the last: a tzinfo that knows no offset
        raise UsageError(f"{told(when)} is not a time, such as 2026-09-01 or 2026-09-01T12:00:00Z") from error
    mend = f"{when}Z, or +02:00 and the like" if isinstance(when, str) else ".replace(tzinfo=UTC), or .astimezone()"
    raise UsageError(f"{told(when)} has no time zone, so it is another instant in each; say {mend}")


def _moment(when: Moment) -> datetime:
    if isinstance(when, str):
        try:
            when = date.fromisoformat(when)
        except ValueError:
            when = datetime.fromisoformat(str(when))
    if isinstance(when, datetime):
        return when
    if not isinstance(when, date):
        raise TypeError(type(when).__name__)
    return datetime.combine(when, time(), UTC)
