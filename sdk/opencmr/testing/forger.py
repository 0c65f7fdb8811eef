"""Messages right and wrong, signed: what no honest party would say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from .. import trust
from ..messages import BODIES, Body, core, side_of
from ..protocol import instant
from ..roles.party.signing import IN_TIME, Link, envelope, new_id

Document = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True, eq=False)
class Forger:
    """A party that signs what it is told to. Its messages are right, except where a caller says otherwise.

    Nothing is checked. A caller changes members before `sign`, and bytes after it.

    Attributes:
        did: Whose words these are; `to`, whom they are for.
        key: The key that signs; `method`, the key URL in the proofs.
        clock: The time, for `created` and `expires`.
        ids: Where the ids come from.
        link: Where the next word stands among what was said before. Absent: nothing was.
    """

    did: str
    to: str
    key: trust.SigningKey
    method: str
    clock: Callable[[], datetime] = _now
    ids: Callable[[], str] = new_id
    link: Callable[[], Link] = Link

    @classmethod
    def stranger(cls, to: str, **more: Any) -> Self:
        """A customer with a fresh key.

        Args:
            to: The vendor.
            more: Other attributes.
        """
        key = trust.SigningKey.generate()
        return cls(did=key.did, to=to, key=key, method=trust.key_url(key.did), **more)

    def write(self, type_: str, body: Body | Document, thread: str | None = None, **members: Any) -> Document:
        """A message without proof. Members that are named replace those that would be right; None leaves one out.

        Args:
            type_: Its type.
            body: Its body.
            thread: The thread that it goes on; absent: it opens one.
            members: Of the envelope; `from_` for `from`.
        """
        right = envelope(
            type_, body.wire() if isinstance(body, Body) else body, id_=members.pop("id", None) or self.ids(),
            from_=self.did, to=self.to, created=instant(self.clock()), thread=thread,
            expires=None if "expires" in members else self._deadline(type_), **self._links(type_),
        )  # fmt: skip
        document = right | {name.rstrip("_"): value for name, value in members.items()}
        return {name: value for name, value in document.items() if value is not None}

    def sign(self, document: Document, key: trust.SigningKey | None = None, method: str | None = None) -> bytes:
        """Its bytes, canonical and signed, whatever it says.

        Args:
            document: The message; a proof that it has is replaced.
            key: Another key.
            method: Another key URL.
        """
        return trust.sign(document, key or self.key, method or self.method, check=False)

    def _links(self, type_: str) -> Document:
        """A customer's receipt stands nowhere, and what they ask with after no word of their own."""
        link = self.link()
        if side_of(self.did) == "customer" and type_ in (core.Receipt.type, *core.REQUEST_TYPES):
            link = Link(seen=link.seen if type_ == core.Collect.type else None)
        return link.members()

    def _deadline(self, type_: str) -> str | None:
        wanted = BODIES[type_].expires if type_ in BODIES else "never"
        needed = wanted == "must" or (wanted == "customer" and side_of(self.did) == "customer")
        return instant(self.clock() + IN_TIME) if needed else None
