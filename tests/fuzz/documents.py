"""What is read besides messages: documents of discovery, DIDs and URLs, answers and problems, and key files."""

import json
import os
import random
import shutil
import tempfile
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from pydantic import ValidationError

from opencmr import trust
from opencmr.errors import KeyFileError, Malformed, Problem, Unreachable, UsageError, WeakKey
from opencmr.messages import VERSION, core
from opencmr.protocol.manifest import Manifest
from opencmr.store import KeyFile
from opencmr.transport import Discovery, MyTerms, pack, unpack
from opencmr.transport.addresses import admitted, check_url, is_public
from opencmr.transport.client import _Stated

from .cast import CUSTOMER, CUSTOMER_KEY, PINNED, VECTORS, VENDOR, VENDOR_KEY, examples
from .mutations import mutated_bytes, mutated_json
from .target import Target, expect

_DID_DOCUMENT = trust.document_for(VENDOR, PINNED, "https://shop.example/opencmr")
_DISCOVERY: dict[str, Any] = {
    "did": VENDOR, "name": "Shop", "roles": ["vendor"], "endpoint": "https://shop.example/opencmr", "versions": ["1.0"],
    "types": ["terms.proffer"], "terms": [{"id": "SD-BASE", "digest": "zQm" + "2" * 44}],
    "consents": [{"purposes": ["dpv:DirectMarketing"], "data": ["pd:EmailAddress"], "channels": ["email"]}],
    "categories": [{"scheme": "google", "code": "152", "label": "Cameras"}], "places": [{"country": "AT"}],
}  # fmt: skip
_MY_TERMS = {
    "effective_date": "Sun, 01 Feb 2026 00:00:00 +0000", "agreements": [{"id": "SD-BASE", "url": "https://a.example/"}],
    "tos_url": "https://shop.example/terms",
}  # fmt: skip
_PROBLEM = {
    "type": "https://w3id.org/opencmr/v1/problems#malformed", "title": "A member.", "status": 422, "fault": "sender",
    "retry": False, "detail": "why", "pointer": "/body/a", "rule": "ENV-1", "expected": ["a", "b"],
}  # fmt: skip


def _loaded(data: bytes) -> Any:
    """As the client reads documents that are not signed."""
    try:
        return orjson.loads(data[: trust.MAX_BYTES])
    except orjson.JSONDecodeError:
        return None


def run_documents(data: bytes) -> None:
    """As a DID document, a document `opencmr`, and a `myterms.json`."""
    members = _loaded(data)
    for did in (VENDOR, str(members.get("id")) if isinstance(members, dict) else VENDOR):
        try:
            document = trust.parse_document(did, members)
            expect(bool(document.keys) and document.id == did, "a document without a key, or of somebody else", data)
            check_url(document.endpoint, local=False)
        except (Malformed, WeakKey) as problem:
            _travels(problem)
        except Unreachable:
            pass
    for kind in (Discovery, MyTerms):
        try:
            kind.read(members)
        except Malformed as problem:
            _travels(problem)


def _travels(problem: Problem) -> None:
    """Whatever is refused: the refusal can be told, and be read again."""
    said = problem.as_dict()
    core.ProblemDetail.model_validate(orjson.loads(trust.canonicalize(said)), by_alias=True)
    again = Problem.from_dict(said)
    expect(again.as_dict() == said, "a problem changes on its way", said)


def run_answers(data: bytes) -> None:
    """As the answer of a vendor, and as a problem of one."""
    try:
        found, more = unpack(data)
        expect(pack(found, more) == data, "an answer is another when packed again", data)
    except Problem as problem:
        _travels(problem)
    try:
        stated = _Stated.model_validate_json(data[: trust.MAX_BYTES])
    except ValidationError:
        return
    problem = Problem.from_dict(stated.wire())
    str(problem)
    core.ProblemDetail.model_validate(problem.as_dict(), by_alias=True)


def run_addresses(data: bytes) -> None:
    """As a DID, and as a URL to which a vendor sends its customers."""
    text = data.decode("utf-8", "replace")
    try:
        document, origin = trust.web_urls(text)
    except UsageError:
        pass
    else:
        host = text.removeprefix("did:web:").partition(":")[0].replace("%3A", ":")
        expect(urlsplit(origin).netloc == host, "a DID leads to another host", text, origin)
        expect(document.startswith(origin + "/") and document.endswith("/did.json"), "another document", text, document)
        expect(".." not in urlsplit(document).path.split("/"), "a path that goes up", document)
        expect(
            origin.startswith("https:") or trust.is_loopback(urlsplit(origin).hostname or ""), "in the clear", origin
        )
    for local in (False, True, None):
        try:
            check_url(text, local=local)
        except Unreachable:
            continue
        parts = urlsplit(text)
        host = parts.hostname or ""
        here = trust.is_loopback(host)
        expect(parts.scheme == "https" or here, "in the clear", text)
        expect(local is None or here == local, "into our own machine, or out of it", text)
        try:
            goes_to = httpx.URL(text).raw_host.decode()
        except (httpx.InvalidURL, UnicodeError):
            continue  # which the client calls unreachable
        expect(goes_to == host, "the client goes elsewhere than was checked", text)
        expect(parts.username is None and not parts.query and not parts.fragment, "not plain", text)
    public = is_public(text)
    try:
        admitted("shop.example", [text])
        expect(public, "let in, and not public", text)
    except Unreachable:
        expect(not public, "public, and not let in", text)
    for pinned in ({}, PINNED):
        for method in (text, trust.key_url(text)):
            try:
                expect(len(trust.public_key(text, method, pinned).raw) == 32, "not a key", text)
            except Problem as problem:
                _travels(problem)
    try:
        Manifest.read(data)
    except Problem as problem:
        _travels(problem)


@cache
def _folder(process: int) -> Path:
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(prefix=f"opencmr-fuzz-{process}-", dir=memory if memory.is_dir() else None))
    Finalize(None, shutil.rmtree, (made, True), exitpriority=1)  # also in a worker, which atexit never reaches
    return made


def run_key_files(data: bytes) -> None:
    """As the key file of a party, with no passphrase; sealed ones cost a tenth of a second, and are tried where due."""
    file = _folder(os.getpid()) / "party.keys"
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
    members = _loaded(data)
    sealed = isinstance(members, dict) and members.get("salt") is not None
    for passphrase in (None, "secret") if sealed and len(data) % 32 == 0 else (None,):
        try:
            keys = KeyFile(file, passphrase)
            for name in keys.names():
                keys.get(name).sign(b"")
            if passphrase is None and len(data) % 64 == 0:
                keys.add("new", CUSTOMER_KEY)
                expect(KeyFile(file).get("new").public == CUSTOMER_KEY.public, "a key is lost", data)
        except KeyFileError as error:
            for secret in (CUSTOMER_KEY.seed.hex(), VENDOR_KEY.seed.hex()):
                expect(secret not in f"{error} {error.__cause__}", "an error tells a key", error)


def _dumped(*documents: Any) -> list[bytes]:
    return [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in documents]


def _answers() -> list[bytes]:
    some = sorted((trust.canonicalize(each) for each in examples()), key=len)[:6]
    return [pack([]), pack(some[:1]), pack(some[1:3], True), pack(some[3:], False), *_dumped(_PROBLEM)]


def _addresses() -> list[bytes]:
    texts = [
        VENDOR, CUSTOMER, "did:web:localhost%3A8080", "did:web:shop.example:a:b", "did:web:127.0.0.1%3A80",
        "did:web:a.b%3A1:c",
        "https://shop.example/opencmr", "http://127.0.0.1:8000/opencmr", "https://10.0.0.1/", "https://[::1]:443/a",
        "https://[::ffff:127.0.0.1]/", "https://0x7f.1/", "https://2130706433/", "https://localhost./",
        "https://a@b.example/",
        "https://b.example:0443/?q#f", "https://169.254.169.254/latest", trust.key_url(VENDOR),
    ]  # fmt: skip
    named = {
        "number": 1,
        "file": "messages/0001-terms.proffer.json",
        "type": "terms.proffer",
        "digest": "zQm" + "2" * 44,
    }
    manifest = {"opencmr": VERSION, "messages": [named], "dids": [], "folds": []}
    return [*(text.encode() for text in texts), *_dumped(manifest)]


def _key_files() -> list[bytes]:
    plain = {"keys": {CUSTOMER: CUSTOMER_KEY.seed.hex(), trust.key_url(VENDOR): VENDOR_KEY.seed.hex()}}
    box = trust.stretch("secret", bytes(trust.SALT_BYTES))
    sealed = {
        "kdf": "argon2id", "salt": bytes(trust.SALT_BYTES).hex(), "check": trust.seal(b"", box),
        "keys": {CUSTOMER: trust.seal(CUSTOMER_KEY.seed, box)},
    }  # fmt: skip
    return [*_dumped(plain, plain, plain, {"keys": {}}, sealed), json.dumps(plain, indent=2).encode()]


def mutated_address(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """Characters that mean something in an address, in odd places."""
    if data[:1] == b"{":
        return mutated_json(dice, data, donor)
    if dice.random() < 0.5:
        at = dice.randrange(len(data) + 1)
        odd = (b":", b"/", b"@", b"%3A", b"%2e", b".", b"..", b"[", b"]", b"#", b"?", b"0", b"a", b"-", b"\xe2\x80\xae",
               b"\xef\xbc\x8f", b"\xc3\xa9", b"%", b"\\", b" ", b"\n", b"xn--", b"999999")  # fmt: skip
        return data[:at] + dice.choice(odd) + data[at + dice.choice((0, 0, 1)) :]
    return mutated_bytes(dice, data, donor)


def _documents() -> list[bytes]:
    return [*_dumped(_DID_DOCUMENT, _DISCOVERY, _MY_TERMS), (VECTORS / "shop.example.did.json").read_bytes()]


TARGETS = (
    Target("documents", "DID documents, discovery, myterms.json", run_documents, _documents, share=40, short=5000),
    Target("answers", "bundles, and problems of a peer", run_answers, _answers, share=40, short=5000),
    Target(
        "addresses", "DIDs, URLs, key URLs, manifests", run_addresses, _addresses, mutated_address, share=50, short=5000
    ),
    Target("keyfiles", "key files", run_key_files, _key_files, share=10, short=1000),
)
