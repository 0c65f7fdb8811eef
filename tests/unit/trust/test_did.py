"""DIDs: where a vendor is found, which documents are believed, and which key speaks for whom."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from more_members import ANYTHING, with_more
from opencmr import _spec, errors, trust

VENDOR = "did:web:shop.example"
KEY = VENDOR + "#key-1"
PUBLIC = trust.SigningKey(bytes(32)).public
OTHER = trust.SigningKey(bytes(31) + b"1")


# --- did:web ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("IDN-3")
@pytest.mark.parametrize(
    ("did", "document", "origin"),
    [
        (VENDOR, "https://shop.example/.well-known/did.json", "https://shop.example"),
        ("did:web:shop.example:eu", "https://shop.example/eu/did.json", "https://shop.example"),
        ("did:web:shop.example:eu:at.v1", "https://shop.example/eu/at.v1/did.json", "https://shop.example"),
        ("did:web:shop.example%3A8443:eu", "https://shop.example:8443/eu/did.json", "https://shop.example:8443"),
        ("did:web:localhost%3A8443", "http://localhost:8443/.well-known/did.json", "http://localhost:8443"),
        ("did:web:127.0.0.1%3A80:a", "http://127.0.0.1:80/a/did.json", "http://127.0.0.1:80"),
        ("did:web:127.9.9.9", "http://127.9.9.9/.well-known/did.json", "http://127.9.9.9"),
    ],
)
def test_a_did_web_is_found_at_its_address(did: str, document: str, origin: str) -> None:
    assert trust.web_urls(did) == (document, origin)


@pytest.mark.requirement("IDN-3")
@pytest.mark.parametrize(
    "host",
    [
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.1",
        "0.0.0.0",
        "2130706433",
        "10.0.0.1",
        "localhost.",
        "LOCALHOST",
    ],
)
def test_plain_http_is_for_loopback_alone(host: str) -> None:
    try:
        document, _ = trust.web_urls("did:web:" + host)
    except errors.UsageError:
        return
    assert document.startswith("https://")


@pytest.mark.parametrize(
    "host",
    [
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "[::ffff:127.0.0.1]",
        "128.0.0.1",
        "",
        "127.0.0.1 ",
        "127.0.0.01",
        "0x7f.0.0.1",
    ],
)
def test_only_localhost_and_127_are_loopback(host: str) -> None:
    assert not trust.is_loopback(host)


@pytest.mark.parametrize(
    "did",
    [
        "",
        "did:web:",
        "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        "did:web:a/../b",
        "did:web:a%2Fb",
        "did:web:user@shop.example",
        "did:web:user%40shop.example",
        "did:web:user%3Apass%40shop.example",
        "did:web:shop.example?x",
        "did:web:shop.example#key-1",
        "did:web:shop.example%23",
        "did:web:shop.example%3F",
        "did:web:shop.example%5Cevil.example",
        "did:web:shop.example%00",
        "did:web:shop.example%0D%0AHost",
        "did:web:shop.example ",
        "did:web:shop.example\n",
        "did:web:shop.example%3A",
        "did:web:shop.example%3A99999",
        "did:web:shop.example%3A80%3A90",
        "did:web:shop.example%3Aport",
        "did:web:shop.example%3A-1",
        "did:web:shop.example%3A٣",
        "did:web:shop.example:",
        "did:web:shop.example::a",
        "did:web:shop.example:..:a",
        "did:web:shop.example:.",
        "did:web:shop.example:%2e%2e",
        "did:web:shop.example:a%2F..%2Fb",
        "did:web:..",
        "did:web:.",
        "did:web:-",
        "did:web:.shop.example",
        "did:web:shop..example",
        "did:web:shop-.example",
        "did:web:[%3A%3A1]",
        "did:web:%5B%3A%3A1%5D",
        "did:web:шоп.example",
        "DID:WEB:shop.example",
    ],
)
def test_a_hostile_did_names_no_address(did: str) -> None:
    with pytest.raises(errors.UsageError):
        trust.web_urls(did)


@pytest.mark.parametrize(
    ("did", "meant"),
    [
        ("did:web:localhost:8001", "did:web:localhost%3A8001"),
        ("did:web:127.0.0.1:8001:eu", "did:web:127.0.0.1%3A8001:eu"),
    ],
)
def test_a_port_on_loopback_that_is_written_as_a_path_is_told(did: str, meant: str) -> None:
    with pytest.raises(errors.UsageError, match=f"did you mean {meant}"):
        trust.web_urls(did)


def test_elsewhere_a_path_may_be_a_number() -> None:
    assert trust.web_urls("did:web:shop.example:2024")[0] == "https://shop.example/2024/did.json"
    assert trust.web_urls("did:web:localhost%3A8001:2024")[0] == "http://localhost:8001/2024/did.json"


@given(st.text(max_size=40))
def test_whatever_a_did_says_the_address_is_below_its_own_host(rest: str) -> None:
    try:
        document, origin = trust.web_urls("did:web:" + rest)
    except errors.UsageError:
        return
    assert document.startswith(origin + "/")
    assert document.endswith("/did.json")
    assert not set(document) & set("@?#\\ %")


# --- DID documents ---------------------------------------------------------------------------------------------------


def document(**members: Any) -> dict[str, Any]:
    return {**trust.document_for(VENDOR, {KEY: PUBLIC}, "https://shop.example/opencmr/"), **members}


def method(**members: Any) -> dict[str, Any]:
    return {**document()["verificationMethod"][0], **members}


@pytest.mark.requirement("TRN-10")
def test_the_document_that_a_vendor_serves_is_read_again() -> None:
    read = trust.parse_document(VENDOR, document())
    assert read.keys == {KEY: PUBLIC}
    assert read.endpoint == "https://shop.example/opencmr"
    assert trust.parse_document(VENDOR, document(alsoKnownAs=["https://shop.example"])).keys == read.keys


def test_the_vendor_of_the_examples_has_the_key_of_the_list() -> None:
    read = trust.parse_document(VENDOR, _spec.table("vectors/shop.example.did.json"))
    listed = _spec.table("vectors/keys.json")["vendor"]
    assert read.keys == {listed["verificationMethod"]: listed["publicKeyMultibase"]}


@pytest.mark.requirement("IDN-4")
def test_a_document_of_somebody_else_is_refused() -> None:
    with pytest.raises(errors.Malformed) as caught:
        trust.parse_document("did:web:other.example", document())
    assert caught.value.pointer == "/id"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"id": "shop"}, "/id"),
        ({"verificationMethod": []}, "/verificationMethod"),
        ({"verificationMethod": [method(id="did:web:other.example#key-1")]}, "/verificationMethod"),
        ({"verificationMethod": [method(controller="did:web:other.example")]}, "/verificationMethod"),
        ({"verificationMethod": [method(type="JsonWebKey2020")]}, "/verificationMethod"),
        ({"verificationMethod": [method(id=KEY + "%20")]}, "/verificationMethod"),
        ({"verificationMethod": [method(), method(publicKeyMultibase=OTHER.public)]}, "/verificationMethod/1/id"),
        ({"verificationMethod": method()}, "/verificationMethod"),
        ({"verificationMethod": None}, "/verificationMethod"),
        ({"assertionMethod": KEY}, "/assertionMethod"),
        ({"assertionMethod": [method()]}, "/assertionMethod"),
        ({"assertionMethod": []}, "/assertionMethod"),
        ({"assertionMethod": [VENDOR + "#key-2"]}, "/assertionMethod"),
        ({"service": {}}, "/service"),
    ],
)
def test_a_document_that_names_no_key_of_its_own_is_refused(members: dict[str, Any], pointer: str) -> None:
    with pytest.raises(errors.Malformed) as caught:
        trust.parse_document(VENDOR, document(**members))
    assert caught.value.pointer == pointer


P256 = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
X25519 = "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"
ASIDE = [
    {"type": "JsonWebKey2020", "publicKeyMultibase": None, "publicKeyJwk": {"kty": "EC", "crv": "P-256"}},
    {"type": "Ed25519VerificationKey2020"},
    {"type": ["Multikey"]},
    {"publicKeyMultibase": X25519},
    {"publicKeyMultibase": P256},
    {"publicKeyMultibase": "zUC7" + "a" * 133},
    {"publicKeyMultibase": "u7QEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"publicKeyMultibase": 7},
    {"controller": "did:web:other.example"},
    {"controller": "did:example:abc"},
    {"controller": [VENDOR]},
    {"id": VENDOR + "#a%20b"},
    {"id": VENDOR + "#" + "a" * 101},
    {"id": VENDOR},
    {"id": "did:web:other.example#key-1"},
    {"id": 7},
]


@pytest.mark.requirement("IDN-13")
@pytest.mark.parametrize("asserted", [True, False])
@pytest.mark.parametrize("changes", ASIDE, ids=str)
def test_a_did_document_with_other_keys_is_taken_and_they_do_not_count(changes: dict[str, Any], asserted: bool) -> None:
    beside = {"id": VENDOR + "#k2", "publicKeyMultibase": OTHER.public, **changes}
    both = document()["verificationMethod"]
    for methods in ([*both, method(**beside)], [method(**beside), *both]):
        named = [KEY, beside["id"]] if asserted else [KEY]
        read = trust.parse_document(VENDOR, document(verificationMethod=methods, assertionMethod=named))
        assert read == trust.parse_document(VENDOR, document())


@pytest.mark.requirement("IDN-13")
def test_each_of_a_vendors_keys_that_may_sign_counts_however_many_there_are() -> None:
    named = [f"{VENDOR}#k{number}" for number in range(40)]
    methods = [
        method(id=url, publicKeyMultibase=trust.SigningKey(bytes([n]) * 32).public) for n, url in enumerate(named)
    ]
    read = trust.parse_document(VENDOR, document(verificationMethod=methods, assertionMethod=[*named[:20], *named[:2]]))
    assert list(read.keys) == named[:20]


@pytest.mark.requirement("IDN-13")
def test_what_else_stands_in_a_did_document_does_not_count() -> None:
    embedded = method(id=VENDOR + "#k2", publicKeyMultibase=OTHER.public)
    elsewhere = {"id": VENDOR + "#l", "type": ["LinkedDomains"], "serviceEndpoint": {"origins": ["https://x.example"]}}
    ours = document()["service"][0]
    for members in (
        {"assertionMethod": [KEY, embedded, "did:example:abc#key-1", 7, None]},
        {"verificationMethod": [*document()["verificationMethod"], "did:example:abc#key-1", None, []]},
        {"service": [elsewhere, None, {**ours, "serviceEndpoint": [ours["serviceEndpoint"]]}, ours]},
        {"service": [{**ours, "type": ["LinkedDomains", "OpenCMR"]}]},
        {"keyAgreement": [embedded], "authentication": None, "@context": None},
        {"verificationMethod": [method(id="#key-1")], "assertionMethod": ["#key-1"]},
        {"verificationMethod": [method(), method()]},
    ):
        assert trust.parse_document(VENDOR, document(**members)) == trust.parse_document(VENDOR, document()), members


@pytest.mark.requirement("IDN-13")
@given(st.data())
def test_unknown_members_anywhere_in_a_did_document_change_nothing(data: st.DataObject) -> None:
    assert trust.parse_document(VENDOR, with_more(data, document())) == trust.parse_document(VENDOR, document())


@pytest.mark.requirement("IDN-13")
@given(st.lists(ANYTHING, max_size=4), st.sampled_from(["verificationMethod", "assertionMethod", "service"]))
def test_whatever_stands_in_a_list_of_a_did_document_what_is_ours_is_still_found(more: list[Any], name: str) -> None:
    plain = document()
    read = trust.parse_document(VENDOR, document(**{name: [*plain[name], *more]}))
    assert read == trust.parse_document(VENDOR, plain)


@pytest.mark.requirement("SIG-3")
def test_a_document_with_a_weak_key_is_refused() -> None:
    weak = trust.encode_public((1).to_bytes(32, "little"))
    with pytest.raises(errors.WeakKey):
        trust.parse_document(VENDOR, document(verificationMethod=[method(), method(publicKeyMultibase=weak)]))
    for none_of_ours in (weak, P256, "z6MK" + PUBLIC[4:]):
        with pytest.raises(errors.WeakKey):
            trust.parse_document(VENDOR, document(verificationMethod=[method(publicKeyMultibase=none_of_ours)]))


@pytest.mark.parametrize("members", [[], "x", 7, None, {}])
def test_what_is_no_document_is_refused(members: Any) -> None:
    with pytest.raises(errors.Malformed):
        trust.parse_document(VENDOR, members)


def test_a_document_without_the_service_has_no_endpoint() -> None:
    for service in ([], [{"id": VENDOR + "#x", "type": "LinkedDomains", "serviceEndpoint": "https://shop.example"}]):
        with pytest.raises(errors.Malformed) as caught:
            _ = trust.parse_document(VENDOR, document(service=service)).endpoint
        assert caught.value.pointer == "/service"


# --- which key speaks for whom ---------------------------------------------------------------------------------------


@pytest.mark.requirement("IDN-1", "IDN-9")
def test_a_did_key_speaks_with_itself_alone() -> None:
    key = trust.SigningKey(bytes(32))
    assert trust.key_url(key.did) == f"{key.did}#{key.public}"
    assert trust.public_key(key.did, trust.key_url(key.did), {}) == trust.decode_public(key.public)
    for wrong in (key.did, f"{key.did}#key-1", f"{key.did}#{OTHER.public}", trust.key_url(OTHER.did), KEY):
        with pytest.raises(errors.WrongKey) as caught:
            trust.public_key(key.did, wrong, {wrong: PUBLIC, KEY: PUBLIC})
        assert caught.value.pointer == "/proof/verificationMethod"


@pytest.mark.requirement("IDN-5", "IDN-9")
def test_a_did_web_speaks_with_a_pinned_key_of_its_own_alone() -> None:
    pinned = {KEY: PUBLIC, "did:web:other.example#key-1": OTHER.public}
    assert trust.public_key(VENDOR, KEY, pinned) == trust.decode_public(PUBLIC)
    for wrong in (
        VENDOR,
        VENDOR + "#key-2",
        VENDOR + ":eu#key-1",
        "did:web:other.example#key-1",
        trust.key_url(OTHER.did),
    ):
        with pytest.raises(errors.WrongKey) as caught:
            trust.public_key(VENDOR, wrong, pinned)
        assert caught.value.pointer == "/proof/verificationMethod"
    with pytest.raises(errors.WrongKey):
        trust.public_key(VENDOR, KEY, {})


@pytest.mark.requirement("SIG-3")
def test_a_did_of_a_small_order_key_speaks_with_nothing() -> None:
    did = "did:key:" + trust.encode_public((1).to_bytes(32, "little"))
    with pytest.raises(errors.WeakKey) as caught:
        trust.public_key(did, trust.key_url(did), {})
    assert caught.value.pointer == "/proof/verificationMethod"
