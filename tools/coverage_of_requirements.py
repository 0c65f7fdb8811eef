"""Which requirement is held by what: vectors, conformance checks and tests. A gap in either direction is an error.

    python tools/coverage_of_requirements.py            # the table, and what is missing; exit 1 if anything is
    python tools/coverage_of_requirements.py --gaps     # only what is missing

Tests say which requirements they hold by `@pytest.mark.requirement("ENV-1", …)`, checks of the conformance suite by the
ids in their decorator, and vectors by `requirements` in each case. Marks are read from the source, so nothing runs.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "spec" / "v1"
ID = re.compile(r"[A-Z]{3}-[0-9]+")


@dataclass
class Requirement:
    """One MUST, and what holds it."""

    id: str
    page: Path
    side: str
    text: str
    vectors: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)

    @property
    def held(self) -> bool:
        return bool(self.vectors or self.checks or self.tests)


@dataclass
class Coverage:
    """Everything that was found, and what is wrong with it."""

    requirements: dict[str, Requirement]
    wrong: list[str]

    @property
    def gaps(self) -> list[str]:
        return [f"{each.id} is held by nothing: {each.text}" for each in self.requirements.values() if not each.held]


def coverage(root: Path = ROOT) -> Coverage:
    """What the repository says: requirements, their sentences in the pages, and what holds them."""
    spec = root / "spec" / "v1"
    found, wrong = _requirements(spec)
    wrong += _pages(spec, found)
    for kind, uses in (
        ("vectors", _vectors(spec)),
        ("checks", _checks(root / "sdk" / "opencmr" / "conformance")),
        ("tests", _tests(root / "tests")),
    ):
        for where, id_ in uses:
            if id_ in found:
                getattr(found[id_], kind).add(where)
            else:
                wrong.append(f"{where} names {id_}, which is no requirement")
    return Coverage(found, wrong)


def _requirements(spec: Path) -> tuple[dict[str, Requirement], list[str]]:
    found: dict[str, Requirement] = {}
    wrong = []
    for file in sorted(spec.rglob("requirements.toml")):
        for each in tomllib.loads(file.read_text())["requirement"]:
            if not ID.fullmatch(each["id"]):
                wrong.append(f"{file.name} names {each['id']}, which is no id")
            if each["id"] in found:
                wrong.append(f"{each['id']} stands twice in the requirements")
            page = spec / each["page"]
            found[each["id"]] = Requirement(each["id"], page, each["side"], each["text"])
    return found, wrong


def sentences(page: str) -> Iterator[str]:
    """The sentences of a page in which MUST stands in capitals; code blocks and the key to the words left out."""
    plain = re.sub(r"```.*?```", "", page, flags=re.S)
    for block in re.split(r"\n\s*\n|\n(?=\s*[-|*#] )", plain):
        if "BCP 14" in block:
            continue
        text = " ".join(block.split())
        for sentence in re.split(r"(?<=[.:;])\s+(?!\*\*\[)(?=[A-Z`*])", text):
            if re.search(r"\bMUST\b", sentence):
                yield sentence


def _pages(spec: Path, found: dict[str, Requirement]) -> list[str]:
    """Every MUST has an id that is in the list, and every id stands in its page, once."""
    wrong = []
    places: dict[str, list[Path]] = {}
    for page in sorted(spec.rglob("*.md")):
        text = page.read_text()
        if "vectors" in page.relative_to(spec).parts:
            continue
        for id_ in re.findall(r"\*\*\[([A-Z]{3}-[0-9]+)\]\*\*", text):
            places.setdefault(id_, []).append(page)
        for sentence in sentences(text):
            if not re.search(r"\*\*\[[A-Z]{3}-[0-9]+\]\*\*", sentence):
                wrong.append(f"{page.relative_to(spec)}: a MUST without an id: {sentence[:100]}")
    for id_, pages in places.items():
        if id_ not in found:
            wrong.append(f"{pages[0].relative_to(spec)} has {id_}, which is not in the requirements")
        elif len(pages) > 1:
            wrong.append(f"{id_} stands {len(pages)} times in the pages")
        elif pages[0] != found[id_].page:
            wrong.append(f"{id_} is said to stand in {found[id_].page.name}, and stands in {pages[0].name}")
    return wrong + [f"{id_} stands in no page" for id_ in found if id_ not in places]


def _vectors(spec: Path) -> Iterator[tuple[str, str]]:
    folder = spec / "vectors"
    for name, listed in json.loads((folder / "manifest.json").read_text())["files"].items():
        for id_ in {*listed["requirements"], *_of_cases((folder / name).read_text())}:
            yield f"{name}", id_


# What a text says is kept by the text itself: whoever asks about several copies of the tree reads each file once.


@cache
def _of_cases(text: str) -> frozenset[str]:
    cases = json.loads(text)["cases"]
    return frozenset(id_ for case in cases if isinstance(case, dict) for id_ in case["requirements"])


def _tests(folder: Path) -> Iterator[tuple[str, str]]:
    """The marks of tests: `@pytest.mark.requirement("ENV-1")` on a function or a class, or as `pytestmark`."""
    for file in sorted(folder.rglob("test_*.py")):
        for id_ in _marked(file.read_text()):
            yield f"{file.relative_to(folder.parent)}", id_


@cache
def _marked(text: str) -> tuple[str, ...]:
    return tuple(
        argument.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requirement"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def _checks(folder: Path) -> Iterator[tuple[str, str]]:
    """The ids in the decorators of the conformance suite's checks."""
    for file in sorted(folder.rglob("*.py")):
        for name, id_ in _checked(file.read_text()):
            yield f"{file.stem}.{name}", id_


@cache
def _checked(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (node.name, str(part.value))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        for part in ast.walk(decorator)
        if isinstance(part, ast.Constant) and ID.fullmatch(str(part.value))
    )


def table(found: Coverage) -> str:
    lines = ["| requirement | side | vectors | checks | tests |", "|---|---|---|---|---|"]
    for each in found.requirements.values():
        cells = [", ".join(sorted(cell)) or "–" for cell in (each.vectors, each.checks, each.tests)]
        lines.append(f"| {each.id} | {each.side} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    found = coverage()
    if "--gaps" not in sys.argv:
        print(table(found))
        print()
    held = sum(each.held for each in found.requirements.values())
    print(f"{held} of {len(found.requirements)} requirements are held by a vector, a check or a test.")
    for line in [*found.wrong, *found.gaps]:
        print(f"- {line}")
    return int(bool(found.wrong or found.gaps))


if __name__ == "__main__":
    sys.exit(main())
