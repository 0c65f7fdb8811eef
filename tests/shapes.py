"""Values drawn from a JSON Schema, mostly valid ones, for the tests that compare schemas and models.

`hypothesis-jsonschema` would be the tool for this, but its last release (0.23.1) fails at every object under the
Hypothesis of today, and knows neither draft 2020-12 nor references between files. What our schemas are made of is
little enough to draw from directly; a seed takes Hypothesis' place, since a message is drawn in a thousand small steps.
"""

import random
import re
import re._constants as kinds
import re._parser as regex
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from opencmr.cli.schemas import BASE, schemas

OWN = "model.schema.json"
DEEP = 8
"""From here on only what is required is drawn, and one item a list."""
_FORBIDDEN = (False, {"not": {}})


def drawn_from(schema: str, seed: int) -> Any:
    """A value of a schema of the specification, named as `faults` does: `terms/terms.proffer.schema.json`."""
    return _Drawer(random.Random(seed), schemas()).of({"$ref": BASE + schema}, schema, 0)


def drawn_from_model(described: dict[str, Any], seed: int) -> Any:
    """A value of the JSON Schema that pydantic writes of a model."""
    return _Drawer(random.Random(seed), {OWN: described}).of(described, OWN, 0)


class _Drawer:
    def __init__(self, dice: random.Random, documents: dict[str, Any]) -> None:
        self.dice = dice
        self.documents = documents

    def of(self, schema: Any, name: str, depth: int) -> Any:
        """A value of a part of the document of this name."""
        if "$ref" in schema:
            return self.of(*self._found(name, schema["$ref"]), depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.dice.choice(schema["enum"])
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                parts = [each for each in schema[choice] if each.get("type") != "null"]
                return self.of(self.dice.choice(parts), name, depth)
        kind = schema.get("type", "object" if {"properties", "allOf"} & set(schema) else "any")
        among = kind if isinstance(kind, list) else [kind]
        if depth > DEEP and len(among) > 1:
            among = [each for each in among if each not in ("array", "object")]
        match self.dice.choice(among):
            case "string":
                return self._text(schema)
            case "integer":
                low, high = schema.get("minimum", -(2**53) + 1), schema.get("maximum", 2**53 - 1)
                return self.dice.choice((low, high, self.dice.randint(low, high)))
            case "boolean":
                return self.dice.random() < 0.5
            case "array":
                return self._array(schema, name, depth)
            case "object":
                return self._object(schema, name, depth)
        return self.dice.choice(("any", 7, True, {"a": ["b"]}))

    def _array(self, schema: Any, name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        length = self.dice.randint(least, max(least, 1 if depth > DEEP else 2))
        items = [self.of(schema.get("items", {}), name, depth + 1) for _ in range(length)]
        return [item for at, item in enumerate(items) if not (schema.get("uniqueItems") and item in items[:at])]

    def _object(self, schema: Any, name: str, depth: int) -> dict[str, Any]:
        parts = self._parts(schema, name)
        own_of = {member: own for each, own in parts for member in each.get("properties", {})}
        members = {member: (part, own) for each, own in parts for member, part in each.get("properties", {}).items()}
        needed = {member for each, _ in parts for member in each.get("required", ())}
        made: dict[str, Any] = {}

        def put(member: str) -> None:
            part, own = members[member]
            if part not in _FORBIDDEN and member not in made:
                made[member] = self.of(part, own, depth + 1)

        for member in members:
            if member in needed or (depth <= DEEP and self.dice.random() < (0.35 if depth < 3 else 0.15)):
                put(member)
        for each, _ in parts:
            for branch in _branches(each, made):
                for member in branch.get("required", ()):
                    put(member)
                for member, part in branch.get("properties", {}).items():
                    if part in _FORBIDDEN:
                        made.pop(member, None)
                    elif member in made:  # it has a shape of its own here
                        made[member] = self.of(part, own_of[member], depth + 1)
        for member, (part, _) in members.items():  # what one part requires, another may forbid
            if part in _FORBIDDEN:
                made.pop(member, None)
        free = schema.get("additionalProperties")
        if isinstance(free, dict) and depth <= DEEP and self.dice.random() < 0.5:
            names = schema.get("propertyNames", {"enum": ["free", "x/y~z"]})
            made[self.of({"type": "string", **names}, name, depth)] = self.of(free, name, depth + 1)
        return made

    def _parts(self, schema: Any, name: str) -> list[tuple[Any, str]]:
        """A schema after what it builds on."""
        found = []
        for each in schema.get("allOf", ()):
            found += self._parts(*self._found(name, each["$ref"])) if "$ref" in each else [(each, name)]
        return [*found, (schema, name)]

    def _found(self, name: str, ref: str) -> tuple[Any, str]:
        """A part of a document, and the document's name."""
        file, _, fragment = ref.removeprefix(BASE).partition("#")
        if file and not ref.startswith(BASE):
            folder = name.rpartition("/")[0]
            file = file.removeprefix("../") if file.startswith("../") or not folder else f"{folder}/{file}"
        part = self.documents[file or name]
        for step in fragment.split("/")[1:]:
            part = part[step]
        return part, file or name

    def _text(self, schema: Any) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", 2**16)
        if "pattern" not in schema:
            length = self.dice.choice((least, least, min(most, least + 6), min(most, 4000)))
            return "".join(self.dice.choices("aZ9 é\U0001f600\u2028\n", k=length))
        for _ in range(200):
            text = "".join(self._matching(_parsed(schema["pattern"])))
            if least <= len(text) <= most and (
                ("T(" not in schema["pattern"] and "format" not in schema) or _is_a_day(text)
            ):
                return text
        raise AssertionError(schema["pattern"])

    def _matching(self, tree: Any) -> list[str]:
        """Pieces of a text that a pattern matches; ours have literals, sets, groups, choices and counts."""
        found = []
        for kind, value in tree:
            if kind is kinds.LITERAL:
                found.append(chr(value))
            elif kind is kinds.IN:
                low, high = self.dice.choice([_range(each) for each in value])
                found.append(chr(self.dice.randint(low, high)))
            elif kind is kinds.SUBPATTERN:
                found += self._matching(value[3])
            elif kind is kinds.BRANCH:
                found += self._matching(self.dice.choice(value[1]))
            elif kind is kinds.MAX_REPEAT:
                least, most, inner = value
                for _ in range(self.dice.randint(least, min(most, least + 12))):
                    found += self._matching(inner)
            else:
                assert kind is kinds.AT, kind
        return found


def _branches(schema: Any, made: dict[str, Any]) -> Iterator[Any]:
    """The branches of a schema's conditions that hold for what has been made, then those inside of them."""
    if "if" not in schema:
        return
    asked = schema["if"]
    holds = all(member in made for member in asked.get("required", ())) and all(
        made.get(member) in part.get("enum", [part.get("const", made.get(member))])
        and re.search(part.get("pattern", ""), str(made.get(member)))
        for member, part in asked.get("properties", {}).items()
    )
    branch = schema.get("then" if holds else "else", {})
    yield branch
    yield from _branches(branch, made)  # asked once the caller has done what the outer one says


def _range(part: Any) -> tuple[int, int]:
    kind, value = part
    return value if kind is kinds.RANGE else (value, value)


@cache
def _parsed(pattern: str) -> Any:
    return regex.parse(pattern)


def _is_a_day(text: str) -> bool:
    try:
        return bool(datetime.fromisoformat(text))
    except ValueError:
        return False
