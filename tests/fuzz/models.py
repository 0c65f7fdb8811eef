"""The models beside the JSON Schemas, which `jsonschema-rs` asks: both accept a document, or both refuse it."""

import random
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from opencmr import messages, trust
from opencmr.cli.schemas import BASE, faults, schemas
from opencmr.errors import Malformed, Problem
from opencmr.messages import pointer

from .cast import examples, hostile_examples
from .mutations import mutated_json
from .target import Target, expect


@cache
def _validator(schema: str) -> Any:
    resources = [(each["$id"], each) for each in schemas().values()]
    return jsonschema_rs.Draft202012Validator(
        {"$ref": BASE + schema}, registry=jsonschema_rs.Registry(resources), validate_formats=True
    )


def run_models(data: bytes) -> None:
    """A message: by its type's model and its type's schema; then its envelope alone."""
    try:
        document = trust.parse(data)
    except Problem:
        return
    why: Problem | None = None
    try:
        message = messages.validate(document)
        expect(trust.canonicalize(message.wire()) == data, "what was read is written otherwise", data)
    except Problem as problem:
        why = problem
    right = _validator("message.schema.json").is_valid(document)
    expect((why is None) == right, f"the model says {why}, the schema {right}", data)
    if isinstance(why, Malformed) and len(data) % 16 == 0:  # the pointer costs a hundred times as much
        found = faults(document)
        expect(bool(found) and pointer(found[0][0]) == why.pointer, f"{why}, the schema {found[:1]}", data)
    whole = isinstance(document.get("opencmr"), str)
    outer = {**document, "opencmr": messages.VERSION} if whole else document
    try:
        messages.validate_envelope(document)
        lenient = True
    except Malformed:
        lenient = False
    expect(lenient == _validator("envelope.schema.json").is_valid(outer), f"envelope: the model {lenient}", data)


def message_seeds() -> list[bytes]:
    """The examples, valid and not, and messages of types that nobody knows."""
    found = [trust.canonicalize(each) for each in examples()]
    found += [trust.canonicalize({**each, "type": "com.shop.wish"}) for each in examples()[:5]]
    return found + [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in hostile_examples()]


def mutated_message(dice: random.Random, data: bytes, donor: bytes) -> bytes:
    """Members change places between messages of different types too."""
    return mutated_json(dice, data, donor, wild=0.01)


TARGETS = (
    Target(
        "models",
        "messages.validate, validate_envelope against the schemas",
        run_models,
        message_seeds,
        mutated_message,
        share=120,
        short=2500,
    ),
)
