"""What holds for everything that a vendor answers, whatever it is about.

Nothing here remembers anything: whether a word goes on from the one before it is asked in `hand`, which has the chain.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from .. import _spec, messages, trust
from ..errors import PROBLEM_BASE, PROBLEMS, NotCanonical, Problem
from ..protocol.receiving import check_place
from ..transport.bundle import MAX_BUNDLE
from .suite import Failed
from .wire import Answer

Document = dict[str, Any]

NEVER_SIGNED = frozenset({
    "unsupported-media", "too-large", "too-deep", "not-json", "bad-number", "null-member", "malformed", "not-canonical",
    "wrong-addressee", "unsupported-version", "unsupported-type", "wrong-key", "weak-key", "bad-signature",
})  # fmt: skip
"""The codes of the checks 1 and 3 to 7: nothing is signed, and nothing stored."""


def inspect(document: Document, *, vendor: str, customer: str, keys: Mapping[str, str], elsewhere: str) -> None:
    """Hold a word of a vendor's to what holds for every one: closed, of the vendor, to this customer, well signed.

    Args:
        document: The word.
        vendor: The vendor's DID.
        customer: Whom it must be addressed to.
        keys: Key URL → public key of the vendor.
        elsewhere: The requirement that another addressee breaks.

    Raises:
        Failed: It is something else.
    """
    try:
        message = messages.validate(document)
        check_place(message)
    except Problem as problem:
        raise Failed(f"a {str(document.get('type'))[:40]} of the vendor: {problem}", _rule_of(problem)) from problem
    if message.from_ != vendor:
        raise Failed(f"a message from {message.from_}", "IDN-1")
    if message.to != customer:
        raise Failed("a message to somebody else", elsewhere)
    try:
        public = trust.public_key(message.from_, message.proof.verification_method, keys)
    except Problem as problem:
        raise Failed(f"signed with a key that the DID document does not list: {problem}", "TRN-10") from problem
    try:
        trust.verify(document, public)
    except Problem as problem:
        raise Failed(f"the vendor's signature does not hold: {problem}", "SIG-2") from problem
    if message.type == "receipt" and (said := document["body"].get("problem")) is not None:
        check_problem(said, None)


def check_problem(problem: Any, status: int | None) -> None:
    """Hold a problem to the registry.

    Raises:
        Failed: It says something else.
    """
    name = code(problem) if isinstance(problem, dict) else None
    registered = PROBLEMS.get(str(name))
    if registered is None:
        raise Failed(f"the registry has no problem {str(name)[:60]}", "TRN-9")
    said = tuple(problem.get(member) for member in ("title", "status", "fault", "retry"))
    right = (registered.title, registered.status, registered.fault, registered.retry)
    if said != right or status not in (None, registered.status):
        raise Failed(f"{name} is {right}, and not {said} with HTTP {status}", "TRN-9")


def code(problem: Document | None) -> str | None:
    """The code of a problem."""
    return str(problem.get("type")).removeprefix(PROBLEM_BASE) if problem else None


@cache
def pointers(code: str | None, type_: str = "*") -> frozenset[str]:
    """The pointers of which a problem has to say one, by the tables of the specification: `N` stands for a position.

    Args:
        code: Of the problem.
        type_: Of the message that it answers; absent: what holds for every type.

    Returns:
        Those of the registry, and of the rows for every type and for this one; none where the pointer may be left out.
    """
    registry = _spec.table("problems.json")["problems"]
    files = sorted(_spec.root().glob("*/answers.json"))
    tables = [orjson.loads(file.read_bytes()) for file in (_spec.root() / "answers.json", *files)]
    rows = [
        *(one for one in registry if "pointer" in one),
        *(
            row
            for table in tables
            for answers in table["answers"]
            if answers["type"] in ("*", type_)
            for row in answers["rules"]
        ),
    ]
    return frozenset(pointer for row in rows if row["code"] == code for pointer in row["pointer"])


def check_pointer(said: Document, right: str | None, type_: str = "*", why: str | None = None) -> None:
    """Hold the pointer of a problem to what is right here, and to what the tables ask of every problem.

    Args:
        said: The problem.
        right: The pointer that a check expects; none where any of the tables will do.
        type_: Of the message that it answers, where that is known.
        why: The requirement that another pointer breaks.

    Raises:
        Failed: A pointer that is due is missing, or it is another one.
    """
    there, due = said.get("pointer"), pointers(code(said), type_)
    if there is None:
        if code(said) == "malformed":
            raise Failed(f"no pointer, and it is {right or 'that of the bad member'}", "ENV-8")
        if due:
            raise Failed(f"no pointer, and it is {right or ' or '.join(sorted(due))}", _asked_by(code(said)))
        return
    if right is not None and there != right:
        raise Failed(f"the pointer is {str(there)[:200]}, and not {right}", why or "ENV-8")
    if right is None and due and re.sub(r"/[0-9]+(?=/|$)", "/N", str(there)) not in due:
        told = f"the pointer is {str(there)[:200]}, and not {' or '.join(sorted(due))}"
        raise Failed(told, _asked_by(code(said)))


def _asked_by(code: str | None) -> str:
    """The requirement that asks for the pointer of a problem that is not malformed."""
    registry = _spec.table("problems.json")["problems"]
    return "TRN-9" if any(one["code"] == code and "pointer" in one for one in registry) else "LIF-3"


def stated(answer: Answer) -> Document:
    """The problem of an answer.

    Raises:
        Failed: It is none.
    """
    if answer.media_type != "application/problem+json":
        raise Failed(described(answer), "TRN-9")
    try:
        problem = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise Failed("a problem that is not JSON", "TRN-9") from error
    check_problem(problem, answer.status)
    found: Document = problem
    return found


def bundle(answer: Answer, *, mailbox: bool) -> tuple[list[Document], bool]:
    """The messages of an answer; of one of the mailbox, whether there is more.

    Raises:
        Failed: It is no such answer.
    """
    if answer.status != 200 or answer.media_type != "application/json":
        raise Failed(described(answer), "TRN-5" if answer.status == 200 else "TRN-4")
    try:
        found = trust.parse(answer.body, limit=MAX_BUNDLE, depth=trust.MAX_DEPTH + 2)
    except NotCanonical as problem:
        raise Failed("the answer is not in canonical form", "TRN-5") from problem
    except Problem as problem:
        raise Failed(f"the answer is not OpenCMR: {problem}", "TRN-5") from problem
    listed = found.get("messages")
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Failed("the answer has no list of messages", "TRN-7" if mailbox else "TRN-4")
    if mailbox and not isinstance(found.get("more"), bool):
        raise Failed("the answer of the mailbox does not say whether there is more", "TRN-7")
    if extra := set(found) - {"messages", *(("more",) if mailbox else ())}:
        raise Failed(f"the answer has {', '.join(sorted(extra))}", "TRN-7" if mailbox else "TRN-4")
    return listed, found.get("more") is True


def digest_of(document: Document) -> str:
    """The digest of a signed message."""
    return trust.digest(trust.canonicalize(document))


def first_outcome(answer: Answer) -> str:
    """What the receipt says that an answer begins with; what the answer is, where it begins with none."""
    try:
        return str(orjson.loads(answer.body)["messages"][0]["body"]["outcome"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return described(answer)


def described(answer: Answer) -> str:
    """An answer in a few words."""
    redirects = ", a redirect" if 300 <= answer.status < 400 else ""
    return f"HTTP {answer.status}{redirects} with {answer.media_type[:60] or 'no media type'}"


def _rule_of(problem: Problem) -> str:
    """Which requirement a vendor's malformed message breaks."""
    pointer = problem.pointer or ""
    if problem.rule:
        return problem.rule
    if pointer.startswith("/proof"):
        return "SIG-1"
    rules = {"/number": "SEQ-16", "/prior": "SEQ-16", "/seen": "ENV-13", "/expires": "ENV-14", "/thread": "ENV-2"}
    return rules.get(pointer, "ENV-1")
