"""How vectors are written: a case, a file of cases, and the fixed keys that sign in them."""

import hashlib
import json
from typing import Any

import base58
from sign_examples import SPEC, VENDOR, customer_key, vendor_key

from opencmr import trust

VECTORS = SPEC / "vectors"
Case = dict[str, Any]
Files = dict[str, bytes]
"""Path below `spec/v1/vectors` → bytes."""


def case(id_: str, says: str, *requirements: str, **members: Any) -> Case:
    return {"id": id_, "says": says, "requirements": list(requirements), **members}


def cases_file(about: str, kind: str, cases: list[Case]) -> bytes:
    """One line a case, so that a change shows as the lines it changes."""
    ids = [each["id"] for each in cases]
    assert len(ids) == len(set(ids)), sorted(id_ for id_ in ids if ids.count(id_) > 1)
    head = f'{{\n "about": {_line(about)},\n "kind": {_line(kind)},\n "cases": [\n'
    return (head + ",\n".join("  " + _line(each) for each in cases) + "\n ]\n}\n").encode()


def _line(value: Any) -> str:
    """Line separators stay visible: some tools break lines at them."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(char):04x}" if char in "\u2028\u2029\u007f\ufeff" else char for char in text)


def uuid(text: str) -> str:
    """An id of version 4, the same each time."""
    raw = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def key_of(phrase: str) -> trust.SigningKey:
    """A key from a phrase; public on purpose."""
    return trust.SigningKey(hashlib.sha256(f"OpenCMR test key: {phrase}".encode()).digest())


CUSTOMER = customer_key()
OTHER_CUSTOMER = key_of("another customer")
VENDOR_KEY = vendor_key()
VENDOR_KEY_2 = key_of("the second key of the shop")
OTHER_VENDOR = "did:web:other.example"
OTHER_VENDOR_KEY = key_of("another shop")
VENDOR_URL = trust.key_url(VENDOR)
CUSTOMER_URL = trust.key_url(CUSTOMER.did)
PINNED = {VENDOR_URL: VENDOR_KEY.public}
WEAK = trust.encode_public(b"\x01" + bytes(31))
"""The neutral element of the group, as a key."""


def multibase(raw: bytes) -> str:
    return "z" + base58.b58encode(raw).decode()
