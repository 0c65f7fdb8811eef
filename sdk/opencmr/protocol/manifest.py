"""The manifest of a folder of evidence: which file is which message (`spec/v1/evidence.md`)."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StringConstraints, ValidationError

from .. import trust
from ..errors import Malformed, Problem
from ..messages import pointer
from ..messages.envelope import MessageType
from ..messages.faults import first_fault
from ..messages.model import Model
from ..messages.types import Did, Digest, Uuid

MANIFEST = "manifest.json"
MESSAGES, DIDS, FOLDS = "messages", "dids", "folds"
MAX_BYTES = 16 * 1024 * 1024
"""The most bytes of a manifest, and of a stated fold."""

_NAME = r"/[A-Za-z0-9][A-Za-z0-9._-]{0,250}\.json$"


class Numbered(Model):
    """A message or receipt, and where it stands."""

    number: Annotated[StrictInt, Field(ge=1)]
    file: Annotated[str, StringConstraints(pattern=f"^{MESSAGES}{_NAME}", strict=True)]
    type: MessageType
    digest: Digest


class Document(Model):
    """A vendor's DID document."""

    did: Did
    file: Annotated[str, StringConstraints(pattern=f"^{DIDS}{_NAME}", strict=True)]
    digest: Digest


class Fold(Model):
    """The records of one relationship, as its party computed them."""

    customer: Did
    vendor: Did
    file: Annotated[str, StringConstraints(pattern=f"^{FOLDS}{_NAME}", strict=True)]
    digest: Digest


class Part(Model):
    """That the folder holds a part of what was said: these threads whole, the one that it is about first."""

    threads: Annotated[list[Uuid], Field(min_length=1)]


class Manifest(Model):
    """What a folder of evidence holds.

    Attributes:
        part: Where it holds a part on purpose; absent: all of each relationship, up to some word of the vendor's.
    """

    opencmr: Literal["1.0"]
    messages: Annotated[list[Numbered], Field(min_length=1)]
    dids: list[Document]
    folds: list[Fold]
    part: Part | None = None

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """The manifest of these bytes: canonical, its numbers without a gap, its names as they have to be.

        Raises:
            Problem: Says where.
        """
        document = trust.parse(raw, limit=MAX_BYTES)
        try:
            manifest = cls.model_validate(document, by_alias=True, by_name=False)
        except ValidationError as error:
            path, why = first_fault(cls, document)
            raise Malformed(why, pointer=pointer(path)) from error
        numbers = {each.number for each in manifest.messages}
        for position, each in enumerate(manifest.messages):
            right = position + 1
            if each.number != right:
                here = f"{each.file} stands where number {right} belongs"
                raise _wrong(position, "number", here if right in numbers else f"number {right} is missing", str(right))
            file = file_of(each.number, each.type)
            if each.file != file:
                raise _wrong(position, "file", f"number {each.number}, {each.type}, is not in {each.file}", file)
        return manifest


def file_of(number: int, type_: str) -> str:
    """The name of a message's file: `messages/0001-terms.proffer.json`."""
    return f"{MESSAGES}/{number:04}-{type_}.json"


def _wrong(position: int, member: str, why: str, right: str) -> Problem:
    return Malformed(why, pointer=pointer(("messages", position, member)), rule="EVD-2", expected=[right])
