"""Evidence: a conversation of forty messages with something else in it, in memory and as a folder on a disk."""

import json
import os
import random
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from dialogue import Dialogue, conversation, put_forward
from opencmr import trust
from opencmr.cli.folder import read_folder
from opencmr.cli.verify import _folder
from opencmr.errors import OpenCMRError
from opencmr.messages import VERSION
from opencmr.protocol.evidence import Evidence, Exhibit, examine
from opencmr.protocol.manifest import file_of

from .documents import _folder as scratch
from .mutations import mutated, mutated_bytes, mutated_json, written
from .target import Target, expect


@cache
def _talks() -> dict[str, tuple[Dialogue, str]]:
    """Who signs for a DID, and on which side."""
    sides = ("customer", "vendor")
    return {did: (one, side) for one in conversation() for did, side in zip(one.pair, sides, strict=True)}


def _said(text: Any) -> dict[str, Any] | None:
    try:
        members = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return members if isinstance(members, dict) else None


def _exhibits(texts: Any, kind: str) -> list[Exhibit]:
    """The texts under names that fit what they say, with their digests stated."""
    found = []
    for number, text in enumerate(texts if isinstance(texts, list) else ()):
        raw = text.encode("utf-8", "replace") if isinstance(text, str) else written(text)
        members = _said(raw) or {}
        stated = {"messages": ("type",), "dids": ("id",), "folds": ("customer", "vendor")}[kind]
        type_ = str(members.get("type", "receipt")).replace("/", "-")[:60]
        name = file_of(number + 1, type_) if kind == "messages" else f"{kind}/{number}.json"
        says = {member: str(members.get(member)) for member in stated}
        found.append(Exhibit(name, raw, trust.digest(raw), says))
    return found


def _evidence(data: bytes) -> Evidence | None:
    case = _said(data)
    if case is None:
        return None
    part = case.get("part")
    threads = frozenset(filter(lambda each: isinstance(each, str), part)) if isinstance(part, list) else None
    return Evidence(*(_exhibits(case.get(kind), kind) for kind in ("messages", "dids", "folds")), threads)


def run_evidence(data: bytes) -> None:
    """Checked in memory: findings, and never an exception."""
    evidence = _evidence(data)
    if evidence is None:
        return
    found = examine(evidence)
    expect(found.ok or 1 <= found.step <= 5, "findings without a step", found.step)
    for one in found.relationships:
        here = one.completeness
        expect(here.here <= here.last and here.answered_here <= here.answered, "more is here than there is", here)
        expect(not one.ok or here.part is not None or here.whole, "evidence holds that is not whole", here)
    for finding in found.findings:
        trust.canonicalize({"code": finding.code, "why": finding.why, "pointer": finding.pointer or ""})


def run_folders(data: bytes) -> None:
    """Written into a folder with a manifest, and checked as `opencmr verify` does."""
    evidence = _evidence(data)
    folder = scratch(os.getpid()) / "evidence"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("messages", "dids", "folds"):
        (folder / part).mkdir(parents=True)
    if evidence is None:
        (folder / "manifest.json").write_bytes(data)
    else:
        case = _said(data) or {}
        _write(folder, evidence, case.get("manifest"))
    read_folder(folder)
    verdict = _folder(folder, [])
    orjson.dumps(verdict.as_dict())
    list(verdict.parts())


def _write(folder: Path, evidence: Evidence, other: Any) -> None:
    messages = [
        {"number": number + 1, "file": each.name, "digest": each.digest, **each.stated}
        for number, each in enumerate(evidence.messages)
    ]
    dids = [{"did": each.stated["id"], "file": each.name, "digest": each.digest} for each in evidence.dids]
    folds = [{**each.stated, "file": each.name, "digest": each.digest} for each in evidence.folds]
    part = {"part": {"threads": sorted(evidence.part)}} if evidence.part else {}
    manifest = {"opencmr": VERSION, "messages": messages, "dids": dids, "folds": folds, **part}
    (folder / "manifest.json").write_bytes(written(other if isinstance(other, dict) else manifest))
    for each in (*evidence.messages, *evidence.dids, *evidence.folds):
        if "\0" not in each.name:
            (folder / each.name).write_bytes(each.raw)


def seeds() -> list[bytes]:
    """The conversation whole, its first messages alone, and a thread of it."""
    evidence = put_forward(*conversation())
    case = {name: [each.raw.decode() for each in getattr(evidence, name)] for name in ("messages", "dids", "folds")}
    short = {"messages": case["messages"][:6], "dids": case["dids"], "folds": []}
    thread = {**case, "part": [json.loads(case["messages"][-1])["thread"]]}
    return [written(case), written(short), written(thread)]


def mutated_evidence(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """One message says something else, under a signature that holds or not; or is left out, doubled or moved."""
    case = _said(data)
    if case is None or not isinstance(case.get("messages"), list) or not case["messages"]:
        return mutated_json(dice, data, donor)
    messages = list(case["messages"])
    at, other = dice.randrange(len(messages)), dice.randrange(len(messages))
    roll = dice.random()
    if roll < 0.6:
        members = _said(messages[at])
        if members is None:
            return mutated_json(dice, data, donor)
        changed = mutated(dice, members, _said(messages[other]))
        messages[at] = _signed(changed).decode("utf-8", "replace") if dice.random() < 0.8 else changed
    elif roll < 0.7:
        messages[at], messages[other] = messages[other], messages[at]
    elif roll < 0.78:
        del messages[at]
    elif roll < 0.84:
        messages.insert(other, messages[at])
    elif roll < 0.88:
        text = messages[at] if isinstance(messages[at], str) else "{}"
        messages[at] = mutated_bytes(dice, text.encode(), b"").decode("utf-8", "replace")
    else:
        part = dice.choice(("dids", "folds"))
        texts = case.get(part)
        inner = [_said(each) for each in (texts if isinstance(texts, list) else []) if isinstance(each, str)]
        return written({**case, part: [written(mutated(dice, each)).decode() for each in inner if each]})
    return written({**case, "messages": messages})


def _signed(document: Any) -> bytes:
    if isinstance(document, dict) and isinstance(document.get("from"), str) and document["from"] in _talks():
        one, side = _talks()[document["from"]]
        try:
            return one.sign(side, {name: each for name, each in document.items() if name != "proof"})
        except OpenCMRError:
            pass
    return written(document)


TARGETS = (
    Target("evidence", "evidence in memory", run_evidence, seeds, mutated_evidence, share=4, short=200),
    Target("folders", "opencmr verify on folders", run_folders, seeds, mutated_evidence, share=1, short=100),
)
