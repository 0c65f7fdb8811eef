"""Base58 in the alphabet of Bitcoin, as multibase `z` has it (`spec/v1/envelope.md`).

Each message needs it four times: for its digest, its signature, and its receipt's. The common library takes a fifth of
what checking the signature does, so it is written here with arithmetic on long integers, in which digits lie side by
side; and it is compared with that library by test.
"""

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = bytes(max(_ALPHABET.find(byte), 0) for byte in range(256))
_DIGITS = _ALPHABET.ljust(256, b"1")
_EIGHT = 58**8
LONGEST = 128
"""Characters. Longer text is refused: what is named here has 48, 49 or 89."""
MOST = 90
"""Bytes that are written at most."""


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


def _halves() -> list[tuple[int, int, int, int, int]]:
    """How lanes of eight, four and two digits are cut in half: worth of the upper half, factor, shift, mask, distance.

    A factor and a shift divide all lanes at once, and the mask keeps the quotients. The factor is 2^shift / worth,
    rounded up; that is exact as long as a lane's number times the rounding stays below 2^shift, as it does here.
    """
    halves = []
    for digits, lane, shift in ((4, 128, 71), (2, 64, 36), (1, 32, 18)):
        worth = 58**digits
        mask = sum(((1 << worth.bit_length()) - 1) << at for at in range(0, 16 * LONGEST, lane))
        halves.append((worth, -(-(1 << shift) // worth), shift, mask, lane // 2))
    return halves


_HALVES = _halves()


def encode(raw: bytes) -> str:
    """The text of some bytes: eight digits are taken off at a time, and then all eights are halved at once.

    Raises:
        ValueError: There are too many.
    """
    if len(raw) > MOST:
        raise ValueError(f"{MOST} bytes at most")
    number, eights, at = int.from_bytes(raw, "big"), 0, 0
    while number:
        number, eight = divmod(number, _EIGHT)
        eights |= eight << at
        at += 128
    for worth, factor, shift, mask, half in _HALVES:
        upper = eights * factor >> shift & mask
        eights = upper << half | eights - upper * worth
    digits = eights.to_bytes(at // 8, "big")[1::2].translate(_DIGITS)
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + digits.lstrip(b"1").decode()
