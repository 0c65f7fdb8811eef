"""Make the vectors of `spec/v1/vectors/` anew, all but those of decisions, and the manifest of all.

    python tools/make_vectors.py           # write
    python tools/make_vectors.py --check   # exit 1 and name what is not up to date

Every id, key and time is fixed, so a second run changes nothing. What is expected stands with each case, as a person
thought it out; where a result is computed (digests, the frozen mutants, the records of threads), a change of the SDK
shows here as a change of a frozen file, to be looked at before it is committed.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "sdk"))

from vectors import canonical, keys, messages, proofs, threads  # noqa: E402  # the checkout's own SDK comes first
from vectors.writing import VECTORS, Files  # noqa: E402

OURS = ("canonical.json", "keys-cases.json", "proofs.json", "proofs/**/*", "messages/*.json", "threads/*.json")
TESTS = {
    "canonical": "Which bytes are canonical I-JSON within the profile, their digest, and what a writer writes.",
    "keys": "Which did:key names a good Ed25519 key; digests of bytes.",
    "proof": "Proofs that hold, step by step, and those that must be refused.",
    "message": "Each example: valid, or refused with a problem at a pointer.",
    "mutant": "Each member missing, misspelt, null, of another type or form, or with an unknown sibling.",
    "thread": "What conversations fold to, and what a vendor answers to each delivery.",
    "decision-roster": "What each agreement of the roster permits: action × purpose × data × recipient, a line each.",
    "decision": "Each sentence of the rules of decisions: facts, a question at an instant, the answer, its reason and "
    "evidence. A case names its requirements.",
}
ROSTER = ["DEC-3", "DEC-4", "DEC-5", "DEC-9", "DEC-10", "DEC-13", "DEC-15", "DEC-16"]


def made() -> Files:
    """Every file that this tool answers for."""
    found: Files = {}
    for module in (canonical, keys, proofs, messages, threads):
        found |= module.files()
    return {**found, "manifest.json": _manifest(found)}


def _manifest(found: Files) -> bytes:
    texts = {
        name: raw.decode() for name, raw in found.items() if name.endswith(".json") and not name.startswith("proofs/")
    }
    for file in VECTORS.glob("decisions/*.json"):
        texts[file.relative_to(VECTORS).as_posix()] = file.read_text()
    listed = {}
    for name, text in sorted(texts.items()):
        document = json.loads(text)
        kind, cases = document["kind"], document["cases"]
        named = {id_ for case in cases for id_ in case["requirements"]} if isinstance(cases[0], dict) else set(ROSTER)
        listed[name] = {
            "kind": kind,
            "tests": document["about"] if kind == "thread" else TESTS[kind],
            "requirements": sorted(named, key=lambda id_: (id_[:3], int(id_[4:]))),
            "cases": len(cases),
        }
    about = (
        "Every file of vectors: its kind, what it tests, the requirements that it is for, and how many cases it has."
    )
    return (json.dumps({"about": about, "files": listed}, indent=1, ensure_ascii=False) + "\n").encode()


def main() -> int:
    right = made()
    there = {
        file.relative_to(VECTORS).as_posix(): file for glob in OURS for file in VECTORS.glob(glob) if file.is_file()
    }
    stale = [
        name for name, raw in right.items() if not (VECTORS / name).is_file() or (VECTORS / name).read_bytes() != raw
    ]
    stale += sorted(there.keys() - right.keys())
    for name in stale:
        print(name)
        if "--check" in sys.argv:
            continue
        if name in right:
            (VECTORS / name).parent.mkdir(parents=True, exist_ok=True)
            (VECTORS / name).write_bytes(right[name])
        else:
            there[name].unlink()
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
