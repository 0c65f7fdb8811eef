"""Running the vectors of the specification against this SDK (`spec/v1/vectors/README.md`).

One function a kind of case: it takes a case and says what was wrong with the result, or nothing. Whoever ports the
protocol to another language can write the same ten functions, from the README alone.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from .. import _spec, messages, trust
from ..errors import OpenCMRError, Problem, UsageError
from ..protocol import parse, verify
from ..protocol.receiving import check_place
from . import changes
from .answering import run_deliveries
from .collecting import run_answers
from .conversations import run_words
from .decisions import run_decision, run_roster

Case = dict[str, Any]
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Result:
    """What came of one case.

    Attributes:
        kind: As the manifest names it.
        file: The file of the case, below the folder of vectors.
        id: The case.
        expected: What the case says.
        got: What this SDK says; equal to `expected` where it passed.
    """

    kind: str
    file: str
    id: str
    expected: Any
    got: Any

    @property
    def passed(self) -> bool:
        """Whether the SDK says what the case says."""
        return bool(self.expected == self.got)


@dataclass(frozen=True)
class Folder:
    """A folder of vectors, as its manifest lists it.

    Attributes:
        path: The folder that holds `manifest.json`.
    """

    path: Path

    def text(self, name: str) -> str:
        """The text of a file below the folder."""
        return self._place(name).read_text(encoding="utf-8")

    def _place(self, name: str) -> Path:
        """Where a file is that a manifest or a case names: among the vectors, or the examples beside them.

        Raises:
            UsageError: Elsewhere.
        """
        found = (self.path / name).resolve()
        if not found.is_relative_to(self.path.resolve().parent):
            raise UsageError(f"{name} lies outside of the specification's folder")
        return found

    def json(self, name: str) -> Any:
        """The JSON of a file below the folder.

        Raises:
            UsageError: It is not there, or not JSON.
        """
        try:
            return orjson.loads(self._place(name).read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.path / name} is not a file of vectors: {error}") from error

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The files that the manifest lists, with what it says of each."""
        manifest = self.json(MANIFEST)
        listed = manifest.get("files") if isinstance(manifest, dict) else None
        if not isinstance(listed, dict) or not listed:
            raise UsageError(f"{self.path / MANIFEST} lists no files")
        for name, entry in listed.items():
            if (
                not isinstance(entry, dict)
                or not isinstance(entry.get("kind"), str)
                or type(entry.get("cases")) is not int
            ):
                raise UsageError(
                    f"{self.path / MANIFEST} does not say of {name} which kind and how many cases it holds"
                )
        return listed

    @property
    def kinds(self) -> list[str]:
        """The kinds of cases that there are."""
        return list(dict.fromkeys(str(listed["kind"]) for listed in self.files.values()))

    @property
    def pinned(self) -> dict[str, str]:
        """The key of the shop of all examples, as `keys.json` names it."""
        vendor = self.json("keys.json")["vendor"]
        return {vendor["verificationMethod"]: vendor["publicKeyMultibase"]}


def shipped() -> Folder:
    """The vectors that come with the SDK."""
    return Folder(_spec.root() / "vectors")


def run(folder: Folder, kind: str | None = None) -> Iterator[Result]:
    """Run all cases, or those of one kind.

    Raises:
        UsageError: There is no such kind, or a file is missing or not what the manifest says.
    """
    files = folder.files
    if kind is not None and kind not in folder.kinds:
        raise UsageError(f"no vectors of kind {kind}; there are {', '.join(folder.kinds)}")
    for name, listed in files.items():
        if kind in (None, listed["kind"]):
            yield from _run_file(folder, name, listed)


def _run_file(folder: Folder, name: str, listed: dict[str, Any]) -> Iterator[Result]:
    for case in cases(folder, name, listed):
        yield run_case(folder, name, str(listed["kind"]), case)


def cases(folder: Folder, name: str, listed: dict[str, Any]) -> list[Case]:
    """The cases of a file, given what the manifest lists of it.

    Raises:
        UsageError: It is not that file.
    """
    document, kind = folder.json(name), str(listed["kind"])
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise UsageError(f"{name} holds no cases")
    if kind not in _RUNNERS:
        raise UsageError(f"{name} is of kind {kind}, which this version does not know")
    if (document.get("kind"), len(document["cases"])) != (kind, listed["cases"]):
        raise UsageError(f"{name} is not the file that the manifest lists: another kind, or another number of cases")
    return [
        {"id": f"{number}", **dict(zip(document["columns"], case, strict=True))} if isinstance(case, list) else case
        for number, case in enumerate(document["cases"], 1)
    ]


def run_case(folder: Folder, name: str, kind: str, case: Case) -> Result:
    """Run one case of a file."""
    try:
        expected, got = _RUNNERS[kind](folder, case)
    except (OpenCMRError, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        expected, got = None, f"{type(error).__name__}: {error}"
    return Result(kind, name, case["id"], expected, got)


# one function a kind: what is expected, and what was got


def _run_canonical(_: Folder, case: Case) -> tuple[Any, Any]:
    if "value" in case:
        return case["canonicalUtf8"], trust.canonicalize(case["value"]).decode()
    given, said = case["input"], case["result"]
    raw = given["utf8"].encode() if "utf8" in given else bytes.fromhex(given["hex"])
    try:
        trust.parse(raw)
    except Problem as problem:
        return said, _told(problem, said)
    return said, {"canonical": True, "digest": trust.digest(raw)}


def _run_key(_: Folder, case: Case) -> tuple[Any, Any]:
    if "bytesHex" in case:
        return case["digest"], trust.digest(bytes.fromhex(case["bytesHex"]))
    said = _stated(case, "publicKeyHex", "problem")
    try:
        return said, {"publicKeyHex": trust.public_key(case["did"], trust.key_url(case["did"]), {}).raw.hex()}
    except Problem as problem:
        return said, _told(problem, said)


def _run_proof(folder: Folder, case: Case) -> tuple[Any, Any]:
    if "official" in case:
        return _run_official(folder, case["official"])
    if "folder" in case:
        return _run_steps(folder, case)
    said = _stated(case, "problem", "pointer")
    return said, _judged(case["message"], case.get("pinned", {}), said)


def _run_official(folder: Folder, name: str) -> tuple[Any, Any]:
    """The suite's own vector: its proof has a date and a context, so it is no message; the steps are the same."""
    signed = folder.json(f"{name}/signedJCS.json")
    public = folder.json(f"{name}/keyPair.json")["publicKeyMultibase"]
    key = trust.public_key(f"did:key:{public}", trust.key_url(f"did:key:{public}"), {})
    trust.verify(signed, key)
    return folder.text(f"{name}/combinedHashJCS.txt").strip(), trust.hash_data(signed).hex()


def _run_steps(folder: Folder, case: Case) -> tuple[Any, Any]:
    names = ("canonicalDocument.txt", "canonicalOptions.txt", "combined.txt", "signature.txt", "signed.json")
    said = {name: folder.text(f"{case['folder']}/{name}") for name in names}
    unsigned, options = (folder.json(f"{case['folder']}/{name}.json") for name in ("unsigned", "options"))
    key = trust.SigningKey(bytes.fromhex(folder.json(f"{case['folder']}/key.json")["seedHex"]))
    data = trust.hash_data({**unsigned, "proof": options})
    signed = trust.sign(unsigned, key, options["verificationMethod"])
    got = [trust.canonicalize(unsigned), trust.canonicalize(options), data.hex(), key.sign(data).hex(), signed]
    texts = {name: raw.decode() if isinstance(raw, bytes) else raw for name, raw in zip(names, got, strict=True)}
    held = _judged(orjson.loads(said["signed.json"]), case.get("pinned", {}), {})
    return {**said, "held": {}}, {**texts, "held": held}


def _run_message(folder: Folder, case: Case) -> tuple[Any, Any]:
    document = orjson.loads((folder.path.parent / case["file"]).read_bytes())
    said = _stated(case, "problem", "pointer")
    return said, _judged(document if case["valid"] else document["message"], folder.pinned, said)


def _run_mutant(folder: Folder, case: Case) -> tuple[Any, Any]:
    document = orjson.loads((folder.path.parent / case["of"]).read_bytes())
    said = _stated(case, "accepted", "problem", "pointer")
    try:
        check_place(messages.validate(trust.parse(trust.canonicalize(changes.apply(document, case["change"])))))
    except Problem as problem:
        return said, {"accepted": False, **_told(problem, said)}
    return said, {"accepted": True}


def run_thread(case: Case) -> tuple[Any, Any]:
    """A case of threads, of whichever of the three forms."""
    if "words" in case:
        return run_words(case)
    return run_deliveries(case) if "receive" in case else run_answers(case)


def _judged(document: dict[str, Any], pinned: dict[str, str], said: dict[str, Any]) -> dict[str, Any]:
    """What checks 1 and 3 to 7 say of a message that has come to the right address."""
    try:
        verify(parse(trust.canonicalize(document)), me=str(document.get("to", "")), pinned=pinned)
    except Problem as problem:
        return _told(problem, said)
    return {}


def _stated(case: Case, *names: str) -> Case:
    return {name: case[name] for name in names if name in case}


def _told(problem: Problem, said: Case) -> Case:
    """A problem as cases state it: with the pointer where the case has one; one of `or` counts as the first."""
    told: dict[str, Any] = {"problem": problem.code}
    if problem.code in said.get("or", ()):
        told["problem"] = said["problem"]
    if "or" in said:
        told["or"] = said["or"]
    if "pointer" in said:
        told["pointer"] = problem.pointer
    return told


def as_text(value: Any) -> str:
    """What was expected or got, in a line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_RUNNERS: dict[str, Callable[[Folder, Case], tuple[Any, Any]]] = {
    "canonical": _run_canonical,
    "keys": _run_key,
    "proof": _run_proof,
    "message": _run_message,
    "mutant": _run_mutant,
    "thread": lambda _, case: run_thread(case),
    "decision": lambda _, case: run_decision(case),
    "decision-roster": lambda _, case: run_roster(case),
}
