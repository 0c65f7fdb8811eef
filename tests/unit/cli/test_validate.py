"""`opencmr validate` on all examples, and on what JSON must not be here."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from opencmr import _spec

VALID = sorted(_spec.root().glob("*/examples/valid/*.json"))
INVALID = sorted(_spec.root().glob("*/examples/invalid/*.json"))
CAST = next(file for file in VALID if file.name.startswith("intent.cast."))


@pytest.fixture(scope="session")
def verdicts() -> dict[str, Any]:
    """What is said of each invalid example, told in one call; each exits as its `ok` says."""
    from typer.testing import CliRunner

    from opencmr.cli.app import app

    done = CliRunner().invoke(app, ["validate", "--json", *map(str, INVALID)])
    assert done.exit_code == 1
    return {verdict["file"]: verdict for verdict in orjson.loads(done.stdout)["files"]}


@pytest.mark.requirement("ENV-8")
def test_all_valid_examples_are_ok(run: Any) -> None:
    done = run("validate", "--json", *sorted({file.parent for file in VALID}))
    assert done.code == 0
    assert done.json["ok"] is True
    assert [verdict["ok"] for verdict in done.json["files"]] == [True] * len(VALID)


@pytest.mark.requirement("ENV-8")
@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_an_invalid_example_fails_at_the_pointer_that_it_states(verdicts: dict[str, Any], file: Path) -> None:
    stated, verdict = orjson.loads(file.read_bytes()), verdicts[str(file)]
    assert verdict["ok"] is False
    assert verdict["problem"]["pointer"] == stated["pointer"]
    assert verdict["example"] == {"problem": stated["problem"], "pointer": stated["pointer"], "asStated": True}


def test_one_invalid_example_exits_with_one_and_names_the_pointer_and_all_other_faults(run: Any) -> None:
    file = next(file for file in INVALID if file.stem == "consent.grant.purpose")
    done = run("validate", file)
    assert done.code == 1
    assert f"BAD  {file}  /body/items/0/purpose  malformed" in done.out
    assert "also /body/items/0/purposes: missing" in done.out
    assert "as the example states" in done.out


def test_an_invalid_example_that_is_in_fact_valid_fails(run: Any) -> None:
    wrapper = {"reason": "none", "pointer": "/to", "problem": "malformed", "message": orjson.loads(CAST.read_bytes())}
    done = run("validate", "-", stdin=orjson.dumps(wrapper))
    assert done.code == 1
    assert "but the example states" in done.out


def test_one_bad_file_among_good_ones_fails(run: Any) -> None:
    done = run("validate", CAST, INVALID[0])
    assert done.code == 1
    assert "1 of 2 ok" in done.out


def test_standard_input_is_read(run: Any) -> None:
    done = run("validate", "-", stdin=CAST.read_bytes())
    assert (done.code, done.out) == (0, "ok  -  intent.cast\n")


@pytest.mark.parametrize(
    ("old", "new", "problem", "pointer"),
    [
        (b'"opencmr": "1.0"', b'"opencmr": "1.0", "to": "did:web:a.example"', "not-canonical", "/to"),
        (b'"body": {', b'"body": {"wants": [],', "not-canonical", "/body/wants"),
        (b'"opencmr": "1.0"', b'"opencmr": 1.5', "bad-number", "/opencmr"),
        (b'"opencmr": "1.0"', b'"opencmr": 1e400', "not-json", ""),
        (b'"opencmr": "1.0"', b'"opencmr": 99999999999999999999', "bad-number", "/opencmr"),
        (b'"opencmr": "1.0"', b'"opencmr": NaN', "not-json", ""),
        (b'"opencmr": "1.0"', b'"opencmr": null', "null-member", "/opencmr"),
        (b'"opencmr": "1.0"', b'"opencmr": "\\ud800"', "not-json", ""),
        (b'"opencmr": "1.0"', b'"opencmr": "\xff"', "not-json", ""),
        (b'"opencmr": "1.0"', b'"opencmr": "1.0", "caf\xc3\xa9": 1', "malformed", "/café"),
        (b'"opencmr": "1.0"', b'"opencmr": "7.0"', "unsupported-version", "/opencmr"),
        (b'"opencmr": "1.0"', b'"opencmr": ' + b"[" * 40 + b"]" * 40, "too-deep", None),
        (b'"opencmr": "1.0"', b'"opencmr": ' + b"[" * 5000 + b"]" * 5000, "too-deep", None),
        (b'"opencmr": "1.0"', b'"opencmr": "' + b"x" * 70_000 + b'"', "too-large", None),
    ],
)
@pytest.mark.requirement("JSN-7")
def test_what_json_must_not_be_is_refused_with_its_problem(
    run: Any, old: bytes, new: bytes, problem: str, pointer: str | None
) -> None:
    raw = CAST.read_bytes()
    assert old in raw
    done = run("validate", "--json", "-", stdin=raw.replace(old, new, 1))
    (verdict,) = done.json["files"]
    assert done.code == 1
    assert verdict["problem"]["type"].endswith(f"#{problem}")
    if pointer is not None:
        assert verdict["problem"].get("pointer", "") == pointer


@pytest.mark.parametrize("raw", [b"", b"[]", b'"text"', b"7", b"{"])
def test_what_is_no_object_is_no_message(run: Any, raw: bytes) -> None:
    done = run("validate", "--json", "-", stdin=raw)
    assert done.code == 1
    assert done.json["files"][0]["problem"]["type"].endswith("#not-json")


def test_a_rule_across_members_is_named(run: Any) -> None:
    message = orjson.loads(CAST.read_bytes())
    message["body"]["terms"] = [{"id": "SD-BASE", "digest": "zQm" + "1" * 44}]
    done = run("validate", "--json", "-", stdin=orjson.dumps(message))
    problem = done.json["files"][0]["problem"]
    assert (done.code, problem["pointer"], problem["rule"]) == (1, "/body/terms/0/digest", "TRM-1")


def test_what_another_message_would_have_to_say_is_not_asked(run: Any) -> None:
    file = next(file for file in VALID if file.name.startswith("data.request.review."))
    message = orjson.loads(file.read_bytes())
    message["body"]["about"]["digest"] = "zQm" + "1" * 44
    assert run("validate", "--json", "-", stdin=orjson.dumps(message)).code == 0


def test_bodies_are_validated_against_a_named_schema(run: Any) -> None:
    intents = sorted((_spec.examples() / "intents").glob("*.json"))
    done = run("validate", "--schema", "intent.cast#/$defs/Body", *intents)
    assert done.code == 0, done.out
    assert run("validate", intents[0]).code == 1
    wrong = run("validate", "--schema", "intent.cast#/$defs/Body", "-", stdin=b'{"wants": 1}')
    assert wrong.code == 1
    assert "/standing" in wrong.out


@pytest.mark.parametrize("name", ["nothing", "intent.cast#/$defs/Nobody"])
def test_a_schema_that_is_not_there_is_a_usage_error(run: Any, name: str) -> None:
    assert run("validate", "--schema", name, CAST).code == 2


def test_a_file_that_is_not_there_is_a_line(run: Any, tmp_path: Path) -> None:
    done = run("validate", tmp_path / "none.json")
    assert (done.code, done.error) == (1, None)
    assert done.err == f"opencmr: {tmp_path / 'none.json'}: No such file or directory\n"
    assert run("validate", tmp_path).code == 1


def test_a_body_is_told_how_to_be_checked(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "wish.json"
    file.write_bytes(orjson.dumps(orjson.loads(CAST.read_bytes())["body"]))
    done = run("validate", file)
    hint = "is this a body? try --schema 'intent.cast#/$defs/Body'"
    assert done.code == 1
    assert [line.strip() for line in done.out.splitlines()[1:]] == [hint]
    assert run("validate", file, "--json").json["files"][0]["hint"] == hint
    assert run("validate", file, "--schema", "intent.cast#/$defs/Body").code == 0
