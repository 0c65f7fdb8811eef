"""Files that messages name: a folder in which each lies under the digest of its bytes.

A file is written under a name of its own, is on the disk before it takes the name that it is found by, and is never
changed. So whoever is killed meanwhile leaves a part that nobody finds, and whoever reads has all of a file.
"""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterable, AsyncIterator, Collection
from pathlib import Path
from typing import BinaryIO

from ..errors import StoreError
from ..messages.types import Digest, File, Instant, MediaType, Name
from ..trust import digest_of, sha256_of

PIECE = 256 * 1024
"""Bytes that are read and written at a time."""
_PART = ".part-"
"""Begins the name of a file that is being written."""
ABANDONED = 86_400.0
"""Seconds after which a part that nobody has finished is removed, and a file that nobody has named."""


class Files:
    """A folder of files by their digests. Several processes may use one.

    Args:
        folder: Where; it is made if need be, for its owner alone.

    Raises:
        StoreError: It cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _failed(folder, error) from error

    async def add(
        self,
        source: str | Path | AsyncIterable[bytes],
        *,
        media_type: MediaType,
        name: Name | None = None,
        expires: Instant | None = None,
    ) -> File:
        """Keep a file, so that a message can name it. It is read piece by piece, however large it is.

        Args:
            source: Where it is, or what gives its bytes.
            media_type: What kind of file it is.
            name: What it is called, for people.
            expires: Until when it can be fetched; absent: for as long as the message that names it is kept.

        Returns:
            What a message says of it.

        Raises:
            StoreError: It cannot be read or written.
        """
        if isinstance(source, str | Path):
            digest, size = await asyncio.to_thread(self._copy, Path(source))
        else:
            digest, size = await self._take(source)
        return File(media_type=media_type, size=size, digest=digest, name=name, expires=expires)

    def open(self, digest: Digest) -> BinaryIO | None:
        """A file, to be read from its beginning; none where it is not here. Who has it open reads it to its end.

        Raises:
            StoreError: It cannot be read.
        """
        try:
            return self._path(digest).open("rb", buffering=0)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(self.folder, error) from error

    def remove(self, digest: Digest) -> None:
        """Let a file go, if it is here.

        Raises:
            StoreError: It cannot be removed.
        """
        try:
            self._path(digest).unlink(missing_ok=True)
            _sync(self.folder)
        except OSError as error:
            raise _failed(self.folder, error) from error

    def prune(self, kept: Collection[Digest], *, older: float = ABANDONED) -> int:
        """Let all files go but these, and those that were added in the last seconds, so many.

        Args:
            kept: Digests of what is still named.
            older: Seconds. What is added is named a little later.

        Returns:
            How many were let go.

        Raises:
            StoreError: The folder cannot be read or written.
        """
        names, count = {self._path(digest).name for digest in kept}, 0
        try:
            for path in self.folder.iterdir():
                if path.name not in names and time.time() - path.stat().st_mtime > older:
                    path.unlink(missing_ok=True)
                    count += not path.name.startswith(_PART)
            _sync(self.folder)
        except OSError as error:
            raise _failed(self.folder, error) from error
        return count

    def _path(self, digest: Digest) -> Path:
        return self.folder / sha256_of(digest).hex()

    def _copy(self, source: Path) -> tuple[Digest, int]:
        try:
            with source.open("rb", buffering=0) as read, _Part(self.folder) as part:
                while piece := read.read(PIECE):
                    part.write(piece)
                return part.finish()
        except OSError as error:
            raise _failed(source, error) from error

    async def _take(self, source: AsyncIterable[bytes]) -> tuple[Digest, int]:
        try:
            with _Part(self.folder) as part:
                async for piece in source:
                    await asyncio.to_thread(part.write, piece)
                return await asyncio.to_thread(part.finish)
        except OSError as error:
            raise _failed(self.folder, error) from error


class _Part:
    """A file that is being written. What is not finished is removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{_PART}{secrets.token_hex(8)}"
        self._hash = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> "_Part":
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Add bytes."""
        self._file.write(piece)
        self._hash.update(piece)
        self._size += len(piece)

    def finish(self) -> tuple[Digest, int]:
        """Give it the name by which it is found, and return its digest and its size."""
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._path, self._folder / self._hash.hexdigest())
        _sync(self._folder)
        return digest_of(self._hash), self._size


async def pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """The rest of an open file, piece by piece, read beside the event loop.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    except OSError as error:
        raise _failed(file.name, error) from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(where: str | Path, error: Exception) -> StoreError:
    return StoreError(f"{where}: {getattr(error, 'strerror', None) or error}")
