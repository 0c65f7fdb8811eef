"""Write down which families there are, wherever that is said: the types of `spec/v1/message.schema.json` and the schema
of each, the table in `spec/README.md`, and the pages in the navigation of the site.

    python tools/families.py           # write
    python tools/families.py --check   # exit 1 and name what is not up to date
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from opencmr.messages import BODIES, FAMILIES
from opencmr.protocol import family_of

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "spec" / "v1"


def dispatch(there: str) -> str:
    """`message.schema.json` as it should be, from the file as it is."""
    head, rest = there.split('      "enum": [\n', 1)
    middle, tail = rest.split("  ],\n", 1)[0], rest.rpartition("\n  ]")[2]
    between = middle[middle.index("      ]") : middle.index('    {\n      "if"')]
    types = ",\n".join(f"        {json.dumps(type_)}" for type_ in BODIES)
    choices = ",\n".join(_choice(type_) for type_ in BODIES)
    return f'{head}      "enum": [\n{types}\n{between}{choices}\n  ]{tail}'


def _choice(type_: str) -> str:
    where = f"{family_of(type_) or 'core'}/{type_}.schema.json"
    condition = f'{{ "properties": {{ "type": {{ "const": {json.dumps(type_)} }} }}, "required": ["type"] }}'
    return f'    {{\n      "if": {condition},\n      "then": {{ "$ref": {json.dumps(where)} }}\n    }}'


def readme(there: str) -> str:
    """`spec/README.md`, with the table of families."""
    rows = [
        f"| [{name}](v1/{name}/page.md) | {', '.join(f'`{type_}`' for type_ in types)} | {_record(name)} |"
        for name in ("core", *FAMILIES)
        for types in [[type_ for type_ in BODIES if (family_of(type_) or "core") == name]]
    ]
    return _between(there, "| family | messages | folds to |\n|---|---|---|\n", "\n\n", "\n".join(rows))


def navigation(there: str) -> str:
    """`mkdocs.yml`, with the families' pages by their titles."""
    rows = [f"          - {_title(name)}: spec/v1/{name}/page.md" for name in ("core", *FAMILIES)]
    return _between(there, "      - Families:\n", "\n      - ", "\n".join(rows))


MADE: dict[Path, Callable[[str], str]] = {
    SPEC / "message.schema.json": dispatch,
    ROOT / "spec" / "README.md": readme,
    ROOT / "mkdocs.yml": navigation,
}


def _between(text: str, begin: str, end: str, made: str) -> str:
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{made}{end}{rest.partition(end)[2]}"


def _record(name: str) -> str:
    table = SPEC / name / "lifecycle.json"
    return str(json.loads(table.read_text())["record"]) if table.is_file() else ""


def _title(name: str) -> str:
    page = SPEC / name / "page.md"
    return (
        page.read_text().partition("\n")[0].removeprefix("# ").partition(":")[0]
        if page.is_file()
        else name.capitalize()
    )


def main() -> int:
    """Write them, or name those that are not up to date."""
    stale = 0
    for file, right in MADE.items():
        if file.is_file() and (there := file.read_text()) != (made := right(there)):
            stale += 1
            print(f"{file.relative_to(ROOT)}{' is not up to date' if '--check' in sys.argv else ''}")
            if "--check" not in sys.argv:
                file.write_text(made)
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
