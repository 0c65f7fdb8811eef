"""A folder of files under their digests."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opencmr import trust
from opencmr.errors import StoreError
from opencmr.store import Files
from opencmr.store.files import PIECE, pieces

CONTENT = b"orders\n" * 100_000


async def _in_pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), PIECE):
        yield CONTENT[start : start + PIECE]


async def test_a_file_is_found_by_the_digest_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "orders.txt").write_bytes(CONTENT)
    files = Files(tmp_path / "files")
    one = await files.add(tmp_path / "orders.txt", media_type="text/plain", name="orders.txt")
    other = await files.add(_in_pieces(), media_type="text/plain", name="orders.txt")
    assert one == other
    assert (one.digest, one.size) == (trust.digest(CONTENT), len(CONTENT))
    file = files.open(one.digest)
    assert file is not None
    with file:
        assert b"".join([piece async for piece in pieces(file)]) == CONTENT
    assert files.open(trust.digest(b"another")) is None


async def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    await files.add(_in_pieces(), media_type="text/plain")
    assert [path.stat().st_mode & 0o777 for path in (files.folder, *files.folder.iterdir())] == [0o700, 0o600]


async def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT
        raise ConnectionError

    files = Files(tmp_path / "files")
    with pytest.raises((ConnectionError, StoreError)):
        await files.add(broken(), media_type="text/plain")
    with pytest.raises(StoreError, match=r"nothing\.txt"):
        await files.add(tmp_path / "nothing.txt", media_type="text/plain")
    assert list(files.folder.iterdir()) == []


async def test_what_nobody_names_any_more_is_let_go(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    named = await files.add(_in_pieces(), media_type="text/plain")
    (tmp_path / "other").write_text("nobody names it")
    other = await files.add(tmp_path / "other", media_type="text/plain")
    (files.folder / ".part-1").touch()
    assert files.prune([named.digest]) == 0, "what was added just now is named in a moment"
    for path in files.folder.iterdir():
        os.utime(path, (0, 0))
    assert files.prune([named.digest]) == 1
    assert [file.name for file in files.folder.iterdir()] == [trust.sha256_of(named.digest).hex()]
    assert files.open(other.digest) is None


async def test_a_file_that_is_let_go_is_read_to_its_end_by_whoever_has_it_open(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    added = await files.add(_in_pieces(), media_type="text/plain")
    file = files.open(added.digest)
    assert file is not None
    files.remove(added.digest)
    files.remove(added.digest)
    with file:
        assert b"".join([piece async for piece in pieces(file)]) == CONTENT
    assert files.open(added.digest) is None


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        Files(tmp_path / "file")
