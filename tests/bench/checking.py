"""Checking a received message: from bytes to a typed message whose signature holds."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import nacl.bindings
from google.protobuf import json_format

from opencmr import messages, trust
from opencmr.protocol import parse, verify
from opencmr.protocol.receiving import check_place
from opencmr.trust import base58

from . import by_hand
from .goods import KINDS, SIZE, VENDOR, Sender
from .measure import Figure, by_turns, in_turn
from .registry import Effort, Found, Goal, Line, Row

HEADLINE = "consent.grant"
SENDERS = 64


def checked(raw: bytes) -> object:
    """Checks 1 and 3 to 7."""
    return verify(parse(raw), me=VENDOR, pinned={})


def bare(raw: bytes) -> tuple[bytes, bytes]:
    """What one verification of a message's signature works on: signature and hashes joined, and the public key."""
    document = trust.parse(raw)
    signature = trust_bytes(document["proof"]["proofValue"])
    public = trust.public_key(document["from"], document["proof"]["verificationMethod"], {})
    return signature + trust.hash_data(document), public.raw


def trust_bytes(multibase: str) -> bytes:
    """The bytes of a value in multibase."""
    return by_hand.base58.b58decode(multibase[1:])


def open_signed(signed: tuple[bytes, bytes]) -> object:
    """One bare verification by libsodium."""
    return nacl.bindings.crypto_sign_open(*signed)


def run(effort: Effort) -> Found:
    """All lines: the bound, the peers, and other kinds of message."""
    found, slices = Found(), effort.of(120, 15)
    for kind in KINDS:
        raws = [Sender().opening(kind) for _ in range(effort.of(SENDERS, SENDERS, 2))]
        turns = by_turns(
            {"ours": in_turn(raws, checked), "bound": in_turn([bare(raw) for raw in raws], open_signed)}, slices
        )
        headline = kind == HEADLINE
        found.lines.append(
            Line(
                f"check a {kind} of {SIZE / 1000:g} KB",
                turns["ours"],
                "one bare libsodium verification",
                turns["bound"],
                turns["ours"].over(turns["bound"]),
                Goal("≤", 1.4) if headline else None,
                "bytes → verified typed message" if headline else "",
            )
        )
        effort.say(f"check: {kind}")
    found.lines += _peers(effort)
    return found


def _peers(effort: Effort) -> list[Line]:
    senders = [Sender() for _ in range(effort.of(SENDERS, SENDERS, 2))]
    raws = [sender.opening(HEADLINE) for sender in senders]
    documents = [json.loads(raw) for raw in raws]
    tokens = [
        (by_hand.token(document, sender.key.seed), by_hand.public_of(sender.key.seed))
        for document, sender in zip(documents, senders, strict=True)
    ]
    works: dict[str, Callable[[], object]] = {
        "ours": in_turn(raws, checked),
        "hand": in_turn(raws, lambda raw: by_hand.check(raw, VENDOR)),
        "jwt": in_turn(tokens, lambda each: by_hand.check_token(each[0], VENDOR, each[1])),
        "a2a": in_turn([_as_a2a(each) for each in documents], _parse_a2a),
        "mcp": in_turn([_as_mcp(each) for each in documents], _parse_mcp),
    }
    turns = by_turns(works, effort.of(60, 10))
    ours = turns["ours"]
    size = len(tokens[0][0])

    def line(name: str, peer: str, goal: Goal | None, note: str = "") -> Line:
        return Line("check a message", ours, name, turns[peer], turns[peer].over(ours), goal, note)

    return [
        line("json + jsonschema + rfc8785 + OpenSSL by hand", "hand", Goal("≥", 11), "how many times faster"),
        line("PyJWT (EdDSA) + pydantic", "jwt", Goal("≥", 2.5), f"a token of {size} bytes with the same words"),
        line("a2a-sdk: parse a message of the size", "a2a", None, "no signature"),
        line("mcp: parse a message of the size", "mcp", None, "no signature"),
    ]


def _as_a2a(document: dict[str, Any]) -> bytes:
    """The same words as a message of A2A: its data part holds them."""
    return json.dumps(
        {"messageId": str(uuid.uuid4()), "role": "ROLE_USER", "parts": [{"data": document}]}, separators=(",", ":")
    ).encode()


def _parse_a2a(raw: bytes) -> object:
    import a2a.types

    return json_format.Parse(raw, a2a.types.Message())


def _as_mcp(document: dict[str, Any]) -> bytes:
    """The same words as a call of a tool: its arguments hold them."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "receive", "arguments": document}}
    return json.dumps(call, separators=(",", ":")).encode()


def _parse_mcp(raw: bytes) -> object:
    import mcp.types

    request = mcp.types.JSONRPCRequest.model_validate_json(raw)
    return mcp.types.CallToolRequest.model_validate({"method": request.method, "params": request.params})


def profile(effort: Effort) -> dict[str, Figure]:
    """Each step by itself. Their sum is more than the whole where steps share work."""
    raws = [Sender().opening(HEADLINE) for _ in range(SENDERS)]
    parsed = [parse(raw) for raw in raws]
    verified = [verify(each, me=VENDOR, pinned={}) for each in parsed]
    signed = [bare(raw) for raw in raws]
    documents = [each.document for each in parsed]
    return by_turns(
        {
            "the whole": in_turn(raws, checked),
            "1 parse, all of it": in_turn(raws, parse),
            "  parse strictly (JSON, profile, canonical form)": in_turn(raws, trust.parse),
            "  digest": in_turn(raws, trust.digest),
            "3-7 verify, all of it": in_turn(parsed, lambda each: verify(each, me=VENDOR, pinned={})),
            "  validate (model)": in_turn(documents, messages.validate),
            "  place in the thread, keys of items": in_turn([each.message for each in verified], check_place),
            "  key of the sender": in_turn(
                documents, lambda each: trust.public_key(each["from"], each["proof"]["verificationMethod"], {})
            ),
            "  canonicalise and hash": in_turn(documents, trust.hash_data),
            "  base58: the signature": in_turn([each["proof"]["proofValue"][1:] for each in documents], base58.decode),
            "  libsodium": in_turn(signed, open_signed),
        },
        effort.of(60, 10),
        clock=time.thread_time,
    )


ROW = Row("check", "Checking a received message", run, profile)
