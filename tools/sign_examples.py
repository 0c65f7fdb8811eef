"""Sign every example of the specification anew, in place, with the fixed test keys: the files, and those in the pages.

    python tools/sign_examples.py           # sign
    python tools/sign_examples.py --check   # exit 1 and name what is not signed as it should be

The keys are public on purpose and sign nothing but examples: the customer's is that of the official vector
(`spec/v1/vectors/eddsa-jcs-2022/keyPair.json`), the vendor's comes from a phrase. Ed25519 is deterministic, so a second
run changes nothing. An example whose fault is in its proof, or which has no canonical form, stays as it is.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import base58

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "sdk"))

from opencmr import trust  # noqa: E402  # the checkout's own, also where nothing is installed
from opencmr.errors import Problem  # noqa: E402

SPEC = ROOT / "spec" / "v1"
VECTORS = SPEC / "vectors"
PHRASE = "OpenCMR test key of did:web:shop.example"
VENDOR = "did:web:shop.example"
ENDPOINT = "https://shop.example/opencmr"


def customer_key() -> trust.SigningKey:
    """The key pair of the official eddsa-jcs-2022 vector: multicodec 0x8026, then the seed."""
    pair = json.loads((VECTORS / "eddsa-jcs-2022" / "keyPair.json").read_text())
    raw = base58.b58decode(pair["privateKeyMultibase"][1:])
    assert raw[:2] == b"\x80\x26"
    return trust.SigningKey(raw[2:])


def vendor_key() -> trust.SigningKey:
    return trust.SigningKey(hashlib.sha256(PHRASE.encode()).digest())


def signers() -> dict[str, trust.SigningKey]:
    """Key URL → the key that signs under this name."""
    customer, vendor = customer_key(), vendor_key()
    return {trust.key_url(customer.did): customer, trust.key_url(VENDOR): vendor}


def signed(message: dict[str, Any], keys: dict[str, trust.SigningKey]) -> dict[str, Any]:
    """The message with a good signature, and the messages inside it too; as it is where it can't be signed."""
    body = message.get("body")
    if isinstance(body, dict) and isinstance(body.get("receipts"), list):
        receipts = [signed(each, keys) if isinstance(each, dict) else each for each in body["receipts"]]
        message = {**message, "body": {**body, "receipts": receipts}}
    proof, unsecured = message.get("proof"), {name: value for name, value in message.items() if name != "proof"}
    method = trust.key_url(str(message.get("from")))
    if not isinstance(proof, dict) or method not in keys:
        return message
    try:
        fresh = json.loads(trust.sign(unsecured, keys[method], method))["proof"]
    except Problem:
        return message
    if {**proof, "proofValue": None} != {**fresh, "proofValue": None} or _is_cut(proof.get("proofValue")):
        return message
    return {**message, "proof": {name: fresh[name] for name in proof}}


def _is_cut(value: Any) -> bool:
    """Whether the fault of an example is its signature itself: not even of the form of one."""
    return not (isinstance(value, str) and value.startswith("z") and 80 <= len(value) - 1 <= 90)


def files() -> Iterator[tuple[Path, str]]:
    """Every file that the test keys have a part in, with the text that it should have."""
    keys = signers()
    names = {
        "customer": {"did": customer_key().did, "publicKeyMultibase": customer_key().public},
        "vendor": {
            "did": VENDOR,
            "verificationMethod": trust.key_url(VENDOR),
            "publicKeyMultibase": vendor_key().public,
            "seed": f"sha256 of the text: {PHRASE}",
        },
    }
    yield VECTORS / "keys.json", _pretty(names)
    document = trust.document_for(VENDOR, {trust.key_url(VENDOR): vendor_key().public}, ENDPOINT)
    yield VECTORS / "shop.example.did.json", _pretty(document)
    for file in sorted(SPEC.glob("*/examples/*/*.json")):
        example = json.loads(file.read_text())
        if file.parent.name == "valid":
            yield file, _pretty(signed(example, keys))
        else:
            yield file, _pretty({**example, "message": signed(example["message"], keys)})
    for page in sorted(SPEC.rglob("*.md")):
        yield (
            page,
            re.sub(
                r"(?<=```json\n).*?(?=```)", lambda block: _signed_block(block[0], keys), page.read_text(), flags=re.S
            ),
        )


def _signed_block(text: str, keys: dict[str, trust.SigningKey]) -> str:
    """A block of a page as it was written, with the signatures of its messages exchanged."""
    try:
        value = json.loads(text)
    except ValueError:
        return text  # an outline, with dots for what is left out
    for message in _messages(value):
        text = text.replace(message["proof"]["proofValue"], signed(message, keys)["proof"]["proofValue"], 1)
    return text


def _messages(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and "proof" in value:
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _messages(each)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    stale = [(file, text) for file, text in files() if not file.exists() or file.read_text() != text]
    for file, text in stale:
        print(file.relative_to(ROOT))
        if "--check" not in sys.argv:
            file.write_text(text)
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
