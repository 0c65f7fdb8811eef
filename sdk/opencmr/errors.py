"""The errors of OpenCMR: all that it raises on account of what a peer, a store or a caller said.

    OpenCMRError
    ├── Problem                 what one party tells the other: `spec/v1/problems.md`, one class a code
    ├── Refused                 the peer's signed receipt said no; carries it
    ├── Unreachable             the peer did not answer, or not in OpenCMR
    ├── Misconduct              the peer's signed words contradict each other
    ├── WrongFile               the peer delivered other bytes than its message names; they were thrown away
    ├── QuotaExceeded           a vendor has left as much in a wallet as it may; the rest waits at the vendor
    ├── KeyFileError            a key file is missing, unsafe, or the passphrase is wrong
    ├── StoreError              the store cannot be opened or written
    ├── BackupError             a backup is damaged or cut short, or the passphrase is another one
    └── UsageError              the calling code asked for what cannot be; never caused by a peer

A `Problem` is a value as much as an exception: it says which member is wrong (a JSON pointer), by which rule,
what would have been right, whose fault it is, and whether the same bytes may be sent again.
"""

from typing import Any, ClassVar, Literal

PROBLEM_BASE = "https://w3id.org/opencmr/v1/problems#"


class OpenCMRError(Exception):
    """The root of all errors of this package."""


class Problem(OpenCMRError):
    """A fault of a message or of its handling, as the registry in `spec/v1/problems.md` names it.

    Args:
        detail: One sentence for people.
        pointer: JSON pointer of the missing, unknown or bad member.
        rule: Id of the requirement that was broken, such as `OFR-1`.
        expected: What would have been right: names, versions, values.
        retry_after: Whole seconds after which the same bytes may be sent again, as the header `Retry-After` says; it is
            no member of the problem.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    fault: ClassVar[Literal["sender", "receiver"]] = "sender"
    retry: ClassVar[bool] = False

    def __init__(
        self,
        detail: str = "",
        *,
        pointer: str | None = None,
        rule: str | None = None,
        expected: list[str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.pointer = pointer
        self.rule = rule
        self.expected = expected
        self.retry_after = retry_after

    def __str__(self) -> str:
        where = f" at {self.pointer}" if self.pointer is not None else ""
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{self.code}{where}{rule}: {self.told}"

    @property
    def told(self) -> str:
        """The detail, or else the title, and what was expected: sentences for people."""
        why = self.detail or self.title
        return f"{why.rstrip('.')}. Expected: {', '.join(self.expected)}." if self.expected else why

    def as_dict(self) -> dict[str, Any]:
        """The problem as it travels: RFC 9457 members, and OpenCMR's own; absent ones left out.

        What a peer's message made too long for a receipt is cut: a refusal can always be said.
        """
        expected = [name[:200] for name in (self.expected or ())[:64] if name]
        members = {
            "type": PROBLEM_BASE + self.code,
            "title": self.title,
            "status": self.status,
            "fault": self.fault,
            "retry": self.retry,
            "detail": self.detail[:4000] or None,
            "pointer": _within(self.pointer),
            "rule": self.rule,
            "expected": expected or None,
        }
        return {name: value for name, value in members.items() if value is not None}

    @staticmethod
    def from_dict(members: dict[str, Any]) -> "Problem":
        """The problem that a peer sent; a code that is not in the registry becomes `Unknown`."""
        code = str(members.get("type", "")).removeprefix(PROBLEM_BASE)
        unknown = UnknownForNow if members.get("retry") is True else Unknown
        problem = PROBLEMS.get(code, unknown)(
            str(members.get("detail", "")),
            pointer=members.get("pointer"),
            rule=members.get("rule"),
            expected=members.get("expected"),
        )
        if isinstance(problem, Unknown):
            problem.said = members
        return problem


def _within(pointer: str | None) -> str | None:
    """A pointer that a problem has room for: where a hostile name makes it longer, the object that has the name."""
    while pointer is not None and len(pointer) > 500:
        pointer = pointer.rpartition("/")[0]
    return pointer


class Unknown(Problem):
    """A problem whose type is not in our registry."""

    code = "unknown"
    status = 400
    title = "The peer names a problem that this version does not know."
    said: dict[str, Any] | None = None


# Check 1: size and shape


class TooLarge(Problem):
    code = "too-large"
    status = 413
    title = "The message is larger than 64 KiB."


class TooDeep(Problem):
    code = "too-deep"
    status = 400
    title = "The message nests deeper than 32 levels."


class NotJson(Problem):
    code = "not-json"
    status = 400
    title = "The body is not I-JSON in UTF-8."


class NotCanonical(Problem):
    code = "not-canonical"
    status = 400
    title = "The body is not in canonical form (RFC 8785)."


class BadNumber(Problem):
    code = "bad-number"
    status = 400
    title = "A number is not an integer within ±(2^53-1)."


class NullMember(Problem):
    code = "null-member"
    status = 400
    title = "A member is null; leave an absent member out."


class UnsupportedMedia(Problem):
    code = "unsupported-media"
    status = 415
    title = "The media type or the content encoding is not the one of OpenCMR."


# Check 2: already known?


class Conflict(Problem):
    code = "conflict"
    status = 409
    title = "This sender has used this id for other bytes."


# Check 3: addressee


class WrongAddressee(Problem):
    code = "wrong-addressee"
    status = 421
    title = "The message is addressed to somebody else."


# Checks 4 and 7: envelope and body


class Malformed(Problem):
    code = "malformed"
    status = 422
    title = "A member is missing, unknown, or of the wrong form."


class UnsupportedVersion(Problem):
    code = "unsupported-version"
    status = 422
    title = "This protocol version is not spoken here."


class UnsupportedType(Problem):
    code = "unsupported-type"
    status = 422
    title = "This message type is not known here."


# Checks 5 and 6: key and signature


class WrongKey(Problem):
    code = "wrong-key"
    status = 401
    title = "The key does not belong to the sender."


class WeakKey(Problem):
    code = "weak-key"
    status = 401
    title = "The key is a small-order or non-canonical point."


class BadSignature(Problem):
    code = "bad-signature"
    status = 401
    title = "The signature does not hold."


# Check 8: parties of the thread


class UnknownThread(Problem):
    code = "unknown-thread"
    status = 404
    title = "No such thread is known between these two parties."
    retry = True


class Moved(Problem):
    code = "moved"
    status = 410
    title = "The relationship has moved to another key of the customer's."


# Check 9: time and expiry


class TooEarly(Problem):
    code = "too-early"
    status = 425
    title = "The message is dated more than five minutes ahead."
    retry = True


class Expired(Problem):
    code = "expired"
    status = 410
    title = "The message has expired."


# Check 10: state


class Behind(Problem):
    code = "behind"
    status = 409
    title = "The receiver does not hold what the sender has seen; hand it back."
    fault = "receiver"
    retry = True


class Stale(Problem):
    code = "stale"
    status = 409
    title = "The message does not know what stands in its thread."


class WrongState(Problem):
    code = "wrong-state"
    status = 409
    title = "The thread's state does not allow this message."


class WrongSide(Problem):
    code = "wrong-side"
    status = 409
    title = "Only the other side may send this message."


class TermsMismatch(Problem):
    code = "terms-mismatch"
    status = 422
    title = "The digest is not the one of these terms."


class TermsUnknown(Problem):
    code = "terms-unknown"
    status = 422
    title = "The terms are neither on the roster nor in the message."


class TermsNotOffered(Problem):
    code = "terms-not-offered"
    status = 422
    title = "The terms are not among those proffered."


class WiderThanAsked(Problem):
    code = "wider-than-asked"
    status = 422
    title = "It goes beyond what was asked, granted or allowed."


class UnaskedWithoutStatement(Problem):
    code = "unasked-without-statement"
    status = 422
    title = "A grant that answers no request needs the customer's own statement."


class WrongTotal(Problem):
    code = "wrong-total"
    status = 422
    title = "The total is not what it has to be."


class OfferNotFirm(Problem):
    code = "offer-not-firm"
    status = 409
    title = "The offer is no longer firm."


class UnknownReference(Problem):
    code = "unknown-reference"
    status = 422
    title = "A reference names nothing that is known here."


class UnknownTerm(Problem):
    code = "unknown-term"
    status = 422
    title = "A term is not in the vocabulary of this version."


class NoBasis(Problem):
    code = "no-basis"
    status = 422
    title = "What it rests on is not there."


# Mailbox, server and limits


class StaleRequest(Problem):
    code = "stale-request"
    status = 401
    title = "The request is dated more than two minutes off."


class Replayed(Problem):
    code = "replayed"
    status = 409
    title = "This request has been used before."


class OverQuota(Problem):
    code = "over-quota"
    status = 429
    title = "The sender has used up its quota."
    retry = True


class Overloaded(Problem):
    code = "overloaded"
    status = 503
    title = "The receiver has too much to do."
    fault = "receiver"
    retry = True


class HandlerFailed(Problem):
    code = "handler-failed"
    status = 503
    title = "The receiver could not work on the message; nothing was stored."
    fault = "receiver"
    retry = True


class NotFound(Problem):
    code = "not-found"
    status = 404
    title = "There is nothing at this address."


class UnknownForNow(Unknown):
    """A problem whose type is not in our registry, and of which the peer says that it may come good."""

    retry = True


PROBLEMS: dict[str, type[Problem]] = {
    problem.code: problem for problem in Problem.__subclasses__() if problem is not Unknown
}


class Refused(OpenCMRError):
    """The peer refused a message, finally: its signed receipt is kept.

    Attributes:
        problem: Why.
        receipt: Canonical bytes of the signed receipt.
    """

    def __init__(self, problem: Problem, receipt: bytes) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.receipt = receipt


class Unreachable(OpenCMRError):
    """The peer did not answer in time, or its answer was not OpenCMR. The message waits and may be sent again."""


class Misconduct(OpenCMRError):
    """The peer's signed words contradict each other or the protocol; the evidence is kept."""


class WrongFile(OpenCMRError):
    """The peer delivered other bytes than its message names; they were thrown away (TRN-41).

    Attributes:
        named: The digest that the message names.
        found: That of the bytes.
    """

    def __init__(self, named: str, found: str) -> None:
        super().__init__(f"the file that came is {found}, and the message names {named}; it was thrown away [TRN-41]")
        self.named = named
        self.found = found


class QuotaExceeded(OpenCMRError):
    """A vendor has left as much in a wallet as it may. Nothing is lost: the rest waits at the vendor.

    It is no misconduct by itself. What the customer takes back still goes out.

    Attributes:
        vendor: The vendor's DID.
        size: Bytes that the relationship takes in the wallet.
        quota: Bytes that it may take.
    """

    def __init__(self, vendor: str, size: int, quota: int) -> None:
        super().__init__(
            f"what was said with {vendor} takes {size} bytes here, and {quota} are its quota: the rest waits there. "
            "Take back what you wish, then mute or forget the relationship; or open the wallet with a bigger Quota"
        )
        self.vendor = vendor
        self.size = size
        self.quota = quota


class KeyFileError(OpenCMRError):
    """A key file is missing, readable by others, damaged, or the passphrase is wrong."""


class StoreError(OpenCMRError):
    """The store cannot be opened, read or written."""


class BackupError(OpenCMRError):
    """A backup is damaged, cut short or of a newer version, or the passphrase is wrong: nothing of it was restored."""


class UsageError(OpenCMRError):
    """The calling code asked for something that cannot be."""
