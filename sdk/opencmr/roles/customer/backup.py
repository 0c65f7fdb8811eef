"""Making a backup: all that a customer's wallet holds, as one encrypted file (`spec/v1/backup.md`)."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ... import trust
from ...errors import BackupError, KeyFileError, StoreError, UsageError
from ...protocol import backup as form
from ...protocol import instant
from ...store import Kept, KeyFile, Peer, Rows, Store, beside, path_of
from ...store.integrity import inspect_relationship

Seen = Callable[[int, int], None]
"""Is told how many messages are done, and how many there are."""
MOST_BYTES = 256 * 1024 * 1024
"""The most bytes of one relationship, with about 1 KiB for each message: it is looked at as a whole."""


@dataclass(frozen=True)
class BackedUp:
    """What is in a backup that was made or restored.

    Attributes:
        at: When the backup was made.
        relationships: How many.
        messages: How many messages and receipts in all.
        keys: How many private keys.
    """

    at: str
    relationships: int
    messages: int
    keys: int


@dataclass(frozen=True)
class _Ring:
    """Where the keys are: those of now, the next ones, and what opens both files."""

    keys: Path
    following: Path
    passphrase: str | None


def backup(
    store: Store | str | Path,
    path: str | Path,
    passphrase: str,
    *,
    keys: str | Path | None = None,
    next_keys: str | Path | None = None,
    key_passphrase: str | None = None,
    seen: Seen = lambda done, count: None,
) -> BackedUp:
    """Write all that a customer's wallet holds into one encrypted file. Not for the event loop's thread.

    The wallet may be open meanwhile, here or elsewhere: what is written is how it was at one moment. The file comes
    into being as a whole, with mode 0600; another backup of that name is replaced by it, and nothing else is.

    Args:
        store: A customer's store, open or by its path.
        path: The file.
        passphrase: What will open it. Whoever has both is the customer.
        keys: The key file; absent: beside the store.
        next_keys: The file of the next keys, if there is one; absent: beside the key file.
        key_passphrase: What opens the key files, where they are sealed.
        seen: Is told how far it has come.

    Raises:
        UsageError: It is a vendor's store, the passphrase is empty, or another file than a backup has that name.
        StoreError: The store cannot be read, or is damaged: the file could not be restored.
        KeyFileError: A key is missing, or the key file cannot be opened.
        BackupError: The file cannot be written.
    """
    trust.check_passphrase(passphrase)
    target = _target(path)
    if not isinstance(store, Store):
        if (there := path_of(store)) is not None and not Path(there).is_file():
            raise StoreError(f"there is no store at {store}")
        with Store(store, read_only=True) as opened:
            return backup(
                opened, path, passphrase, keys=keys, next_keys=next_keys, key_passphrase=key_passphrase, seen=seen
            )
    file = Path(keys) if keys is not None else beside(store.where)
    following = Path(next_keys) if next_keys is not None else next_to(file)
    if next_keys is not None and not following.exists():
        raise KeyFileError(f"there is no file of next keys at {following}")
    ring = _Ring(file, following, key_passphrase)
    return store.read(lambda rows: _write(rows, target, passphrase, ring, seen))


def next_to(file: Path) -> Path:
    """The file of the next keys of a key file."""
    return file.with_suffix(".next")


def _target(path: str | Path) -> Path:
    target = Path(path)
    try:
        with target.open("rb") as there:
            if there.read(len(trust.MAGIC)) != trust.MAGIC:
                raise UsageError(f"{target} is there already, and is no backup; name another file")
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise UsageError(f"there is no folder {target.parent}; make it first") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be a backup: {error.strerror}") from error
    return target


def _write(rows: Rows, target: Path, passphrase: str, ring: _Ring, seen: Seen) -> BackedUp:
    peers = list(rows.peers())  # from here on it is one moment; a key is in its file before its relationship is here
    if vendors := [peer.me for peer in peers if not peer.me.startswith("did:key:")]:
        raise UsageError(f"this is the store of {vendors[0]}: a vendor's is copied with the tools of its database")
    secrets = list(_secrets(ring, peers))
    begin = form.Begin(
        by="opencmr (Python)",
        at=instant(datetime.now(UTC)),
        keys=len(secrets),
        relationships=len(peers),
        messages=sum(rows.count(peer.number) for peer in peers),
    )
    plain = form.lines(_records(rows, begin, secrets, peers, seen))
    _put(target, trust.seal_stream(plain, passphrase))
    return BackedUp(begin.at, begin.relationships, begin.messages, begin.keys)


def _secrets(ring: _Ring, peers: list[Peer]) -> Iterator[form.SecretKey]:
    keys = KeyFile(ring.keys, ring.passphrase)
    for peer in peers:
        keys.get(peer.me)
    for name in keys.names():
        if name.startswith("did:key:"):  # a vendor may have its own in the same file
            yield form.SecretKey(name=name, secret_key_multibase=keys.get(name).secret, next=False)
    if ring.following.exists():
        following = KeyFile(ring.following, ring.passphrase)
        for name in following.names():
            yield form.SecretKey(name=name, secret_key_multibase=following.get(name).secret, next=True)


def _records(
    rows: Rows, begin: form.Begin, secrets: list[form.SecretKey], peers: list[Peer], seen: Seen
) -> Iterator[form.Begin | form.SecretKey | form.Relationship | form.Word | form.Finding]:
    yield begin
    yield from secrets
    done = 0
    for peer in peers:
        if peer.size > MOST_BYTES:
            raise BackupError(f"the relationship with {peer.peer} takes {peer.size} bytes; {MOST_BYTES} have a place")
        kept, findings = rows.everything(peer.number), rows.findings(peer.number)
        for wrong, digest in inspect_relationship(peer, kept):
            about = f" (message {digest})" if digest else ""
            raise StoreError(f"the store is damaged, and would not come back: with {peer.peer}: {wrong}{about}; "
                             "say: opencmr doctor")  # fmt: skip
        yield form.Relationship(
            customer=peer.me,
            dids=rows.dids(peer.number),
            vendor=peer.peer,
            opened=peer.opened,
            keys=peer.pinned,
            endpoint=peer.endpoint,
            muted=rows.muted(peer.number),
            messages=len(kept),
            findings=len(findings),
        )
        for each in kept:
            yield _word(each)
        for found in findings:
            yield form.Finding(code=found.code, why=found.why, words=list(found.words), noticed=found.at)
        done += len(kept)
        seen(done, begin.messages)


def _word(kept: Kept) -> form.Word:
    return form.Word.model_validate(
        {
            "side": kept.side,
            "digest": kept.digest,
            "text": kept.raw.decode(),
            "status": kept.status,
            "of": kept.of,
            "place": kept.place,
            "at": kept.at,
        }
    )


def _put(target: Path, blocks: Iterable[bytes]) -> None:
    """Write a file as a whole: under another name first, and on the disk before it gets its own."""
    new: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)  # mode 0600
        new = Path(name)
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
        new = None
        sync_folder(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        if new is not None:
            with suppress(OSError):
                new.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
