"""The forger: what it writes is right, except where a test says otherwise; and nobody else writes an envelope out."""

import re
from pathlib import Path

import pytest

from opencmr import errors, trust
from opencmr.messages import terms
from opencmr.protocol import Verified, instant, parse, roster, verify
from opencmr.testing import Forger, Link, StandingClock

ROOT = Path(__file__).parents[2]
SHOP = "did:web:shop.example"
KEY = trust.SigningKey(b"v" * 32)
PROFFER = terms.Proffer(choices=[roster.ref("SD-BASE")])
ACCEPT = terms.Accept(terms=roster.ref("SD-BASE"))
BEFORE, HEARD = trust.digest(b"before"), trust.digest(b"heard")


def customer() -> Forger:
    return Forger.stranger(SHOP, clock=StandingClock(), link=lambda: Link(prior=BEFORE, seen=HEARD))


def received(raw: bytes) -> Verified:
    return verify(parse(raw), me=SHOP, pinned={})


def test_what_a_customer_says_is_taken_by_its_receiver() -> None:
    she = customer()
    message = received(she.sign(she.write(PROFFER.type, PROFFER))).message
    assert (message.from_, message.to, message.body) == (she.did, SHOP, PROFFER)
    assert (message.prior, message.seen, message.number) == (BEFORE, HEARD, None)
    assert message.created == instant(she.clock()) < str(message.expires)


def test_what_a_vendor_says_is_taken_by_its_receiver() -> None:
    she, method = customer(), trust.key_url(SHOP)
    shop = Forger(did=SHOP, to=she.did, key=KEY, method=method, link=lambda: Link(2, BEFORE))
    document = shop.write(ACCEPT.type, ACCEPT, "urn:uuid:00000000-0000-4000-8000-000000000001")
    message = verify(parse(shop.sign(document)), me=she.did, pinned={method: KEY.public}).message
    assert (message.number, message.prior, message.expires) == (2, BEFORE, None)


def test_a_customers_receipt_and_collect_have_only_the_links_that_they_may_have() -> None:
    receipt, collect = (customer().write(type_, {}) for type_ in ("receipt", "mailbox.collect"))
    assert {"prior", "seen", "expires"} & receipt.keys() == set()
    assert {"prior", "seen", "expires"} & collect.keys() == {"seen"}


def test_members_are_replaced_and_left_out_as_it_is_told() -> None:
    right = customer().write(PROFFER.type, PROFFER)
    wrong = customer().write(PROFFER.type, PROFFER, from_=SHOP, seen=None, extra=1.5)
    assert wrong.keys() ^ right.keys() == {"seen", "extra"}
    assert (wrong["from"], wrong["extra"]) == (SHOP, 1.5)


def test_it_signs_what_nobody_takes() -> None:
    she = customer()
    wrong = she.write(PROFFER.type, {"choices": []})
    with pytest.raises(errors.Malformed):
        received(she.sign(wrong))
    with pytest.raises(errors.BadSignature):
        received(she.sign(she.write(PROFFER.type, PROFFER), key=KEY))


def test_the_envelope_is_written_out_in_one_place() -> None:
    files = [file for folder in ("sdk", "tests", "tools") for file in sorted((ROOT / folder).rglob("*.py"))]
    out = re.compile(r"""["']opencmr["']:\s*(["']1\.\d["']|VERSION)\s*,\s*["'](id|type|from)["']""")
    assert [str(file.relative_to(ROOT)) for file in files if out.search(file.read_text())] == [
        "sdk/opencmr/roles/party/signing.py"
    ]
