"""Reading of untrusted files: only regular files inside the folder, and none without end."""

import errno
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from .. import trust
from ..errors import Problem
from ..protocol.evidence import Evidence, Exhibit, Finding
from ..protocol.manifest import DIDS, FOLDS, MANIFEST, MAX_BYTES, MESSAGES, Document, Fold, Manifest, Numbered

MAX_TOTAL = 1024 * 1024 * 1024
"""The most bytes that are read of one folder."""
_MOST_EXTRA = 20


@dataclass(frozen=True)
class Folder:
    """A folder of evidence, as far as it could be read.

    Attributes:
        evidence: What it puts forward; none where the manifest names nothing that could be read.
        digest: The digest of the manifest.
        findings: Why there is none.
    """

    evidence: Evidence | None
    digest: str | None
    findings: tuple[Finding, ...]


class Unfit(Exception):
    """A file that is not to be read."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


def read_file(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """The bytes of a regular file, one more than `limit` at most.

    Args:
        path: The file.
        limit: How many bytes are of interest.
        follow: Take what a symbolic link leads to.

    Raises:
        Unfit: It is missing, cannot be read, or is something else than a file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    flags |= 0 if follow else getattr(os, "O_NOFOLLOW", 0)
    try:
        if not follow and path.is_symlink():
            raise Unfit("not-a-file", "a symbolic link; evidence holds the files themselves")
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unfit("not-a-file", "not a regular file")
            return file.read(limit + 1)
    except FileNotFoundError as error:
        raise Unfit("missing", "the file is missing") from error
    except IsADirectoryError as error:
        raise Unfit("not-a-file", "a folder, not a file") from error
    except (OSError, ValueError) as error:
        reason = "a symbolic link" if getattr(error, "errno", 0) == errno.ELOOP else str(error)
        raise Unfit("unreadable", f"it cannot be read: {reason}") from error


def read_folder(folder: Path) -> Folder:
    """A folder of evidence: what its manifest names, and nothing besides. Never raises for what it holds."""
    digest = None
    try:
        raw = read_file(folder / MANIFEST, MAX_BYTES)
        digest = trust.digest(raw)
        manifest = Manifest.read(raw)
    except Unfit as unfit:
        return Folder(None, digest, (Finding(MANIFEST, unfit.code, str(unfit)),))
    except Problem as problem:
        return Folder(
            None, digest, (Finding(MANIFEST, problem.code, problem.detail or problem.title, problem.pointer),)
        )
    named: list[Numbered | Document | Fold] = [*manifest.messages, *manifest.dids, *manifest.folds]
    loose = _of_parts(folder, {each.file for each in named})
    read: dict[str, Exhibit] = {}
    left = MAX_TOTAL
    for each in named:
        exhibit = _exhibit(folder, each)
        left -= len(exhibit.raw)
        if left < 0:
            return Folder(
                None, digest, (Finding(each.file, "too-large", f"the folder holds more than {MAX_TOTAL} bytes"),)
            )
        read[each.file] = exhibit
    messages, dids, folds = (
        [read[each.file] for each in part] for part in (manifest.messages, manifest.dids, manifest.folds)
    )
    part = frozenset(manifest.part.threads) if manifest.part else None
    return Folder(Evidence(messages, dids, folds, part, loose=tuple(loose)), digest, ())


def _exhibit(folder: Path, each: Numbered | Document | Fold) -> Exhibit:
    """A file that the manifest names; one that is not to be read says why."""
    stated: dict[str, str] = {}
    match each:
        case Numbered():
            stated = {"type": each.type}
        case Document():
            stated = {"id": each.did}
        case Fold():
            stated = {"customer": each.customer, "vendor": each.vendor}
    try:
        raw = read_file(folder / each.file, MAX_BYTES if isinstance(each, Fold) else trust.MAX_BYTES)
    except Unfit as unfit:
        return Exhibit(each.file, b"", each.digest, stated, (unfit.code, str(unfit)))
    return Exhibit(each.file, raw, each.digest, stated)


def read_dids(paths: list[Path]) -> list[Exhibit]:
    """DID documents: files, or folders of them.

    Raises:
        Unfit: One cannot be read.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    return [Exhibit(str(file), read_file(file, trust.MAX_BYTES, follow=True)) for file in files]


def _of_parts(folder: Path, named: set[str]) -> list[Finding]:
    """What is wrong with the folders inside the folder: links, and files that the manifest does not name."""
    findings: list[Finding] = []
    for part in (MESSAGES, DIDS, FOLDS):
        inside = folder / part
        if inside.is_symlink():
            findings.append(Finding(part, "not-a-file", "a symbolic link; evidence holds the folder itself"))
        elif inside.is_dir():
            try:
                found = sorted(f"{part}/{each.name}" for each in os.scandir(inside))
            except OSError as error:
                findings.append(Finding(part, "unreadable", f"it cannot be read: {error.strerror}"))
                continue
            extra = [name for name in found if name not in named]
            findings += [Finding(name, "not-named", "the manifest does not name it") for name in extra[:_MOST_EXTRA]]
            if len(extra) > _MOST_EXTRA:
                findings.append(Finding(part, "not-named", f"and {len(extra) - _MOST_EXTRA} more"))
    return findings


def with_keys(evidence: Evidence, given: list[Exhibit]) -> Evidence:
    """The evidence with the DID documents that the reader brings instead of its own of the same DIDs."""
    theirs = frozenset(did_of(exhibit) for exhibit in given)
    dids = (*given, *(each for each in evidence.dids if did_of(each) not in theirs))
    return replace(evidence, dids=dids, given=theirs)


def did_of(exhibit: Exhibit) -> str:
    """The DID that a document says it is of."""
    try:
        members = orjson.loads(exhibit.raw)
    except orjson.JSONDecodeError:
        return exhibit.name
    return str(members.get("id")) if isinstance(members, dict) else exhibit.name
