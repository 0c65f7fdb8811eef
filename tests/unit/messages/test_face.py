"""The face of the messages: what is exported, and that types, schemas and examples are one set."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from opencmr import _spec, errors, messages, terms
from opencmr.cli.schemas import BASE, schemas
from opencmr.errors import Malformed


def test_everything_exported_is_there_once() -> None:
    assert len(set(messages.__all__)) == len(messages.__all__)
    assert all(hasattr(messages, name) for name in messages.__all__)


def test_every_schema_says_its_own_address() -> None:
    for name, schema in schemas().items():
        assert schema["$id"] == BASE + name
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_there_is_a_body_for_every_schema_of_a_message_and_a_schema_for_every_body() -> None:
    files = [Path(name) for name in schemas() if "/" in name]
    assert sorted(file.name.removesuffix(".schema.json") for file in files) == sorted(messages.BODIES)


def test_the_schema_of_all_messages_knows_each_type() -> None:
    whole = schemas()["message.schema.json"]
    envelope, *types = whole["allOf"]
    assert envelope == {"$ref": "envelope.schema.json"}
    branches = {each["if"]["properties"]["type"]["const"]: each["then"]["$ref"] for each in types}
    assert sorted(whole["properties"]["type"]["enum"]) == sorted(branches) == sorted(messages.BODIES)
    for type_, ref in branches.items():
        assert schemas()[ref]["properties"]["type"]["const"] == type_
        assert Path(ref).name == f"{type_}.schema.json"


def test_the_body_says_of_the_envelope_what_the_schema_says(type_: str) -> None:
    (schema,) = (each for name, each in schemas().items() if name.endswith(f"/{type_}.schema.json"))
    says = messages.BODIES[type_].expires
    assert ("expires" in schema.get("required", []), schema["properties"].get("expires") == {"not": {}}) == (
        says == "must",
        says == "never",
    )
    by_side = (schema.get("then"), schema.get("else")) == (
        {"required": ["expires"]},
        {"properties": {"expires": {"not": {}}}},
    )
    assert by_side == (says == "customer")


def test_every_family_has_examples_in_its_own_folder() -> None:
    for name in schemas():
        if "/" in name:
            folder, type_ = _spec.root() / Path(name).parent, Path(name).name.removesuffix(".schema.json")
            assert list((folder / "examples" / "valid").glob(f"{type_}.*.json"))


def _message(**members: object) -> dict[str, object]:
    file = next(iter(sorted(_spec.root().glob("terms/examples/valid/terms.decline.*.json"))))
    return {**_spec.table(file.relative_to(_spec.root()).as_posix()), **members}


@pytest.mark.requirement("ENV-5")
@pytest.mark.parametrize("version", ["1.1", "2.0", "0.9", "1.0.0", "", "1.0 "])
def test_another_version_is_refused_with_those_spoken_even_where_the_rest_is_wrong(version: str) -> None:
    with pytest.raises(errors.UnsupportedVersion) as caught:
        messages.validate({"opencmr": version, "a": 1})
    assert (caught.value.pointer, caught.value.expected) == ("/opencmr", ["1.0"])


@pytest.mark.parametrize(
    "other", ["terms.acept", "Terms.accept", "terms", "key.announce", "com.example.stock-alert", "com.example.X y"]
)
def test_another_type_is_refused_with_those_known(other: str) -> None:
    with pytest.raises(errors.UnsupportedType) as caught:
        messages.validate(_message(type=other))
    assert caught.value.pointer == "/type"
    assert caught.value.expected == sorted(messages.BODIES)


def test_the_envelope_can_be_read_whatever_the_body_says() -> None:
    said = messages.validate_envelope(_message(body={"no": "such"}))
    assert (said.type, said.body) == ("terms.decline", {"no": "such"})
    with pytest.raises(errors.Malformed) as caught:
        messages.validate_envelope(_message(thread=7))
    assert caught.value.pointer == "/thread"


def test_a_body_of_a_file_is_refused_at_its_own_pointer() -> None:
    with pytest.raises(errors.Malformed) as caught:
        messages.validate_body(messages.intent.Cast, {"wants": [{"nam": "boots"}], "terms": [], "standing": "ready"})
    assert caught.value.pointer == "/terms"


@pytest.mark.parametrize(("path", "text"), [((), ""), (("a", 0), "/a/0"), (("a/b", "~"), "/a~1b/~0")])
def test_a_pointer_is_written_after_rfc_6901(path: messages.Path, text: str) -> None:
    assert messages.pointer(path) == text


def test_a_message_is_made_in_python_with_snake_case_and_travels_in_camel_case() -> None:
    attribute = messages.intent.Want(name="boots", files=None).model_copy()
    assert attribute.wire() == {"name": "boots"}
    cast = messages.intent.Cast(
        wants=[{"name": "boots", "attributes": [{"name": "size", "one_of": ["42", "43"]}]}],  # type: ignore[list-item]
        terms=[{"id": "SD-BASE", "digest": "zQmTvLuqcr2CyxPjKTzCZqGpiqWRtb6hWNevq25eKbHKBvA"}],  # type: ignore[list-item]
        standing="ready",
        return_days=14,
    )
    assert cast.wire()["returnDays"] == 14
    assert cast.wire()["wants"][0]["attributes"] == [{"name": "size", "oneOf": ["42", "43"]}]


@pytest.mark.requirement("ENV-8")
def test_of_many_faults_deep_inside_the_first_is_told_and_each_is_found_once() -> None:
    rules = [{"effect": "permit"}] * 64
    document = {"choices": [{"document": {"rules": rules, "version": "1", "title": "t"}}]}
    with pytest.raises(Malformed) as caught:
        messages.validate_body(terms.Proffer, document)
    assert caught.value.pointer == "/choices/0/document/id"
    cause = caught.value.__cause__
    assert isinstance(cause, ValidationError)
    assert cause.error_count() == 1 + 64, "none was made anew for an object around it"
