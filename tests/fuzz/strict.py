"""The strict parser, keys, digests and proofs, each beside a slow oracle that is made of other libraries."""

import hashlib
import json
import random
from typing import Any

import base58
import nacl.bindings
import orjson
import rfc8785

from opencmr import trust
from opencmr.errors import BadSignature, OpenCMRError, Problem, WeakKey
from opencmr.trust import decode_public, encode_public

from .cast import CUSTOMER_KEY, VECTORS, examples
from .mutations import any_value, mutated, mutated_bytes, mutated_json, written
from .target import Target, expect


class _Refused(Exception):
    """The oracle's no."""


# The parser


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Refused("a name stands twice")
    return made


def _never(_: str) -> Any:
    raise _Refused("not in the profile")


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > 2**53 - 1:
        raise _Refused("too large a number")
    return int(text)


def _walk(value: Any, level: int) -> None:
    if isinstance(value, dict | list):
        if level > trust.MAX_DEPTH:
            raise _Refused("too deep")
        for name in value if isinstance(value, dict) else ():
            if not name.isascii():
                raise _Refused("a name beyond ASCII")
        for each in value.values() if isinstance(value, dict) else value:
            _walk(each, level + 1)
    elif value is None:
        raise _Refused("a null")


def by_oracle(raw: bytes) -> dict[str, Any] | None:
    """The document of these bytes by the standard library and `rfc8785`, or nothing where they are to be refused."""
    if len(raw) > trust.MAX_BYTES:
        return None
    try:
        document = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_constant=_never, parse_float=_never, parse_int=_whole
        )
        if not isinstance(document, dict):
            return None
        _walk(document, 1)
        return document if rfc8785.dumps(document) == raw else None
    except (_Refused, ValueError, RecursionError):  # of a lone surrogate, UnicodeEncodeError, a ValueError
        return None


def run_parser(data: bytes) -> None:
    """Both accept the same bytes, and read the same from them."""
    right = by_oracle(data)
    try:
        found = trust.parse(data)
    except Problem as problem:
        expect(right is None, "the parser refuses what the oracle accepts", problem, data)
        orjson.loads(trust.canonicalize(problem.as_dict()))
        return
    expect(right is not None, "the parser accepts what the oracle refuses", data)
    expect(found == right, "they read different things", data)
    multihash = b"\x12\x20" + hashlib.sha256(data).digest()
    expect(trust.digest(data) == "z" + base58.b58encode(multihash).decode(), "another digest", data)


def run_writer(data: bytes) -> None:
    """Whatever JSON it is: within the profile the writer writes what `rfc8785` writes."""
    try:
        value = json.loads(data, parse_constant=_never, parse_float=_never, parse_int=_whole)
        _walk({"a": value}, 1)
        right = rfc8785.dumps(value)
    except (_Refused, ValueError, RecursionError):
        return
    expect(trust.canonicalize(value) == right, "they write different things", data)


def parser_seeds() -> list[bytes]:
    """Small documents first of all: they are tried a hundred times faster than messages."""
    found = []
    for case in json.loads((VECTORS / "canonical.json").read_text())["cases"]:
        if "input" in case:
            given = case["input"]
            raw = given["utf8"].encode() if "utf8" in given else bytes.fromhex(given["hex"])
            if len(raw) < 400:
                found.append(raw)
    small = [b'{"a":{"b":[1,2,{"c":"d"}]},"e":"\xc3\xa9","f":true}', b'{"a":"[1.5,null]","b":[[[[]]]],"c":-12}']
    messages = sorted((trust.canonicalize(each) for each in examples()), key=len)
    return [*found * 3, *small * 20, *messages[:20]]


def mutated_text(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """Bytes near JSON, or JSON near the profile."""
    roll = dice.random()
    if roll < 0.5:
        return mutated_bytes(dice, data, donor)
    if roll < 0.6:
        return written({"a": any_value(dice), "b": any_value(dice)})
    if roll < 0.65:
        try:
            return json.dumps(
                orjson.loads(data), ensure_ascii=dice.random() < 0.5, sort_keys=dice.random() < 0.5
            ).encode()
        except (ValueError, RecursionError):
            return data
    return mutated_json(dice, data, donor)


# Keys, digests and proofs

_DOCUMENT = {"a": "b", "proof": {"cryptosuite": "eddsa-jcs-2022"}}
_SIGNATURE = CUSTOMER_KEY.sign(trust.hash_data(_DOCUMENT))
_PUBLIC = decode_public(CUSTOMER_KEY.public)
_MOST = 2000
"""Characters: the oracle's time grows with their square."""


def _decoded(text: str) -> bytes | None:
    """Base58 by the library; nothing where a character is none of the alphabet's."""
    if not text.isascii() or not text.isalnum():
        return None
    try:
        return base58.b58decode(text)
    except ValueError:
        return None


def run_keys(data: bytes) -> None:
    """A text as a key in multibase, as the value of a proof, and its bytes as those of a key."""
    text = data[:_MOST].decode("utf-8", "replace")
    raw = _decoded(text[1:]) if text[:1] == "z" else None
    good = (
        raw is not None
        and len(raw) == 34
        and raw[:2] == b"\xed\x01"
        and nacl.bindings.crypto_core_ed25519_is_valid_point(raw[2:])
    )
    try:
        found = decode_public(text)
    except WeakKey:
        expect(not good, "a good key is refused", text)
    else:
        expect(good and raw is not None and raw[2:] == found.raw, "a bad key is accepted", text)
        expect(found.multibase == text, "a key has two names", text)
    signed = {**_DOCUMENT, "proof": {**_DOCUMENT["proof"], "proofValue": text}}  # type: ignore[dict-item]
    right = _decoded(text[1:]) == _SIGNATURE
    try:
        trust.verify(signed, _PUBLIC)
    except BadSignature:
        expect(not right, "a good signature is refused", text)
    else:
        expect(right, "another signature is accepted", text)
    few = data[:34]
    if len(few) == 32:
        name = encode_public(few)
        expect(name == "z" + base58.b58encode(b"\xed\x01" + few).decode(), "another name of a key", few)


def key_seeds() -> list[bytes]:
    """Good keys, good and bad ones of the vectors, and the signature."""
    cases = json.loads((VECTORS / "keys-cases.json").read_text())["cases"]
    names = [case["did"].removeprefix("did:key:").encode() for case in cases if "did" in case]
    signature = b"z" + base58.b58encode(_SIGNATURE)
    twisted = b"z" + base58.b58encode(_SIGNATURE[:32] + bytes(32))
    return [CUSTOMER_KEY.public.encode(), *names, signature, signature, twisted, b"z", b"z" + b"1" * 34, bytes(32)]


def mutated_key(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """A name of a key or a signature with something else in it: characters, or the bytes that it stands for."""
    raw = _decoded(data[1:200].decode("latin-1")) if data[:1] == b"z" else None
    if raw and dice.random() < 0.4:
        return b"z" + base58.b58encode(mutated_bytes(dice, raw, donor))
    if dice.random() < 0.1:
        return data + dice.choice((b" ", b"\n", b"\0", b"=", b"1", b"\xe2\x80\xa8"))
    if data and dice.random() < 0.5:
        at = dice.randrange(len(data))
        return (
            data[:at]
            + bytes((dice.choice(b"123456789ABCabcXYZxyz0OIl+/ \n\xc2"),))
            + data[at + dice.choice((0, 1, 1)) :]
        )
    if dice.random() < 0.1:
        return dice.randbytes(32)
    return mutated_bytes(dice, data, donor)


def run_signing(data: bytes) -> None:
    """What can be signed travels, is read again and holds; what can't is refused by name."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if not isinstance(document, dict):
        return
    document = {name: each for name, each in document.items() if name != "proof"}
    try:
        raw = trust.sign(document, CUSTOMER_KEY, trust.key_url(CUSTOMER_KEY.did))
    except OpenCMRError:
        return
    try:
        read = trust.parse(raw)
    except Problem as problem:
        expect(problem.code == "too-large", "what was signed can't be read", problem, data)
        return
    trust.verify(read, _PUBLIC)
    tampered = mutated(random.Random(len(data)), document)
    if not isinstance(tampered, dict):
        return
    tampered.pop("proof", None)
    try:
        trust.verify({**tampered, "proof": read["proof"]}, _PUBLIC)
    except OpenCMRError:
        return
    expect(trust.canonicalize(tampered) == trust.canonicalize(document), "a signature holds for other words", data)


TARGETS = (
    Target(
        "parser", "strict JSON against json + rfc8785", run_parser, parser_seeds, mutated_text, share=380, short=15000
    ),
    Target("writer", "canonical form against rfc8785", run_writer, parser_seeds, mutated_text, share=130, short=20000),
    Target(
        "keys",
        "multibase keys, digests, proofs against base58",
        run_keys,
        key_seeds,
        mutated_key,
        share=130,
        short=10000,
    ),
    Target("signing", "sign, read, check, tamper", run_signing, parser_seeds, share=30, short=3000),
)
