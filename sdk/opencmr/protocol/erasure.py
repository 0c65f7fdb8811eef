"""What stays of a message whose content was erased: a tombstone (`spec/v1/evidence.md`, tombstones).

It keeps what the chain needs, and nothing of what was said. Nobody has signed it. That there was such a message, of
this digest and in this place, the signed words around it say; who, when and of which type, whoever erased it says.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

import orjson
from pydantic import Field, ValidationError

from .. import trust
from ..errors import Malformed
from ..messages import VERSION, Body, Message, pointer
from ..messages.envelope import MessageType, Place
from ..messages.faults import first_fault
from ..messages.model import Model
from ..messages.types import Did, Digest, Instant, Uuid
from .excerpt import needed
from .history import History
from .said import Erased

_BEGINS = b'{"created":'
"""How canonical bytes of a tombstone begin. Those of a message begin with its body."""


class Tombstone(Model):
    """The envelope of a message, without what was said and without its proof.

    Attributes:
        erased: The digest of the message as it was said.
    """

    created: Instant
    erased: Digest
    expires: Instant | None = None
    from_: Did = Field(alias="from")
    id: Uuid
    number: Place | None = None
    prior: Digest | None = None
    seen: Digest | None = None
    thread: Uuid
    to: Did
    type: MessageType

    members: ClassVar = ("created", "expires", "from", "id", "number", "prior", "seen", "thread", "to", "type")


def bury(raw: bytes, digest: str) -> bytes:
    """The tombstone of a message: canonical bytes. Of a tombstone it is itself.

    Args:
        raw: The message, as it was kept.
        digest: Its digest.
    """
    if is_tombstone(raw):
        return raw
    document: dict[str, Any] = orjson.loads(raw)
    kept = {name: document[name] for name in Tombstone.members if name in document}
    return trust.canonicalize({**kept, "erased": digest})


def is_tombstone(raw: bytes) -> bool:
    """Whether these bytes are a tombstone's, and no message's."""
    return raw.startswith(_BEGINS)


def unearth(raw: bytes) -> tuple[str, Message[Any]]:
    """What a tombstone says: the digest of the message, and its envelope around nothing.

    Raises:
        Problem: It is none, or not canonical; says where.
    """
    document = trust.parse(raw)
    try:
        stone = Tombstone.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        path, why = first_fault(Tombstone, document)
        raise Malformed(why, pointer=pointer(path), rule="EVD-12") from error
    members: dict[str, Any] = {name: getattr(stone, name) for name in Tombstone.model_fields if name != "erased"}
    members |= {"opencmr": VERSION, "body": Erased(), "ext": None, "proof": None}
    message: Message[Any] = Message[Body].model_construct(**members)
    return stone.erased, message


def to_be_kept(history: History, at: str, keep: Iterable[str]) -> set[str]:
    """The threads that an erasure leaves as they are: those named, what is still being performed, and who speaks.

    Args:
        history: The relationship.
        at: The time.
        keep: Ids of threads that are kept for another reason.

    Returns:
        Their ids, with those that decide about them.
    """
    kept = {*keep, *history.speaking}
    kept |= {id_ for id_, thread in history.threads.items() if thread.record and thread.record.announces_a_key}
    live = (act for act in history.placed.activities if act.kind == "order-live" and at < act.until)
    kept |= {act.thread for act in live if act.closed is None or at < act.closed}
    return {other for id_ in kept if id_ in history.threads for other in needed(history, id_)}
