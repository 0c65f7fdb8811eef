"""Writing and signing messages: what both roles do alike."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from .. import messages, trust
from ..errors import Problem, UsageError
from ..messages import VERSION, Body, core
from ..messages.types import Side
from ..protocol import Verified, instant, moment
from ..protocol.clock import shifted
from ..store import Kept

Deadline = str | datetime | timedelta


@dataclass(frozen=True)
class Draft:
    """A body together with what its envelope is to say.

    Attributes:
        body: What is said.
        expires: When it ceases to be valid: an instant, a date, a moment, or a span from now.
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
    """An instant from what a person would write: an instant, a date, a moment, or a span from now.

    Raises:
        UsageError: Not a time.
    """
    if isinstance(when, timedelta):
        return shifted(now, when)
    try:
        return instant(when.astimezone() if isinstance(when, datetime) else moment(when))
    except ValueError as error:
        raise UsageError(f"{when!r} is not a time") from error
