"""Several messages in one answer: `{"messages": […], "more": …}`, in canonical form (`spec/v1/transport.md`).

Messages are canonical, so canonical messages joined are a canonical bundle: their bytes are never written anew here,
and read back they are the same bytes. Who said them, and whether they hold, is not asked here.
"""

from .. import trust
from ..errors import Malformed
from ..messages import pointer

MAX_BUNDLE = 8 * 1024 * 1024
"""Bytes. A hundred messages of 64 KiB have room."""
MAX_WORDS = 144 * 1024
"""Bytes of what is handed back at once: a word of full size and what it answers have room."""
MOST_WORDS = 200
"""Of a vendor's words that are handed back at once, with what they answer."""
MOST_MESSAGES = 1000
"""In one answer. A mailbox gives a hundred at a time; what is ready at once, or was missed, is seldom more."""

_LEVELS_AROUND = 2


def pack(messages: list[bytes], more: bool | None = None) -> bytes:
    """The canonical bytes of an answer.

    Args:
        messages: Canonical bytes of each.
        more: For an answer of the mailbox: whether there is more than this.
    """
    tail = b"" if more is None else b',"more":' + trust.canonicalize(more)
    return b'{"messages":[' + b",".join(messages) + b"]" + tail + b"}"


def unpack(raw: bytes, *, limit: int = MAX_BUNDLE) -> tuple[list[bytes], bool | None]:
    """The messages of an answer, each as its canonical bytes, and whether there is more, if it says so.

    Raises:
        Problem: Check 1 (`spec/v1/receiving.md`) fails for the answer as a whole, or it is Malformed.
    """
    document = trust.parse(raw, limit=limit, depth=trust.MAX_DEPTH + _LEVELS_AROUND)
    messages, more = document.get("messages"), document.get("more")
    for name in document:
        if name not in ("messages", "more"):
            raise Malformed("no member of an answer", pointer=pointer((name,)), expected=["messages", "more"])
    if more is not None and not isinstance(more, bool):
        raise Malformed("true or false", pointer="/more")
    if not isinstance(messages, list):
        raise Malformed("a list of messages", pointer="/messages")
    if len(messages) > MOST_MESSAGES:
        raise Malformed(f"{len(messages)} messages, {MOST_MESSAGES} at most", pointer="/messages")
    for position, message in enumerate(messages):
        if not isinstance(message, dict):
            raise Malformed("a message is a JSON object", pointer=f"/messages/{position}")
    # Each is copied: what orjson writes keeps room for ten times its size.
    return [bytes(memoryview(trust.canonicalize(message))) for message in messages], more
