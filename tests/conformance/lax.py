"""Ed25519 as a careless library checks it: [S]B = R + [k]A, and nothing else is asked."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    xy = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + xy, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - xy, -1, P) % P,
    )


def times(n: int, point: Point) -> Point:
    found: Point = (0, 1)
    while n:
        if n & 1:
            found = add(found, point)
        point, n = add(point, point), n >> 1
    return found


def decode(raw: bytes) -> Point | None:
    value = int.from_bytes(raw, "little")
    sign, y = value >> 255, (value & (2**255 - 1)) % P
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - xx) % P:
        return None
    return (P - x if x & 1 != sign and x else x, y)


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or (0, 0)


def holds(public: bytes, data: bytes, signature: bytes) -> bool:
    r, a = decode(signature[:32]), decode(public)
    if r is None or a is None:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % ORDER
    return times(int.from_bytes(signature[32:], "little"), BASE) == add(r, times(k, a))
