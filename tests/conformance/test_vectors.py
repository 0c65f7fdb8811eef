"""The vectors: all pass, the frozen files are what the script makes, and a false one is found and named."""

import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from opencmr import _spec, messages
from opencmr.cli.app import app
from opencmr.conformance import vectors
from opencmr.protocol import roster

ROOT = Path(__file__).parents[2]
SHIPPED = vectors.shipped()
KINDS = ("canonical", "keys", "proof", "message", "mutant", "thread", "decision", "decision-roster")


def cases(kind: str) -> list[dict[str, Any]]:
    return [
        each for name, listed in SHIPPED.files.items() if listed["kind"] == kind for each in SHIPPED.json(name)["cases"]
    ]


@pytest.mark.requirement("JSN-1", "JSN-2", "JSN-3", "JSN-4", "JSN-5", "JSN-6", "JSN-7", "SIG-1", "SIG-2", "SIG-3")
@pytest.mark.requirement("SIG-4", "SIG-5", "SIG-6", "IDN-9", "ENV-1", "ENV-6", "ENV-8", "LIF-1", "LIF-2", "SEQ-14")
@pytest.mark.requirement("SEQ-4", "SEQ-6", "SEQ-7", "SEQ-8", "SEQ-9", "SEQ-10", "SEQ-12", "SEQ-16", "SEQ-17", "SEQ-18")
@pytest.mark.requirement("SEQ-20", "SEQ-21", "SEQ-22", "SEQ-23", "SEQ-24", "SEQ-25", "SEQ-26", "SEQ-27", "SEQ-28")
@pytest.mark.requirement("SEQ-29", "SEQ-30", "SEQ-31", "SEQ-32", "SEQ-33", "SEQ-34", "SEQ-35", "RCV-16", "CNS-11")
@pytest.mark.requirement("TRM-10", "TRM-11", "TRM-12", "INT-1", "INT-4", "INT-6")
@pytest.mark.parametrize("kind", KINDS)
def test_every_vector_passes(kind: str) -> None:
    results = list(vectors.run(SHIPPED, kind))
    assert [(each.file, each.id, each.expected, each.got) for each in results if not each.passed] == []
    assert len(results) == sum(listed["cases"] for listed in SHIPPED.files.values() if listed["kind"] == kind)


def test_the_frozen_files_are_what_the_script_makes() -> None:
    command = [sys.executable, str(ROOT / "tools" / "make_vectors.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- the set


def test_there_are_enough_of_each_kind() -> None:
    counted = Counter({kind: len(cases(kind)) for kind in KINDS})
    least = {"canonical": 80, "keys": 40, "proof": 40, "message": 250, "mutant": 3000, "thread": 400, "decision": 150}
    assert {kind: counted[kind] for kind in least if counted[kind] < least[kind]} == {}
    assert counted["decision"] + counted["decision-roster"] >= 300
    mutants = next(name for name, listed in SHIPPED.files.items() if listed["kind"] == "mutant")
    assert (SHIPPED.path / mutants).stat().st_size < 3_000_000


NO_EFFECT = {"void", "refused", "again", "nothing"}


def test_no_kind_holds_only_what_passes_or_only_what_fails() -> None:
    refused = {
        "canonical": lambda case: "problem" in case.get("result", {}),
        "keys": lambda case: "problem" in case,
        "proof": lambda case: "problem" in case,
        "message": lambda case: not case["valid"],
        "mutant": lambda case: not case["accepted"],
        "thread": lambda case: (
            any(NO_EFFECT & {each["outcome"]} or "differs" in each for each in case.get("places", ()))
            or any({"refused", "unsigned"} & set(each["expect"]) for each in case.get("receive", ()))
            or any(each["expect"]["shows"] or each["expect"]["waiting"] for each in case.get("answers", ()))
        ),
        "decision": lambda case: case["answer"] == "deny",
    }
    for kind, is_refused in refused.items():
        share = sum(is_refused(case) for case in cases(kind)) / len(cases(kind))
        assert 0.1 < share < 0.95, (kind, share)


def test_every_example_and_every_type_is_among_them() -> None:
    files = {file.relative_to(_spec.root()).as_posix() for file in _spec.root().glob("*/examples/*/*.json")}
    assert {case["file"] for case in cases("message")} == files
    changed = {Path(case["of"]).name for case in cases("mutant")}
    assert all(any(name.startswith(type_ + ".") for name in changed) for type_ in messages.BODIES)


def test_every_rule_of_decisions_and_every_agreement_of_the_roster_is_among_them() -> None:
    rules = {each["id"] for each in requirements() if each["id"].startswith("DEC-")}
    # an unknown term is no decision, so no case can hold one; tests do
    decided = [*cases("decision"), *(case for case in cases("thread") if case.get("asks"))]
    assert {id_ for case in decided for id_ in case["requirements"]} >= rules - {"DEC-2"}
    assert {case[0] for case in cases("decision-roster")} == set(roster.codes())
    agreed = {
        fact["terms"] for case in cases("decision") for fact in case["facts"] if isinstance(fact.get("terms"), str)
    }
    assert agreed >= set(roster.codes()) or len({case[0] for case in cases("decision-roster")}) == len(roster.codes())


def test_every_state_of_every_family_is_reached() -> None:
    for family in ("terms", "consent", "intent"):
        states = set(_spec.table(f"{family}/lifecycle.json")["states"])
        files = [family, "orders"] if family == "intent" else [family]
        listed = [case for name in files for case in SHIPPED.json(f"threads/{name}.json")["cases"]]
        folded = {thread["state"] for case in listed for thread in case["threads"].values()}
        assert folded >= states


def test_the_manifest_lists_every_file_with_requirements_that_there_are() -> None:
    known = {each["id"] for each in requirements()}
    written = {
        file.relative_to(SHIPPED.path).as_posix()
        for file in SHIPPED.path.rglob("*.json")
        if file.parent.name not in ("eddsa-jcs-2022",) and "proofs" not in file.parts
    }
    assert written - set(SHIPPED.files) == {"manifest.json", "keys.json", "shop.example.did.json"}
    for name, listed in SHIPPED.files.items():
        assert sorted(listed) == ["cases", "kind", "requirements", "tests"]
        assert set(listed["requirements"]) <= known
        assert listed["tests"]
        ids = [case["id"] for case in SHIPPED.json(name)["cases"] if isinstance(case, dict)]
        assert len(ids) == len(set(ids))


def requirements() -> list[dict[str, Any]]:
    files = sorted(_spec.root().rglob("requirements.toml"))
    return [each for file in files for each in tomllib.loads(file.read_text())["requirement"]]


# --- the command, and vectors that are false


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["vectors", "run", *words], env={"COLUMNS": "200"})


def test_the_command_counts_what_passed() -> None:
    done = run("--json", "--kind", "proof")
    assert done.exit_code == 0
    told = orjson.loads(done.stdout)
    assert told == {"ok": True, "kinds": {"proof": {"passed": len(cases("proof")), "failed": 0}}, "failures": []}
    people = run("--kind", "keys")
    assert people.exit_code == 0
    assert f"{len(cases('keys'))}" in people.stdout


def test_a_kind_that_there_is_not_is_asked_wrongly() -> None:
    assert run("--kind", "proofs").exit_code == 2


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The specification, to be spoilt."""
    shutil.copytree(_spec.root(), tmp_path / "v1")
    return tmp_path / "v1" / "vectors"


def spoil(file: Path, id_: str, **members: Any) -> None:
    document = json.loads(file.read_text())
    (case,) = [each for each in document["cases"] if each["id"] == id_]
    case |= members
    # The others would pass all the same, and take long.
    document["cases"] = [case, *(each for each in document["cases"][:20] if each is not case)]
    file.write_text(json.dumps(document))


def only(folder: Path, name: str) -> None:
    """Leave one file in the manifest, for the same reason."""
    manifest = json.loads((folder / vectors.MANIFEST).read_text())
    cases = len(json.loads((folder / name).read_text())["cases"])
    manifest["files"] = {name: manifest["files"][name] | {"cases": cases}}
    (folder / vectors.MANIFEST).write_text(json.dumps(manifest))


BROKEN: list[tuple[str, str, str, dict[str, Any]]] = [
    ("canonical", "canonical.json", "space", {"result": {"problem": "not-json"}}),
    ("canonical", "canonical.json", "write-order", {"canonicalUtf8": "{}"}),
    ("canonical", "canonical.json", "literals", {"result": {"problem": "not-json"}}),
    ("keys", "keys-cases.json", "customer", {"publicKeyHex": "00" * 32}),
    ("keys", "keys-cases.json", "digest-2", {"digest": "zQm"}),
    ("proof", "proofs.json", "malleable-s", {"problem": "weak-key"}),
    ("proof", "proofs.json", "wrong-purpose", {"pointer": "/proof"}),
    ("proof", "proofs.json", "vendor", {"pinned": {}}),
    ("message", "messages/examples.json", "terms.proffer.two-choices", {"problem": "malformed"}),
    ("mutant", "messages/mutants.json", "m00001", {"accepted": True}),
    ("thread", "threads/terms.json", "terms-accepted", {"threads": {}}),
    ("thread", "threads/consent.json", "consent-given", {"places": []}),
    ("thread", "threads/times.json", "clock-back", {"times": []}),
    ("thread", "threads/times.json", "contradiction", {"disputes": []}),
    ("thread", "threads/knowing.json", "no-without-place", {"pending": []}),
    ("thread", "threads/knowing.json", "stale-grant", {"words": []}),
    ("thread", "threads/collecting.json", "split", {"digests": []}),
    ("decision", "decisions/rules.json", "legal-by-name", {"answer": "permit"}),
    ("decision", "decisions/rules.json", "legal-by-name", {"question": {"action": "x"}}),
]


STEPS: list[tuple[str, str, str, int, dict[str, Any]]] = [
    ("knowing", "knows-both", "places", 4, {"knows": {"seen": 2, "beyond": [3]}}),
    ("knowing", "stale-grant", "places", 3, {"rule": "SEQ-5"}),
    ("knowing", "no-refused-by-vendor", "places", 1, {"differs": "other-state"}),
    ("knowing", "yes-that-knows-not", "asks", 0, {"answer": "permit"}),
    ("void", "older-proffer-accepted", "places", 3, {"outcome": "accepted"}),
    ("times", "clock-back", "places", 2, {"at": "2026-03-01T12:05:00.000Z"}),
    ("receiving", "late-retry", "receive", 0, {"expect": {"outcome": "moot"}}),
    ("receiving", "bad-signature", "receive", 0, {"expect": {"outcome": "accepted"}}),
    ("receiving", "numbered", "receive", 1, {"expect": {"refused": "wrong-state", "number": 4}}),
    ("receiving", "stale", "receive", 0, {"expect": {"refused": "stale", "expected": ["zQm"]}}),
    ("receiving", "collected", "receive", 0, {"expect": {"messages": []}}),
    ("receiving", "restored-narrowing", "receive", 2, {"expect": {"answer": "permit"}}),
    ("collecting", "split", "answers", 1, {"expect": {"shows": []}}),
    ("collecting", "gap", "answers", 1, {"expect": {"waiting": []}}),
]


@pytest.mark.parametrize(("name", "id_", "member", "number", "members"), STEPS)
def test_a_false_step_of_a_thread_is_found(
    copied: Path, name: str, id_: str, member: str, number: int, members: dict[str, Any]
) -> None:
    file = copied / "threads" / f"{name}.json"
    (case,) = [each for each in json.loads(file.read_text())["cases"] if each["id"] == id_]
    assert not differs(case)
    case[member][number] |= members
    assert differs(case)


def differs(case: dict[str, Any]) -> bool:
    expected, got = vectors.run_thread(case)
    return bool(expected != got)


@pytest.mark.parametrize(("kind", "name", "id_", "members"), BROKEN)
def test_a_false_expectation_fails_the_run_and_is_named(
    copied: Path, kind: str, name: str, id_: str, members: dict[str, Any]
) -> None:
    if kind == "message":
        id_ = json.loads((copied / name).read_text())["cases"][0]["id"]
    spoil(copied / name, id_, **members)
    only(copied, name)
    done = run("--json", "--kind", kind, str(copied))
    assert done.exit_code == 1
    (failure,) = orjson.loads(done.stdout)["failures"]
    assert (failure["file"], failure["id"]) == (name, id_)
    assert failure["expected"] != failure["got"]
    people = run("--kind", kind, str(copied))
    assert people.exit_code == 1
    assert f"FAILED {name} {id_}" in people.stdout


def test_a_false_line_of_the_roster_is_named(copied: Path) -> None:
    file = copied / "decisions" / "roster.json"
    document = json.loads(file.read_text())
    document["cases"][41][-2] = "perhaps"
    file.write_text(json.dumps(document))
    done = run("--json", "--kind", "decision-roster", str(copied))
    assert done.exit_code == 1
    assert [each["id"] for each in orjson.loads(done.stdout)["failures"]] == ["42"]


def test_a_changed_step_of_a_proof_is_found(copied: Path) -> None:
    (copied / "proofs" / "ext" / "combined.txt").write_text("00" * 64)
    done = run("--json", "--kind", "proof", str(copied))
    assert [each["id"] for each in orjson.loads(done.stdout)["failures"]] == ["ext"]


@pytest.mark.parametrize(
    "spoilt",
    [
        "gone",
        "not json",
        "fewer cases",
        "other kind",
        "no manifest",
        "strange manifest",
        "nothing listed",
        "a number listed",
        "nothing said",
        "outside",
    ],
)
def test_files_that_are_not_what_the_manifest_says_are_no_pass(copied: Path, spoilt: str) -> None:
    file = copied / "canonical.json"
    document = json.loads(file.read_text())
    match spoilt:
        case "gone":
            file.unlink()
        case "not json":
            file.write_text("{")
        case "fewer cases":
            file.write_text(json.dumps({**document, "cases": document["cases"][1:]}))
        case "other kind":
            file.write_text(json.dumps({**document, "kind": "keys"}))
        case "no manifest":
            (copied / "manifest.json").unlink()
        case "strange manifest":
            (copied / "manifest.json").write_text("[]")
        case "nothing listed":
            (copied / "manifest.json").write_text('{"files":{}}')
        case "a number listed":
            (copied / "manifest.json").write_text('{"files":{"canonical.json":7}}')
        case "nothing said":
            (copied / "manifest.json").write_text('{"files":{"canonical.json":{}}}')
        case "outside":
            listed = {"files": {"../../../canonical.json": {"kind": "canonical", "cases": 1}}}
            (copied / "manifest.json").write_text(json.dumps(listed))
    done = run(str(copied))
    assert done.exit_code == 2
    assert done.exception is None or isinstance(done.exception, SystemExit)
