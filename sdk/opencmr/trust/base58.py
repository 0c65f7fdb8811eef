"""Base58 in the alphabet of Bitcoin, as multibase `z` has it (`spec/v1/envelope.md`).

Each message needs it three times: for its digest, its signature, and its receipt's. The common library takes a fifth of
what checking the signature does, so it is written here with arithmetic on long integers, and compared with that library
by test.
"""

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = bytes(max(_ALPHABET.find(byte), 0) for byte in range(256))
_TRIPLES = [bytes((a, b, c)).decode() for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET]
_LETTERS = _ALPHABET.decode()
_CUBE = 58**3
_TEN = 58**10  # the most digits that fit into a machine's word
LONGEST = 128
"""Characters. Longer text is refused: what is named here has 48, 49 or 89."""


def _lanes() -> list[tuple[int, int, int]]:
    """Of digits, pairs, fours and so on: the width in bits, a mask of every other one, what its neighbour is worth."""
    lanes, width, worth = [], 8, 58
    while width < 8 * LONGEST:
        mask = sum(((1 << width) - 1) << at for at in range(0, 8 * LONGEST, 2 * width))
        lanes.append((width, mask, worth))
        width, worth = 2 * width, worth * worth
    return lanes


_LANES = _lanes()


def decode(text: str) -> bytes:
    """The bytes that a text stands for.

    All digits lie side by side in one integer, and all neighbours are joined at once: seven steps make it the number.

    Raises:
        ValueError: A character is not in the alphabet, or there are too many.
    """
    digits = text.encode("ascii", "replace")
    if len(digits) > LONGEST or digits.translate(None, _ALPHABET):
        raise ValueError("not base58")
    number = int.from_bytes(digits.translate(_VALUES), "big")
    for width, mask, worth in _LANES:
        number = (number & mask) + (number >> width & mask) * worth
    zeros = len(digits) - len(digits.lstrip(b"1"))
    return number.to_bytes(zeros + (number.bit_length() + 7) // 8, "big")


def ending(raw: bytes) -> str:
    """The last ten characters of the text of some bytes: for 32 bytes or more, a remainder that depends on them all."""
    rest, last = divmod(int.from_bytes(raw, "big") % _TEN, _CUBE)
    rest, middle = divmod(rest, _CUBE)
    rest, first = divmod(rest, _CUBE)
    return f"{_LETTERS[rest]}{_TRIPLES[first]}{_TRIPLES[middle]}{_TRIPLES[last]}"


def encode(raw: bytes) -> str:
    """The text of some bytes. Ten digits are taken off at a time, and looked up three by three."""
    number = int.from_bytes(raw, "big")
    parts: list[str] = []
    while number:
        number, rest = divmod(number, _TEN)
        rest, last = divmod(rest, _CUBE)
        rest, middle = divmod(rest, _CUBE)
        rest, first = divmod(rest, _CUBE)
        parts += (_TRIPLES[last], _TRIPLES[middle], _TRIPLES[first], _LETTERS[rest])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(parts)).lstrip("1")
