"""Rights requests as entries of a European wallet's log, and as the mail it would draft (`docs/bridges/eudi.md`).

The Technical Specifications TS7 (data deletion requests) and TS10 (portability and export) of the European Digital
Identity Wallet: https://github.com/eu-digital-identity-wallet/eudi-doc-standards-and-technical-specifications.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from ..errors import Malformed, UsageError
from ..messages import data, pointer
from ..protocol.families.data import RightsRequest
from ..protocol.vocabulary import check_term, label, reaches
from .gate import Exported, Gate, Lost, Missing, View
from .json_ld import without_none

__all__ = ["Claim", "Draft", "Identifier", "MultiLangString", "log_entry", "mail", "request"]

_SUBJECT = "Request for erasure of personal data under Article 17 of Regulation (EU) 2016/679"


class Claim(NamedTuple):
    """A claim of a credential, by which the data came to the vendor.

    Attributes:
        credential: Its `vct`, or its document type.
        path: The claim within it.
    """

    credential: str
    path: str


class Identifier(NamedTuple):
    """A number by which a register knows the vendor, and of which kind it is: no DID is one.

    Attributes:
        type: Such as `http://data.europa.eu/eudi/id/EUID`.
        identifier: The number.
    """

    type: str
    identifier: str


class MultiLangString(NamedTuple):
    """A text, and its language.

    Attributes:
        lang: Such as `en-IE`.
        content: The text.
    """

    lang: str
    content: str


class Draft(NamedTuple):
    """A request that an entry of a log amounts to: for the customer to say, or not to say.

    Attributes:
        body: The request.
        lost: What the entry says besides.
    """

    body: data.Request
    lost: tuple[Lost, ...]


def log_entry(
    view: View,
    thread: str,
    *,
    claims: Mapping[str, Sequence[Claim]],
    name: MultiLangString | None = None,
    identifier: Identifier | None = None,
) -> Exported:
    """A rights request as a `Transaction` of the log: an erasure as a data deletion request, others as text.

    Args:
        view: The relationship.
        thread: The thread of the request.
        claims: DPV term → the claims in which the wallet has presented this data to the vendor. What it has not
            presented has no place in its log.
        name: The vendor's name, as its register has it.
        identifier: Its number there.

    Raises:
        UsageError: There is no such request.
    """
    asked, gate = _request(view, thread), Gate(view)
    erase = asked.body.right == "erase"
    kind = "DataDeletionRequest" if erase else "OtherTransaction"
    told: dict[str, Any] = {"description": [f"{asked.in_brief()} at {view.vendor}"]}
    if erase:
        told = without_none(
            {
                "interactingPartyIdentifier": identifier and identifier._asdict(),
                "interactingPartyName": name and name._asdict(),
                "listOfClaims": list(_claims(asked, claims, gate)) or None,
            }
        )
    at = view.history.chain.time(asked.asked.place, asked.asked.at)
    document = {
        kind[0].lower() + kind[1:]: told,
        "transactionIdentifier": thread,
        "time": at[:19],
        "transactionType": kind,
        "transactionResult": "Completed",
    }
    names = ("interactingPartyIdentifier", "interactingPartyName", "listOfClaims") if erase else ()
    missing = (Missing(f"/dataDeletionRequest/{one}", one) for one in names if one not in told)
    return Exported(document, tuple(gate.lost), tuple(missing))


def mail(view: View, thread: str, *, to: str) -> str:
    """The `mailto:` address with which a wallet drafts the request for erasure (TS7, interface I4).

    Args:
        view: The relationship.
        thread: The thread of the request.
        to: The mail address that the vendor has registered for support.

    Raises:
        UsageError: There is no such request, or it asks for something else.
    """
    asked = _request(view, thread)
    if asked.body.right != "erase":
        raise UsageError("TS7 drafts requests for erasure")
    what = ", ".join(map(label, asked.body.data)) if asked.body.data else "all personal data that you hold of me"
    at = view.history.chain.time(asked.asked.place, asked.asked.at)
    before = f"I have asked for this before, by OpenCMR, on {at}, as {view.customer}, in {thread}."
    words = f"Please erase: {what}.\n\n{before}\n"
    return f"mailto:{quote(to, safe='@')}?subject={quote(_SUBJECT)}&body={quote(words)}"


def request(entry: Mapping[str, Any], terms: Mapping[Claim, str]) -> Draft:
    """An entry of a log about a data deletion request, as the request that the customer could say.

    Args:
        entry: A `Transaction`, parsed.
        terms: Claim → the DPV term of its data. A claim that is not among them is left out, and told.

    Raises:
        Malformed: It is no such entry, or nothing of it is known here; the pointer says where.
    """
    told = entry.get("dataDeletionRequest")
    if entry.get("transactionType") != "DataDeletionRequest" or not isinstance(told, Mapping):
        raise Malformed("a data deletion request is read", pointer="/transactionType")
    found: dict[str, None] = {}
    lost: list[Lost] = []
    for path, claim in _listed(told):
        term = terms.get(claim)
        if term is None:
            lost.append(Lost(path, f"{claim.path} of {claim.credential} is no data known here"))
        else:
            check_term("data", term, ())
            found[term] = None
    if not found:
        raise Malformed("no claim is known here", pointer="/dataDeletionRequest/listOfClaims")
    return Draft(data.Request(right="erase", data=list(found)[:64], regime="gdpr"), tuple(lost))


def _request(view: View, thread: str) -> RightsRequest:
    found = view.history.threads.get(thread)
    if found is None or not isinstance(found.record, RightsRequest):
        raise UsageError(f"{thread} is no thread of a rights request here")
    return found.record


def _claims(asked: RightsRequest, claims: Mapping[str, Sequence[Claim]], gate: Gate) -> Iterator[dict[str, Any]]:
    """The claims of the data that is asked for, by credential."""
    wanted = asked.body.data
    by_credential: dict[str, list[str]] = {}
    for term, listed in sorted(claims.items()):
        if wanted is None or any(reaches("data", one, term) for one in wanted):
            for one in listed:
                by_credential.setdefault(one.credential, []).append(one.path)
    for asked_for in wanted or ():
        if not any(reaches("data", asked_for, term) for term in claims):
            gate.lose(asked_for, "no claim of it was presented")
    for credential, paths in by_credential.items():
        yield {"credentialIdentifier": credential, "claims": list(dict.fromkeys(paths))}


def _listed(told: Mapping[str, Any]) -> Iterator[tuple[str, Claim]]:
    listed = told.get("listOfClaims")
    where = ("dataDeletionRequest", "listOfClaims")
    if not isinstance(listed, list) or not listed:
        raise Malformed("a list of claims", pointer=pointer(where))
    for position, one in enumerate(listed):
        credential = one.get("credentialIdentifier") if isinstance(one, Mapping) else None
        paths = one.get("claims") if isinstance(one, Mapping) else None
        if not isinstance(credential, str) or not isinstance(paths, list):
            raise Malformed("a credential and its claims", pointer=pointer((*where, position)))
        for at, path in enumerate(paths):
            if not isinstance(path, str):
                raise Malformed("text", pointer=pointer((*where, position, "claims", at)))
            yield pointer((*where, position, "claims", at)), Claim(credential, path)
