"""Nobody but a family's rooms knows it by name: neither its types nor its modules."""

import ast
import re
from pathlib import Path

import opencmr
from opencmr.messages import BODIES, FAMILIES, core

HOUSE = Path(opencmr.__file__).parent
ROOMS = (
    "messages/",
    "protocol/families/",
    "bridges/",  # each translates records of some family
    "roles/customer/in_hand/",
    "roles/vendor/acceptance.py",
    "roles/vendor/in_hand/",
    # What says real words to somebody: the checks of the suite, the vendor that it tries them on, and the play.
    "conformance/vendor/",
    "conformance/customer/",
    "conformance/decisions.py",
    "conformance/testmode.py",
    "cli/demo/",
    "store/migrations/",  # of what stores held when it was written
    "__init__.py",
)
MODULES = {module.__name__.rpartition(".")[2] for modules in FAMILIES.values() for module in modules}


def _outside() -> list[Path]:
    return [
        file for file in sorted(HOUSE.rglob("*.py")) if not str(file.relative_to(HOUSE).as_posix()).startswith(ROOMS)
    ]


def test_no_type_of_a_family_is_named_outside_its_rooms() -> None:
    types = set(BODIES) - {core.Receipt.type, *core.REQUEST_TYPES}
    named = re.compile("|".join(rf"[\"']{re.escape(type_)}[\"']" for type_ in sorted(types)))
    found = [
        f"{file.relative_to(HOUSE)}: {there[0]}" for file in _outside() if (there := named.search(file.read_text()))
    ]
    assert found == []


def test_no_module_of_a_family_is_imported_outside_its_rooms() -> None:
    found = []
    for file in _outside():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                parts = (node.module or "").split(".")
                names = {alias.name for alias in node.names}
                whole = parts[-1] == "messages" and names & MODULES
                part = len(parts) > 1 and parts[-2] in ("messages", "families") and parts[-1] in MODULES
                if whole or part:
                    found.append(f"{file.relative_to(HOUSE)}:{node.lineno}")
    assert found == []


def test_the_rooms_hold_what_is_looked_for() -> None:
    inside = "".join(file.read_text() for file in HOUSE.rglob("*.py") if file not in _outside())
    assert '"terms.proffer"' in inside
    assert "from ...messages import Message, Path, consent" in inside
