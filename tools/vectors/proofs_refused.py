"""Messages whose proof does not hold, or is not by the key that it names."""

import copy
import hashlib
import json
from typing import Any

import base58

from opencmr import trust

from . import edwards, p256
from .keys import ED25519, raw_public, weak_points
from .proofs_good import accept, canonical, proffer
from .writing import (
    CUSTOMER,
    CUSTOMER_URL,
    OTHER_CUSTOMER,
    OTHER_VENDOR,
    OTHER_VENDOR_KEY,
    PINNED,
    VENDOR,
    VENDOR_KEY,
    VENDOR_KEY_2,
    VENDOR_URL,
    Case,
    case,
    multibase,
)

Document = dict[str, Any]
P256 = b"\x80\x24"
SECOND = VENDOR_URL.replace("key-1", "key-2")


def _signed(document: Document, key: trust.SigningKey = CUSTOMER, url: str = CUSTOMER_URL) -> Document:
    return json.loads(trust.sign(document, key, url))


def _with_proof(message: Document, **members: Any) -> Document:
    proof = {**message["proof"], **members}
    return {**message, "proof": {name: value for name, value in proof.items() if value is not None}}


def _signed_with_options(document: Document, options: Document, key: trust.SigningKey = CUSTOMER) -> Document:
    """A good signature over options that may not be."""
    value = multibase(key.sign(trust.hash_data({**document, "proof": options})))
    return {**document, "proof": {**options, "proofValue": value}}


def _with_signature(message: Document, raw: bytes) -> Document:
    return _with_proof(message, proofValue=multibase(raw))


def bad() -> list[Case]:
    value, method = "/proof/proofValue", "/proof/verificationMethod"
    good, theirs = _signed(proffer()), _signed(accept(), VENDOR_KEY, VENDOR_URL)
    options = {name: member for name, member in good["proof"].items() if name != "proofValue"}
    raw = base58.b58decode(good["proof"]["proofValue"][1:])

    def bad(
        id_: str, says: str, rule: str, message: Document, problem: str, pointer: str, pinned: Document | None = None
    ) -> Case:
        more = {"pinned": pinned} if pinned is not None else {}
        return case(id_, says, rule, message=message, problem=problem, pointer=pointer, **more)

    changed = copy.deepcopy(good)
    changed["body"]["choices"].pop()
    with_ext = _signed(proffer(ext={"https://a.example/x": 1}))
    nothing_left = {name: member for name, member in with_ext.items() if name != "ext"}
    swapped = {**proffer(), "proof": options}
    swapped_data = trust.hash_data(swapped)
    swapped_raw = CUSTOMER.sign(swapped_data[32:] + swapped_data[:32])
    inside = _with_signature(good, CUSTOMER.sign(canonical(proffer())))
    hashed = _with_signature(good, CUSTOMER.sign(hashlib.sha256(trust.hash_data(swapped)).digest()))
    s = edwards.number(raw[32:])
    elsewhere = VENDOR_URL.replace(VENDOR, OTHER_VENDOR)
    wrong = {**good["body"], "chioces": 1}
    cases = [
        bad(
            "body-after-signature",
            "A wrong body and a signature that does not hold: the body of what is not signed is not looked at",
            "RCV-1",
            {**good, "body": wrong},
            "bad-signature",
            value,
        ),
        bad(
            "envelope-before-signature",
            "A wrong envelope and a signature that does not hold: the envelope is looked at first",
            "RCV-1",
            {**good, "body": wrong, "created": "now"},
            "malformed",
            "/created",
        ),
        bad(
            "signed-body",
            "A wrong body that is well signed",
            "RCV-1",
            _signed({**proffer(), "body": wrong}),
            "malformed",
            "/body/chioces",
        ),
        bad("changed-body", "A choice is missing that was signed", "SIG-6", changed, "bad-signature", value),
        bad(
            "changed-time",
            "Another time than was signed",
            "SIG-6",
            {**good, "created": "2026-03-02T09:30:00.001Z"},
            "bad-signature",
            value,
        ),
        bad(
            "changed-number",
            "Another place than was signed",
            "SIG-6",
            {**theirs, "number": 4},
            "bad-signature",
            value,
            PINNED,
        ),
        bad(
            "added-seen",
            "What a word has seen, added by somebody else",
            "SIG-6",
            {**good, "seen": trust.digest(b"the last word")},
            "bad-signature",
            value,
        ),
        bad("removed-ext", "Extensions are signed too", "SIG-6", nothing_left, "bad-signature", value),
        bad(
            "changed-vendor",
            "A vendor's word changed",
            "SIG-6",
            {**theirs, "prior": trust.digest(b"another")},
            "bad-signature",
            value,
            PINNED,
        ),
        bad(
            "other-key",
            "Signed by another key than the proof names",
            "SIG-6",
            _signed(proffer(), OTHER_CUSTOMER, CUSTOMER_URL),
            "bad-signature",
            value,
        ),
        bad(
            "hashes-swapped",
            "The document's hash before that of the options",
            "SIG-2",
            _with_signature(good, swapped_raw),
            "bad-signature",
            value,
        ),
        bad("document-signed", "The canonical document itself was signed", "SIG-2", inside, "bad-signature", value),
        bad("hash-of-hashes", "The two hashes were hashed once more", "SIG-2", hashed, "bad-signature", value),
        bad(
            "zero-signature",
            "64 zero bytes: too short a text for a signature",
            "SIG-1",
            _with_signature(good, bytes(64)),
            "malformed",
            value,
        ),
        bad(
            "63-bytes", "A signature that lost a byte", "SIG-6", _with_signature(good, raw[:63]), "bad-signature", value
        ),
        bad(
            "65-bytes",
            "A signature and one byte more",
            "SIG-6",
            _with_signature(good, raw + b"\x00"),
            "bad-signature",
            value,
        ),
        bad(
            "malleable-s",
            "S + L: the same equation holds, and it is another signature",
            "SIG-5",
            _with_signature(good, raw[:32] + edwards.as_bytes(s + edwards.L)),
            "bad-signature",
            value,
        ),
        bad(
            "negative-s",
            "L - S",
            "SIG-6",
            _with_signature(good, raw[:32] + edwards.as_bytes(edwards.L - s)),
            "bad-signature",
            value,
        ),
        *_forged(),
        bad(
            "wrong-multibase",
            "Base64 is another multibase",
            "SIG-1",
            _with_proof(good, proofValue="u" + good["proof"]["proofValue"][1:]),
            "malformed",
            value,
        ),
        bad(
            "no-multibase",
            "No multibase letter",
            "SIG-1",
            _with_proof(good, proofValue=good["proof"]["proofValue"][1:]),
            "malformed",
            value,
        ),
        bad(
            "not-base58",
            "A 0, which base58 does not have",
            "SIG-1",
            _with_proof(good, proofValue=good["proof"]["proofValue"][:-1] + "0"),
            "malformed",
            value,
        ),
        bad(
            "key-of-another",
            "The proof names another customer's key, which signed it",
            "IDN-9",
            _signed(proffer(), OTHER_CUSTOMER, trust.key_url(OTHER_CUSTOMER.did)),
            "wrong-key",
            method,
        ),
        bad(
            "other-fragment",
            "A did:key has one key, named by itself",
            "IDN-9",
            _signed(proffer(), CUSTOMER, f"{CUSTOMER.did}#key-1"),
            "wrong-key",
            method,
        ),
        bad(
            "key-of-another-vendor",
            "A key of another did:web, which is pinned too",
            "IDN-9",
            _signed(accept(), OTHER_VENDOR_KEY, elsewhere),
            "wrong-key",
            method,
            {**PINNED, elsewhere: OTHER_VENDOR_KEY.public},
        ),
        bad(
            "not-pinned",
            "A key of this vendor that was never pinned",
            "IDN-5",
            _signed(accept(), VENDOR_KEY_2, SECOND),
            "wrong-key",
            method,
            PINNED,
        ),
        bad("nothing-pinned", "A vendor of whom no key is pinned", "IDN-5", theirs, "wrong-key", method, {}),
        bad(
            "pinned-other",
            "Under this URL another key is pinned",
            "IDN-5",
            theirs,
            "bad-signature",
            value,
            {VENDOR_URL: VENDOR_KEY_2.public},
        ),
        bad(
            "wrong-purpose",
            "Signed for authentication",
            "SIG-1",
            _signed_with_options(proffer(), {**options, "proofPurpose": "authentication"}),
            "malformed",
            "/proof/proofPurpose",
        ),
        bad(
            "wrong-cryptosuite",
            "Another suite",
            "SIG-1",
            _signed_with_options(proffer(), {**options, "cryptosuite": "eddsa-rdfc-2022"}),
            "malformed",
            "/proof/cryptosuite",
        ),
        *_mixed(options),
        bad(
            "wrong-type",
            "An older kind of proof",
            "SIG-1",
            _signed_with_options(proffer(), {**options, "type": "Ed25519Signature2020"}),
            "malformed",
            "/proof/type",
        ),
        bad(
            "with-created",
            "A proof with a date, correctly signed",
            "SIG-1",
            _signed_with_options(proffer(), {**options, "created": "2026-03-02T09:30:00Z"}),
            "malformed",
            "/proof/created",
        ),
        bad(
            "with-context",
            "A proof with a context, correctly signed",
            "SIG-1",
            _signed_with_options(proffer(), {"@context": ["https://www.w3.org/ns/credentials/v2"], **options}),
            "malformed",
            "/proof/@context",
        ),
        bad(
            "with-domain",
            "A proof with a domain that was not signed",
            "SIG-1",
            _with_proof(good, domain="shop.example"),
            "malformed",
            "/proof/domain",
        ),
        bad(
            "changed-option",
            "The method was changed after signing, within what the form allows",
            "IDN-9",
            _with_proof(good, verificationMethod=CUSTOMER_URL[:-1] + "3"),
            "wrong-key",
            method,
        ),
        bad("no-value", "A proof without its value", "SIG-1", _with_proof(good, proofValue=None), "malformed", value),
        bad("two-proofs", "A list of proofs", "SIG-1", {**good, "proof": [good["proof"]]}, "malformed", "/proof"),
    ]
    return cases


def _mixed(options: Document) -> list[Case]:
    """A key of one suite in a proof of another, and a suite that this version does not speak at all."""
    secret = int.from_bytes(hashlib.sha256(b"OpenCMR test key of P-256").digest(), "big")
    key = multibase(P256 + p256.public(secret))
    other, theirs = "ecdsa-jcs-2019", {**options, "verificationMethod": VENDOR_URL}

    def by_p256(document: Document, said: Document) -> Document:
        data = trust.hash_data({**document, "proof": said})
        signature = p256.sign(secret, data)
        assert p256.holds(p256.public(secret), data, signature)
        return {**document, "proof": {**said, "proofValue": multibase(signature)}}

    did = "did:key:" + key
    own = {**options, "verificationMethod": trust.key_url(did), "cryptosuite": other}
    cases = [
        ("mixed-suite-said", "An Ed25519 key under the name of another suite, which it signed",
         _signed_with_options(proffer(), {**options, "cryptosuite": other}), "malformed", "/proof/cryptosuite", None),
        ("mixed-suite-hidden", "A pinned key of P-256 that signs by ECDSA under the name of our suite",
         by_p256(accept(), theirs), "weak-key", "/proof/verificationMethod", {VENDOR_URL: key}),
        ("mixed-suite-whole", "Another suite, as its own rules want it: no version of this page speaks it",
         by_p256(accept(), {**theirs, "cryptosuite": other}), "malformed", "/proof/cryptosuite", {VENDOR_URL: key}),
        ("mixed-suite-did", "A customer whose did:key is of P-256, rightly signed by that suite",
         by_p256({**proffer(), "from": did}, own), "malformed", "/from", None),
    ]  # fmt: skip
    return [
        case(id_, says, "SIG-1", message=message, problem=problem, pointer=at, **({"pinned": pinned} if pinned else {}))
        for id_, says, message, problem, at, pinned in cases
    ]


def _forged() -> list[Case]:
    """What some libraries take: signatures under weak keys, made without any secret, and weak parts of a signature."""
    cases = []
    for id_, says, point in weak_points():
        if id_ in ("no-point", "not-canonical"):
            continue
        did = "did:key:" + multibase(ED25519 + point)
        url = trust.key_url(did)
        message = _forgery({**proffer(), "from": did}, point, url)
        cases.append(
            case(
                f"key-{id_}",
                f"{says}, as a customer's key, with a signature that loose checks take",
                "SIG-3",
                message=message,
                problem="weak-key",
                pointer="/proof/verificationMethod",
            )
        )
    weak = weak_points()[0][2]
    vendors = _forgery(accept(), weak, VENDOR_URL)
    cases.append(
        case(
            "key-of-vendor-small-order",
            "A pinned key of small order",
            "SIG-3",
            message=vendors,
            problem="weak-key",
            pointer="/proof/verificationMethod",
            pinned={VENDOR_URL: multibase(ED25519 + weak)},
        )
    )
    scalar, _ = edwards.secret(CUSTOMER.seed)
    public, good = raw_public(CUSTOMER), _signed(proffer())
    data = trust.hash_data(good)
    for number, (r, order, is_canonical) in enumerate(edwards.small_order()):
        s = edwards.challenge(r, public, data) * scalar % edwards.L
        form = "" if is_canonical else ", not canonical"
        message = _with_signature(good, r + edwards.as_bytes(s))
        short = len(message["proof"]["proofValue"]) <= 80  # many zero bytes: check 4 sees that the form is wrong
        cases.append(
            case(
                f"r-small-order-{number + 1}",
                f"R is a point of order {order}{form}; the secret key made S",
                "SIG-4",
                message=message,
                problem="malformed" if short else "bad-signature",
                pointer="/proof/proofValue",
            )
        )
    nonce = 7**60 % edwards.L
    mixed = edwards.encode(edwards.add(edwards.times(nonce, edwards.BASE), edwards.of_order_8()))
    s = (nonce + edwards.challenge(mixed, public, data) * scalar) % edwards.L
    cases.append(
        case(
            "r-mixed-order",
            "R has a part of order 8: only checks that multiply by the cofactor take it",
            "SIG-6",
            message=_with_signature(good, mixed + edwards.as_bytes(s)),
            problem="bad-signature",
            pointer="/proof/proofValue",
        )
    )
    return cases


def _forgery(document: Document, point: bytes, url: str) -> Document:
    """A signature under a point of small or mixed order: R = S·B - h·A for a chosen S, where h·A can be cleared."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": url,
        "proofPurpose": "assertionMethod",
    }
    data = trust.hash_data({**document, "proof": options})
    is_mixed = point not in {raw for raw, _, _ in edwards.small_order()}
    secret = edwards.secret(CUSTOMER.seed)[0] if is_mixed else 0
    for nonce in range(1, 1000):  # until the challenge is a multiple of 8, and the part of small order vanishes
        r = edwards.encode(edwards.times(nonce, edwards.BASE))
        h = edwards.challenge(r, point, data)
        if h % 8 == 0:
            s = (nonce + h * secret) % edwards.L
            return _with_signature({**document, "proof": options}, r + edwards.as_bytes(s))
    raise AssertionError("no nonce fits")
