"""The intent that a person has written into a file, checked before any shop hears of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from ... import messages, trust
from ...errors import Malformed, NotJson, Problem, UsageError
from ...messages import intent
from ...protocol import History, Said, instant
from ...protocol.thread import opened_by
from ...roles import Draft
from ...roles.party.signing import Link, Signer


class BadIntent(UsageError):
    """The file holds no intent that can be cast; says where, by a JSON pointer."""


def read_wish(path: Path) -> intent.Cast:
    """Read an intent: the body of an `intent.cast`, or a whole message of which the body is taken.

    Raises:
        BadIntent: It cannot be cast.
        OSError: It cannot be read.
    """
    raw = path.read_bytes()
    inside = ""
    try:
        document = _read(raw)
        if document.get("type") == intent.Cast.type and isinstance(document.get("body"), dict):
            document, inside = document["body"], "/body"
        trust.parse(trust.canonicalize(document))  # numbers, depth and size: what the canonical form can't hold
        wish = messages.validate_body(intent.Cast, document)
        assert isinstance(wish, intent.Cast)  # noqa: S101  # the type that was asked for
        _rehearse(wish)
    except Problem as problem:
        problem.pointer = inside + problem.pointer.removeprefix("/body") if problem.pointer else None  # in the file
        where = f" at {problem.pointer}" if problem.pointer else ""
        why = f"{problem.code}{where}: {problem.told.rstrip('.')}."
        raise BadIntent(f"{path} is no intent that can be cast: {why}") from problem
    return wish


def _read(raw: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if not isinstance(document, dict):
        raise Malformed("an intent is a JSON object")
    return document


def _rehearse(wish: intent.Cast) -> None:
    """Write the message as it will be said, to nobody, and judge it by the rules across members.

    Raises:
        Problem: It would be refused.
    """
    key, now = trust.SigningKey.generate(), instant(datetime.now(UTC))
    try:
        said = Signer(key.did, key, trust.key_url(key.did)).write(
            Draft(wish), to="did:web:127.0.0.1", at=now, link=Link()
        )
    except UsageError as error:
        raise error.__cause__ if isinstance(error.__cause__, Problem) else error from error
    opened_by(said.message).judge(Said(said.message, said.digest, "customer", 1, now), History())
