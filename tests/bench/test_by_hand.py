"""The peer that is written by hand refuses what OpenCMR refuses: it doesn't look slow for what it does besides."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import by_hand
from bench.checking import checked
from bench.goods import VENDOR, Sender
from opencmr import trust
from opencmr.conformance import changes
from opencmr.messages import VERSION

SPEC = Path(__file__).resolve().parents[2] / "spec" / "v1"


def _taken(work: Callable[[], object]) -> bool:
    try:
        work()
    except Exception:
        return False
    return True


def _cases(file: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((SPEC / "vectors" / file).read_bytes())["cases"]
    return cases


def test_it_reads_the_bytes_that_we_read() -> None:
    given = [case["input"] for case in _cases("canonical.json") if "input" in case]
    raws = [each["utf8"].encode() if "utf8" in each else bytes.fromhex(each["hex"]) for each in given]
    assert len(raws) > 80
    for raw in raws:
        assert _taken(lambda raw=raw: by_hand.read(raw)) is _taken(lambda raw=raw: trust.parse(raw)), raw[:200]


def test_it_takes_and_refuses_the_mutants_that_we_take_and_refuse() -> None:
    key = trust.SigningKey.generate()
    answers = set()
    cases = [case for case in _cases("messages/mutants.json") if "/consent.grant.as-asked" in case["of"]]
    for case in cases:
        document = json.loads((SPEC / case["of"]).read_bytes()) | {"from": key.did, "to": VENDOR}
        del document["proof"]
        try:
            raw = trust.sign(changes.apply(document, case["change"]), key, trust.key_url(key.did))
        except Exception:  # a change of the proof, or one that can't be written
            continue
        ours = _taken(lambda raw=raw: checked(raw))
        assert _taken(lambda raw=raw: by_hand.check(raw, VENDOR)) is ours, case
        answers.add(ours)
    assert answers == {True, False}


@pytest.mark.parametrize("member", ["opencmr", "from", "to", "number", "proof", "signature"])
def test_it_refuses_what_is_said_by_or_to_another(member: str) -> None:
    document = json.loads(Sender().opening())
    assert document["opencmr"] == VERSION
    other = json.loads(Sender().opening())
    if member == "signature":
        document["proof"]["proofValue"] = other["proof"]["proofValue"]
    elif member == "number":  # which is a vendor's
        document[member] = 1
    else:
        document[member] = other[member] if member in ("from", "proof") else "did:web:other.example"
    raw = trust.canonicalize(document)
    assert not _taken(lambda: checked(raw))
    assert not _taken(lambda: by_hand.check(raw, VENDOR))


def test_both_find_the_same_digest() -> None:
    raw = Sender().opening()
    assert by_hand.check(raw, VENDOR)[1] == trust.digest(raw)
