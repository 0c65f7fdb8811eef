"""`opencmr doctor`: each thing that can be wrong is made wrong once, and told with how to mend it."""

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nacl.bindings
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opencmr import Vendor, _spec, trust
from opencmr.cli.doctor import command, installation, stores, vendors
from opencmr.cli.doctor.finding import Finding
from opencmr.cli.output import counted
from opencmr.errors import UsageError
from opencmr.store import KeyFile, Store, checkup
from opencmr.trust import SigningKey
from serving import did_of, listening, served

NOW = datetime(2026, 7, 2, tzinfo=UTC)


def outcomes(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.outcome for finding in findings}


def wrong(findings: list[Finding]) -> list[str]:
    """What is wrong; each says how to mend it."""
    found = [finding for finding in findings if finding.outcome == "wrong"]
    assert all(finding.mend for finding in found)
    return [finding.what for finding in found]


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_now", lambda: NOW)
    monkeypatch.delenv("OPENCMR_PASSPHRASE", raising=False)


@pytest.fixture
def shop(stores: Any, tmp_path: Path) -> Path:
    """A copy of a shop's store and keys, to be spoilt."""
    for file in stores.shop.parent.glob("shop.*"):
        shutil.copy2(file, tmp_path)
    return tmp_path / "shop.db"


def examined(shop: Path, now: datetime = NOW, keys: Path | None = None) -> list[Finding]:
    return stores.examine(shop, keys, now)


# The command


def test_a_sound_store_and_installation_are_told_so(run: Any, shop: Path) -> None:
    done = run("doctor", shop)
    assert (done.code, done.err) == (0, "")
    assert "✗" not in done.out
    assert "all is well" in done.out
    assert "\x1b" not in done.out, "colours only on a terminal"


def test_what_is_wrong_is_told_with_how_to_mend_it_and_ends_with_1(run: Any, shop: Path) -> None:
    shop.with_suffix(".keys").chmod(0o644)
    done = run("doctor", shop)
    assert done.code == 1
    assert "chmod 600" in done.out
    assert "1 to mend" in done.out
    told = run("doctor", shop, "--json")
    assert told.code == 1
    assert told.json["ok"] is False
    bad = [finding for finding in told.json["findings"] if finding["outcome"] == "wrong"]
    assert [(finding["area"], finding["what"]) for finding in bad] == [("keys", "key file")]
    assert set(bad[0]) == {"area", "what", "outcome", "said", "mend"}


def test_a_vendor_is_looked_at_where_its_module_keeps_it(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kiosk.py").write_text(
        "from opencmr import Vendor\n"
        f"def made(): return Vendor.open('{tmp_path}/kiosk.db', did='did:web:kiosk.example',"
        f" keys='{tmp_path}/elsewhere')\n"
    )
    done = run("doctor", f"{tmp_path}/kiosk.py:made", "--json")
    assert (done.code, done.json["ok"]) == (0, True)
    assert f"{tmp_path}/elsewhere opens" in done.out


@pytest.mark.parametrize("what", ["did:web:", "did:key:z6Mk", "http://", "https://shop.example/?x=1", "https://a:b"])
def test_what_names_no_vendor_is_a_usage_error(run: Any, what: str) -> None:
    assert run("doctor", what).code == 2


def test_keys_without_a_store_are_a_usage_error(run: Any) -> None:
    assert run("doctor", "--keys", "shop.keys").code == 2


# The installation


def test_an_installation_is_looked_at_from_python_to_the_clock() -> None:
    found = outcomes(installation.examine(NOW))
    assert {"Python", "libraries", "keys are checked", "specification", "clock"} <= set(found)
    assert "wrong" not in found.values()


def test_a_clock_from_before_there_was_an_opencmr_is_wrong() -> None:
    assert wrong(installation.examine(datetime(1970, 1, 1, tzinfo=UTC))) == ["clock"]


def test_a_library_that_takes_weak_keys_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As PyNaCl before 1.6.2 does for some."""
    trust.decode_public.cache_clear()
    monkeypatch.setattr(nacl.bindings, "crypto_core_ed25519_is_valid_point", lambda _: True)
    try:
        assert wrong(installation.examine(NOW)) == ["keys are checked"]
    finally:
        trust.decode_public.cache_clear()


def test_what_an_extra_asks_for_is_known_by_either_quotes() -> None:
    asked = [
        "orjson>=3.10",
        "starlette>=0.40; extra == 'vendor'",
        'psycopg[binary]>=3.2; extra == "postgres"',
        "atheris>=3.0; (platform_system == 'Linux') and extra == 'fuzz'",
    ]
    found = list(installation._requirements(asked))
    assert found == [("orjson", "3.10", ""), ("starlette", "0.40", "vendor"), ("psycopg", "3.2", "postgres")]


def test_old_and_missing_libraries_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        "PyNaCl>=99.1",
        "orjson>=3.10",
        'nothing-of-this-name>=1; extra == "vendor"',
        'no-such-tool; extra == "dev"',
    ]
    monkeypatch.setattr(installation.metadata, "requires", lambda _: [*asked, "no-library-either>=2"])
    found = installation.examine(NOW)
    assert outcomes(found)["extra vendor"] == "note"
    assert sorted(finding.said for finding in found if finding.outcome == "wrong") == [
        f"PyNaCl {installation.metadata.version('PyNaCl')}, which must be 99.1 or newer",
        "no-library-either missing",
    ]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A specification of one's own, to be spoilt."""
    shutil.copytree(_spec.root(), tmp_path / "opencmr" / "spec" / "v1")
    monkeypatch.setattr(_spec, "root", lambda: tmp_path / "opencmr" / "spec" / "v1")
    return tmp_path / "opencmr" / "spec" / "v1"


def test_a_changed_agreement_is_noticed(copied: Path) -> None:
    file = copied / "vocabulary" / "roster" / "SD-BASE.json"
    file.write_text(file.read_text().replace("prohibit", "permit", 1))
    assert wrong(installation.examine(NOW)) == ["specification"]


def test_a_file_that_is_not_the_wheels_is_noticed(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import base64
    import hashlib

    name = "opencmr/spec/v1/vocabulary/purposes.json"
    digest = base64.urlsafe_b64encode(hashlib.sha256((copied / "vocabulary/purposes.json").read_bytes()).digest())
    monkeypatch.setattr(installation, "_pinned", lambda: {name: digest.rstrip(b"=").decode()})
    assert wrong(installation.examine(NOW)) == []
    (copied / "vocabulary/purposes.json").write_bytes(b"{}")
    assert wrong(installation.examine(NOW)) == ["specification"]


def test_a_specification_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_spec, "root", lambda: tmp_path / "nowhere")
    assert "specification" in wrong(installation.examine(NOW))


# A store and its keys


def test_a_sound_store_has_everything_looked_at(shop: Path) -> None:
    assert outcomes(examined(shop)) == {
        "sqlite opens": "ok", "journal": "ok", "synchronous": "ok", "integrity": "ok", "messages": "ok",
        "disk": "ok",
        "last entry": "ok", "key file": "ok", "keys of the store": "ok",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 relationships"), (1, "1 relationship"), (2, "2 relationships"), (1200, "1,200 relationships")],
)
def test_one_of_something_is_told_as_one(count: int, told: str) -> None:
    assert counted(count, "relationship") == told
    assert counted(count, "copy", "copies").endswith("copy" if count == 1 else "copies")


def test_a_store_of_one_relationship_says_one(shop: Path) -> None:
    (said,) = [each.said for each in examined(shop) if each.what == "messages"]
    assert said == "20 messages and receipts of 1 relationship: as they were kept, with whole chains"


def test_looking_at_a_store_changes_nothing(shop: Path) -> None:
    before = shop.read_bytes()
    examined(shop)
    assert shop.read_bytes() == before


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    assert wrong(examined(tmp_path / "none.db")) == ["opens", "key file"]
    (tmp_path / "text.db").write_text("not a database, but long enough to be taken for one" * 100)
    assert wrong(examined(tmp_path / "text.db")) == ["opens", "key file"]
    assert not (tmp_path / "none.db").exists()


def test_a_damaged_store_is_told(shop: Path) -> None:
    raw = bytearray(shop.read_bytes())
    for page in range(2, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    shop.write_bytes(raw)
    assert {"opens", "integrity"} & set(wrong(examined(shop)))


def test_a_store_of_another_revision_is_told(shop: Path) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    (newer,) = [finding for finding in examined(shop) if finding.outcome == "wrong"]
    assert "--upgrade" in newer.mend
    with sqlite3.connect(shop) as connection:
        connection.execute("drop table alembic_version")
    connection.close()
    (older,) = [finding for finding in examined(shop) if finding.outcome == "wrong"]
    assert "db upgrade" in older.mend


def test_a_journal_that_is_not_yet_what_it_will_be_is_worth_knowing(shop: Path) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("pragma journal_mode=delete")
    connection.close()
    found = examined(shop)
    assert (wrong(found), outcomes(found)["journal"]) == ([], "note")


@pytest.mark.parametrize(("free", "outcome"), [(10**12, "ok"), (10**9, "note"), (10**7, "wrong")])
def test_a_disk_that_is_almost_full_is_told(
    shop: Path, monkeypatch: pytest.MonkeyPatch, free: int, outcome: str
) -> None:
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, 0, free))  # type: ignore[attr-defined]
    assert outcomes(examined(shop))["disk"] == outcome


def test_an_entry_from_the_future_tells_of_a_clock_that_was_set_back(shop: Path) -> None:
    assert wrong(examined(shop, NOW - timedelta(days=30))) == ["last entry"]


def test_keys_that_are_not_the_stores_are_told(shop: Path, tmp_path: Path) -> None:
    other = KeyFile(tmp_path / "other.keys")
    other.add("did:web:other.example#key-1", SigningKey.generate())
    assert wrong(examined(shop, keys=other.path)) == ["keys of the store"]
    assert wrong(examined(shop, keys=tmp_path / "none.keys")) == ["key file"]


def test_a_wallet_has_a_key_for_each_relationship(stores: Any) -> None:
    from opencmr.cli.doctor.stores import examine

    found = examine(stores.alice, None, NOW)
    assert outcomes(found)["keys of the store"] == "ok"


def test_a_sealed_key_file_is_tried_with_the_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path / "a.db").close()
    KeyFile(tmp_path / "a.keys", "open sesame").begin()
    assert outcomes(examined(tmp_path / "a.db"))["key file"] == "note"
    monkeypatch.setenv("OPENCMR_PASSPHRASE", "open barley")
    (finding,) = [finding for finding in examined(tmp_path / "a.db") if finding.outcome == "wrong"]
    assert "barley" not in finding.said + finding.mend
    monkeypatch.setenv("OPENCMR_PASSPHRASE", "open sesame")
    assert outcomes(examined(tmp_path / "a.db"))["key file"] == "ok"


# A vendor, from outside


def test_a_vendor_that_can_be_reached_is_told_so(run: Any, tmp_path: Path) -> None:
    with listening() as bound:
        shop = Vendor.open(tmp_path / "shop.db", did=did_of(bound), accepts=["SD-BASE"])
        with served(shop.asgi(), bound) as base:
            assert vendors.did_of(base) == shop.did
            done = run("doctor", base, "--json")
    found = {each["what"]: each["outcome"] for each in done.json["findings"] if each["area"] == "vendor"}
    assert found == {"did.json": "ok", "discovery": "ok", "TLS": "note", "browsers": "ok", "clock": "ok",
                     "endpoint": "ok"}  # fmt: skip
    with Store(tmp_path / "shop.db", read_only=True) as store:
        assert store.read(lambda rows: list(rows.peers())) == []


def test_a_vendor_behind_a_proxy_that_meddles_is_told(tmp_path: Path) -> None:
    """It answers documents, and neither browsers nor messages."""
    with listening() as bound:
        shop = Vendor.open(tmp_path / "shop.db", did=did_of(bound))

        async def document(_: Any) -> JSONResponse:
            return JSONResponse(shop.did_document(), headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})

        async def discovery(_: Any) -> JSONResponse:
            return JSONResponse(shop.discovery())

        async def login(_: Any) -> Response:
            return Response("<h1>Please log in</h1>", media_type="text/html")

        app = Starlette(
            routes=[
                Route("/.well-known/did.json", document),
                Route("/.well-known/opencmr", discovery),
                Route("/opencmr/messages", login, methods=["POST", "OPTIONS"]),
            ]
        )
        with served(app, bound):
            assert wrong(vendors.examine(shop.did)) == ["browsers", "clock", "endpoint"]
        assert wrong(vendors.examine(shop.did)) == ["is found"]


def answer(**more: Any) -> vendors.Answer:
    return vendors.Answer(**{"status": 200, "headers": {}, "expires": None, "at": NOW.timestamp(), **more})


@pytest.mark.parametrize(
    ("off", "outcome"), [(0, "ok"), (-10, "ok"), (60, "note"), (-60, "note"), (130, "wrong"), (-130, "wrong")]
)
def test_a_clock_is_compared(off: int, outcome: str) -> None:
    area = vendors.Area("vendor")
    date = (NOW + timedelta(seconds=off)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    vendors._judge_clock(area, answer(headers={"date": date}))
    assert outcomes(area.findings) == {"clock": outcome}


def test_a_time_that_is_not_told_and_a_certificate_that_ends_soon_are_worth_knowing() -> None:
    area = vendors.Area("vendor")
    vendors._judge_clock(area, answer())
    vendors._judge_clock(area, answer(headers={"date": "soon"}))
    vendors._judge_tls(area, "https://shop.example", answer(expires=NOW + timedelta(days=5)))
    assert [finding.outcome for finding in area.findings] == ["note"] * 3
    vendors._judge_tls(area, "https://shop.example", answer(expires=NOW + timedelta(days=80)))
    assert area.findings[-1].outcome == "ok"


@pytest.mark.parametrize(
    ("where", "did"),
    [
        ("https://shop.example", "did:web:shop.example"),
        ("https://shop.example:8443/a/b/", "did:web:shop.example%3A8443:a:b"),
        ("did:web:shop.example", "did:web:shop.example"),
    ],
)
def test_a_url_stands_for_a_did(where: str, did: str) -> None:
    assert vendors.did_of(where) == did


def test_a_url_with_a_password_is_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        vendors.did_of("https://me:hunter2@shop.example")
    assert "hunter2" not in str(raised.value)
