"""`opencmr export --as`: records in the formats of others, a file each."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..bridges.formats import FORMATS
from ..bridges.gate import Exported, View
from ..errors import StoreError, UsageError
from ..protocol import instant
from ..roles.party.reading import StoredRelationship
from .output import console, counted, plain, print_json


def translate(
    folder: Path,
    relationships: Collection[StoredRelationship],
    thread: str | None,
    name: str,
    *,
    as_json: bool,
) -> None:
    """Write each record that the format has a place for, and say what each file lacks and leaves out.

    Args:
        folder: Where to; it is made if need be.
        relationships: Whose records.
        thread: Only this one.
        name: The format.
        as_json: Say it as JSON.

    Raises:
        UsageError: There is no such format, or nothing to write in it.
        StoreError: The folder cannot be written.
    """
    if name not in FORMATS:
        raise UsageError(f"{plain(name)} is no format; there are {', '.join(FORMATS)}")
    at = instant(datetime.now(UTC))
    written = [
        (id_, exported)
        for one in relationships
        for id_, exported in FORMATS[name](View(one.history, one.customer, one.vendor, at))
        if thread in (None, id_)
    ]
    if not written:
        raise UsageError(f"there is nothing that {name} has a place for")
    told = [_write(folder, id_, exported) for id_, exported in written]
    if as_json:
        print_json({"folder": str(folder), "format": name, "files": told})
        return
    out = console()
    out.print(f"{counted(len(told), 'record is', 'records are')} in {plain(folder)}, as {name}.", soft_wrap=True)
    for one in told:
        for what in ("missing", "lost"):
            for line in one[what]:
                out.print(f"{one['file']} {what}: {plain(line)}", soft_wrap=True)


def _write(folder: Path, id_: str, exported: Exported) -> dict[str, Any]:
    file = f"{id_.removeprefix('urn:uuid:')}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(exported.document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write into {folder}: {error}") from error
    return {
        "file": file,
        "missing": [missing.pointer for missing in exported.missing],
        "lost": [f"{lost.what}: {lost.why}" for lost in exported.lost],
    }
