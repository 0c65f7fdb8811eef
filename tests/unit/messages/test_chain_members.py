"""Where a message stands: number, prior and seen by side; and its deadline by type and side."""

from typing import Any

import orjson
import pytest

from opencmr import _spec, messages
from opencmr.cli.schemas import faults
from opencmr.errors import Malformed
from opencmr.messages import pointer

DIGEST = "zQmRQ353oFNqt8zfZ9X1HgRUszwv9RkEEwmMZZkbkYEsybn"
NO_WORDS = ["terms.decline", "terms.terminate", "consent.refuse", "consent.withdraw", "intent.withdraw",
            "offer.decline", "order.cancel"]  # fmt: skip
YESES = ["terms.proffer", "terms.accept", "consent.grant", "intent.cast", "intent.amend", "offer.accept",
         "order.disclose"]  # fmt: skip


def example(kind: str, side: str) -> dict[str, Any]:
    """A valid example of a type, said by this side."""
    begins = {"customer": "did:key:", "vendor": "did:web:"}[side]
    for file in sorted(_spec.root().glob(f"*/examples/valid/{kind}.*.json")):
        document: dict[str, Any] = orjson.loads(file.read_bytes())
        if document["from"].startswith(begins):
            return document
    raise AssertionError(f"no {kind} of a {side}")


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def told(document: dict[str, Any]) -> str | None:
    """Where both the schema and the model see the first fault; none where there is none."""
    found = faults(document)
    by_schema = pointer(found[0][0]) if found else None
    by_model = None
    try:
        messages.validate(document)
    except Malformed as problem:
        by_model = problem.pointer
    assert by_model == by_schema
    return by_model


VENDORS = [
    ("receipt", {}),
    ("terms.accept", {}),
    ("consent.request", {}),
    ("order.cancel", {}),
    ("order.fulfil", {}),
]
CUSTOMERS = [
    ("terms.proffer", {}),
    ("terms.accept", {}),
    ("consent.withdraw", {}),
    ("terms.decline", {}),
]


@pytest.mark.requirement("ENV-13")
@pytest.mark.parametrize(("kind", "change"), VENDORS)
def test_a_vendors_word_has_its_number_and_the_word_before_and_nothing_seen(kind: str, change: dict[str, Any]) -> None:
    bare = without({**example(kind, "vendor"), **change}, "number", "prior")
    assert told({**bare, "number": 1}) is None
    assert told({**bare, "number": 2, "prior": DIGEST}) is None
    assert told({**bare, "number": 2**53 - 1, "prior": DIGEST}) is None
    assert told(bare) == "/number"
    assert told({**bare, "number": 0, "prior": DIGEST}) == "/number"
    assert told({**bare, "number": "2", "prior": DIGEST}) == "/number"
    assert told({**bare, "number": 1, "prior": DIGEST}) == "/prior"
    assert told({**bare, "number": 2}) == "/prior"
    assert told({**bare, "number": 2, "prior": DIGEST, "seen": DIGEST}) == "/seen"


@pytest.mark.requirement("ENV-13")
@pytest.mark.parametrize(("kind", "change"), CUSTOMERS)
def test_a_customers_word_says_what_it_knew_and_has_no_number(kind: str, change: dict[str, Any]) -> None:
    bare = without({**example(kind, "customer"), **change}, "prior", "seen")
    for says in ({}, {"prior": DIGEST}, {"seen": DIGEST}, {"prior": DIGEST, "seen": DIGEST}):
        assert told({**bare, **says}) is None
    assert told({**bare, "number": 1}) == "/number"
    assert told({**bare, "prior": DIGEST[:-1]}) == "/prior"
    assert told({**bare, "seen": 7}) == "/seen"


@pytest.mark.requirement("ENV-13")
@pytest.mark.parametrize(("name", "value"), [("number", 1), ("prior", DIGEST), ("seen", DIGEST)])
def test_a_customers_receipt_is_no_word(name: str, value: Any) -> None:
    receipt = example("receipt", "customer")
    assert told(receipt) is None
    assert told({**receipt, name: value}) == f"/{name}"
    collect = example("mailbox.collect", "customer")
    carried = {**collect, "body": {"receipts": [{**receipt, name: value}]}}
    assert told({**collect, "body": {"receipts": [receipt]}}) is None
    assert told(carried) == f"/body/receipts/0/{name}"


@pytest.mark.requirement("ENV-13")
def test_a_collect_says_what_was_seen_and_is_the_customers_alone() -> None:
    collect = without(example("mailbox.collect", "customer"), "seen")
    assert told(collect) is None
    assert told({**collect, "seen": DIGEST}) is None
    assert told({**collect, "prior": DIGEST}) == "/prior"
    assert told({**collect, "number": 1}) == "/number"
    assert told({**collect, "from": "did:web:shop.example", "number": 1}) == "/from"
    of_the_vendor = example("receipt", "vendor")
    assert told({**collect, "body": {"receipts": [of_the_vendor]}}) == "/body/receipts/0/from"


@pytest.mark.requirement("ENV-14")
@pytest.mark.parametrize("kind", YESES)
def test_a_yes_says_by_when_it_must_have_taken_its_place(kind: str) -> None:
    document = example(kind, "customer")
    assert told(document) is None
    assert told(without(document, "expires")) == "/expires"


@pytest.mark.requirement("ENV-14")
@pytest.mark.parametrize("kind", NO_WORDS)
@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_a_no_never_expires(kind: str, side: str) -> None:
    linked = {"from": "did:web:shop.example", "number": 1} if side == "vendor" else {}
    document = {**without(example(kind, "customer"), "prior", "seen"), **linked}
    assert told(document) is None
    assert told({**document, "expires": "2030-01-01T00:00:00.000Z"}) == "/expires"


@pytest.mark.requirement("ENV-14")
@pytest.mark.parametrize("kind", ["terms.accept", "terms.counter", "order.confirm", "order.fulfil", "receipt"])
def test_what_a_vendor_says_at_once_has_no_deadline(kind: str) -> None:
    document = example(kind, "vendor")
    assert told(document) is None
    assert told({**document, "expires": "2030-01-01T00:00:00.000Z"}) == "/expires"


@pytest.mark.requirement("ENV-14")
def test_an_offer_says_until_when_it_is_firm_and_a_request_may_say_until_when_it_waits() -> None:
    assert told(without(example("offer.make", "vendor"), "expires")) == "/expires"
    request = without(example("consent.request", "vendor"), "expires")
    assert told(request) is None
    assert told({**request, "expires": "2030-01-01T00:00:00.000Z"}) is None


@pytest.mark.requirement("ENV-13", "ENV-14", "RCV-15")
def test_the_envelope_alone_holds_where_only_its_deadline_is_wrong() -> None:
    """A vendor's word keeps its place, and is void; one that has no place is none."""
    accepted = example("terms.accept", "vendor")
    assert messages.validate_envelope({**accepted, "expires": "2030-01-01T00:00:00.000Z"}).number == accepted["number"]
    for wrong in (without(accepted, "number"), {**accepted, "seen": DIGEST}, {**accepted, "number": 1}):
        with pytest.raises(Malformed):
            messages.validate_envelope(wrong)
