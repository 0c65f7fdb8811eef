"""Changes of bytes and of JSON values: some random, some that hostile peers would think of.

A change costs a few microseconds, since only the containers on the way to it are copied. All randomness comes from the
dice that callers bring, so the same dice make the same inputs.
"""

import random
from collections.abc import Sequence
from typing import Any

import orjson

SNIPPETS: tuple[bytes, ...] = (
    b"", b" ", b"\n", b"\x00", b"\xef\xbb\xbf", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xc0\x80",
    b"\\u0000", b"\\ud800", b"\\u0041", b"\\u00e9", b"\\u001f", b"\\u001F", b"\\/", b"\\n", b"\\x", b"\\",
    b'"', b'""', b'":', b'{"":', b"{", b"}", b"[", b"]", b",", b":", b"{}", b"[]", b"[[", b"]]",
    b"[" * 40 + b"]" * 40, b"[" * 1100 + b"]" * 1100, b'{"a":' * 40, b'"a":1,', b',"a":1',
    b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"-", b"-0", b"0", b"00", b"1.0", b"1e2", b"1E400",
    b"1e-7", b"9007199254740991", b"9007199254740992", b"-9007199254740992", b"18446744073709551616", b"9" * 40,
    b"0x10", b"+1", b".5", b"1.", b"//", b"/**/", b"'", b"\xe2\x80\xa8", b"\x7f", b"z", b"z6Mk", b"#", b"%3A", b"@",
)  # fmt: skip
"""What parsers trip over."""

TEXTS: tuple[str, ...] = (
    "", " ", "a", "é", "\u0000", "\n", "\u2028", "\U0001f600", "e\u0301", "null", ":1.5", ",null", "[1e5", "a" * 201,
    "x" * 4001, '"', "\\", '\\"', "{", "]", "1.0", "1.0\n", "-0", "0", "00", "1e9", "NaN", "999999999999999.999999",
    "0.000001", "-1", "1" * 30, "0001-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z",
    "2026-02-30T00:00:00.000Z", "2024-02-29T00:00:00.000Z", "2026-12-31T23:59:60.000Z", "2026-03-01T24:00:00.000Z",
    "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00Z", "2026-03-01", "9999-12-31", "0001-01-01", "P1Y", "P9999Y",
    "PT0M",
    "P0D", "P9999DT9999H", "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "did:web:shop.example",
    "did:web:localhost%3A8080", "did:web:a%3A99999", "did:web:127.0.0.1%3A1", "did:web:..", "did:key:z6Mk" + "1" * 44,
    "did:web:shop.example#key-1", "zQm" + "2" * 44, "zQm" + "1" * 44, "z" + "2" * 87, "z" + "1" * 88, "1.1",
    "urn:uuid:00000000-0000-4000-8000-000000000000", "urn:uuid:5f0c1a52-7a3e-4a0b-9c55-0d8b6f0f4a11", "1.0 ", "2.0",
    "dpv:DirectMarketing", "dpv:Processing", "dpv:PersonalData", "dpv:Share", "dpv:Use", "pd:EmailAddress",
    "dpv:Nothing",
    "opencmr:IntentCasting", "dpv:LegalCompliance", "dpv:Remove", "dpv:AITraining", "https://a.example/", "http://[::1",
    "https://a@b.example:0/", "https://xn--a/", "https://a.example:99999/", "urn:x:y", "EUR", "eur", "com.shop.points",
    "com.shop.private", "a.b.c", "terms.proffer", "consent.grant", "consent.withdraw", "offer.make", "receipt", "key-1",
    "mailbox.collect", "accepted", "refused", "moot", "SD-BASE", "vendor", "third-party", "email", "AT", "AT-9", "de",
)  # fmt: skip
"""What the shapes of strings trip over."""

NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 2, 30, 31, 64, 65, 100, 101, 1000, 3650, 2**31, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64 - 1, 0.5, 1e300,
    -0.0, True, False, None,
)  # fmt: skip
NAMES: tuple[str, ...] = (
    "", "a", "A", "é", "\U0001f600", "id", "type", "from", "from_", "number", "prior", "seen", "expires", "body",
    "ext",
    "proof", "items", "keys", "terms", "offer", "document", "digest", "value", "key", "a/b~c", "__proto__", "self",
    "[key]",
    "|x", "until", "problem", "https://ext.example/1",
)  # fmt: skip

MOST = 200_000
"""Bytes: an input does not grow beyond what a receiver refuses at a glance, by much."""


def any_value(dice: random.Random, depth: int = 0) -> Any:
    """A JSON value out of nothing."""
    roll = dice.random()
    if roll < 0.45:
        return dice.choice(TEXTS)
    if roll < 0.65:
        return dice.choice(NUMBERS)
    if roll < 0.7:
        return "".join(dice.choices('aZ9é\u2028\n"\\{}[]:,.-_ \U0001f600', k=dice.randrange(12)))
    if depth > 3:
        return []
    if roll < 0.85:
        return [any_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(NAMES): any_value(dice, depth + 1) for _ in range(dice.randrange(4))}


def mutated(dice: random.Random, value: Any, donor: Any = None, depth: int = 0) -> Any:
    """A copy of a JSON value with one change somewhere in it.

    Args:
        dice: Where, and which.
        value: What is changed.
        donor: Another value, parts of which may take the place of parts of this one.
        depth: How far below the top `value` stands; a change at the very top would leave little to look at.
    """
    if isinstance(value, dict) and value:
        name = dice.choice(list(value))
        if depth == 0 or dice.random() < 0.75:
            child = value[name]
            theirs = donor.get(name) if isinstance(donor, dict) else None
            if dice.random() < 0.8 or not isinstance(child, dict | list):
                return {**value, name: mutated(dice, child, theirs, depth + 1)}
        return _changed_object(dice, value, name, depth)
    if isinstance(value, list) and value:
        position = dice.randrange(len(value))
        if dice.random() < 0.6:
            theirs = dice.choice(donor) if isinstance(donor, list) and donor else None
            return [*value[:position], mutated(dice, value[position], theirs, depth + 1), *value[position + 1 :]]
        return _changed_list(dice, value, position)
    if donor is not None and dice.random() < 0.3:
        return donor
    return _changed_leaf(dice, value, depth)


def _changed_object(dice: random.Random, value: dict[str, Any], name: str, depth: int) -> Any:
    roll = dice.random()
    changed = dict(value)
    if roll < 0.35:
        del changed[name]
    elif roll < 0.55:
        changed[dice.choice(NAMES)] = any_value(dice, depth)
    elif roll < 0.7:
        changed[name[:-1] if dice.random() < 0.5 else name + "x"] = changed.pop(name)
    elif roll < 0.85:
        changed[name] = any_value(dice, depth)
    elif roll < 0.9:
        changed[name] = _much(dice, changed[name])
    elif roll < 0.95:
        other = dice.choice(list(changed))
        changed[name], changed[other] = changed[other], changed[name]
    else:
        return [value] if depth else {name: value}
    return changed


def _changed_list(dice: random.Random, value: list[Any], position: int) -> list[Any]:
    roll = dice.random()
    if roll < 0.25:
        return value[:position] + value[position + 1 :]
    if roll < 0.5:
        return [*value, value[position]]
    if roll < 0.6:
        return (value * 66)[:66] if len(value) < 66 else value
    if roll < 0.7:
        return value[::-1]
    if roll < 0.8:
        return []
    return [*value[:position], any_value(dice, 2), *value[position:]]


def _changed_leaf(dice: random.Random, value: Any, depth: int) -> Any:
    roll = dice.random()
    if isinstance(value, str):
        if roll < 0.5 and value:
            at = dice.randrange(len(value))
            other = dice.choice("0123456789aZ-:.zé#/ \n1%")
            return dice.choice((value[:at] + other + value[at + 1 :], value[:at] + value[at + 1 :], value + other))
        if roll < 0.85:
            return dice.choice(TEXTS)
    elif isinstance(value, int) and roll < 0.7:
        return dice.choice((value + 1, value - 1, -value, *NUMBERS[:6]))
    return any_value(dice, depth)


def _much(dice: random.Random, value: Any) -> Any:
    """Much of something: levels, items, members, digits, escapes."""
    size = dice.choice((30, 33, 200, 1500))
    match dice.randrange(6):
        case 0:
            for _ in range(min(size, 200)):
                value = [value]
            return value
        case 1:
            for _ in range(min(size, 200)):
                value = {"a": value}
            return value
        case 2:
            return [dice.choice((1, "a", {}, []))] * size
        case 3:
            return {f"m{number}": number for number in range(size)}
        case 4:
            return dice.choice('1\\"\n,[\u2028é:z') * (size * 4)
        case _:
            return ["9" * size, value]


def mutated_bytes(dice: random.Random, data: bytes, donor: bytes = b"") -> bytes:
    """A copy of bytes with one change: a bit, a stretch left out, doubled or moved, something put in."""
    at = dice.randrange(len(data) + 1)
    end = min(len(data), at + dice.choice((1, 1, 2, 4, 8, 40)))
    match dice.randrange(8):
        case 0 if at < len(data):
            return data[:at] + bytes((data[at] ^ 1 << dice.randrange(8),)) + data[at + 1 :]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:end] * dice.choice((1, 1, 2, 40)) + data[end:]
        case 3:
            return data[:at] + dice.choice(SNIPPETS) + data[end:]
        case 4 if donor:
            start = dice.randrange(len(donor))
            return data[:at] + donor[start : start + dice.choice((4, 16, 64))] + data[end:]
        case 5:
            return data[:at] + bytes((dice.randrange(256),)) + data[end:]
        case _:
            return data[:at] + dice.choice(SNIPPETS) + data[at:]


def mutated_json(dice: random.Random, data: bytes, donor: bytes = b"", wild: float = 0.1) -> bytes:
    """Canonical bytes of a JSON document with some changes; sometimes (`wild`) its bytes are changed instead."""
    if dice.random() < wild:
        return mutated_bytes(dice, data, donor)[:MOST]
    try:
        value, other = orjson.loads(data), orjson.loads(donor) if donor and dice.random() < 0.3 else None
    except orjson.JSONDecodeError:
        return mutated_bytes(dice, data, donor)[:MOST]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        value = mutated(dice, value, other)
    return written(value)


def written(value: Any) -> bytes:
    """A value as JSON with sorted names, whatever it is; what cannot be written is written as an empty object."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)[:MOST]
    except orjson.JSONEncodeError:
        return b"{}"


def crossed(dice: random.Random, pool: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Two inputs of a pool: one to be changed, and one to take parts from."""
    return dice.choice(pool), dice.choice(pool)
