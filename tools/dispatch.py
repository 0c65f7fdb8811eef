"""Write the dispatch of `spec/v1/message.schema.json`: the types of this version, and the schema of each.

python tools/dispatch.py           # write
python tools/dispatch.py --check   # exit 1 where it is not up to date
"""

import json
import sys
from pathlib import Path

from opencmr import _spec
from opencmr.messages import BODIES
from opencmr.protocol import family_of


def made(there: str) -> str:
    """The file as it should be, from the file as it is."""
    head, rest = there.split('      "enum": [\n', 1)
    middle, tail = rest.split("  ],\n", 1)[0], rest.rpartition("\n  ]")[2]
    between = middle[middle.index("      ]") : middle.index("    {\n      " + '"if"')]
    types = ",\n".join(f"        {json.dumps(type_)}" for type_ in BODIES)
    choices = ",\n".join(_choice(type_) for type_ in BODIES)
    return f'{head}      "enum": [\n{types}\n{between}{choices}\n  ]{tail}'


def _choice(type_: str) -> str:
    where = f"{family_of(type_) or 'core'}/{type_}.schema.json"
    condition = f'{{ "properties": {{ "type": {{ "const": {json.dumps(type_)} }} }}, "required": ["type"] }}'
    return f'    {{\n      "if": {condition},\n      "then": {{ "$ref": {json.dumps(where)} }}\n    }}'


def main(file: Path | None = None) -> int:
    """Write it, or say that it is not up to date."""
    file = file or _spec.root() / "message.schema.json"
    there = file.read_text()
    right = made(there)
    if "--check" in sys.argv:
        if there != right:
            print(f"{file.name} is not up to date: run python tools/dispatch.py")
        return int(there != right)
    file.write_text(right)
    return 0


if __name__ == "__main__":
    sys.exit(main())
