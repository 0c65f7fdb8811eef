"""A key has one algorithm: its own text says which, and a proof that says another is refused."""

import dataclasses
import hashlib

import pytest

from opencmr import errors, trust
from opencmr.trust import base58, suite
from parties import CAST

CUSTOMER = trust.SigningKey(bytes(range(32)))
DOCUMENT = {"says": CAST.wire()}
OTHER = dataclasses.replace(suite.EDDSA, name="other-jcs-2030", multicodec=b"\x99\x01")
"""A second suite, as a later version may register one: here the same curve under another name and codec."""


def signed(name: str) -> dict[str, object]:
    """A document whose proof says this suite, and whose signature holds over that."""
    options = {"cryptosuite": name, "proofPurpose": "assertionMethod"}
    value = CUSTOMER.sign(trust.hash_data({**DOCUMENT, "proof": options}))
    return {**DOCUMENT, "proof": {**options, "proofValue": "z" + base58.encode(value)}}


def test_a_proof_by_the_suite_of_its_key_holds() -> None:
    trust.verify(signed("eddsa-jcs-2022"), trust.decode_public(CUSTOMER.public))


@pytest.mark.parametrize("name", ["ecdsa-jcs-2019", "eddsa-rdfc-2022", OTHER.name])
def test_a_proof_that_says_another_suite_than_its_key_s_is_refused_though_the_signature_holds(name: str) -> None:
    with pytest.raises(errors.WrongKey) as refused:
        trust.verify(signed(name), trust.decode_public(CUSTOMER.public))
    assert refused.value.pointer == "/proof/cryptosuite"
    assert refused.value.expected == ["eddsa-jcs-2022"]


def test_a_key_of_a_suite_that_is_not_registered_is_no_key() -> None:
    p256 = "zDnae" + hashlib.sha256(b"").hexdigest().replace("0", "1")[:44]
    with pytest.raises(errors.WeakKey):
        trust.decode_public(p256)


def test_where_a_second_suite_is_registered_each_key_has_its_own_and_no_key_serves_in_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suite, "SUITES", (suite.EDDSA, OTHER))
    raw = trust.decode_public(CUSTOMER.public).raw
    suite.decode_public.cache_clear()
    try:
        theirs = trust.decode_public(trust.encode_public(raw, OTHER))
        assert theirs.suite is OTHER
        assert trust.decode_public(CUSTOMER.public).suite is suite.EDDSA
        trust.verify(signed(OTHER.name), theirs)
        with pytest.raises(errors.WrongKey):
            trust.verify(signed("eddsa-jcs-2022"), theirs)
    finally:
        suite.decode_public.cache_clear()
