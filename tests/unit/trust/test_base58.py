"""The codec of base58, against the library that everybody uses."""

import base58 as library
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr.trust import base58


@given(st.binary(max_size=90))
def test_bytes_are_written_and_read_as_the_library_does(raw: bytes) -> None:
    text = base58.encode(raw)
    assert text == library.b58encode(raw).decode()
    assert base58.decode(text) == raw


@given(st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", max_size=base58.LONGEST))
def test_any_text_in_the_alphabet_is_read_as_the_library_does(text: str) -> None:
    assert base58.decode(text) == library.b58decode(text)


@pytest.mark.parametrize("size", [0, 1, 32, 34, 64, base58.MOST])
@pytest.mark.parametrize("byte", [0, 1, 0x7F, 0x80, 0xFF])
def test_the_smallest_and_the_largest_are_written_right(size: int, byte: int) -> None:
    raw = bytes([byte]) * size
    assert base58.encode(raw) == library.b58encode(raw).decode()
    assert base58.decode(base58.encode(raw)) == raw


def test_more_than_can_be_written_is_refused() -> None:
    with pytest.raises(ValueError, match="90 bytes"):
        base58.encode(bytes(base58.MOST + 1))


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "z z", "é", "z" * (base58.LONGEST + 1), "\udcff", "z\n"])
def test_what_is_no_base58_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base58"):
        base58.decode(text)
