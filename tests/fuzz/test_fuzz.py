"""A short run of each fuzz target, the inputs that failed once, and inputs made to cost more than their size."""

import gc
import json
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fuzz import chains, models, receiving, strict
from fuzz.growth import FAMILIES, LARGEST, Family
from fuzz.registry import TARGETS
from fuzz.runner import MEMORY, tried
from fuzz.target import Target
from length import LONG
from opencmr import messages, trust
from opencmr.protocol import History, Knowledge, history
from opencmr.trust import proof

CORPUS = Path(__file__).with_name("corpus")
each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name.replace(" ", "-"))


def first_fault(target: Target, count: int) -> Any:
    """What the first input that fails raises."""
    inputs = target.inputs(random.Random(target.name), count)
    return next((fault for data in inputs if (fault := tried(target, data))), None)


@each_target
def test_no_input_raises_what_is_not_documented(target: Target) -> None:
    assert first_fault(target, target.short if LONG else target.short // 2) is None


@each_target
def test_seeds_and_what_failed_once_hold(target: Target) -> None:
    kept = [file.read_bytes() for file in sorted((CORPUS / target.name).glob("*"))]
    assert [fault for data in (*target.pool, *kept) if (fault := tried(target, data))] == []


def test_the_same_dice_make_the_same_inputs() -> None:
    for target in TARGETS:
        one, other = (list(target.inputs(random.Random(7), 50)) for _ in range(2))
        assert one == other


def test_each_folder_of_the_corpus_belongs_to_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} <= {target.name for target in TARGETS}


# Are the targets any good? Each of these faults was planted, and must be found.


def _plant_lenient_parser(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trust, "parse", json.loads)


def _plant_parser_that_knows_no_depth(patch: pytest.MonkeyPatch) -> None:
    right = trust.parse
    patch.setattr(trust, "parse", lambda raw: right(raw, depth=100))


def _plant_base58_that_strips(patch: pytest.MonkeyPatch) -> None:
    right = proof.base58.decode
    patch.setattr(proof.base58, "decode", lambda text: right(text.strip()))


def _plant_unknown_members(patch: pytest.MonkeyPatch) -> None:
    right = messages.validate
    known = {"opencmr", "id", "type", "from", "to", "thread", "created", "number", "prior", "seen"}
    known |= {"expires", "body", "ext", "proof"}
    patch.setattr(messages, "validate", lambda document: right({n: v for n, v in document.items() if n in known}))


def _plant_no_that_waits_for_an_answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(History, "hear", lambda *_: None)


def _plant_yes_that_need_not_know_the_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Knowledge, "knows", lambda *_: True)


def _plant_refusal_of_a_no_that_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "is_narrowing", lambda *_: False)


@pytest.mark.parametrize(
    ("plant", "targets"),
    [
        (_plant_lenient_parser, strict.TARGETS[:1]),
        (_plant_parser_that_knows_no_depth, strict.TARGETS[:1]),
        (_plant_base58_that_strips, strict.TARGETS[2:3]),
        (_plant_unknown_members, models.TARGETS),
        (_plant_no_that_waits_for_an_answer, chains.TARGETS),
        (_plant_yes_that_need_not_know_the_no, chains.TARGETS),
        (_plant_refusal_of_a_no_that_counts, receiving.TARGETS),
    ],
)
def test_a_planted_fault_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], targets: tuple[Target, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert any(first_fault(target, 3 * target.short) for target in targets)


# Time and memory. Python's own steps are counted, since clocks lie; what libraries do inside is timed in the long run.


def steps(family: Family, data: bytes) -> int:
    """How many calls are made while it is read."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    gc.disable()  # whoever listens to the collector would be counted as well
    sys.setprofile(counted)
    try:
        family.run(data)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


@each_family
def test_the_work_grows_no_faster_than_the_input(family: Family) -> None:
    small, large = family.make(LARGEST // 2), family.make(LARGEST)
    family.run(family.make(500))  # what is read once and kept
    assert steps(family, large) <= 2.5 * steps(family, small) + 500


@each_family
def test_the_memory_is_bounded(family: Family) -> None:
    data = family.make(LARGEST)
    family.run(data[:500])
    tracemalloc.start()
    try:
        family.run(data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
