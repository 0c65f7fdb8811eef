"""ECDSA on P-256 with SHA-256, for vectors of proofs by a suite that is not spoken: slow, for public values only."""

import hashlib

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None


def public(secret: int) -> bytes:
    """The 33 bytes of the compressed public key."""
    x, y = _times(secret, BASE) or BASE
    return bytes([2 + y % 2]) + x.to_bytes(32, "big")


def sign(secret: int, data: bytes) -> bytes:
    """The 64 bytes r and s, with the lower of both values of s."""
    k = int.from_bytes(hashlib.sha256(b"OpenCMR vector nonce" + data).digest(), "big") % ORDER
    r = (_times(k, BASE) or BASE)[0] % ORDER
    s = (int.from_bytes(hashlib.sha256(data).digest(), "big") + r * secret) * pow(k, -1, ORDER) % ORDER
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def holds(key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether a signature holds."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    x, inverse = int.from_bytes(key[1:], "big"), pow(s, -1, ORDER)
    y = pow(x**3 - 3 * x + 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B, (P + 1) // 4, P)
    point = (x, y if y % 2 == key[0] % 2 else P - y)
    number = int.from_bytes(hashlib.sha256(data).digest(), "big")
    found = _add(_times(number * inverse % ORDER, BASE), _times(r * inverse % ORDER, point))
    return found is not None and found[0] % ORDER == r


def _add(left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    if left[0] == right[0] and (left[1] + right[1]) % P == 0:
        return None
    if left == right:
        slope = (3 * left[0] ** 2 - 3) * pow(2 * left[1], -1, P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P)
    x = (slope**2 - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def _times(factor: int, point: Point) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point, factor = _add(point, point), factor >> 1
    return total
