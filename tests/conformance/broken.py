"""Broken vendors: each is the real one with one fault, made by a switch. The suite must catch every one."""

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import base58
import orjson
from switch import DID, Break, Switch, around
from vectors import edwards

from opencmr import trust
from opencmr.conformance.forge import IDENTITY, ORDER
from opencmr.conformance.hand import NOWHERE
from opencmr.errors import (
    BadNumber,
    BadSignature,
    Conflict,
    Malformed,
    NotCanonical,
    NullMember,
    Problem,
    TooDeep,
    UnknownThread,
    WrongKey,
)
from opencmr.messages import VERSION, core
from opencmr.protocol import receiving
from opencmr.roles.party import signing
from opencmr.roles.party.signing import Link
from opencmr.roles.vendor import handlers
from opencmr.roles.vendor import receiving as vendor_receiving
from opencmr.roles.vendor.known_messages import KnownMessages
from opencmr.roles.vendor.transaction import Transactions
from opencmr.transport import app as app_module
from opencmr.trust import suite

FAULTS: dict[str, tuple[str, Break]] = {}
"""Name → the requirement that is broken, and the switch."""


def fault(requirement: str) -> Callable[[Break], Break]:
    def register(switch: Break) -> Break:
        assert switch.__name__ not in FAULTS
        FAULTS[switch.__name__] = (requirement, switch)
        return switch

    return register


# What is read


def reads_in_spite_of(problem: type[Problem], when: Callable[[bytes], bool] = lambda raw: True) -> Break:
    def switch(at: Switch) -> None:
        def parse(raw: bytes, **limits: Any) -> Any:
            try:
                return trust.parse(raw, **limits)
            except problem:
                if when(raw):
                    return orjson.loads(raw)
                raise

        at.swap(receiving, "trust", parse=parse)

    return switch


def twice(raw: bytes) -> bool:
    return raw.count(b'"opencmr"') > 1


FAULTS |= {
    "accepts_what_is_not_canonical": ("JSN-7", reads_in_spite_of(NotCanonical, lambda raw: not twice(raw))),
    "accepts_duplicate_names": ("JSN-1", reads_in_spite_of(NotCanonical, twice)),
    "accepts_floats": ("JSN-3", reads_in_spite_of(BadNumber)),
    "accepts_nulls": ("JSN-4", reads_in_spite_of(NullMember)),
    "accepts_what_is_too_deep": ("JSN-6", reads_in_spite_of(TooDeep)),
    "accepts_names_that_are_not_ascii": ("JSN-2", reads_in_spite_of(Malformed)),
}


@fault("JSN-5")
def accepts_what_is_too_long(at: Switch) -> None:
    at.swap(app_module, "trust", MAX_BYTES=10**7)
    at.swap(receiving, "trust", parse=lambda raw: trust.parse(raw, limit=10**7))


FAULTS["takes_bodies_of_any_length"] = ("TRN-3", accepts_what_is_too_long)


@fault("ENV-6")
def drops_unknown_members(at: Switch) -> None:
    def dropping(read: Callable[[Any], Any], document: Any) -> Any:
        while True:
            try:
                return read(document)
            except Malformed as problem:
                *path, last = (problem.pointer or "").split("/")[1:]
                document = orjson.loads(orjson.dumps(document))
                place: Any = document
                for step in path:
                    place = place[int(step) if isinstance(place, list) else step]
                if not isinstance(place, dict) or place.pop(last, None) is None:
                    raise

    def typed(envelope: Any) -> Any:
        outer = {"body": envelope.body}
        return dropping(lambda outer: inner.typed(envelope.model_copy(update=outer)), outer)

    def validate(document: Any) -> Any:
        return dropping(inner.validate_envelope, document)

    inner = receiving.messages
    at.swap(receiving, "messages", validate_envelope=validate, typed=typed)


@fault("ENV-5")
def reads_any_version(at: Switch) -> None:
    inner = receiving.messages

    def check(document: Any, types: Any) -> None:
        inner.check_spoken({**document, "opencmr": VERSION}, types)

    def validate(document: Any) -> Any:
        return inner.validate_envelope({**document, "opencmr": VERSION})

    at.swap(receiving, "messages", check_spoken=check, validate_envelope=validate)


@fault("ENV-4")
def believes_in_any_day(at: Switch) -> None:
    inner = receiving.messages

    def validate(document: Any) -> Any:
        try:
            return inner.validate_envelope(document)
        except Malformed as problem:
            if problem.pointer != "/created":
                raise
            return inner.validate_envelope({**document, "created": "2026-02-28T00:00:00.000Z"})

    at.swap(receiving, "messages", validate_envelope=validate)


@fault("RCV-1")
def looks_into_the_body_first(at: Switch) -> None:
    inner = receiving.messages

    def validate(document: Any) -> Any:
        envelope = inner.validate_envelope(document)
        inner.typed(envelope)
        return envelope

    at.swap(receiving, "messages", validate_envelope=validate)


@fault("ENV-2")
def opens_threads_of_any_name(at: Switch) -> None:
    def check(message: Any) -> None:
        try:
            receiving_check(message)
        except Malformed as problem:
            if problem.pointer != "/thread":
                raise

    receiving_check = receiving.check_place
    at.patch.setattr(receiving, "check_place", check)


@fault("ENV-12")
def trims_before_hashing(at: Switch) -> None:
    def parse(raw: bytes) -> Any:
        parsed = receiving.parse(raw)
        note = parsed.document.get("body", {}).get("note", "")
        if note.strip() == note:
            return parsed
        return replace(parsed, digest=trust.digest(raw.replace(note.encode(), note.strip().encode())))

    at.patch.setattr(vendor_receiving, "parse", parse)


@fault("ENV-8")
def names_no_member(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        try:
            return await inner(raw)
        except Malformed as problem:
            problem.pointer = ""
            raise

    at.around(at.vendor, "receive", receive)


@fault("ENV-15")
def tells_pointers_of_any_length(at: Switch) -> None:
    def whole(inner: Any, self: Problem) -> Any:
        return {**inner(self), **({"pointer": self.pointer} if self.pointer else {})}

    at.around(Problem, "as_dict", whole)


@fault("ENV-9")
def refuses_ext(at: Switch) -> None:
    def check(inner: Any, message: Any) -> None:
        if message.ext:
            raise Malformed("no extensions here", pointer="/ext")
        inner(message)

    at.around(receiving, "check_place", check)


@fault("ENV-10")
def echoes_ext(at: Switch) -> None:
    def receive(inner: Any, self: Any, rows: Any, verified: Any, replies: Any, now: str) -> Any:
        return inner(self, rows, verified, [replace(one, ext=verified.message.ext) for one in replies], now)

    at.around(Transactions, "receive", receive)


# Who said it


def checks_laxly(*, keys_: bool = False, r: bool = False, s: bool = False) -> Break:
    def switch(at: Switch) -> None:
        def public_key(did: str, method: str, pinned: Any) -> trust.PublicKey:
            try:
                return trust.public_key(did, method, pinned)
            except Problem as problem:
                if not keys_ or problem.code != "weak-key":
                    raise
                return trust.PublicKey(suite.EDDSA, base58.b58decode(did.removeprefix("did:key:z"))[2:])

        def verify(document: Any, public: trust.PublicKey) -> None:
            try:
                trust.verify(document, public)
            except BadSignature:
                signature = base58.b58decode(document["proof"]["proofValue"][1:])
                large = int.from_bytes(signature[32:], "little") >= ORDER
                small = int.from_bytes(signature[:32], "little") % (2**255 - 19) == int.from_bytes(IDENTITY, "little")
                if len(signature) != 64 or (large and not s) or (small and not r) or not (keys_ or large or small):
                    raise
                if not edwards.holds(public.raw, trust.hash_data(document), signature):
                    raise

        at.swap(receiving, "trust", public_key=public_key, verify=verify)

    return switch


FAULTS |= {
    "accepts_small_order_keys": ("SIG-3", checks_laxly(keys_=True)),
    "accepts_small_order_r": ("SIG-4", checks_laxly(r=True)),
    "accepts_malleable_s": ("SIG-5", checks_laxly(s=True)),
}


@fault("SIG-6")
def checks_no_signature(at: Switch) -> None:
    at.swap(receiving, "trust", verify=lambda document, public: None)


@fault("SIG-1")
def accepts_another_purpose(at: Switch) -> None:
    inner = receiving.messages

    def validate(document: Any) -> Any:
        proof = document.get("proof")
        known = {"proofPurpose": "assertionMethod"} if isinstance(proof, dict) else {}
        return inner.validate_envelope({**document, "proof": {**proof, **known}} if known else document)

    at.swap(receiving, "messages", validate_envelope=validate)


@fault("IDN-9")
def takes_the_key_that_is_named(at: Switch) -> None:
    def public_key(did: str, method: str, pinned: Any) -> trust.PublicKey:
        return trust.decode_public(method.partition("#")[0].removeprefix("did:key:"))

    at.swap(receiving, "trust", public_key=public_key)


@fault("IDN-8")
def resolves_what_strangers_name(at: Switch) -> None:
    def public_key(did: str, method: str, pinned: Any) -> trust.PublicKey:
        if did.startswith("did:web:127"):
            host, _, port = did.removeprefix("did:web:").partition("%3A")
            socket.create_connection((host, int(port)), 1).close()
        return trust.public_key(did, method, pinned)

    at.swap(receiving, "trust", public_key=public_key)


@fault("RCV-8")
def takes_what_is_for_others(at: Switch) -> None:
    def verify(parsed: Any, *, me: str, **named: Any) -> Any:
        return receiving.verify(parsed, me=str(parsed.document.get("to", me)), **named)

    at.patch.setattr(vendor_receiving, "verify", verify)


def signs_as(**changes: Any) -> Break:
    def switch(at: Switch) -> None:
        def signed(inner: Any, self: Any, *args: Any, **named: Any) -> Any:
            return inner(replace(self, **changes) if self.did == DID else self, *args, **named)

        at.around(signing.Signer, "write", signed)
        at.around(signing.Signer, "receipt", signed)

    return switch


FAULTS |= {
    "signs_with_a_key_that_is_not_listed": ("TRN-10", signs_as(method=DID + "#key-2")),
    "signs_with_another_key": ("SIG-2", signs_as(key=trust.SigningKey.generate())),
}


# What is known, and what is said of it


def afresh(at: Switch, raw: bytes, **members: Any) -> bytes:
    """A receipt, written and signed once more."""
    document = {**orjson.loads(raw), "id": signing.new_id(), **members}
    del document["proof"]
    return trust.sign(document, at.signer.key, at.signer.method)


def answers_a_retry(change: Callable[[Switch, list[bytes], list[bytes]], list[bytes]]) -> Break:
    """What came before is answered otherwise; `change` gets the right answer, and all that was said till then."""

    def switch(at: Switch) -> None:
        came, said = set[bytes](), list[bytes]()

        async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
            answers = await inner(raw)
            if raw in came:
                return change(at, answers, said)
            came.add(raw)
            said.extend(answers)
            return answers

        at.around(at.vendor, "receive", receive)

    return switch


FAULTS |= {
    "answers_a_retry_afresh": (
        "RCV-5",
        answers_a_retry(lambda at, answers, said: [afresh(at, raw) for raw in answers]),
    ),
    "tells_more_to_whoever_knows_a_message": ("RCV-7", answers_a_retry(lambda at, answers, said: [*answers, said[-1]])),
    "sees_no_conflict": ("RCV-6", around(KnownMessages, "look", lambda inner, *args: (False, inner(*args)[1]))),
}


@fault("RCV-2")
def remembers_what_nobody_signed(at: Switch) -> None:
    seen: dict[str, bytes] = {}

    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        try:
            id_ = str(orjson.loads(raw).get("id"))
        except (ValueError, AttributeError):
            return await inner(raw)
        if seen.setdefault(id_, raw) != raw:
            raise Conflict(pointer="/id")
        return await inner(raw)

    at.around(at.vendor, "receive", receive)


@fault("RCV-2")
def signs_refusals_of_what_is_not_signed(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        try:
            return await inner(raw)
        except (Malformed, BadSignature) as problem:
            document = orjson.loads(raw)
            to, thread = document["from"], document["thread"]
            of, now = trust.digest(raw), at.vendor.now()
            return [at.signer.receipt(of, to=to, at=now, thread=thread, problem=problem, link=Link(1)).raw]

    at.around(at.vendor, "receive", receive)


@fault("RCV-4")
def signs_no_refusal(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        answers = await inner(raw)
        body = orjson.loads(answers[0])["body"]
        if body["outcome"] == "refused":
            raise Problem.from_dict(body["problem"])
        return answers

    at.around(at.vendor, "receive", receive)


@fault("RCV-9")
def tells_strangers_that_a_thread_exists(at: Switch) -> None:
    threads: set[str] = set()

    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        thread = orjson.loads(raw)["thread"]
        try:
            answers = await inner(raw)
        except UnknownThread:
            if thread in threads:
                raise WrongKey("not your thread", pointer="/thread") from None
            raise
        threads.add(thread)
        return answers

    at.around(at.vendor, "receive", receive)


@fault("COR-1")
def gives_two_receipts(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        answers = await inner(raw)
        return [*answers, afresh(at, answers[0])]

    at.around(at.vendor, "receive", receive)


def receipts_say(change: Callable[[str, core.Receipt], core.Receipt]) -> Break:
    def switch(at: Switch) -> None:
        inner = signing.Signer.receipt

        def receipt(self: signing.Signer, of: str, *, to: str, at: str, thread: str, **said: Any) -> Any:
            if self.did != DID:
                return inner(self, of, to=to, at=at, thread=thread, **said)
            problem = said.pop("problem", None)
            link = said.pop("link")
            right = core.Receipt(of=of, problem=problem and core.ProblemDetail(**problem.as_dict()), **said)
            body = change(of, right)
            told = body.problem and Problem.from_dict(body.problem.wire())
            members = {"outcome": body.outcome, "state": body.state, "problem": told}
            return inner(self, body.of, to=to, at=at, thread=thread, link=link, **members)

        at.patch.setattr(signing.Signer, "receipt", receipt)

    return switch


def _taken(body: core.Receipt) -> bool:
    return body.outcome != "refused"


FAULTS |= {
    "says_the_wrong_state": (
        "COR-5",
        receipts_say(lambda digest, body: body.model_copy(update={"state": "none"}) if _taken(body) else body),
    ),
    "receipts_of_another_digest": (
        "ENV-12",
        receipts_say(lambda digest, body: body.model_copy(update={"of": NOWHERE})),
    ),
}


@fault("ENV-3")
def receipts_of_another_thread(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        first, *rest = await inner(raw)
        return [afresh(at, first, thread=signing.new_id()), *rest]

    at.around(at.vendor, "receive", receive)


# Handlers


@fault("RCV-14")
def lets_withdrawals_wait_for_handlers(at: Switch) -> None:
    for module in (handlers, vendor_receiving):
        at.patch.setattr(module, "is_narrowing", lambda type_, side: False)
