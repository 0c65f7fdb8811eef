"""Proofs: the official vector of eddsa-jcs-2022 step by step, and what no proof may say."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import base58
import pytest

from opencmr import _spec, errors, protocol, trust
from opencmr.testing import envelope

VECTOR = _spec.root() / "vectors" / "eddsa-jcs-2022"
CUSTOMER = trust.SigningKey(bytes(range(32)))
ME = "did:web:shop.example"


def text(name: str) -> str:
    return (VECTOR / name).read_text().strip()


def vector_key() -> trust.SigningKey:
    pair = json.loads(text("keyPair.json"))
    raw = base58.b58decode(pair["privateKeyMultibase"][1:])
    assert raw[:2] == b"\x80\x26"
    key = trust.SigningKey(raw[2:])
    assert key.public == pair["publicKeyMultibase"]
    return key


# --- the official vector, step by step -------------------------------------------------------------------------------


@pytest.mark.requirement("SIG-2", "JSN-7")
def test_step_1_the_canonical_document() -> None:
    assert trust.canonicalize(json.loads(text("unsigned.json"))) == text("canonDocJCS.txt").encode()


@pytest.mark.requirement("SIG-2")
def test_step_2_the_canonical_proof_options() -> None:
    assert trust.canonicalize(json.loads(text("proofConfigJCS.json"))) == text("proofCanonJCS.txt").encode()


@pytest.mark.requirement("SIG-2")
def test_step_3_the_hashes_and_both_together_with_the_options_first() -> None:
    assert hashlib.sha256(text("canonDocJCS.txt").encode()).hexdigest() == text("docHashJCS.txt")
    assert hashlib.sha256(text("proofCanonJCS.txt").encode()).hexdigest() == text("proofHashJCS.txt")
    combined = trust.hash_data(json.loads(text("signedJCS.json"))).hex()
    assert combined == text("combinedHashJCS.txt") == text("proofHashJCS.txt") + text("docHashJCS.txt")


@pytest.mark.requirement("SIG-2")
def test_step_4_the_signature() -> None:
    signature = vector_key().sign(bytes.fromhex(text("combinedHashJCS.txt")))
    assert signature.hex() == text("sigHexJCS.txt")
    assert "z" + base58.b58encode(signature).decode() == text("sigBTC58JCS.txt")


@pytest.mark.requirement("SIG-6")
def test_step_5_the_check() -> None:
    document = json.loads(text("signedJCS.json"))
    trust.verify(document, trust.decode_public(vector_key().public))
    document["name"] += "."
    with pytest.raises(errors.BadSignature):
        trust.verify(document, trust.decode_public(vector_key().public))


# --- our own messages ------------------------------------------------------------------------------------------------


def unsigned(**members: Any) -> dict[str, Any]:
    id_ = "urn:uuid:5f0c1a52-7a3e-4a0b-9c55-0d8b6f0f4a11"
    body = {"choices": [{"id": "SD-BASE", "digest": trust.digest(b"{}")}]}
    times = {"created": "2026-03-02T09:30:00.000Z", "expires": "2026-03-09T09:30:00.000Z"}
    return {**envelope("terms.proffer", body, id_=id_, from_=CUSTOMER.did, to=ME, **times), **members}


def signed(**members: Any) -> dict[str, Any]:
    return trust.parse(trust.sign(unsigned(**members), CUSTOMER, trust.key_url(CUSTOMER.did)))


def received(document: dict[str, Any]) -> protocol.Verified:
    return protocol.verify(protocol.parse(trust.canonicalize(document)), me=ME, pinned={})


@pytest.mark.requirement("SIG-1", "SIG-2")
def test_a_signed_message_has_five_members_of_proof_and_is_received() -> None:
    document = signed()
    assert sorted(document["proof"]) == sorted(
        ["type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"]
    )
    assert received(document).message.from_ == CUSTOMER.did


def test_signing_twice_gives_the_same_bytes() -> None:
    assert trust.canonicalize(signed()) == trust.canonicalize(signed())


@pytest.mark.requirement("SIG-1")
@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"created": "2026-03-02T09:30:00Z"}, "/proof/created"),
        ({"domain": "shop.example"}, "/proof/domain"),
        ({"challenge": "x"}, "/proof/challenge"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2"]}, "/proof/@context"),
        ({"id": "urn:x:1"}, "/proof/id"),
        ({"previousProof": "urn:x:1"}, "/proof/previousProof"),
        ({"proofPurpose": "authentication"}, "/proof/proofPurpose"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "/proof/cryptosuite"),
        ({"type": "Ed25519Signature2020"}, "/proof/type"),
    ],
)
def test_a_proof_with_other_members_is_refused_even_when_it_is_signed(members: dict[str, Any], pointer: str) -> None:
    document = signed()
    document["proof"].update(members)
    document["proof"]["proofValue"] = "z" + base58.b58encode(CUSTOMER.sign(trust.hash_data(document))).decode()
    if "cryptosuite" not in members:  # which the key itself refuses, too
        trust.verify(document, trust.decode_public(CUSTOMER.public))  # the signature itself holds
    with pytest.raises(errors.Malformed) as caught:
        received(document)
    assert caught.value.pointer == pointer


@pytest.mark.requirement("SIG-1")
@pytest.mark.parametrize("member", ["type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"])
def test_a_proof_without_one_of_its_members_is_refused(member: str) -> None:
    document = signed()
    del document["proof"][member]
    with pytest.raises(errors.Malformed) as caught:
        received(document)
    assert caught.value.pointer == f"/proof/{member}"


@pytest.mark.requirement("SIG-6")
@pytest.mark.parametrize(
    "member", [name for name in unsigned() if name not in ("from", "to", "opencmr", "type", "id", "thread")]
)
def test_a_message_that_was_changed_after_signing_is_refused(member: str) -> None:
    other = {
        "created": "2026-03-02T09:30:00.001Z",
        "expires": "2026-03-09T09:30:00.001Z",
        "body": {"choices": [{"id": "SD-BASE", "digest": trust.digest(b"")}]},
    }
    with pytest.raises(errors.BadSignature) as caught:
        received({**signed(), member: other[member]})
    assert caught.value.pointer == "/proof/proofValue"


@pytest.mark.requirement("SIG-6", "ENV-9")
def test_extensions_are_signed_too() -> None:
    document = signed(ext={"https://a.example/x": 1})
    received(document)
    with pytest.raises(errors.BadSignature):
        received({**document, "ext": {"https://a.example/x": 2}})
    with pytest.raises(errors.BadSignature):
        received({name: value for name, value in document.items() if name != "ext"})


@pytest.mark.requirement("SIG-6")
@pytest.mark.parametrize("value", ["z" + "1" * 80, "z" + "1" * 86, "z" + "z" * 90, "z" + "2" * 87, "z" + "2" * 88])
def test_a_proof_value_that_is_no_signature_is_refused(value: str) -> None:
    document = signed()
    document["proof"]["proofValue"] = value
    with pytest.raises(errors.BadSignature) as caught:
        received(document)
    assert caught.value.pointer == "/proof/proofValue"


@pytest.mark.requirement("SIG-6")
def test_a_signature_can_be_written_in_one_way_only() -> None:
    document = signed()
    document["proof"]["proofValue"] = document["proof"]["proofValue"].replace("z", "z1", 1)
    with pytest.raises(errors.BadSignature):
        received(document)


@pytest.mark.requirement("SIG-5")
def test_a_malleable_signature_is_refused() -> None:
    document = signed()
    raw = base58.b58decode(document["proof"]["proofValue"][1:])
    order = 2**252 + 27742317777372353535851937790883648493
    s = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    document["proof"]["proofValue"] = "z" + base58.b58encode(raw[:32] + s).decode()
    with pytest.raises(errors.BadSignature):
        received(document)


@pytest.mark.requirement("IDN-9")
def test_a_message_signed_with_a_key_of_somebody_else_is_refused() -> None:
    other = trust.SigningKey(bytes(32))
    document = trust.parse(trust.sign(unsigned(), other, trust.key_url(other.did)))
    with pytest.raises(errors.WrongKey) as caught:
        received(document)
    assert caught.value.pointer == "/proof/verificationMethod"
    stolen = trust.parse(trust.sign(unsigned(), other, trust.key_url(CUSTOMER.did)))
    with pytest.raises(errors.BadSignature):
        received(stolen)


# --- the forgery that common libraries accept ------------------------------------------------------------------------

IDENTITY = (1).to_bytes(32, "little")
FORGED = IDENTITY + bytes(32)
"""R is the neutral point and S is zero: under a key of order 1 that "signs" every message."""


@pytest.mark.requirement("SIG-3")
def test_a_forgery_under_a_small_order_key_is_refused_at_the_key_and_by_the_signature() -> None:
    did = "did:key:" + trust.encode_public(IDENTITY)
    document = unsigned(**{"from": did})
    document["proof"] = {**signed()["proof"], "verificationMethod": trust.key_url(did)}
    document["proof"]["proofValue"] = "z" + base58.b58encode(FORGED).decode()
    with pytest.raises(errors.BadSignature):
        trust.verify(document, trust.PublicKey(trust.SUITES[0], IDENTITY))
    with pytest.raises(errors.WeakKey) as caught:
        received(document)
    assert caught.value.pointer == "/proof/verificationMethod"


def test_openssl_accepts_that_forgery_which_is_why_it_is_a_rule(tmp_path: Path) -> None:
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + IDENTITY)
    (tmp_path / "message").write_bytes(b"anything at all")
    (tmp_path / "signature").write_bytes(FORGED)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-rawin"]
    command += ["-in", "message", "-sigfile", "signature"]
    try:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no openssl here")
    if done.returncode != 0:
        pytest.skip("this openssl is strict, or cannot say")
    with pytest.raises(errors.BadSignature):
        trust.PublicKey(trust.SUITES[0], IDENTITY).verify(b"anything at all", FORGED)


# --- what cannot travel is not signed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1.5, errors.BadNumber),
        (2**53, errors.BadNumber),
        (float("nan"), errors.Problem),
        (None, errors.NullMember),
        ({"é": 1}, errors.Malformed),
        ({1: 1}, errors.NotJson),
        ("\ud800", errors.NotJson),
    ],
)
def test_what_cannot_travel_is_not_signed(value: Any, problem: type[errors.Problem]) -> None:
    with pytest.raises(problem):
        trust.sign(unsigned(ext={"https://a.example/x": value}), CUSTOMER, trust.key_url(CUSTOMER.did))


def test_what_is_too_deep_is_not_signed() -> None:
    value: Any = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(errors.TooDeep):
        trust.sign(unsigned(body=value), CUSTOMER, trust.key_url(CUSTOMER.did))
