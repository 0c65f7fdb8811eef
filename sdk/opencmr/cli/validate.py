"""`opencmr validate`: messages against schemas and models, with the pointer of the bad member."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Malformed, NotCanonical, NotJson, OpenCMRError, Problem, TooDeep, UnknownReference, UsageError
from .output import Json, plain, print_json

_WRAPPER = {"reason", "pointer", "problem", "message"}
"""The members of an invalid example of the specification, which says how its message is to be refused."""


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Files, folders with *.json, or - for stdin.")],
    schema: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Another schema than that of messages: intent.cast#/$defs/Body."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check messages against schemas and models; name the bad member.

    A file may be pretty-printed; it is put into canonical form first. JSON that no message may hold, such as a number
    with a fraction, a null or a name twice, is refused as on the wire. Signatures are for `opencmr verify`.

    Exits with 1 if any file fails.

    \b
    Examples:
      opencmr validate message.json
      opencmr validate 'intent.json' --schema 'intent.cast#/$defs/Body'
    """
    chosen = _named(schema) if schema else None
    verdicts = [_judge(name, raw, chosen) for name, raw in _sources(files)]
    good = all(verdict.ok for verdict in verdicts)
    if as_json:
        print_json({"ok": good, "files": [verdict.as_dict() for verdict in verdicts]})
    else:
        for verdict in verdicts:
            for line in verdict.lines():
                typer.echo(plain(line))
        if len(verdicts) > 1:
            typer.echo(f"{sum(verdict.ok for verdict in verdicts)} of {len(verdicts)} ok")
    if not good:
        raise typer.Exit(1)


@dataclass
class Verdict:
    """What is to be said of one file.

    Attributes:
        name: The file.
        type: The message type, where it says one.
        digest: Digest of the canonical bytes of a good message.
        problem: What a receiver would answer; none if all is well.
        faults: Everything that the schema finds: pointer and reason.
        hint: What the reader may have meant; then the faults of what they did not mean are left out for people.
        stated: Where the file is an invalid example: the problem and the pointer that it states.
    """

    name: str
    type: str | None = None
    digest: str | None = None
    problem: Problem | None = None
    faults: list[tuple[str, str]] = field(default_factory=list)
    stated: tuple[str, str] | None = None
    hint: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. An invalid example is never ok."""
        return self.problem is None and self.stated is None

    @property
    def as_stated(self) -> bool:
        """Whether an invalid example is refused as it states."""
        return self.problem is not None and self.stated == (self.problem.code, self.problem.pointer)

    def lines(self) -> Iterator[str]:
        """What people read."""
        if self.problem is None:
            yield f"{'ok' if self.stated is None else 'WRONG'}  {self.name}  {self.type or ''}".rstrip()
        else:
            problem = self.problem
            rule = f" [{problem.rule}]" if problem.rule else ""
            where = "the whole" if problem.pointer in (None, "") else problem.pointer
            yield f"BAD  {self.name}  {where}  {problem.code}{rule}: {problem.told}"
            if self.hint is not None:
                yield f"     {self.hint}"
            for pointer, reason in self.faults if self.hint is None else ():
                if pointer != problem.pointer:
                    yield f"     also {pointer or 'the whole'}: {reason}"
        if self.stated is not None:
            said = "as the example states" if self.as_stated else f"but the example states {' at '.join(self.stated)}"
            yield f"     {said}"

    def as_dict(self) -> dict[str, Any]:
        """What programs read."""
        said: dict[str, Any] = {"file": self.name, "ok": self.ok}
        said |= {name: value for name in ("type", "digest") if (value := getattr(self, name))}
        if self.problem is not None:
            said["problem"] = self.problem.as_dict()
            said["faults"] = [{"pointer": pointer, "reason": reason} for pointer, reason in self.faults]
        if self.hint is not None:
            said["hint"] = self.hint
        if self.stated is not None:
            problem, pointer = self.stated
            said["example"] = {"problem": problem, "pointer": pointer, "asStated": self.as_stated}
        return said


def _judge(name: str, raw: bytes, schema: str | None) -> Verdict:
    from .. import trust
    from ..messages import pointer
    from .schemas import faults

    verdict = Verdict(name)
    try:
        document, twin = _parse(raw)
        if isinstance(document, dict) and set(document) == _WRAPPER:
            verdict.stated = (str(document["problem"]), str(document["pointer"]))
            document, twin = document["message"], twin["message"]
        if not isinstance(document, dict):
            raise NotJson("not a JSON object", pointer="")
        verdict.type = str(document["type"]) if isinstance(document.get("type"), str) else None
        canonical = trust.canonicalize(document)
        trust.parse(canonical)
        _check_twice(twin, ())
        if schema is None and not document.keys() & {"type", "opencmr"}:
            verdict.hint = f"is this a body? try --schema '{_likeliest(document)}#/$defs/Body'"
        verdict.faults = [(pointer(path), why) for path, why in faults(document, schema or "message.schema.json")]
        _check_model(document, schema)
        if verdict.faults:
            where, why = verdict.faults[0]
            raise Malformed(why, pointer=where)
        verdict.digest = trust.digest(canonical) if schema is None else None
    except Problem as problem:
        verdict.problem = problem
    return verdict


def _likeliest(document: dict[str, Any]) -> str:
    """The message type whose body this JSON object is, or comes nearest to."""
    from ..messages import BODIES
    from .schemas import faults, schemas

    paths = {path.rpartition("/")[2].removesuffix(".schema.json"): path for path in schemas()}
    return min(BODIES, key=lambda type_: len(faults(document, f"{paths[type_]}#/$defs/Body")))


def _check_model(document: Any, schema: str | None) -> None:
    """What the models say, and, for a message that opens a thread, the rules across its members."""
    from .. import messages
    from ..protocol import History, Said
    from ..protocol.receiving import check_place
    from ..protocol.thread import opened_by

    if schema is not None:
        type_ = schema.partition("#")[0].rpartition("/")[2].removesuffix(".schema.json")
        if type_ in messages.BODIES and schema.endswith("#/$defs/Body"):
            messages.validate_body(messages.BODIES[type_], document)
        return
    message = messages.validate(document)
    check_place(message)
    if message.body.place == "first":
        try:
            opened_by(message).judge(Said(message, "", message.side, 1, message.created), History())
        except UnknownReference:
            return  # whether another message is there can't be told from this one


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its names came more than once."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        made.twice = tuple(sorted({name for name in names if names.count(name) > 1}))
    return made


def _parse(raw: bytes) -> tuple[Any, Any]:
    """The JSON value of a file, which may be pretty-printed, and a twin whose objects remember names that came twice.

    Raises:
        NotJson: It is not I-JSON in UTF-8.
        TooDeep: It nests too deeply to be looked at.
    """
    import json

    import orjson

    try:
        return orjson.loads(raw), json.loads(raw, object_pairs_hook=_object)
    except RecursionError as error:
        raise TooDeep("nested too deeply to be looked at") from error
    except ValueError as error:
        raise (TooDeep if "limit exceeded" in str(error) else NotJson)(str(error)[:200], pointer="") from error


def _check_twice(value: Any, path: tuple[str | int, ...]) -> None:
    from ..messages import pointer

    if isinstance(value, _Object) and value.twice:
        raise NotCanonical("a name that comes twice", pointer=pointer((*path, value.twice[0])))
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        _check_twice(part, (*path, step))


def _named(schema: str) -> str:
    """A schema by its name, whole or short: `intent.cast`, `types#/$defs/Money`.

    Raises:
        UsageError: There is none; says which there are.
    """
    from .schemas import schemas

    name, _, fragment = schema.partition("#")
    short = {path.rpartition("/")[2].removesuffix(".schema.json"): path for path in schemas()}
    path = name if name in schemas() else short.get(name)
    if path is None:
        raise UsageError(f"there is no schema {name}; there are {', '.join(sorted(short))}")
    part: Any = schemas()[path]
    for step in fragment.split("/")[1:]:
        if not isinstance(part, dict) or step not in part:
            raise UsageError(f"{path} has no part #{fragment}")
        part = part[step]
    return f"{path}#{fragment}" if fragment else path


def _sources(files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in files:
        path = Path(name)
        if name == "-":
            yield name, sys.stdin.buffer.read()
        elif path.is_dir():
            found = sorted(path.rglob("*.json"))
            if not found:
                raise OpenCMRError(f"there is no *.json in {name}")
            for file in found:
                yield str(file), file.read_bytes()
        else:
            yield name, path.read_bytes()
