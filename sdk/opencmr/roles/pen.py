"""Writing and signing messages: what both roles do alike."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson

from .. import messages, trust
from ..errors import Problem, UsageError
from ..messages import VERSION, Body, core
from ..messages.types import Side
from ..protocol import Verified, instant, moment
from ..store import Kept

Moment = str | datetime | date
"""A moment as people write it: with its offset from UTC, or a date, which is its first moment in UTC."""
Deadline = Moment | timedelta
"""A moment, or a span from now."""
_LONGEST = 80
"""Signs of what is no time that are told."""


@dataclass(frozen=True)
class Draft:
    """A body together with what its envelope is to say.

    Attributes:
        body: What is said.
        expires: When it ceases to be valid: see `deadline`.
        ext: Extension members, keyed by URI. Ignoring them must always be safe.
    """

    body: Body
    expires: Deadline | None = None
    ext: dict[str, Any] | None = None


@dataclass(frozen=True)
class Pen:
    """A party's hand: its DID, its key, and the key URL that its proofs name."""

    did: str
    key: trust.SigningKey
    method: str

    def write(
        self, draft: Draft, *, to: str, at: str, thread: str | None = None, answers: str | None = None
    ) -> Verified:
        """A signed message, checked as its receiver will check it.

        Args:
            draft: What is said.
            to: The DID that it is said to.
            at: Its `created`.
            thread: The thread that it goes on; absent, it opens one.
            answers: Digest of the thread's head.

        Raises:
            UsageError: The message cannot be sent as it is; the cause says which member is wrong.
        """
        id_ = new_id()
        document: dict[str, Any] = {
            "opencmr": VERSION,
            "id": id_,
            "type": draft.body.type,
            "from": self.did,
            "to": to,
            "thread": thread or id_,
            "created": at,
            "body": draft.body.wire(),
        }
        if answers is not None:
            document["inReplyTo"] = answers
        if draft.expires is not None:
            document["expires"] = deadline(draft.expires, at)
        if draft.ext is not None:
            document["ext"] = draft.ext
        try:
            raw = trust.sign(document, self.key, self.method)
            return Verified(raw, trust.digest(raw), messages.read(orjson.loads(raw)))
        except Problem as problem:
            raise UsageError(f"{draft.body.type} cannot be sent: {problem}") from problem

    def receipt(
        self,
        of: str,
        *,
        to: str,
        at: str,
        thread: str,
        outcome: str = "refused",
        previous: str | None = None,
        state: str | None = None,
        problem: Problem | None = None,
    ) -> Kept:
        """A signed receipt, as a row that has no position yet.

        Args:
            of: Digest of the message that it answers.
            to: The DID that sent the message.
            at: Its `created`.
            thread: The message's thread.
            outcome: `accepted` or `moot`; absent: `refused`.
            previous: Digest of the entry before the message, where it has taken its place.
            state: The thread's state afterwards; none where it is refused.
            problem: Why it is refused.
        """
        id_ = new_id()
        body: dict[str, Any] = {"of": of, "outcome": outcome}
        if previous is not None:
            body["previous"] = previous
        if state is not None:
            body["state"] = state
        if problem is not None:
            body["problem"] = problem.as_dict()
        document = {
            "opencmr": VERSION,
            "id": id_,
            "type": core.Receipt.type,
            "from": self.did,
            "to": to,
            "thread": thread,
            "created": at,
            "body": body,
        }
        raw = trust.sign(document, self.key, self.method, check=False)
        side: Side = "customer" if self.did.startswith("did:key:") else "vendor"
        return Kept(trust.digest(raw), 0, side, id_, core.Receipt.type, thread, raw, "receipt", of, None, at, True)


def new_id() -> str:
    """A fresh message id: the URN of a random UUID (RFC 9562, version 4)."""
    raw = bytearray(secrets.token_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


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
        raise UsageError(f"{_told(when)} from now is beyond the year 9999, or before the year 1") from error


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
        raise UsageError(f"{_told(when)} is beyond the year 9999 in UTC, or before the year 1") from error
    except (ValueError, TypeError, NotImplementedError) as error:  # the last: a tzinfo that knows no offset
        raise UsageError(f"{_told(when)} is not a time, such as 2026-09-01 or 2026-09-01T12:00:00Z") from error
    mend = f"{when}Z, or +02:00 and the like" if isinstance(when, str) else ".replace(tzinfo=UTC), or .astimezone()"
    raise UsageError(f"{_told(when)} has no time zone, so it is another instant in each; say {mend}")


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


def _told(when: object) -> str:
    said = repr(when)
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
