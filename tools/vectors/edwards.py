"""The curve of Ed25519, slow and plain: enough to make the points and signatures that a verifier must refuse."""

import hashlib
from itertools import product

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
ZERO: Point = (0, 1)


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    k = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P,
    )


def times(scalar: int, point: Point) -> Point:
    found = ZERO
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def with_y(y: int, sign: int) -> Point | None:
    """The point of this y and this sign of x, if there is one; sign 1 of x = 0 is read as 0."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != square:
        return None
    return (P - x if x % 2 != sign else x) % P, y % P


BASE = with_y(4 * pow(5, -1, P) % P, 0)
assert BASE is not None


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(raw: bytes) -> Point | None:
    return with_y((number(raw) & (1 << 255) - 1) % P, raw[31] >> 7)


def holds(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether a careless library takes it: [S]B = R + [k]A, and nothing else is asked."""
    r, a, k = decode(signature[:32]), decode(public), challenge(signature[:32], public, data)
    return bool(r and a and times(number(signature[32:]), BASE) == add(r, times(k, a)))


def small_order() -> list[tuple[bytes, int, bool]]:
    """Every encoding of a point of small order: 32 bytes, the order, and whether the encoding is canonical."""
    found = []
    eighth = next(point for y in range(2, 100) if (point := times(L, with_y(y, 0) or ZERO)) and _order(point) == 8)
    points = [times(k, eighth) for k in range(8)]
    for x, y in points:
        for more, sign in product((0, P), (0, 1)):
            if y + more >= 2**255 or (x != 0 and x % 2 != sign):
                continue
            raw = (y + more | sign << 255).to_bytes(32, "little")
            found.append((raw, _order((x, y)), raw == encode((x, y))))
    return sorted(found, key=lambda each: (not each[2], each[1], each[0]))


def of_order_8() -> Point:
    return next(point for y in range(2, 100) if _order(point := times(L, with_y(y, 0) or ZERO)) == 8)


def _order(point: Point) -> int:
    return next((order for order in (1, 2, 4, 8) if times(order, point) == ZERO), 0)


def secret(seed: bytes) -> tuple[int, bytes]:
    """The scalar and the prefix of a seed (RFC 8032, 5.1.5)."""
    raw = hashlib.sha512(seed).digest()
    return int.from_bytes(raw[:32], "little") & (1 << 254) - 8 | 1 << 254, raw[32:]


def challenge(r: bytes, public: bytes, data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + data).digest(), "little") % L


def number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def as_bytes(scalar: int) -> bytes:
    return scalar.to_bytes(32, "little")
