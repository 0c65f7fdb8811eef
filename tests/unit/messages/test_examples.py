"""The examples of the specification hold what they say: through schema, model, signature and the receiving path."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import TypeAdapter

from opencmr import _spec, errors, messages, protocol, trust
from opencmr.cli.schemas import faults, schemas
from opencmr.errors import Problem
from opencmr.messages import envelope, personal, pointer, types
from opencmr.messages.model import Model, Shaped


def pinned() -> dict[str, str]:
    """The vendor's keys, as a customer has pinned them."""
    members = _spec.table("vectors/shop.example.did.json")
    return trust.parse_document("did:web:shop.example", members).keys


def load(file: Path) -> Any:
    return orjson.loads(file.read_bytes())


def received(document: dict[str, Any]) -> protocol.Verified:
    return protocol.verify(protocol.parse(trust.canonicalize(document)), me=document.get("to", ""), pinned=pinned())


# --- valid -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ENV-1", "JSN-7")
def test_a_valid_example_is_valid_and_comes_back_byte_for_byte(valid: Path) -> None:
    document = load(valid)
    assert faults(document) == []
    raw = trust.canonicalize(document)
    message = messages.validate(trust.parse(raw))
    assert isinstance(message.body, messages.BODIES[message.type])
    assert trust.canonicalize(message.wire()) == raw


@pytest.mark.requirement("SIG-1", "SIG-2", "IDN-5")
def test_a_valid_example_is_signed_by_its_sender(valid: Path) -> None:
    document = load(valid)
    verified = received(document)
    assert verified.message.from_ == document["from"]
    for receipt in document["body"].get("receipts", []):
        received(receipt)


@pytest.mark.requirement("SIG-6")
def test_a_valid_example_with_another_word_has_no_valid_signature(valid: Path) -> None:
    document = load(valid)
    document["created"] = "2026-01-01T00:00:00.000Z"
    with pytest.raises(errors.BadSignature) as caught:
        received(document)
    assert caught.value.pointer == "/proof/proofValue"


@pytest.mark.requirement("ENV-12")
def test_the_digest_is_of_the_whole_message_with_its_proof(valid: Path) -> None:
    raw = trust.canonicalize(load(valid))
    other = trust.canonicalize({**load(valid), "proof": {}})
    assert protocol.parse(raw).digest == trust.digest(raw) != trust.digest(other)


# --- invalid ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ENV-8", "RCV-1")
def test_an_invalid_example_is_refused_as_it_says(invalid: Path) -> None:
    example = load(invalid)
    assert sorted(example) == ["message", "pointer", "problem", "reason"]
    with pytest.raises(Problem) as caught:
        received(example["message"])
    assert (caught.value.code, caught.value.pointer) == (example["problem"], example["pointer"])


@pytest.mark.requirement("ENV-8")
def test_the_schema_names_the_fault_of_an_invalid_example(invalid: Path) -> None:
    example = load(invalid)
    found = faults(example["message"])
    if example["problem"] == "bad-number" and not found:
        return  # JSON Schema sees an integer in one beyond 2^53-1, and in 1.0
    assert pointer(found[0][0]) == example["pointer"]


def test_an_invalid_example_has_a_good_signature_where_it_can_have_one(invalid: Path) -> None:
    message = load(invalid)["message"]
    try:
        parsed = protocol.parse(trust.canonicalize(message))
        envelope_ = messages.validate_envelope(parsed.document)
    except Problem:
        return
    public = trust.public_key(envelope_.from_, envelope_.proof.verification_method, pinned())
    trust.verify(parsed.document, public)


# --- the set ---------------------------------------------------------------------------------------------------------


def test_each_type_has_three_valid_and_five_invalid_examples(type_: str) -> None:
    root = _spec.root()
    assert len(list(root.glob(f"*/examples/valid/{type_}.*.json"))) >= 3
    assert len(list(root.glob(f"*/examples/invalid/{type_}.*.json"))) >= 5


def test_no_two_messages_of_one_sender_have_the_same_id() -> None:
    seen: dict[tuple[str, str], Path] = {}
    for file in sorted(_spec.root().glob("*/examples/valid/*.json")):
        document = load(file)
        assert seen.setdefault((document["from"], document["id"]), file) == file


def _members(value: Any) -> set[tuple[str, str]]:
    """Class and member of everything that is said in a value."""
    if isinstance(value, list):
        return {found for each in value for found in _members(each)}
    if is_dataclass(value):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Model):
        said = {name: getattr(value, name) for name in type(value).model_fields}
    else:
        return set()
    if isinstance(value, personal.Datum):
        said["value"] = _in_shape(value)
    said = {name: part for name, part in said.items() if part is not None}
    return {(_home(type(value), name), name) for name in said} | {f for part in said.values() for f in _members(part)}


def _in_shape(datum: personal.Datum) -> Any:
    """Its value, as what the vocabulary says it is."""
    name = _spec.table("vocabulary/shapes.json")["terms"].get(datum.data)
    return TypeAdapter(personal.SHAPES[name]).validate_python(datum.value) if name else datum.value


def _home(kind: type, name: str) -> str:
    """The class that declares a member first."""
    return next(base.__name__ for base in reversed(kind.__mro__) if name in vars(base).get("__annotations__", {}))


def _declared(kind: type[Model]) -> set[tuple[str, str]]:
    ours = [each for each in kind.__subclasses__() if each.__module__.startswith("opencmr.messages")]
    below = {found for each in ours for found in _declared(each)}
    ours = kind.__module__.startswith("opencmr.messages")  # other modules declare documents that are no messages
    return below | ({(_home(kind, name), name) for name in kind.model_fields} if ours else set())


def test_the_valid_examples_use_every_member_that_there_is() -> None:
    used = set()
    for file in sorted(_spec.root().glob("*/examples/valid/*.json")):
        used |= _members(messages.validate(load(file)))
    declared = _declared(Model)
    for kind in (types.Money, types.SignedMoney, types.Price):
        declared |= {(kind.__name__, field.name) for field in fields(kind)}
    assert len(declared) > 150
    assert declared - used == set()


# --- the schemas -----------------------------------------------------------------------------------------------------


def _parts(schema: Any, where: str) -> list[tuple[str, dict[str, Any]]]:
    """Every subschema that describes a value, and not only a condition on one."""
    if isinstance(schema, list):
        return [found for each in schema for found in _parts(each, where)]
    if not isinstance(schema, dict):
        return []
    inner = [
        _parts(part, f"{where}/{name}") for name, part in schema.items() if name not in ("if", "then", "else", "allOf")
    ]
    return [(where, schema), *(found for each in inner for found in each)]


@pytest.mark.requirement("ENV-6")
def test_every_object_of_every_schema_is_closed() -> None:
    objects = 0
    for name, schema in schemas().items():
        for where, part in _parts(schema, name):
            whole = where == name and name != "envelope.schema.json"  # a message: the envelope closes it
            beside = "allOf" in part and "properties" not in part  # says more of an object that is closed elsewhere
            if (
                not whole
                and not beside
                and part.get("type") == "object"
                and where != "envelope.schema.json/properties/body"
            ):
                objects += 1
                assert "additionalProperties" in part, where
                if "properties" in part:
                    assert part["additionalProperties"] is False, where
    assert objects > 50


def test_every_list_and_every_text_has_an_end() -> None:
    for name, schema in schemas().items():
        for where, part in _parts(schema, name):
            if part.get("type") == "array":
                assert part["minItems"] == 1, where
                assert part["maxItems"] <= 100, where
            if part.get("type") == "string":
                assert {"pattern", "maxLength", "enum", "const"} & set(part), where


def test_every_pattern_is_anchored_and_plain() -> None:
    for name, schema in schemas().items():
        for where, part in _parts(schema, name):
            if isinstance(pattern := part.get("pattern"), str):
                assert pattern.startswith("^"), where
                assert pattern.endswith("$"), where
                assert "(?" not in pattern, where
                assert "\\" not in pattern.replace("\\.", ""), where


def test_every_member_is_described() -> None:
    for name, schema in schemas().items():
        for where, part in _parts(schema, name):
            for member, described in part.get("properties", {}).items():
                if isinstance(described, dict) and set(described) - {"not", "const", "$ref"}:
                    assert described.get("description"), f"{where}/{member}"


def test_models_and_shared_types_have_the_same_names() -> None:
    shapes = {name for name, part in schemas()["types.schema.json"]["$defs"].items() if part.get("type") == "object"}
    modules = (types, envelope, messages.core, messages.consent, messages.intent, messages.offer, personal)
    known = {name for module in modules for name, each in vars(module).items() if isinstance(each, type)}
    assert shapes - known == {"Ext", "ShapeOfTerm"}
    assert Shaped.__name__ not in shapes
