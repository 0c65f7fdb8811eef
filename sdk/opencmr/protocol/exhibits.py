"""Exhibits: bytes that somebody puts forward, each read by itself (`spec/v1/evidence.md`, step 1).

What is bad is held against the relationship that it belongs to, so that one exhibit spoils no other relationship. To
which it belongs says a signed word that names its stated digest, or else its own bytes. Only what belongs to none is
held against the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from .. import trust
from ..errors import Malformed, NotJson, Problem, TooLarge
from ..messages import core, pointer
from .arrangement import Piece
from .erasure import is_tombstone, unearth
from .history import is_entry
from .manifest import MAX_BYTES as MAX_FOLD_BYTES
from .receiving import Verified, parse, verify
from .speakers import gone_on_as

Pair = tuple[str, str]
"""A relationship: the customer's DID and the vendor's."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Bytes under the name by which people know them.

    Attributes:
        name: Such as `messages/0007-terms.accept.json`.
        raw: The bytes.
        digest: The digest that they are stated to have.
        stated: Members of the document as they are stated beside it, such as a message's `type`.
        unfit: Why there are no bytes to look at, where there are none: a code, and a sentence.
    """

    name: str
    raw: bytes
    digest: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    unfit: tuple[str, str] | None = None


@dataclass(frozen=True)
class Evidence:
    """All that is put forward.

    Attributes:
        messages: Messages and receipts of both sides, in their order.
        dids: The vendors' DID documents.
        folds: The records of each relationship, as they are stated.
        part: The threads that are here whole, where it is stated that the rest was left out.
        given: Vendors whose DID documents the reader has from elsewhere.
        loose: What is wrong with the place where all this was found.
    """

    messages: Sequence[Exhibit]
    dids: Sequence[Exhibit] = ()
    folds: Sequence[Exhibit] = ()
    part: frozenset[str] | None = None
    given: frozenset[str] = frozenset()
    loose: "tuple[Finding, ...]" = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        name: The exhibit.
        code: A code of the registry of problems, or of the table in `spec/v1/evidence.md`.
        why: A sentence for people.
        pointer: JSON pointer of the bad member, where it is one.
    """

    name: str
    code: str
    why: str
    pointer: str | None = None

    @classmethod
    def of(cls, name: str, problem: "Problem | _Bad") -> "Finding":
        """What was raised, as a finding."""
        return cls(name, problem.code, problem.detail or problem.title, problem.pointer)


@dataclass
class Reading:
    """What could be read, by relationship.

    Attributes:
        pieces: Messages and receipts whose signatures hold.
        found: What is wrong with exhibits that belong to a relationship.
        loose: What is wrong with those that belong to none.
        folds: The stated records.
    """

    pieces: dict[Pair, list[Piece]] = field(default_factory=dict)
    found: dict[Pair, list[Finding]] = field(default_factory=dict)
    loose: list[Finding] = field(default_factory=list)
    folds: dict[Pair, list[tuple[Exhibit, dict[str, Any]]]] = field(default_factory=dict)

    @property
    def pairs(self) -> list[Pair]:
        """The relationships, by the customer's DID and then the vendor's."""
        return sorted(self.pieces.keys() | self.found.keys())

    def hold(self, pair: Pair | None, finding: Finding) -> None:
        """Hold something against a relationship; without one, against the whole."""
        (self.loose if pair is None else self.found.setdefault(pair, [])).append(finding)


@dataclass
class _Keys:
    """Vendor → key URL → key; and what is wrong with the documents that have none to give."""

    pinned: dict[str, dict[str, str]] = field(default_factory=dict)
    bad: list[tuple[str | None, Finding]] = field(default_factory=list)

    @property
    def spoilt(self) -> set[str | None]:
        return {did for did, _ in self.bad} - self.pinned.keys()


def examine_exhibits(evidence: Evidence) -> Reading:
    """Step 1: each exhibit by itself."""
    reading = Reading(loose=[*evidence.loose])
    keys = _read_keys(evidence.dids)
    names = {each.digest: each.name for each in evidence.messages if each.digest is not None}
    bad: list[tuple[Exhibit, Finding]] = []
    strangers: set[Pair] = set()
    for position, exhibit in enumerate(evidence.messages):
        try:
            _check_stated(exhibit, trust.MAX_BYTES, names)
            if is_tombstone(exhibit.raw):
                pair, piece = _tombstone(exhibit, position)
                reading.pieces.setdefault(pair, []).append(piece)
                continue
            verified, pair = _read(exhibit, keys)
            if verified is None:
                if pair not in strangers and pair[1] not in keys.spoilt:
                    why = f"there is no DID document of {pair[1][:300]}"
                    reading.hold(pair, Finding(exhibit.name, "no-document", why, "/from"))
                strangers.add(pair)
                continue
            _check_says(exhibit, {"type": verified.message.type})
            if isinstance(verified.message.body, core.REQUESTS):
                raise _Bad("no-entry", "what a customer asks with is no part of a conversation", "/type")
        except (Problem, _Bad) as problem:
            bad.append((exhibit, Finding.of(exhibit.name, problem)))
            continue
        piece = Piece(exhibit.name, verified.digest, verified.message, verified.fault, position)
        reading.pieces.setdefault(pair, []).append(piece)
    now = _joined(reading)
    named = {digest: pair for pair, pieces in reading.pieces.items() for piece in pieces for digest in piece.names}
    for exhibit, finding in bad:
        claimed = _claimed(exhibit)
        reading.hold(named.get(exhibit.digest or "") or (now.get(claimed, claimed) if claimed else None), finding)
    _hold_keys(reading, keys, strangers)
    _read_folds(reading, evidence.folds)
    return reading


def _joined(reading: Reading) -> dict[Pair, Pair]:
    """Join what a customer said under several DIDs: it is held under the last one. Returns that of the earlier ones."""
    now: dict[Pair, Pair] = {}
    vendors: dict[str, list[Piece]] = {}
    for (_, vendor), pieces in reading.pieces.items():
        vendors.setdefault(vendor, []).extend(pieces)
    for vendor, pieces in vendors.items():
        moves = gone_on_as(piece.message for piece in pieces)
        for was in moves:
            last, passed = was, {was}
            while last in moves and moves[last] not in passed:
                last = moves[last]
                passed.add(last)
            now[was, vendor] = last, vendor
    for pair, joined in now.items():
        if pair != joined and pair in reading.pieces:
            found = [*reading.pieces.pop(pair), *reading.pieces.get(joined, [])]
            reading.pieces[joined] = sorted(found, key=lambda piece: piece.position)
    for pair, joined in now.items():
        for finding in reading.found.pop(pair, []) if pair != joined else ():
            reading.hold(joined, finding)
    return now


def check_message(exhibit: Exhibit, dids: Sequence[Exhibit] = ()) -> tuple[Verified | None, tuple[Finding, ...]]:
    """Check one message by itself: who said it, and that these are the bytes. A receipt or a collect is one too.

    Args:
        exhibit: The message.
        dids: DID documents, one of which is its vendor's if a vendor said it.

    Returns:
        The message, or what is wrong.
    """
    keys = _read_keys(dids)
    if keys.bad:
        return None, tuple(finding for _, finding in keys.bad)
    try:
        _check_stated(exhibit, trust.MAX_BYTES, {})
        verified, pair = _read(exhibit, keys)
        if verified is not None and verified.fault is not None and verified.message.type == core.Receipt.type:
            raise verified.fault
    except (Problem, _Bad) as problem:
        return None, (Finding.of(exhibit.name, problem),)
    if verified is None:
        why = f"there is no DID document of {pair[1][:300]}"
        return None, (Finding(exhibit.name, "no-document", why, "/from"),)
    return verified, ()


class _Bad(Exception):
    """What is wrong by a code of evidence alone; it is no problem that travels."""

    def __init__(self, code: str, why: str, where: str | None = None) -> None:
        super().__init__(why)
        self.code, self.detail, self.title, self.pointer = code, why, why, where


def _read(exhibit: Exhibit, keys: _Keys) -> tuple[Verified | None, Pair]:
    """A message whose signature holds, and whose it is; none where its vendor's keys are not here.

    Raises:
        Problem: It is none.
    """
    parsed = parse(exhibit.raw)
    from_, to = parsed.sender, str(parsed.document.get("to", ""))
    vendors = from_.startswith("did:web:")
    customer, vendor = (to, from_) if vendors else (from_, to)
    if vendors and vendor not in keys.pinned:
        if not customer.startswith("did:key:"):
            raise Malformed("a vendor speaks to a customer", pointer="/to", rule="IDN-1")
        return None, (customer, vendor)
    lenient = vendors and parsed.document.get("type") not in core.REQUEST_TYPES
    verified = verify(parsed, me=to, pinned=keys.pinned.get(vendor, {}), lenient=lenient)
    if not (customer.startswith("did:key:") and vendor.startswith("did:web:")):
        raise Malformed("a customer is a did:key and a vendor a did:web", pointer="/to", rule="IDN-1")
    return verified, (customer, vendor)


def _tombstone(exhibit: Exhibit, position: int) -> tuple[Pair, Piece]:
    """What stays of a message that was erased, and whose it was. Nobody has signed it: others have to name it.

    Raises:
        Problem, _Bad: It is none, or of what is never erased.
    """
    digest, message = unearth(exhibit.raw)
    _check_says(exhibit, {"type": message.type})
    pair = (message.to, message.from_) if message.side == "vendor" else (message.from_, message.to)
    if not (pair[0].startswith("did:key:") and pair[1].startswith("did:web:")):
        raise Malformed("a customer is a did:key and a vendor a did:web", pointer="/to", rule="IDN-1")
    if not is_entry(message):
        raise _Bad("no-entry", "a receipt is not erased: it says nothing of what was said", "/type")
    if (message.number is None) is (message.side == "vendor") or (message.side == "vendor" and message.seen):
        raise Malformed("a vendor's word has a number, and a customer's none", pointer="/number", rule="EVD-12")
    return pair, Piece(exhibit.name, digest, message, None, position)


def _claimed(exhibit: Exhibit) -> Pair | None:
    """Between whom the bytes claim to be, if they do."""
    try:
        members = _loads(exhibit.raw)
    except Problem:
        return None
    dids = sorted(str(members.get(name)) for name in ("from", "to"))
    return (dids[0], dids[1]) if dids[0].startswith("did:key:") and dids[1].startswith("did:web:") else None


def _read_keys(dids: Sequence[Exhibit]) -> _Keys:
    keys = _Keys()
    for exhibit in dids:
        did = exhibit.stated.get("id")
        try:
            _check_stated(exhibit, trust.MAX_BYTES, {})
            members = _loads(exhibit.raw)
            did = did or (str(members["id"]) if "id" in members else None)
            document = trust.parse_document(str(members.get("id")), members)
            _check_says(exhibit, members)
            if document.id in keys.pinned:
                raise _Bad("duplicate", f"a second DID document of {document.id}")
            keys.pinned[document.id] = document.keys
        except (Problem, _Bad) as problem:
            keys.bad.append((did, Finding.of(exhibit.name, problem)))
    return keys


def _hold_keys(reading: Reading, keys: _Keys, strangers: set[Pair]) -> None:
    for did, finding in keys.bad:
        pairs = [pair for pair in reading.pieces.keys() | reading.found.keys() | strangers if pair[1] == did]
        for pair in pairs:
            reading.hold(pair, finding)
        if not pairs:
            reading.hold(None, finding)


def _read_folds(reading: Reading, folds: Sequence[Exhibit]) -> None:
    pairs = set(reading.pairs)
    for exhibit in folds:
        said: Mapping[str, Any] = exhibit.stated
        try:
            _check_stated(exhibit, MAX_FOLD_BYTES, {})
            said = document = trust.parse(exhibit.raw, limit=MAX_FOLD_BYTES)
            _check_says(exhibit, document)
        except (Problem, _Bad) as problem:
            reading.hold(_within(pairs, exhibit.stated) or _within(pairs, said), Finding.of(exhibit.name, problem))
            continue
        pair = _within(pairs, document)
        if pair is None:
            reading.hold(
                None, Finding(exhibit.name, "answers-nothing", "no message is of this relationship", "/customer")
            )
        else:
            reading.folds.setdefault(pair, []).append((exhibit, document))


def _within(pairs: set[Pair], said: Mapping[str, Any]) -> Pair | None:
    pair = (str(said.get("customer")), str(said.get("vendor")))
    return pair if pair in pairs else None


def _check_says(exhibit: Exhibit, document: Mapping[str, Any]) -> None:
    """Raise where the document says something else than is stated of it."""
    for name, value in exhibit.stated.items():
        if document.get(name) != value:
            raise _Bad("not-as-stated", f"the manifest states the {name} {value}", pointer((name,)))


def _check_stated(exhibit: Exhibit, limit: int, others: Mapping[str, str]) -> None:
    """Raise where there is nothing to look at, or too much, or something of another digest than is stated."""
    if exhibit.unfit is not None:
        raise _Bad(*exhibit.unfit)
    if len(exhibit.raw) > limit:
        raise TooLarge(f"more than {limit} bytes")
    found = trust.digest(exhibit.raw)
    if exhibit.digest not in (None, found):
        other = f"; these are the bytes of {others[found]}" if found in others else ""
        raise _Bad("other-digest", f"its digest is {found}, stated is {exhibit.digest}{other}")


def _loads(raw: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotJson(str(error)[:200]) from error
    if not isinstance(members, dict):
        raise NotJson("not a JSON object")
    return members
