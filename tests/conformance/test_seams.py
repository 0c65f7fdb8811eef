"""Faults enter at seams: no broken party reaches for what is private to the SDK."""

import ast
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def _is_private(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("_") and not last.startswith("__")


def private(source: str) -> Iterator[str]:
    """What of others a module reads, replaces or patches that begins with an underscore."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            if not isinstance(node.value, ast.Name) or node.value.id not in ("self", "cls"):
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "setattr",
            "instead",
            "around",
            "swap",
        ):
            names = (each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str))
            yield from (f"{node.lineno}: {name}" for name in names if _is_private(name))


def test_faults_touch_nothing_that_is_private() -> None:
    files = [file for file in sorted(HERE.glob("*.py")) if file.name.startswith(("broken", "careful", "switch"))]
    found = {f"{file.name}:{each}" for file in files for each in private(file.read_text())}
    assert len(files) > 9
    assert found == set()


def test_what_is_private_is_found() -> None:
    lines = [
        'at.around(fold, "_check", inner)',
        'patch.setattr("a.b._c", 1)',
        "vendor._store.write = x",
        "self._own = 1",
    ]
    assert sorted(each.partition(":")[0] for each in private("\n".join(lines))) == ["1", "2", "3"]
