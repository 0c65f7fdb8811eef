"""Checking what two parties have said to each other, offline, from bytes alone (`spec/v1/evidence.md`).

    1  each by itself     size, digest, canonical form, model, key, signature
    2  what belongs together   ids, receipts and what they answer, what is named and must be there
    3  the order          all stand where their places put them
    4  chain and fold     every message follows the head, and every receipt says what the fold says
    5  the records        the stated folds are the computed ones

A step is taken only if those before it have found nothing, so that findings name causes and not consequences. What is
*not* handled here: files and folders. Callers bring bytes and the names by which people know them.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from .. import trust
from ..errors import Malformed, NotJson, Problem, TooLarge
from ..messages import Path, core, pointer
from ..messages.types import Side
from .clock import AHEAD, shifted
from .history import History, is_entry
from .manifest import MAX_BYTES as MAX_FOLD_BYTES
from .receiving import Verified, parse, settle, verify
from .said import Said


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Bytes under the name by which people know them.

    Attributes:
        name: Such as `messages/0007-terms.accept.json`.
        raw: The bytes.
        digest: The digest that they are stated to have.
        stated: Members of the document as they are stated beside it, such as a message's `type`.
    """

    name: str
    raw: bytes
    digest: str | None = None
    stated: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """All that is put forward.

    Attributes:
        messages: Messages and receipts of both sides, in their order.
        dids: The vendors' DID documents.
        folds: The records of each relationship, as they are stated.
    """

    messages: Sequence[Exhibit]
    dids: Sequence[Exhibit] = ()
    folds: Sequence[Exhibit] = ()


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


Pair = tuple[str, str]
"""A relationship: the customer's DID and the vendor's."""


@dataclass(frozen=True)
class Findings:
    """What came of the check.

    Attributes:
        findings: What is wrong; empty if the evidence holds.
        step: The last step that was taken.
        counts: How many messages, receipts, relationships, threads; how many were accepted, moot, void, refused.
        histories: What the messages fold to, as far as they were folded.
    """

    findings: tuple[Finding, ...]
    step: int
    counts: Mapping[str, int]
    histories: Mapping[Pair, History]

    @property
    def ok(self) -> bool:
        """Whether the evidence holds."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Item:
    """An exhibit that is a message with a valid signature."""

    name: str
    verified: Verified
    side: Side
    pair: Pair

    @property
    def message(self) -> Any:
        return self.verified.message

    @property
    def digest(self) -> str:
        return self.verified.digest

    @property
    def is_receipt(self) -> bool:
        return not is_entry(self.message)


@dataclass
class _Case:
    """The work in hand."""

    found: list[Finding] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)
    receipts: dict[tuple[Pair, str], _Item] = field(default_factory=dict)
    histories: dict[Pair, History] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def find(self, item: _Item | Exhibit, code: str, why: str, where: str | None = None) -> None:
        self.found.append(Finding(item.name, code, why, where))

    def refuse(self, item: _Item | Exhibit, problem: Problem) -> None:
        self.find(item, problem.code, problem.detail or problem.title, problem.pointer)

    def receipt(self, item: _Item) -> _Item:
        return self.receipts[item.pair, item.digest]


def check(evidence: Evidence) -> Findings:
    """Check evidence. Never raises for what it holds; says which exhibit is wrong, and why.

    Args:
        evidence: What is put forward.
    """
    case, step = _Case(), 1
    pinned = _read_keys(case, evidence.dids)
    stated = _read_folds(case, evidence.folds)
    _read_all(case, evidence.messages, pinned)
    if not case.found:
        step = 2
        _check_belonging(case)
    if not case.found:
        step = 3
        _check_order(case)
    if not case.found:
        step = 4
        _fold(case)
    if not case.found:
        step = 5
        _compare(case, stated)
    case.counts["relationships"] = len({item.pair for item in case.items})
    case.counts["threads"] = len({(item.pair, item.message.thread) for item in case.items})
    return Findings(tuple(case.found), step, dict(case.counts), case.histories)


def check_message(exhibit: Exhibit, dids: Sequence[Exhibit] = ()) -> tuple[Verified | None, tuple[Finding, ...]]:
    """Check one message by itself: who said it, and that these are the bytes. A receipt or a collect is one too.

    Args:
        exhibit: The message.
        dids: DID documents, one of which is its vendor's if a vendor said it.

    Returns:
        The message, or what is wrong.
    """
    case = _Case()
    pinned = _read_keys(case, dids)
    item = None if case.found else _read(case, exhibit, pinned)
    return (item.verified if item else None), tuple(case.found)


# 1 each by itself


def _read_keys(case: _Case, dids: Sequence[Exhibit]) -> dict[str, dict[str, str]]:
    """Vendor → key URL → key."""
    keys: dict[str, dict[str, str]] = {}
    for exhibit in dids:
        if not _is_as_stated(case, exhibit, trust.MAX_BYTES):
            continue
        try:
            members = _loads(exhibit.raw)
            document = trust.read_document(str(members.get("id")), members)
        except Problem as problem:
            case.refuse(exhibit, problem)
            continue
        if not _says_as_stated(case, exhibit, members):
            continue
        if document.id in keys:
            case.find(exhibit, "duplicate", f"a second DID document of {document.id}")
        keys[document.id] = document.keys
    return keys


def _read_folds(case: _Case, folds: Sequence[Exhibit]) -> list[tuple[Exhibit, dict[str, Any]]]:
    stated: list[tuple[Exhibit, dict[str, Any]]] = []
    for exhibit in folds:
        if _is_as_stated(case, exhibit, MAX_FOLD_BYTES):
            try:
                document = trust.read(exhibit.raw, limit=MAX_FOLD_BYTES)
                if _says_as_stated(case, exhibit, document):
                    stated.append((exhibit, document))
            except Problem as problem:
                case.refuse(exhibit, problem)
    return stated


def _read_all(case: _Case, messages: Sequence[Exhibit], pinned: Mapping[str, dict[str, str]]) -> None:
    names = {exhibit.digest: exhibit.name for exhibit in messages if exhibit.digest is not None}
    unknown: set[str] = set()
    for exhibit in messages:
        if not _is_as_stated(case, exhibit, trust.MAX_BYTES, names):
            continue
        item = _read(case, exhibit, pinned, unknown)
        if item is None or not _says_as_stated(case, exhibit, {"type": item.message.type}):
            continue
        if item.message.type == core.Collect.type:
            case.find(exhibit, "no-entry", "a collect is no part of a conversation", "/type")
            continue
        case.items.append(item)
        case.counts["receipts" if item.is_receipt else "messages"] += 1


def _read(
    case: _Case, exhibit: Exhibit, pinned: Mapping[str, dict[str, str]], unknown: set[str] | None = None
) -> _Item | None:
    """A message whose signature holds, or a finding."""
    unknown = set() if unknown is None else unknown
    try:
        parsed = parse(exhibit.raw)
        from_, to = parsed.sender, str(parsed.document.get("to", ""))
        side: Side = "vendor" if from_.startswith("did:web:") else "customer"
        customer, vendor = (to, from_) if side == "vendor" else (from_, to)
        if side == "vendor" and vendor not in pinned:
            if vendor not in unknown:
                case.find(exhibit, "no-document", f"there is no DID document of {vendor[:300]}", "/from")
            unknown.add(vendor)
            return None
        lenient = side == "vendor" and parsed.document.get("type") not in (core.Receipt.type, core.Collect.type)
        verified = verify(parsed, me=to, pinned=pinned.get(vendor, {}), lenient=lenient)
        if not (customer.startswith("did:key:") and vendor.startswith("did:web:")):
            raise Malformed("a customer is a did:key and a vendor a did:web", pointer="/to", rule="IDN-1")
        return _Item(exhibit.name, verified, side, (customer, vendor))
    except Problem as problem:
        case.refuse(exhibit, problem)
        return None


def _says_as_stated(case: _Case, exhibit: Exhibit, document: Mapping[str, Any]) -> bool:
    for name, value in exhibit.stated.items():
        if document.get(name) != value:
            case.find(exhibit, "not-as-stated", f"the manifest states the {name} {value}", pointer((name,)))
            return False
    return True


def _is_as_stated(case: _Case, exhibit: Exhibit, limit: int, others: Mapping[str, str] | None = None) -> bool:
    """Whether an exhibit is of a size to be looked at, and has the digest that it is stated to have."""
    if len(exhibit.raw) > limit:
        case.find(exhibit, TooLarge.code, f"more than {limit} bytes")
        return False
    found = trust.digest(exhibit.raw)
    if exhibit.digest in (None, found):
        return True
    other = f"; these are the bytes of {others[found]}" if others and found in others else ""
    case.find(exhibit, "other-digest", f"its digest is {found}, stated is {exhibit.digest}{other}")
    return False


def _loads(raw: bytes) -> dict[str, Any]:
    try:
        members = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotJson(str(error)[:200]) from error
    if not isinstance(members, dict):
        raise NotJson("not a JSON object")
    return members


# 2 what belongs together


def _check_belonging(case: _Case) -> None:
    here: dict[tuple[Pair, str], _Item] = {}
    ids: dict[tuple[str, str], _Item] = {}
    for item in case.items:
        first = ids.setdefault((item.message.from_, item.message.id), item)
        if first is not item:
            same = first.digest == item.digest
            why = f"the same message as {first.name}" if same else f"the id of {first.name}, and other bytes"
            case.find(item, "duplicate" if same else "conflict", why, None if same else "/id")
        here.setdefault((item.pair, item.digest), item)
    for item in case.items:
        if item.is_receipt:
            _check_receipt(case, item, here)
    for item in case.items:
        if not item.is_receipt and (item.pair, item.digest) not in case.receipts:
            other = "vendor's" if item.side == "customer" else "customer's"
            case.find(item, "unanswered", f"the {other} receipt for it is not here")
        for member, named in _must_be_here(item):
            if (item.pair, named) not in here:
                case.find(item, "missing", f"the message before it, {named}, is not here", member)


def _check_receipt(case: _Case, item: _Item, here: Mapping[tuple[Pair, str], _Item]) -> None:
    answered = here.get((item.pair, item.message.body.of))
    if answered is None:
        case.find(item, "missing", f"the message that it answers, {item.message.body.of}, is not here", "/body/of")
    elif answered.is_receipt or answered.side == item.side:
        case.find(item, "answers-nothing", f"{answered.name} is not for it to answer", "/body/of")
    elif answered.message.thread != item.message.thread:
        case.find(item, "answers-nothing", f"{answered.name}, which it answers, is in another thread", "/thread")
    elif (first := case.receipts.setdefault((item.pair, answered.digest), item)) is not item:
        if first.digest != item.digest:
            case.find(item, "answered-twice", f"{first.name} has answered {answered.name} already", "/body/of")
    elif item.side == "customer" and item.message.body.previous is not None:
        case.find(item, "malformed", "a customer's receipt gives no place", "/body/previous")


def _must_be_here(item: _Item) -> Iterable[tuple[str, str]]:
    """What the vendor's signed words put before a message. A customer's own may name what never got a place."""
    if item.side == "vendor" and not item.is_receipt and item.message.in_reply_to is not None:
        yield "/inReplyTo", item.message.in_reply_to
    if item.side == "vendor" and item.is_receipt and item.message.body.previous is not None:
        yield "/body/previous", item.message.body.previous


# 3 the order


def _check_order(case: _Case) -> None:
    """By when each took its place; at one instant by relationship; and a receipt right after what it answers."""
    said = {(item.pair, item.digest): item for item in case.items}
    places: list[tuple[str, Pair, int]] = []
    dated: dict[tuple[Pair, str], _Item] = {}
    for item in case.items:
        one = said[item.pair, item.message.body.of] if item.is_receipt else item
        at = one if one.side == "vendor" else case.receipt(one)
        places.append((at.message.created, item.pair, int(item.is_receipt)))
        first = dated.setdefault((at.pair, at.message.created), at)
        if first is not at and item is at:
            case.find(at, "same-instant", f"the vendor dates it as it dates {first.name}", "/created")
    if case.found:
        return
    right = sorted(range(len(places)), key=places.__getitem__)
    before = dict(zip(right[1:], right, strict=False))
    for position in _out_of_order(places):
        where = f"right after {case.items[before[position]].name}" if position in before else "at the beginning"
        case.find(case.items[position], "out-of-order", f"by its place it stands {where}")


def _out_of_order(places: Sequence[tuple[str, Pair, int]]) -> list[int]:
    """The fewest positions without which the rest strictly increases."""
    tops: list[tuple[str, Pair, int]] = []
    ends: list[int] = []
    links: list[int | None] = []
    for position, place in enumerate(places):
        length = bisect_left(tops, place)
        links.append(ends[length - 1] if length else None)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [position]
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = links[last]
    return [position for position in range(len(places)) if position not in kept]


# 4 chain and fold


def _fold(case: _Case) -> None:
    known: dict[Pair, set[str]] = defaultdict(set)
    broken: set[tuple[Pair, str]] = set()
    for item in case.items:
        history = case.histories.setdefault(item.pair, History())
        if not item.is_receipt and (item.pair, item.message.thread) not in broken:
            before = len(case.found)
            take = _take_customers if item.side == "customer" else _take_vendors
            take(case, item, history, known[item.pair])
            if len(case.found) > before:
                broken.add((item.pair, item.message.thread))
        known[item.pair].add(item.digest)


def _take_customers(case: _Case, item: _Item, history: History, known: set[str]) -> None:
    receipt = case.receipt(item)
    said, at = receipt.message.body, receipt.message.created
    thread = history.threads.get(item.message.thread)
    if at < shifted(item.message.created, -AHEAD):
        case.find(receipt, "too-early", f"dated over five minutes before {item.name}, which it answers", "/created")
    head = thread.head if thread else None
    if said.outcome != "refused" and said.previous != head:
        case.find(receipt, "fork", _not_the_head(case, item.pair, said.previous, head), "/body/previous")
        return
    try:
        settled = settle(
            item.verified, side="customer", thread=thread, context=history, now=at, known=known.__contains__
        )
    except Problem as problem:
        case.find(item, problem.code, f"it could not be decided when it was: {problem.detail}", problem.pointer)
        return
    state = None if settled.problem else settled.thread.state
    _check_said(case, receipt, item, settled.outcome, state, settled.problem)
    case.counts[settled.outcome] += 1
    if settled.problem is None:
        history.put(settled.thread, at)


def _take_vendors(case: _Case, item: _Item, history: History, known: set[str]) -> None:
    thread = history.threads.get(item.message.thread)
    head = thread.head if thread else None
    if item.message.in_reply_to != head:
        case.find(item, "fork", _not_the_head(case, item.pair, item.message.in_reply_to, head), "/inReplyTo")
        return
    why = history.take(Said(item.message, item.digest, "vendor", item.message.created), item.verified.fault)
    after = history.threads[item.message.thread]
    outcome = after.entries[-1].outcome
    case.counts[outcome] += 1
    _check_said(case, case.receipt(item), item, "refused" if why else outcome, None if why else after.state, why)


def _check_said(case: _Case, receipt: _Item, item: _Item, outcome: str, state: str | None, why: Problem | None) -> None:
    """Whether a receipt says what the fold says."""
    said = receipt.message.body
    because = f" ({why})" if why else ""
    if said.outcome != outcome:
        why_not = f"it says {said.outcome} of {item.name}, the fold says {outcome}{because}"
        case.find(receipt, "other-outcome", why_not, "/body/outcome")
    elif said.state != state:
        case.find(
            receipt, "other-state", f"it says {said.state} after {item.name}, the fold says {state}", "/body/state"
        )
    elif why is not None and (code := Problem.from_dict(said.problem.wire()).code) != why.code:
        case.find(receipt, "other-problem", f"it says {code} of {item.name}, the rules say {why}", "/body/problem/type")


def _not_the_head(case: _Case, pair: Pair, named: str | None, head: str | None) -> str:
    names = {item.digest: item.name for item in case.items if item.pair == pair}
    return f"it follows {names.get(named or '', 'nothing')}, the head is {names.get(head or '', 'nothing')}"


# 5 the records


def records_of(history: History) -> dict[str, Any]:
    """The records of a relationship as plain JSON, by thread, the same on both sides."""
    return {id_: thread.record.as_dict() for id_, thread in history.threads.items() if thread.record is not None}


def _compare(case: _Case, stated: Sequence[tuple[Exhibit, dict[str, Any]]]) -> None:
    seen: dict[Pair, Exhibit] = {}
    for exhibit, said in stated:
        customer, vendor = said.get("customer"), said.get("vendor")
        pair = (str(customer), str(vendor))
        history = case.histories.get(pair)
        if history is None:
            case.find(exhibit, "answers-nothing", "no message is of this relationship", "/customer")
        elif (first := seen.setdefault(pair, exhibit)) is not exhibit:
            case.find(exhibit, "duplicate", f"{first.name} states this relationship's records already")
        else:
            right = {"customer": pair[0], "vendor": pair[1], "records": records_of(history)}
            if trust.write(right) != exhibit.raw:
                path = _first_difference(said, right)
                case.find(exhibit, "other-fold", "the messages fold to something else", pointer(path))
    for pair in case.histories.keys() - seen.keys():
        opener = next(item for item in case.items if item.pair == pair)
        case.find(opener, "missing", f"no records are stated for the relationship of {pair[0]} with {pair[1]}")


def _first_difference(said: Any, right: Any, path: Path = ()) -> Path:
    if isinstance(said, dict) and isinstance(right, dict):
        for name in sorted(said.keys() | right.keys()):
            if name not in said or name not in right:
                return (*path, name)
            if said[name] != right[name]:
                return _first_difference(said[name], right[name], (*path, name))
    if isinstance(said, list) and isinstance(right, list):
        for position, (one, other) in enumerate(zip(said, right, strict=False)):
            if one != other:
                return _first_difference(one, other, (*path, position))
        return (*path, min(len(said), len(right))) if len(said) != len(right) else path
    return path
