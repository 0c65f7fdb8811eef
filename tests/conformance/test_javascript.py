"""The second implementation, `examples/javascript/`: it passes the vectors, and talks to our vendor over HTTP.

Its own tests run under Node's test runner. Where Node 20 or newer is missing they are skipped, and say so.
"""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from more_members import ANYTHING, objects, with_more
from opencmr import trust
from opencmr.errors import OpenCMRError

FOLDER = Path(__file__).parents[2] / "examples" / "javascript"
BOUND = 240
"""Seconds for all of it. It takes about ten."""
SHOP = "did:web:shop.example"
KEYS = {f"{SHOP}#key-{number}": trust.SigningKey(bytes([number]) * 32).public for number in (1, 2)}
READ = """
import { readFileSync } from 'node:fs';
import { readDocument } from './customer.mjs';
const read = (document) => {
  try {
    const { pinned, service } = readDocument('did:web:shop.example', document);
    return [pinned, service.replace(/[/]+$/, '')];
  } catch { return null; }
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(read)));
"""


def test_the_javascript_implementation_passes_the_vectors_and_talks_to_our_vendor(node: str) -> None:
    serve = f"{sys.executable} -m opencmr.cli serve"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap"],
        cwd=FOLDER,
        env={**os.environ, "OPENCMR_SERVE": serve},
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.findall(r"^ok \d+ - (.*)$", done.stdout, re.MULTILINE)
    skipped = [name for name in passed if "# SKIP" in name]
    assert len(passed) - len(skipped) >= 10
    assert all("the vendor's side" in name for name in skipped), skipped


@st.composite
def changed(draw: st.DrawFn, plain: dict[str, Any]) -> dict[str, Any]:
    """The document with one of its members, anywhere, removed or another; with other things beside what it lists."""
    document = copy.deepcopy(plain)
    each = draw(st.sampled_from(list(objects(document))))
    name = draw(st.sampled_from(list(each)))
    there = st.sampled_from([*KEYS, *KEYS.values(), SHOP, "Multikey", "OpenCMR", "#key-1", "z6Mk" + "1" * 44])
    each[name] = draw(ANYTHING | there | st.lists(there, max_size=3))
    if draw(st.booleans()):
        del each[name]
    for lists in ("verificationMethod", "assertionMethod", "service"):
        if isinstance(document.get(lists), list):
            document[lists] += draw(st.lists(ANYTHING | there | st.sampled_from(plain[lists]), max_size=2))
    return document


def read_by_us(document: Any) -> Any:
    """The keys and the endpoint that Python finds; none where it refuses the document."""
    try:
        read = trust.parse_document(SHOP, document)
        return [read.keys, read.endpoint]
    except OpenCMRError:
        return None


@pytest.mark.requirement("IDN-13")
def test_unknown_members_anywhere_change_nothing_in_javascript_and_what_is_wrong_is_refused_by_both(node: str) -> None:
    plain = trust.document_for(SHOP, KEYS, "https://shop.example/opencmr")
    with_others: list[Any] = [plain]
    wrong: list[Any] = [None, [], "x", 7, {}]
    quick = settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

    @quick
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        with_others.append(with_more(data, plain))
        wrong.append(data.draw(changed(plain)))

    draw()
    done = subprocess.run(
        [node, "--input-type=module", "--eval", READ],
        input=json.dumps([*with_others, *wrong]), cwd=FOLDER, capture_output=True, text=True, timeout=BOUND,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    read = json.loads(done.stdout)
    beside, changed_ones = read[: len(with_others)], read[len(with_others) :]
    assert beside == [[KEYS, "https://shop.example/opencmr"]] * len(with_others)
    apart = [
        (document, ours, theirs)
        for document, theirs in zip(wrong, changed_ones, strict=True)
        if (ours := read_by_us(document)) != theirs
    ]
    assert not apart, apart[:3]
    assert 5 < changed_ones.count(None) < len(wrong) - 5, "some are taken, and some are refused"
