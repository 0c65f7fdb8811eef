"""Several messages in one answer: `{"cursor": …, "messages": […]}`, in canonical form (`spec/v1/transport.md`).

Messages are canonical, so canonical messages joined are a canonical bundle: their bytes are never written anew here,
and read back they are the same bytes. Who said them, and whether they hold, is not asked here.
"""

import re

from .. import trust
from ..errors import Malformed
from ..messages import pointer

MAX_BUNDLE = 8 * 1024 * 1024
"""Bytes. A hundred messages of 64 KiB have room."""
MOST_MESSAGES = 1000
"""In one answer. A mailbox gives a hundred at a time; what is ready at once, or was missed, is seldom more."""

_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LEVELS_AROUND = 2


def pack(messages: list[bytes], cursor: str | None = None) -> bytes:
    """The canonical bytes of an answer.

    Args:
        messages: Canonical bytes of each.
        cursor: For an answer of the mailbox.
    """
    head = b"" if cursor is None else b'"cursor":' + trust.write(cursor) + b","
    return b"{" + head + b'"messages":[' + b",".join(messages) + b"]}"


def unpack(raw: bytes) -> tuple[list[bytes], str | None]:
    """The messages of an answer, each as its canonical bytes, and the cursor if there is one.

    Raises:
        Problem: Check 1 (`spec/v1/receiving.md`) fails for the answer as a whole, or it is Malformed.
    """
    document = trust.read(raw, limit=MAX_BUNDLE, depth=trust.MAX_DEPTH + _LEVELS_AROUND)
    messages, cursor = document.get("messages"), document.get("cursor")
    for name in document:
        if name not in ("cursor", "messages"):
            raise Malformed("no member of an answer", pointer=pointer((name,)), expected=["cursor", "messages"])
    if cursor is not None and not (isinstance(cursor, str) and _CURSOR.fullmatch(cursor)):
        raise Malformed("not a cursor", pointer="/cursor")
    if not isinstance(messages, list):
        raise Malformed("a list of messages", pointer="/messages")
    if len(messages) > MOST_MESSAGES:
        raise Malformed(f"{len(messages)} messages, {MOST_MESSAGES} at most", pointer="/messages")
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            raise Malformed("a message is a JSON object", pointer=f"/messages/{position}")
    # Each is copied: what orjson writes keeps room for ten times its size.
    return [bytes(memoryview(trust.write(message))) for message in messages], cursor
