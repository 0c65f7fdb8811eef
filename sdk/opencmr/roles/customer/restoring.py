"""Restoring a backup: a customer's wallet as it was, where there is none yet (`spec/v1/backup.md`).

1. The header is looked at, and the key derived: within bounds, whoever made the file.
2. Store and key file are made where nobody looks: in a folder of their own, or in one transaction of a server.
3. Each record is checked as it comes, and each relationship as a whole.
4. Once the last record has said that all is there, the files get their names. What fails before leaves nothing.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from ... import trust
from ...errors import BackupError, KeyFileError, Problem, UsageError
from ...messages import Message
from ...protocol import backup as form
from ...protocol import parse, verify
from ...protocol.erasure import is_tombstone, unearth
from ...protocol.receiving import bare
from ...store import Kept, KeyFile, Noticed, Peer, Rows, Store, beside, path_of
from ...store.integrity import inspect_relationship
from .backup import MOST_BYTES, BackedUp, Seen, next_to, sync_folder

MOST_KEYS = 1_000_000
_FLUSH = 1000
"""Messages after which those that were read are given to the database."""
_BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite would take for a part of a store."""


def restore(
    path: str | Path,
    store: str | Path,
    passphrase: str,
    *,
    keys: str | Path | None = None,
    next_keys: str | Path | None = None,
    key_passphrase: str | None = None,
    seen: Seen = lambda done, count: None,
) -> BackedUp:
    """Make a wallet of a backup, where there is none. Not for the event loop's thread.

    All of it comes back, or nothing. Before the wallet says a widening word to a vendor it collects there what was said
    after the backup was made; a no can be said at once.

    Args:
        path: The backup.
        store: Where the store is to be: a file that is not there, or the URL of a database without relationships.
        passphrase: What the backup was made with.
        keys: Where the key file is to be; absent: beside the store. It is not there yet.
        next_keys: Where the file of the next keys is to be; absent: beside the key file.
        key_passphrase: Seals the new key files; absent: their mode is their only guard.
        seen: Is told how many messages are done, and how many there are.

    Raises:
        UsageError: There is something already where the wallet is to be. It is left as it was.
        BackupError: The passphrase is wrong, or the backup is damaged, cut short, of a newer version, or hostile.
        StoreError, KeyFileError: They cannot be written.
    """
    secret = _Secret(Path(path), passphrase)
    there = path_of(store)
    files = _Files(
        None if there is None else Path(there),
        Path(keys) if keys is not None else beside(store),
        None if next_keys is None else Path(next_keys),
    )
    files.check()
    secret.unlock()
    with (
        _folder_beside(files.keys) as near_keys,
        _folder_beside(files.following) as near_next,
        _folder_beside(files.store or files.keys) as near,
    ):
        made = _Made(near_keys / "keys", near_next / "next", key_passphrase)

        def fill(rows: Rows) -> BackedUp:
            files.take_back()  # of a transaction that is tried again
            told = _fill(rows, secret, made, seen)
            if files.store is None:
                files.place(made)  # before it is committed: a key is there before its relationship
            return told

        try:
            with Store(store if files.store is None else near / "store") as new:
                told = new.write_now(fill)
            if files.store is not None:
                files.place(made, near / "store")
        except BaseException:
            files.take_back()
            raise
    return told


class _Secret:
    """A backup, and what opens it."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self._path = path
        self._passphrase = passphrase
        self._key = b""
        trust.check_passphrase(passphrase)

    def unlock(self) -> None:
        """Derive the key, once the header says that this costs no more than it may."""
        with self._open() as file:
            self._key = trust.Sealed.begin(file.read).how.key(self._passphrase)

    def records(self) -> Iterator[form.Record]:
        """The records from the first on. They are to be believed once there is no further one."""
        with self._open() as file:
            sealed = trust.Sealed.begin(file.read)
            yield from form.records(sealed.chunks(file.read, self._key))

    @contextmanager
    def _open(self) -> Iterator[BufferedReader]:
        try:
            if not self._path.is_file():  # no pipe is waited for
                raise UsageError(f"there is no backup at {self._path}")
            with self._path.open("rb") as file:
                yield file
        except OSError as error:
            raise BackupError(f"{self._path} cannot be read: {error.strerror}") from error


@dataclass
class _Made:
    """The key files as they were made, until they get their names."""

    keys: Path
    next_keys: Path
    passphrase: str | None
    secrets: dict[str, trust.SigningKey] = field(default_factory=dict)
    following: dict[str, trust.SigningKey] = field(default_factory=dict)

    def take(self, record: form.SecretKey) -> None:
        """Take in a key."""
        try:
            key = trust.SigningKey.from_secret(record.secret_key_multibase)
        except KeyFileError as error:
            raise BackupError(f"the key of {record.name} in the backup is none") from error
        if not record.next and key.did != record.name:
            raise BackupError(f"the key of {record.name} in the backup is another one")
        kind = self.following if record.next else self.secrets
        if record.name in kind or len(self.secrets) + len(self.following) >= MOST_KEYS:
            raise BackupError(f"the backup holds the key of {record.name} twice, or too many keys")
        kind[record.name] = key

    def write(self) -> None:
        """Write the key files."""
        for file in (self.keys, self.next_keys):
            file.unlink(missing_ok=True)  # of a transaction that is tried again
        KeyFile(self.keys, self.passphrase).begin_with(self.secrets)
        if self.following:
            KeyFile(self.next_keys, self.passphrase).begin_with(self.following)


class _Files:
    """Where the files of a wallet are to be.

    Args:
        store: The store; none where it is in a server.
        keys: The key file.
        following: The file of the next keys; absent: beside the key file.
    """

    def __init__(self, store: Path | None, keys: Path, following: Path | None) -> None:
        self.store = store
        self.keys = keys
        self.following = following or next_to(keys)
        self._placed: list[Path] = []

    def check(self) -> None:
        """See that nothing is there yet, also nothing that SQLite would take for a part of the store.

        Raises:
            UsageError: Something is.
        """
        stores = [] if self.store is None else [Path(f"{self.store}{ending}") for ending in _BESIDE]
        for file in (*stores, self.keys, self.following):
            if os.path.lexists(file):
                raise UsageError(f"{file} is there already; nothing was changed. Name another file, or move it away")
            if not file.parent.is_dir():
                raise UsageError(f"there is no folder {file.parent}; make it first")

    def place(self, made: _Made, store: Path | None = None) -> None:
        """Give what was made its names: the keys first, for a store without them is none."""
        pairs = [(made.keys, self.keys), (made.next_keys, self.following)]
        if store is not None and self.store is not None:
            pairs.append((store, self.store))
        for new, file in pairs:
            if new.exists():
                self._place(new, file)
        for folder in {file.parent for file in self._placed}:
            sync_folder(folder)

    def _place(self, new: Path, file: Path) -> None:
        try:
            with new.open("rb") as opened:
                os.fsync(opened.fileno())
            _name(new, file)
        except FileExistsError as error:
            raise UsageError(f"{file} has come into being meanwhile; nothing was changed") from error
        except OSError as error:
            raise BackupError(f"{file} cannot be written: {error.strerror}") from error
        self._placed.append(file)

    def take_back(self) -> None:
        """Remove what got its name: the rest has failed."""
        while self._placed:
            self._placed.pop().unlink(missing_ok=True)


def _name(new: Path, file: Path) -> None:
    """Give a file its name, and take it from nobody.

    Raises:
        FileExistsError: The name is taken.
    """
    try:
        os.link(new, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(file):
            raise FileExistsError(file) from None
        new.rename(file)


@contextmanager
def _folder_beside(file: Path) -> Iterator[Path]:
    """A folder that nobody else looks into, on the disk of a file; it is gone at the end."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{file.name[:100]}.", dir=file.parent))  # mode 0700
    except OSError as error:
        raise BackupError(f"nothing can be written into {file.parent}: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(rows: Rows, secret: _Secret, made: _Made, seen: Seen) -> BackedUp:
    """Write all of a backup within one transaction."""
    if list(rows.peers()):
        raise UsageError("there are relationships already in this database; nothing was changed")
    made.secrets.clear()
    made.following.clear()
    filling = _Filling(rows, made)
    begin = form.Begin(by="nobody", at="2000-01-01T00:00:00.000Z", keys=0, relationships=0, messages=0)
    for record in secret.records():
        match record:
            case form.Begin():
                begin = record
            case form.SecretKey():
                made.take(record)
            case form.Relationship():
                filling.begin(record)
                seen(filling.done, begin.messages)
            case form.Word():
                filling.add(record)
            case form.Finding():
                filling.note(record)
            case form.End():
                filling.end()
    made.write()
    seen(filling.done, begin.messages)
    return BackedUp(begin.at, begin.relationships, begin.messages, begin.keys)


class _Filling:
    """Writes the relationships, one after the other, and looks at each as a whole once it is there.

    Attributes:
        done: How many messages were written.
    """

    def __init__(self, rows: Rows, made: _Made) -> None:
        self.done = 0
        self._rows = rows
        self._made = made
        self._peer: Peer | None = None
        self._muted = False
        self._begun: set[str] = set()
        self._dids: frozenset[str] = frozenset()
        self._digests: set[str] = set()
        self._noticed: list[Noticed] = []

    def begin(self, record: form.Relationship) -> None:
        """Begin a relationship; the one before is complete."""
        self.end()
        if record.customer not in self._made.secrets or record.customer in self._begun:
            raise BackupError(f"the backup holds no key of {record.customer}, or two relationships of it")
        self._begun.add(record.customer)
        self._muted = record.muted
        self._dids = frozenset((record.customer, *record.dids))
        self._peer = self._rows.add_peer(record.customer, record.vendor, opened=record.opened, pinned=record.keys,
                                         endpoint=record.endpoint)  # fmt: skip
        for did in sorted(self._dids - {record.customer}):
            self._rows.add_did(self._peer.number, did)

    def add(self, record: form.Word) -> None:
        """Add a message, if it is what it says and its signature holds."""
        kept = _kept(record, self._here, self._dids, len(self._digests) + 1)
        if kept.digest in self._digests:
            raise BackupError(f"the backup holds message {kept.digest} twice")
        self._digests.add(kept.digest)
        self._rows.add_message(self._here.number, kept)
        if self._rows.size(self._here.number) > MOST_BYTES:
            raise BackupError(f"the relationship with {self._here.peer} takes more than {MOST_BYTES} bytes")
        self.done += 1
        if self.done % _FLUSH == 0:
            self._rows.flush()

    def note(self, record: form.Finding) -> None:
        """Add what was noticed."""
        self._noticed.append(Noticed(record.code, record.why, tuple(record.words), record.noticed))

    def end(self) -> None:
        """The relationship is complete, if there is one: see whether it holds together."""
        if self._peer is None:
            return
        number = self._peer.number
        self._rows.add_findings(number, self._noticed)
        self._rows.mute(number, self._muted)
        self._rows.change_peer(number, restored=True)
        self._rows.flush()
        peer = self._rows.peer_by_number(number) or self._peer
        for wrong, digest in inspect_relationship(peer, self._rows.everything(number)):
            raise BackupError(f"the backup does not hold together: with {peer.peer}: {wrong} (message {digest})")
        self._peer, self._digests, self._noticed = None, set(), []

    @property
    def _here(self) -> Peer:
        assert self._peer is not None  # noqa: S101  # a message stands behind its relationship
        return self._peer


def _kept(record: form.Word, peer: Peer, dids: frozenset[str], position: int) -> Kept:
    """The row of a message.

    Args:
        record: What the backup says of it.
        peer: The relationship.
        dids: Those of its customer.
        position: Its place among the rows.

    Raises:
        BackupError: It is not what the backup says it is, or its signature does not hold.
    """
    raw = record.text.encode()
    try:
        digest, message = _verified(raw, peer)
    except Problem as problem:
        raise BackupError(f"message {record.digest} of the backup: {problem}") from bare(problem)
    mine, theirs = message.from_, message.to
    if record.side == "vendor":
        mine, theirs = theirs, mine
    if digest != record.digest or mine not in dids or theirs != peer.peer:
        raise BackupError(f"message {record.digest} of the backup is another one, or of another party")
    return Kept(record.digest, position, record.side, message.id, message.type, message.thread, raw, record.status,
                record.of, record.place, record.at)  # fmt: skip


def _verified(raw: bytes, peer: Peer) -> tuple[str, Message[Any]]:
    """A message's digest and what it says, whose signature holds; of what was erased, its envelope.

    Raises:
        Problem: It is none.
    """
    if is_tombstone(raw):
        return unearth(raw)
    parsed = parse(raw)
    verified = verify(parsed, me=str(parsed.document.get("to")), pinned=peer.pinned, lenient=True)
    return verified.digest, verified.message
