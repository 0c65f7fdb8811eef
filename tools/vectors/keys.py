"""Keys that are good, keys that are not, and digests of bytes."""

import base58

from opencmr import trust

from . import edwards
from .writing import CUSTOMER, OTHER_CUSTOMER, VENDOR_KEY, Case, Files, case, cases_file, key_of, multibase

ABOUT = (
    "A did:key and the public key in it, or the problem; and bytes and their digest. "
    "A key is checked before any signature: canonical, on the curve, in the prime-order group, not of small order."
)
ED25519 = b"\xed\x01"


def files() -> Files:
    return {"keys-cases.json": cases_file(ABOUT, "keys", [*_good(), *_digests(), *_bad()])}


def raw_public(key: trust.SigningKey) -> bytes:
    return base58.b58decode(key.public[1:])[2:]


def weak_points() -> list[tuple[str, str, bytes]]:
    """A name, a sentence and 32 bytes: of small order, in every encoding; of mixed order; no point at all."""
    points = []
    for number, (raw, order, canonical) in enumerate(edwards.small_order()):
        form = "canonical" if canonical else "not canonical"
        points.append((f"small-order-{number + 1}", f"A point of order {order}, its encoding is {form}", raw))
    for order in (2, 4, 8):
        scalar, _ = edwards.secret(CUSTOMER.seed)
        torsion = edwards.times(8 // order, edwards.of_order_8())
        mixed = edwards.encode(edwards.add(edwards.times(scalar, edwards.BASE), torsion))
        points.append((f"mixed-order-{order}", f"A good key plus a point of order {order}", mixed))
    no_point = next(y for y in range(2, 100) if edwards.with_y(y, 0) is None)
    points.append(("no-point", "32 bytes that are no point of the curve", edwards.as_bytes(no_point)))
    on_curve = next(y for y in range(2, 19) if edwards.with_y(y, 0) is not None)
    beyond = edwards.as_bytes(on_curve + edwards.P)
    points.append(("not-canonical", "A y that is not below the prime", beyond))
    return points


def _good() -> list[Case]:
    keys = {
        "customer": ("The customer of all examples", CUSTOMER),
        "vendor": ("The key of shop.example, as a did:key", VENDOR_KEY),
        "another": ("Another customer", OTHER_CUSTOMER),
        **{f"more-{number}": ("One more", key_of(f"more {number}")) for number in range(4)},
    }
    return [
        case(id_, says, "IDN-1", did=key.did, publicKeyHex=raw_public(key).hex()) for id_, (says, key) in keys.items()
    ]


def _digests() -> list[Case]:
    inputs = [b"", b"{}", b'{"a":1}', b'{"a":"\xc3\xa9"}', bytes(range(256)), b"\n"]
    says = ["No bytes", "An empty object", "A small object", "Text beyond ASCII", "Each byte once", "A line end"]
    return [
        case(f"digest-{number + 1}", text, "ENV-12", bytesHex=raw.hex(), digest=trust.digest(raw))
        for number, (text, raw) in enumerate(zip(says, inputs, strict=True))
    ]


def _bad() -> list[Case]:
    good = raw_public(CUSTOMER)

    def bad(id_: str, says: str, did: str, *requirements: str) -> Case:
        return case(id_, says, *requirements or ("IDN-1",), did=did, problem="weak-key")

    def of(raw: bytes) -> str:
        return "did:key:" + multibase(raw)

    return [
        *(bad(id_, says, of(ED25519 + raw), "SIG-3") for id_, says, raw in weak_points()),
        bad("x25519", "The multicodec of a key that only agrees on secrets", of(b"\xec\x01" + good)),
        bad("secp256k1", "The multicodec of another curve", of(b"\xe7\x01" + good)),
        bad("p-256", "A key of P-256", of(b"\x80\x24\x03" + good)),
        bad("private", "The multicodec of a private key", of(b"\x80\x26" + good)),
        bad("no-multicodec", "The bytes of the key alone", of(good)),
        bad("short", "31 bytes", of(ED25519 + good[:31])),
        bad("long", "33 bytes", of(ED25519 + good + b"\x00")),
        bad("base64", "Base64 instead of base58", "did:key:u" + "7QEu3Pa0H6QkYUl3Tv4fV8yZ0bJXw6Gq5KZ1nA9xvcmLdA"),
        bad("base16", "Base16 instead of base58", "did:key:f" + (ED25519 + good).hex()),
        bad("upper-case", "The multibase letter in upper case", "did:key:Z" + CUSTOMER.public[1:]),
        bad("no-base", "No multibase letter", "did:key:" + CUSTOMER.public[1:]),
        bad("no-letter", "A 0, which base58 does not have", "did:key:" + CUSTOMER.public[:-1] + "0"),
        bad("space", "A space after it", CUSTOMER.did + " "),
        bad("fragment", "The URL of a key is no DID", trust.key_url(CUSTOMER.did)),
        bad("nothing", "No key at all", "did:key:"),
    ]
