"""Fetched files as a folder that other tools read: a data package (`spec/v1/transport.md`, a folder of files)."""

import json
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ...trust import sha256_of
from .fetching import ENDING, Named

DESCRIPTOR = "datapackage.json"
"""The file that lists the others, under the name that the standard gives it."""
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"

_LONGEST = 148
"""Bytes of a name in UTF-8, with two more where it is marked: so any file system takes it, with endings of ours."""
_NOWHERE = re.compile(r'[/\\:*?"<>|]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)


def paths(files: Iterable[Named]) -> list[str]:
    """A name for each file in the folder, in their order: safe on any file system, and each once."""
    taken = {DESCRIPTOR: 1}
    return [_untaken(safe(each.file.name or "file"), taken) for each in files]


def safe(name: str) -> str:
    """A name that leads nowhere but to a file in the folder, and looks like what it is."""
    text = "".join("_" if _hidden(char) else char for char in unicodedata.normalize("NFC", name))
    text = _cut(_NOWHERE.sub("_", text).strip(" .") or "file", _LONGEST)
    if _DEVICES.fullmatch(text.partition(".")[0].rstrip()) or text.lower().endswith(ENDING):
        text = "_" + text + ("_" if text.lower().endswith(ENDING) else "")  # last: a cut can make either
    return text


def _hidden(char: str) -> bool:
    """Whether it is no sign that people see: controls, marks that turn the line around, halves of pairs."""
    return unicodedata.category(char)[0] == "C" or unicodedata.category(char) in ("Zl", "Zp")


def _cut(text: str, most: int) -> str:
    """At most so many bytes, with the ending that says what kind of file it is."""
    if len(text.encode()) <= most:
        return text
    stem, dot, ending = text.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, ending = text, ""
    end = dot + ending if ending else ""
    room = most - len(end.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + end


def _untaken(name: str, taken: dict[str, int]) -> str:
    """The name, or it with a number that is free. How many there were of a name is kept: none is tried twice."""
    stem, dot, ending = name.rpartition(".")
    stem, end = (stem, dot + ending) if stem else (name, "")
    found = name
    while _alike(found) in taken:
        taken[_alike(name)] = count = taken[_alike(name)] + 1
        found = f"{stem}-{count}{end}"
    taken[_alike(found)] = 1
    return found


def _alike(name: str) -> str:
    """What two names share that a file system may take for one."""
    return unicodedata.normalize("NFKC", name.casefold())


def describe(folder: Path, files: Sequence[Named], names: Sequence[str], now: str) -> None:
    """Write the descriptor.

    Args:
        folder: Where the files are.
        files: They, as the messages name them.
        names: Under which names.
        now: When.

    Raises:
        StoreError: It cannot be written.
    """
    listed = [_resource(number, each, name) for number, (each, name) in enumerate(zip(files, names, strict=True), 1)]
    text = json.dumps({"$schema": PROFILE, "created": now, "resources": listed}, indent=2, ensure_ascii=False) + "\n"
    path, new = folder / DESCRIPTOR, folder / (DESCRIPTOR + ENDING)
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error


def _resource(number: int, each: Named, name: str) -> dict[str, Any]:
    file = each.file
    return {
        "name": f"file-{number}",
        "path": name,
        **({"title": file.name} if file.name is not None else {}),
        "mediatype": file.media_type,
        "bytes": file.size,
        "hash": f"sha256:{sha256_of(file.digest).hex()}",
        "opencmr": {"digest": file.digest, "of": each.of},
    }
