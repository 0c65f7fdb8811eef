"""A sealed stream: `spec/v1/backup.md`, the file."""

import io
import struct
from collections.abc import Iterator

import pytest

from backups import CHEAP, WORDS, opened, seal
from opencmr import trust
from opencmr.errors import BackupError, KeyFileError, UsageError
from opencmr.trust.sealing import CHUNK, HEADER


def sealed(plain: bytes) -> bytes:
    return b"".join(trust.seal_stream([plain], WORDS))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_is_opened(size: int) -> None:
    plain = bytes(size % 251 for size in range(size))
    raw = sealed(plain)
    assert opened(raw) == plain
    assert len(raw) == HEADER.size + size + 17 * max(1, -(-size // CHUNK))


@pytest.mark.requirement("BAK-1")
def test_each_file_has_a_salt_of_its_own_and_costs_what_it_must() -> None:
    heads = [HEADER.unpack(sealed(b"x")[: HEADER.size]) for _ in range(2)]
    assert heads[0][5] != heads[1][5]
    assert heads[0][3] >= 3
    assert heads[0][4] >= 65536


def test_a_passphrase_is_the_same_however_it_was_composed() -> None:
    assert opened(seal(b"x", "bättery"), "ba\u0308ttery") == b"x"


@pytest.mark.parametrize("passphrase", ["", "x" * 1025, "\udc80"])
def test_a_passphrase_that_is_none_seals_nothing(passphrase: str) -> None:
    with pytest.raises(UsageError):
        list(trust.seal_stream([b"x"], passphrase))


def header(**changes: int) -> bytes:
    members = {"version": 1, "sealing": 1, "passes": CHEAP[0], "memory": CHEAP[1], **changes}
    return struct.pack(">14sBBII16s24s", b"OpenCMR backup", *members.values(), bytes(16), bytes(24))


@pytest.mark.requirement("BAK-2")
@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"", "no backup"),
        (b"SQLite format 3\0" + bytes(100), "no backup"),
        (header()[:40], "cut short"),
        (header(version=2), "pip install --upgrade"),
        (header(sealing=2), "pip install --upgrade"),
        (header(passes=0), "0 passes"),
        (header(passes=11), "11 passes"),
        (header(passes=2**32 - 1), "passes"),
        (header(memory=8191), "8191 KiB"),
        (header(memory=1048577), "1048577 KiB"),
        (header(memory=2**32 - 1), "KiB"),
    ],
)
def test_a_header_that_is_none_of_ours_is_refused_before_a_key_is_derived(head: bytes, told: str) -> None:
    with pytest.raises(BackupError, match=told):
        trust.Sealed.begin(io.BytesIO(head).read)


@pytest.mark.requirement("BAK-2")
def test_the_bounds_themselves_are_taken() -> None:
    for changes in ({"passes": 10}, {"memory": 1048576}, {}):
        assert trust.Sealed.begin(io.BytesIO(header(**changes)).read).header == header(**changes)


def parts(raw: bytes) -> Iterator[bytes]:
    yield raw[: HEADER.size]
    for at in range(HEADER.size, len(raw), CHUNK + 17):
        yield raw[at : at + CHUNK + 17]


WHOLE = seal(bytes(3 * CHUNK))


@pytest.mark.requirement("BAK-3")
@pytest.mark.parametrize(
    "order", [[0], [0, 1], [0, 1, 2], [0, 2, 1, 3], [0, 1, 3], [0, 3], [0, 1, 2, 3, 3], [0, 1, 1, 2, 3]]
)
def test_chunks_that_are_missing_moved_or_doubled_are_noticed(order: list[int]) -> None:
    there = list(parts(WHOLE))
    with pytest.raises(BackupError):
        opened(b"".join(there[position] for position in order))


@pytest.mark.requirement("BAK-3")
@pytest.mark.parametrize("left", [1, 16, 17, 18, 40000])
def test_a_file_that_ends_within_a_chunk_is_noticed(left: int) -> None:
    with pytest.raises(BackupError):
        opened(WHOLE[: HEADER.size + CHUNK + 17 + left])
    with pytest.raises(BackupError):
        opened(WHOLE[: HEADER.size + left])


@pytest.mark.requirement("BAK-3")
@pytest.mark.parametrize(
    "raw",
    [seal(b"xy", last=0), seal(b"xy", chunk=1), seal(b"xy", last=1), seal(b"xy", last=2), seal(b"xy") + b"\0"],
    ids=["no-last", "a-byte-a-chunk", "last-1", "last-2", "one-more"],
)
def test_chunks_of_another_size_or_another_tag_are_none(raw: bytes) -> None:
    with pytest.raises(BackupError):
        opened(raw)


@pytest.mark.requirement("BAK-3")
def test_one_changed_byte_anywhere_is_noticed() -> None:
    whole = seal(b"a short plaintext")
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        if struct.unpack_from(">II", changed, 16) > (2, 16384):  # taken, and costly: another test's
            continue
        with pytest.raises(BackupError):
            opened(bytes(changed))


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(BackupError, match="wrong passphrase"):
        opened(seal(b"x"), "another")


def test_a_private_key_in_multibase_is_the_same_key() -> None:
    key = trust.SigningKey.generate()
    assert key.secret.startswith("z")
    assert trust.SigningKey.from_secret(key.secret).did == key.did


@pytest.mark.parametrize("text", ["", "z", "z0", "f00", trust.SigningKey(bytes(32)).public, "z" + "1" * 50])
def test_what_is_no_private_key_in_multibase_is_refused(text: str) -> None:
    with pytest.raises(KeyFileError):
        trust.SigningKey.from_secret(text)
