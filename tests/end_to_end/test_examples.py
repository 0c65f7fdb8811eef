"""The fifteen lines of each side, run as a newcomer runs them: two processes, real HTTP."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CLI = [sys.executable, "-m", "opencmr.cli"]


def _free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return str(found.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The examples as they stand, but for the port: 8001 may be taken on this machine."""
    port = _free_port()
    for name in ("shop.py", "wallet.py"):
        code = (EXAMPLES / name).read_text()
        assert "8001" in code
        (tmp_path / name).write_text(code.replace("8001", port))
    return tmp_path


def _wait_until_served(shop: subprocess.Popen[str]) -> None:
    assert shop.stdout is not None
    for line in shop.stdout:
        if line.startswith("listening"):
            return
    raise AssertionError("the shop did not open")


def test_the_wallet_buys_from_the_shop(folder: Path) -> None:
    shop = subprocess.Popen(
        [*CLI, "serve", "shop.py:shop"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        _wait_until_served(shop)
        done = subprocess.run(
            [sys.executable, "wallet.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        shop.send_signal(signal.SIGTERM)
        rest, _ = shop.communicate(timeout=20)
    assert (done.returncode, done.stderr) == (0, ""), rest
    assert done.stdout.splitlines() == [
        "agreed: Service delivery, data portability on request",
        "confirmed: Field boots, size 49 for 189.00 EUR",
    ]


def output_of(name: str, folder: Path) -> str:
    """What an example prints that runs by itself."""
    command = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_consent_is_asked_for_granted_and_taken_back_and_both_sides_answer_alike(tmp_path: Path) -> None:
    said = output_of("newsletter", tmp_path)
    assert f"```text\n{said}```" in (ROOT / "docs" / "start.md").read_text()
    assert [line.split(":")[0] for line in said.splitlines()] == ["requested", "given", "withdrawn"]


def test_both_sides_look_at_an_order_by_the_same_names(tmp_path: Path) -> None:
    said = output_of("both_sides", tmp_path)
    assert f"```text\n{said}```" in (ROOT / "docs" / "start.md").read_text()


@pytest.mark.requirement("DAT-12", "DAT-15", "DAT-4")
def test_what_a_shop_holds_is_asked_for_objected_to_and_erased(tmp_path: Path) -> None:
    assert output_of("rights_asked", tmp_path).splitlines() == [
        "after 40 days: requested, overdue: True; shop: 1 overdue",
        "access: fulfilled",
        "by post: deny, objected",
        "by email: permit, consent",
        "erasure: partly, kept: legalObligation; by email: deny, erasure",
    ]


def test_an_export_is_asked_for_answered_with_a_file_and_fetched(tmp_path: Path) -> None:
    said = output_of("export_fetched", tmp_path)
    assert f"```text\n{said}```" in (ROOT / "docs" / "start.md").read_text()


@pytest.mark.requirement("DAT-12", "SEQ-40", "EVD-12")
def test_what_was_said_is_erased_and_what_is_left_is_verified(tmp_path: Path) -> None:
    assert output_of("erased", tmp_path).splitlines() == [
        "given: is the address in the shop's files? True; may the shop advertise? permit",
        "asked: is the address in the shop's files? True; may the shop advertise? deny",
        "2 messages erased: is the address in the shop's files? False; may the shop advertise? deny",
        "the wallet knows: fulfilled, and keeps 1 consent until it erases, too",
        "shop's evidence: 2 messages, 2 receipts, 2 threads, 0 accepted, 0 moot, 0 void, 0 refused, 2 erased",
        "alice's evidence: 3 messages, 3 receipts, 2 threads, 0 accepted, 0 moot, 0 void, 0 refused, 3 erased",
    ]


@pytest.mark.requirement("ORD-7", "ORD-10", "DEC-22")
def test_a_shirt_is_sent_back_paid_back_in_time_and_proven(tmp_path: Path) -> None:
    said = output_of("returned_shirt", tmp_path)
    assert said.splitlines() == [
        "ordered: the carrier may have the address: permit, order-live",
        "done: 3 reports",
        "returning: withdrawn in time, refund due by 2026-07-25, refunded nothing",
        "done: withdrawn in time, refund due by 2026-07-25, refunded 30.00 EUR",
        "exported: 22 messages and receipts, verify ends with 0",
    ]


@pytest.mark.requirement("BAK-9")
def test_a_wallet_is_lost_restored_and_knows_again_what_it_took_back(tmp_path: Path) -> None:
    said = output_of("backup_restored", tmp_path)
    assert said.splitlines() == [
        "backup: agreement active, consent given; may the shop advertise? permit",
        "lost: agreement active, consent withdrawn; may the shop advertise? deny",
        "restored: 1 relationship, 6 messages and receipts",
        "before the first sync: agreement active, consent given; may the shop advertise? permit",
        "after it: agreement active, consent withdrawn; may the shop advertise? deny",
        "came back: 1 word",
    ]


@pytest.mark.requirement("REL-2", "REL-4")
def test_a_stolen_key_speaks_until_the_owner_moves_to_the_next_one(tmp_path: Path) -> None:
    said = output_of("key_stolen", tmp_path)
    assert f"```text\n{said}```" in (ROOT / "docs" / "start.md").read_text()


def test_the_typed_example_passes_the_strict_type_check() -> None:
    names = (
        "newsletter",
        "returned_shirt",
        "backup_restored",
        "key_stolen",
        "rights_asked",
        "export_fetched",
        "erased",
    )
    typed = [f"examples/{name}.py" for name in names]
    command = [sys.executable, "-m", "mypy", "--strict", *typed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_wallet_says_who_does_not_answer_when_there_is_no_shop(folder: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "wallet.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "Unreachable" in done.stderr.splitlines()[-1]
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["northwind", "hazel"])
def test_a_catalogue_has_at_least_two_hundred_products_each_of_its_own_number(name: str) -> None:
    import json

    goods = json.loads((EXAMPLES / "catalogues" / f"{name}.json").read_text())
    assert len(goods) >= 200
    assert len({each["sku"] for each in goods}) == len(goods)
