"""Several messages in one answer."""

import pytest

from opencmr import trust
from opencmr.errors import Problem
from opencmr.transport import bundle, pack, unpack

ONE = b'{"a":"1","b":{"c":[]}}'
TWO = '{"name":"Zoë"}'.encode()


def nested(levels: int) -> bytes:
    return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)


@pytest.mark.requirement("TRN-5")
@pytest.mark.parametrize("more", [None, False, True])
@pytest.mark.parametrize("messages", [[], [ONE], [ONE, TWO]])
def test_what_is_packed_is_canonical_and_unpacks_to_the_same_bytes(messages: list[bytes], more: bool | None) -> None:
    packed = pack(messages, more)
    assert trust.canonicalize(trust.parse(packed)) == packed
    assert unpack(packed) == (messages, more)


def test_a_hundred_messages_of_full_size_fit_into_an_answer() -> None:
    message = b'{"a":"' + b"x" * (trust.MAX_BYTES - 8) + b'"}'
    assert len(message) == trust.MAX_BYTES
    messages, _ = unpack(pack([message] * 100, True))
    assert messages == [message] * 100


def test_a_message_may_nest_as_deep_inside_an_answer_as_alone() -> None:
    deepest = nested(trust.MAX_DEPTH)
    trust.parse(deepest)
    assert unpack(pack([deepest])) == ([deepest], None)
    with pytest.raises(Problem) as refused:
        unpack(pack([nested(trust.MAX_DEPTH + 1)]))
    assert refused.value.code == "too-deep"


@pytest.mark.parametrize(
    ("raw", "code", "pointer"),
    [
        (b"", "not-json", None),
        (b"<html>", "not-json", None),
        (b"[]", "not-json", None),
        (b"[" * 100_000, "too-deep", None),
        (b"\xff", "not-json", None),
        (b"{}", "malformed", "/messages"),
        (b'{"messages":{}}', "malformed", "/messages"),
        (b'{"messages":[{},"a"]}', "malformed", "/messages/1"),
        (b'{"messages":[[]]}', "malformed", "/messages/0"),
        (b'{"messages":[], "more":true}', "not-canonical", None),
        (b'{"messages":[],"messages":[]}', "not-canonical", None),
        (b'{"messages":[{"b":1,"a":1}]}', "not-canonical", None),
        (b'{"messages":[{"a":1.5}]}', "bad-number", "/messages/0/a"),
        (b'{"messages":[null]}', "null-member", "/messages/0"),
        (b'{"messages":[],"more":1}', "malformed", "/more"),
        (b'{"messages":[],"more":"true"}', "malformed", "/more"),
        (b'{"cursor":"17","messages":[]}', "malformed", "/cursor"),
        (b'{"messages":[%s]}' % b",".join([b"{}"] * 1001), "malformed", "/messages"),
        (b'{"messages":["%s"]}' % (b"x" * bundle.MAX_BUNDLE), "too-large", None),
    ],
)
def test_an_answer_of_another_form_is_refused(raw: bytes, code: str, pointer: str | None) -> None:
    with pytest.raises(Problem) as refused:
        unpack(raw)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
