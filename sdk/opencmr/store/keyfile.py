"""Keys at rest: one file a party, mode 0600, under a passphrase where one is given (`spec/v1/identity.md`)."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from ..errors import KeyFileError
from ..trust import SALT_BYTES, SigningKey, seal, stretch, unseal

if os.name == "posix":
    import fcntl

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class KeyFile:
    """The private keys of one party, by the DID or key URL that each signs for.

    A key is in the file, flushed to the disk, before it is used for the first time.

    Args:
        path: Where the file is or will be.
        passphrase: Seals every key with argon2id and secretbox. Absent: the file's mode is its only guard.

    Raises:
        KeyFileError: Others may read the file or own it, it is damaged, or the passphrase is wrong, missing or empty.
    """

    def __init__(self, path: str | Path, passphrase: str | None = None) -> None:
        self.path = _followed(Path(path))
        if passphrase == "":  # not the same as none: somebody means the keys to be sealed
            raise KeyFileError(f"the passphrase of {self.path} is empty")
        self._keys: dict[str, SigningKey] = {}
        self._kept: dict[str, str] = {}
        self._salt = os.urandom(SALT_BYTES) if passphrase else None
        self._box = stretch(passphrase, self._salt) if passphrase and self._salt else None
        if self._is_there():
            self._load(passphrase)

    def begin(self) -> None:
        """Write the file though it holds no key yet, so that its mode and its passphrase are settled."""
        with self._alone():
            if not self._is_there():
                self._save(self._kept)

    def begin_with(self, keys: Mapping[str, SigningKey]) -> None:
        """Write a new file that holds these keys.

        Raises:
            KeyFileError: The file is there already, or cannot be written.
        """
        kept = {name: self._closed(key) for name, key in keys.items()}
        with self._alone():
            if self._is_there():
                raise KeyFileError(f"{self.path} is there already")
            self._save(kept)
        self._kept, self._keys = kept, dict(keys)

    def get(self, name: str) -> SigningKey:
        """The key of this name.

        Raises:
            KeyFileError: There is none.
        """
        if name not in self._keys and self._is_there():
            self._take_over(self._same_file())  # another process may have added it meanwhile
        try:
            return self._keys[name]
        except KeyError:
            raise KeyFileError(f"{self.path} holds no key for {name}") from None

    def names(self) -> list[str]:
        """The names of all keys."""
        return list(self._keys)

    def add(self, name: str, key: SigningKey) -> SigningKey:
        """Keep a key. Returns it once it is on the disk, beside those that another process has added meanwhile.

        Where another process has kept a key of this name meanwhile, that is the one: two servers that begin at once
        sign with the same key.

        Raises:
            KeyFileError: The file cannot be written, or is not the one that was opened.
        """
        with self._alone():
            kept = dict(self._kept)
            if self._is_there():
                file = self._same_file()
                if name in file["keys"]:
                    self._take_over(file)
                    return self._keys[name]
                kept = {**file["keys"], **kept}
            kept[name] = self._closed(key)
            self._save(kept)
        self._kept, self._keys[name] = kept, key
        return key

    def remove(self, name: str) -> None:
        """Keep a key no more, where it is kept.

        Raises:
            KeyFileError: The file cannot be written, or is not the one that was opened.
        """
        with self._alone():
            if self._is_there():
                kept = self._same_file()["keys"]
                if kept.pop(name, None) is not None:
                    self._save(kept)
        self._kept.pop(name, None)
        self._keys.pop(name, None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes key files of this folder meanwhile, where the system can promise that."""
        if os.name != "posix":
            yield
            return
        try:
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be written: {error.strerror}") from error

    def _is_there(self) -> bool:
        try:
            return self.path.exists()
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be read: {error.strerror}") from error

    def _read(self) -> dict[str, Any]:
        """The file as it is, if nobody else can read it."""
        try:
            # What is read is what was looked at: one handle. And no pipe is waited for.
            with os.fdopen(os.open(self.path, _READ), "rb") as opened:
                self._check_guard(os.fstat(opened.fileno()))
                raw = opened.read()
        except OSError as error:
            raise KeyFileError(f"{self.path} cannot be read: {error.strerror}") from error
        file = _parsed(raw)
        if file is None:
            raise KeyFileError(f"{self.path} is not a key file")
        return file

    def _check_guard(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise KeyFileError(f"{self.path} is not a file")
        if os.name != "posix":
            return
        if found.st_uid != os.geteuid():
            # Read by an administrator and written anew, it would be lost to its owner; or it is somebody's bait.
            raise KeyFileError(f"{self.path} belongs to another user; be that user, or say: chown")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileError(f"others can read {self.path}; say: chmod 600 {self.path}")

    def _same_file(self) -> dict[str, Any]:
        """The file as it is now, if it is still the one that was opened."""
        file = self._read()
        if file.get("salt") != (self._salt.hex() if self._salt else None):
            raise KeyFileError(f"{self.path} is another key file than the one that was opened")
        return file

    def _load(self, passphrase: str | None) -> None:
        file = self._read()
        try:
            salt = file.get("salt")
            if (salt is None) != (passphrase is None):
                raise KeyFileError(
                    f"{self.path} is {'not sealed' if salt is None else 'sealed; a passphrase is needed'}"
                )
            if salt is not None and passphrase is not None:
                self._salt = bytes.fromhex(salt)
                self._box = stretch(passphrase, self._salt)
                unseal(file["check"], self._box)  # tells a wrong passphrase even where there is no key yet
        except (KeyError, TypeError, ValueError) as error:
            raise KeyFileError(f"{self.path} is not a key file") from error
        self._take_over(file)

    def _take_over(self, file: dict[str, Any]) -> None:
        """Open the keys of the file that are not known here yet."""
        try:
            new = {name: kept for name, kept in file["keys"].items() if name not in self._keys}
            self._keys.update({name: SigningKey(self._opened(kept)) for name, kept in new.items()})
            self._kept.update(new)
        except (TypeError, ValueError) as error:
            raise KeyFileError(f"{self.path} is not a key file") from error

    def _closed(self, key: SigningKey) -> str:
        return seal(key.seed, self._box) if self._box else key.seed.hex()

    def _opened(self, kept: str) -> bytes:
        return unseal(kept, self._box) if self._box else bytes.fromhex(kept)

    def _save(self, kept: dict[str, str]) -> None:
        content: dict[str, Any] = {"keys": kept}
        if self._salt and self._box:
            content = {"kdf": "argon2id", "salt": self._salt.hex(), "check": seal(b"", self._box), **content}
        new = self.path.with_name(self.path.name + ".new")
        try:
            new.unlink(missing_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise KeyFileError(f"{self.path} cannot be written: {error.strerror}") from error


def _followed(path: Path) -> Path:
    """The file itself: a link to it stays one, and the keys are written where it leads."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise KeyFileError(f"{str(path)[:300]!r} is no path of a file") from error


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """The members of a key file. No error leaves: the parser's holds the whole text, and so the keys."""
    try:
        file = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return file if isinstance(file, dict) and isinstance(file.get("keys"), dict) else None
