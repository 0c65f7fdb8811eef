"""Tombstones: what stays of a message whose content was erased, and how far it is believed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from dialogue import conversation, put_forward
from opencmr import trust
from opencmr.errors import Malformed, Problem
from opencmr.protocol import Question
from opencmr.protocol.erasure import bury, is_tombstone, unearth
from opencmr.protocol.evidence import Evidence, Exhibit, examine, records_of
from opencmr.protocol.exhibits import Pair

Document = dict[str, Any]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return put_forward(*conversation())


def buried(evidence: Evidence, which: Callable[[Document], bool], **changes: Any) -> Evidence:
    """The evidence with tombstones in the place of some messages, and folds that are stated anew."""
    messages = [
        _buried(each, changes) if which(orjson.loads(each.raw)) and b'"receipt"' not in each.raw else each
        for each in evidence.messages
    ]
    return restated(replace(evidence, messages=messages))


def _buried(exhibit: Exhibit, changes: Document) -> Exhibit:
    stone = orjson.loads(bury(exhibit.raw, trust.digest(exhibit.raw)))
    changed = {name: value for name, value in {**stone, **changes}.items() if value is not None}
    raw = trust.canonicalize(changed)
    return replace(exhibit, raw=raw, digest=trust.digest(raw))


def restated(evidence: Evidence) -> Evidence:
    histories = examine(replace(evidence, folds=())).histories
    folds = []
    for exhibit in evidence.folds:
        said = orjson.loads(exhibit.raw)
        pair: Pair = (said["customer"], said["vendor"])
        raw = trust.canonicalize({**said, "records": records_of(histories[pair])})
        folds.append(replace(exhibit, raw=raw, digest=trust.digest(raw)))
    return replace(evidence, folds=folds)


def threads_of(evidence: Evidence, type_: str) -> set[str]:
    return {said["thread"] for each in evidence.messages if (said := orjson.loads(each.raw))["type"] == type_}


def test_a_tombstone_has_the_envelope_and_nothing_that_was_said(evidence: Evidence) -> None:
    for exhibit in evidence.messages:
        stone = bury(exhibit.raw, trust.digest(exhibit.raw))
        said, kept = orjson.loads(exhibit.raw), orjson.loads(stone)
        assert is_tombstone(stone)
        assert not is_tombstone(exhibit.raw)
        assert kept == {**{name: said[name] for name in said if name not in ("body", "ext", "opencmr", "proof")},
                        "erased": trust.digest(exhibit.raw)}  # fmt: skip
        assert bury(stone, trust.digest(stone)) == stone
        digest, message = unearth(stone)
        assert (digest, message.id, message.thread) == (trust.digest(exhibit.raw), said["id"], said["thread"])


@pytest.mark.requirement("EVD-12", "EVD-14")
def test_evidence_of_which_all_was_erased_holds_and_says_so(evidence: Evidence) -> None:
    whole = examine(evidence)
    gone = examine(buried(evidence, lambda _: True))
    assert gone.ok, gone.findings
    assert gone.counts["erased"] == gone.counts["messages"] == whole.counts["messages"]
    assert all(records_of(history) == {} for history in gone.histories.values())
    assert {each.code for one in gone.relationships for each in one.unknown} >= {"erased"}
    for pair, history in whole.histories.items():
        assert gone.histories[pair].chain.digests == history.chain.digests
        assert gone.histories[pair].chain.times() == history.chain.times()


@pytest.mark.requirement("SEQ-41")
def test_the_threads_that_stay_fold_as_before_and_no_erased_one_permits_anything(evidence: Evidence) -> None:
    erased = threads_of(evidence, "consent.grant")
    assert erased
    found = examine(buried(evidence, lambda said: said["thread"] in erased))
    assert found.ok, found.findings
    whole = examine(evidence)
    for pair, history in found.histories.items():
        before = whole.histories[pair].threads
        gone = erased & before.keys()
        assert all(history.threads[id_].record is None and history.threads[id_].state == "erased" for id_ in gone)
        assert all(history.threads[id_] == before[id_] for id_ in before.keys() - gone)
        if gone:
            asked = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
            assert history.may(asked, "2026-12-31T00:00:00.000Z").reason == "erasure"


@pytest.mark.requirement("EVD-12")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": {}}, "malformed"),
        ({"thread": None}, "malformed"),
        ({"created": "yesterday"}, "malformed"),
        ({"erased": "zQm"}, "malformed"),
        ({"number": 2**53}, "bad-number"),
    ],
)
def test_what_is_no_tombstone_is_found(evidence: Evidence, changes: Document, code: str) -> None:
    found = examine(buried(evidence, lambda said: said["type"] == "consent.grant", **changes))
    assert {each.code for each in found.findings} == {code}
    stone = trust.canonicalize({"created": "2026-03-01T12:00:00.000Z", "erased": trust.digest(b"")})
    with pytest.raises(Malformed):
        unearth(stone)


@pytest.mark.requirement("EVD-13")
def test_a_tombstone_that_no_signed_word_names_proves_nothing(evidence: Evidence) -> None:
    other = trust.digest(b"something else")
    customers = examine(buried(evidence, lambda said: said["type"] == "consent.grant", erased=other))
    assert {each.code for each in customers.findings} >= {"unanswered"}
    vendors = examine(buried(evidence, lambda said: said["type"] == "order.confirm", erased=other))
    assert not vendors.ok


def test_a_receipt_is_never_erased(evidence: Evidence) -> None:
    receipt = next(each for each in evidence.messages if orjson.loads(each.raw)["type"] == "receipt")
    messages = [_buried(each, {}) if each is receipt else each for each in evidence.messages]
    found = examine(replace(evidence, messages=messages))
    assert "no-entry" in {each.code for each in found.findings}


def test_bytes_that_are_cut_off_are_no_tombstone() -> None:
    with pytest.raises(Problem):
        unearth(b'{"created":"2026')
