"""`opencmr demo`, as a newcomer runs it: three processes, for each of the wishes that the examples hold."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from length import LONG
from opencmr.cli.app import app

ROOT = Path(__file__).parents[2]
INTENTS = sorted((ROOT / "examples" / "intents").glob("*.json"))
PLAYED = INTENTS if LONG else INTENTS[:2]
CLI = [sys.executable, "-m", "opencmr.cli"]
SEEDED = ("--seed", "7")
"""How the first of the wishes is played."""
STEPS = [
    "discovery",
    "terms",
    "consent",
    "decisions",
    "intent",
    "offers",
    "order",
    "withdrawal",
    "records",
    "verification",
]


def _run(*arguments: str | Path, timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **environment},
        check=False,
    )


def _raws(store: Path) -> dict[str, bytes]:
    connection = sqlite3.connect(store)
    try:
        return dict(connection.execute("SELECT digest, raw FROM messages"))
    finally:
        connection.close()


def _messages(folder: Path) -> dict[int, dict[str, Any]]:
    return {int(file.name[:4]): json.loads(file.read_bytes()) for file in (folder / "messages").iterdir()}


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each wish, played once."""
    played = {}
    for intent in PLAYED:
        folder = tmp_path_factory.mktemp("demo") / intent.stem
        done = _run("demo", "--json", "--intent", intent, "--out", folder, *(SEEDED if intent == INTENTS[0] else ()))
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert json.loads(done.stdout) == json.loads((folder / "story.json").read_bytes())
        played[intent.stem] = folder
    return played


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The first wish with its seed once more, as text of eighty columns for a pipe that takes ASCII; and its folder."""
    folder = tmp_path_factory.mktemp("demo") / "again"
    told = {"COLUMNS": "80", "PYTHONIOENCODING": "ascii"}
    return _run("demo", "--intent", INTENTS[0], "--out", folder, *SEEDED, **told), folder


def _story(folder: Path) -> dict[str, Any]:
    told = json.loads((folder / "story.json").read_bytes())
    return {step["key"]: step for step in told["steps"]} | {"about": told}


wishes = pytest.mark.parametrize("wish", [intent.stem for intent in PLAYED])


def test_there_are_five_wishes() -> None:
    assert len(INTENTS) == 5


@wishes
def test_the_story_has_all_its_steps_and_they_name_every_message_once(demos: dict[str, Path], wish: str) -> None:
    story = _story(demos[wish])
    assert [key for key in story if key != "about"] == STEPS
    named = [number for key in STEPS for number in (*story[key]["messages"], *story[key]["receipts"])]
    assert sorted(named) == sorted(_messages(demos[wish]))
    assert story["about"]["seconds"] < 20


@wishes
def test_both_shops_offer_and_the_best_offer_is_performed(demos: dict[str, Path], wish: str) -> None:
    story = _story(demos[wish])
    offers = story["offers"]["offers"]
    assert {each["shop"] for each in offers} == {"Northwind", "Hazel"}
    assert story["offers"]["chosen"] in [each["offer"] for each in offers]
    assert story["order"]["state"] == "done"


@wishes
def test_what_is_needed_is_disclosed_after_the_order_and_to_nobody_else(demos: dict[str, Path], wish: str) -> None:
    story, messages = _story(demos[wish]), _messages(demos[wish])
    assert story["order"]["before"]["answer"] == "deny"
    assert story["order"]["after"]["answer"] == "permit"
    assert len(story["order"]["neverTold"]) == 1
    kinds = {number: message["type"] for number, message in messages.items()}
    (disclosed,) = [number for number, kind in kinds.items() if kind == "order.disclose"]
    (accepted,) = [number for number, kind in kinds.items() if kind == "offer.accept"]
    assert accepted < disclosed
    told = [each["data"] for each in messages[disclosed]["body"]["discloses"]]
    assert told == story["order"]["disclosed"]


@wishes
def test_the_withdrawal_turns_yes_into_no_at_the_instant_of_the_receipt(demos: dict[str, Path], wish: str) -> None:
    step, messages = _story(demos[wish])["withdrawal"], _messages(demos[wish])
    assert (step["before"]["answer"], step["before"]["reason"]) == ("permit", "consent")
    assert (step["after"]["answer"], step["after"]["reason"]) == ("deny", "withdrawn")
    assert step["messages"][0] in step["after"]["evidence"]
    receipt = messages[step["receipts"][0]]
    assert receipt["created"] == step["effective"]
    assert receipt["from"] == step["receiptSignedBy"]
    assert receipt["from"].startswith("did:web:")


@wishes
def test_permits_and_denials_come_with_the_messages_that_they_rest_on(demos: dict[str, Path], wish: str) -> None:
    decisions, messages = _story(demos[wish])["decisions"]["decisions"], _messages(demos[wish])
    assert {each["answer"] for each in decisions} == {"permit", "deny"}
    rests_on = {each["reason"]: {messages[number]["type"] for number in each["evidence"]} for each in decisions}
    assert rests_on["no-word"] == set()
    assert "consent.grant" in rests_on["consent"]
    assert "consent.refuse" in rests_on["refused"]
    assert "terms.accept" in rests_on["prohibited-by-agreement"]


@wishes
def test_both_sides_hold_the_same_bytes(demos: dict[str, Path], wish: str) -> None:
    folder = demos[wish]
    shops = [_raws(folder / f"{name}.db") for name in ("northwind", "hazel")]
    assert all(shops)
    assert _raws(folder / "customer.db") == shops[0] | shops[1]
    assert all(each["equal"] for each in _story(folder)["records"]["compared"])
    assert not list(folder.glob("*.keys")), "keys stay behind"


@wishes
def test_the_evidence_is_verified_by_the_command(demos: dict[str, Path], wish: str) -> None:
    done = _run("verify", demos[wish])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("columns", "encoding"), [(60, "utf-8"), (80, "ascii")])
def test_a_pipe_gets_plain_text_of_its_width_and_encoding_and_no_word_is_broken(
    columns: int, encoding: str, again: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    done = again[0] if encoding == "ascii" else _run("demo", COLUMNS=str(columns), PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii() == (encoding == "ascii")
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert not [line for line in lines if line != line.rstrip()]
    assert "byte for byte" in " ".join(done.stdout.split())
    for word in ("prohibited-by-agreement", "newsletter, recommendations", "name, physical address"):
        assert word in done.stdout


def test_the_seed_repeats_who_the_customer_is_and_what_they_take(
    demos: dict[str, Path], again: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    def told(story: dict[str, Any]) -> tuple[str, list[str]]:
        offers = next(step for step in story["steps"] if step["key"] == "offers")
        chosen = next(each for each in offers["offers"] if each["offer"] == offers["chosen"])
        return story["customer"], chosen["goods"]

    first, *others = (told(_story(demos[intent.stem])["about"]) for intent in PLAYED)
    assert told(_story(again[1])["about"]) == first
    assert first[0] not in {customer for customer, _ in others}


def test_where_nobody_offers_the_rest_is_still_played(tmp_path: Path) -> None:
    wish = json.loads(INTENTS[0].read_text())
    wish["wants"][0]["category"] = [{"scheme": "text", "code": "unicorns"}]
    file = tmp_path / "unicorn.json"
    file.write_text(json.dumps(wish))
    done = _run("demo", "--json", "--intent", file, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    story = _story(tmp_path / "out")
    assert [key for key in story if key != "about"] == [key for key in STEPS if key != "order"]
    assert story["offers"]["offers"] == []
    assert story["withdrawal"]["after"]["answer"] == "deny"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda wish: wish["wants"][0].update(name=7), "/wants/0/name"),
        (lambda wish: wish.update(colour="red"), "/colour"),
        (lambda wish: wish.pop("standing"), "/standing"),
        (lambda wish: wish["budget"].update(amount=900.5), "/budget/amount"),
        (lambda wish: wish["terms"][0].update(digest="zQm" + "1" * 44), "/terms/0/digest"),
        (lambda wish: wish.update(onAccept=["pd:Name", "pd:NoSuchThing"]), "/onAccept/1"),
    ],
)
def test_a_bad_intent_is_refused_with_the_pointer_before_any_shop_opens(
    tmp_path: Path, change: Any, pointer: str
) -> None:
    wish = json.loads(INTENTS[0].read_text())
    change(wish)
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(wish))
    done = CliRunner().invoke(app, ["demo", "--intent", str(file)], prog_name="opencmr")
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert f" at {pointer}:" in done.stderr
    assert done.stdout == ""


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = _run("demo", "--out", tmp_path, timeout=20)
    assert done.returncode == 2
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_stopping_it_stops_the_shops_too(tmp_path: Path) -> None:
    playing = subprocess.Popen(
        [*CLI, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert playing.stdout is not None
    for line in playing.stdout:  # the shops are open once one has been looked at
        if "accepts" in line and "did:web" in line:
            break
    playing.send_signal(signal.SIGINT)
    _, said = playing.communicate(timeout=20)
    assert playing.returncode == 130
    assert "Traceback" not in said
    assert not _alive(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_shop_that_does_not_open_has_its_log_shown(tmp_path: Path) -> None:
    broken = tmp_path / "sitecustomize.py"
    broken.write_text(
        "import os, sys\nif 'serve' in sys.argv:\n    os.write(2, b'no floor to stand on\\n')\n    os._exit(3)\n"
    )
    done = _run("demo", timeout=60, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "did not open" in done.stderr
    assert "no floor to stand on" in done.stderr
    assert "Traceback" not in done.stderr


def _alive(mark: str) -> list[str]:
    """Processes of which the environment names this folder, after a moment of grace."""
    for _ in range(50):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark.encode() in (process / "environ").read_bytes():
                    found.append(process.name)
            except OSError:
                continue
        if not found:
            return []
        time.sleep(0.1)
    return found
