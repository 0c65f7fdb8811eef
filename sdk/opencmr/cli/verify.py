"""`opencmr verify`: whether messages, and whole folders of them, are what they say they are, offline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from .. import trust
from ..errors import Problem, UsageError
from ..protocol import Verified
from ..protocol.evidence import Exhibit, Finding, Findings, check, check_message
from .folder import Unfit, did_of, read_dids, read_file, read_folder, with_keys
from .output import Json, console, plain, print_json, short, table

STEPS = (
    "the files are those of the manifest",
    "each message by itself: digest, canonical form, model, key, signature",
    "what belongs together: every message has its receipt, nothing that is named is missing",
    "the order: all stand where the vendors' signed times put them",
    "chain, lifecycle and rules: the receipts say what the fold says",
    "the stated records are the computed ones",
)


def verify(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER…", help="Messages, or folders of evidence.")],
    did: Annotated[
        list[Path] | None,
        typer.Option("--did", metavar="FILE", help="A vendor's DID document that you trust, or a folder of them."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check signatures, chains, states and folds of messages, offline.

    A folder is one that `opencmr demo --out` or an export has written. A file is one message; its signature is checked.
    A customer's key is in its DID. A vendor's is in its DID document: that of the folder, or the one that --did names.
    Whether a document is truly the vendor's, no folder can prove.

    Exits with 1 if anything is wrong, and says in which file.

    \b
    Examples:
      opencmr verify demo-out
      opencmr verify demo-out/messages/0002-receipt.json --did demo-out/dids
    """
    try:
        given = read_dids(did or [])
    except Unfit as unfit:
        raise UsageError(f"--did: {unfit}") from unfit
    verdicts: list[Verdict] = [_folder(path, given) if path.is_dir() else _file(path, given) for path in paths]
    good = all(verdict.ok for verdict in verdicts)
    if as_json:
        print_json({"ok": good, "verified": [verdict.as_dict() for verdict in verdicts]})
    else:
        out = console()
        for verdict in verdicts:
            for part in verdict.parts():
                out.print(part, soft_wrap=isinstance(part, str), style=_style(part))
    if not good:
        raise typer.Exit(1)


def _style(part: Any) -> str | None:
    first = str(part).split(maxsplit=1)[0] if isinstance(part, str) and part else ""
    return {"BAD": "red", "✗": "red", "✓": "green", "ok": "green", "OK:": "bold green"}.get(first)


@dataclass
class Verdict:
    """What is to be said of one path."""

    path: str
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def parts(self) -> Iterator[Any]:
        """What people read: lines and tables."""
        for finding in self.findings:
            where = f" at {finding.pointer}" if finding.pointer else ""
            yield f"BAD  {plain(finding.name)}{plain(where)}  {finding.code}: {plain(finding.why)}"

    def as_dict(self) -> dict[str, Any]:
        """What programs read."""
        findings = [
            {
                "file": each.name,
                "code": each.code,
                "why": each.why,
                **({"pointer": each.pointer} if each.pointer else {}),
            }
            for each in self.findings
        ]
        return {"path": self.path, "ok": self.ok, **({"findings": findings} if findings else {})}


@dataclass
class _FileVerdict(Verdict):
    verified: Verified | None = None

    def parts(self) -> Iterator[Any]:
        yield from super().parts()
        if self.verified is not None:
            message = self.verified.message
            yield f"ok   {plain(self.path)}  {message.type}, signed by {message.from_}"
            yield f"     {self.verified.digest}"

    def as_dict(self) -> dict[str, Any]:
        said = super().as_dict()
        if self.verified is not None:
            message = self.verified.message
            said |= {"type": message.type, "from": message.from_, "to": message.to, "digest": self.verified.digest}
        return said


@dataclass
class _FolderVerdict(Verdict):
    digest: str | None = None
    found: Findings | None = None
    trusted: frozenset[str] = field(default_factory=frozenset)
    """The vendors whose DID documents the reader has brought."""

    def parts(self) -> Iterator[Any]:
        yield plain(self.path)
        step = self.found.step if self.found else 0
        for number, line in enumerate(STEPS):
            mark = "✓" if number < step or (number == step and self.ok) else "✗" if number == step else "·"
            yield f"  {mark} {line}"
        yield from super().parts()
        if self.found is None or not self.ok:  # what was not reached is not counted
            return
        yield self._records(self.found)
        yield ", ".join(f"{self.found.counts.get(name, 0)} {name}" for name in _COUNTED)
        theirs = sorted({vendor for _, vendor in self.found.histories} - self.trusted)
        if theirs:
            yield f"Keys as the folder states them (see --did): {', '.join(theirs)}"
        yield f"Manifest: {self.digest}"
        yield "OK: the evidence holds."

    def _records(self, found: Findings) -> Any:
        made = table(None, "relationship with", "thread", "record", "state", "entries")
        for (_, vendor), history in found.histories.items():
            for id_, thread in history.threads.items():
                row = (vendor, short(id_), thread.family or "-", thread.state, str(len(thread.entries)))
                made.add_row(*map(plain, row))
        return made

    def as_dict(self) -> dict[str, Any]:
        said = super().as_dict()
        if self.digest is not None:
            said["manifest"] = self.digest
        said["step"] = self.found.step if self.found else 0
        if self.found is not None and self.ok:
            said["counts"] = {name: self.found.counts.get(name, 0) for name in _COUNTED}
            said["relationships"] = [
                {
                    "customer": customer,
                    "vendor": vendor,
                    "keys": "given" if vendor in self.trusted else "folder",
                    "threads": [
                        {
                            "thread": id_,
                            "family": thread.family,
                            "state": thread.state,
                            "entries": [entry.digest for entry in thread.entries],
                        }
                        for id_, thread in history.threads.items()
                    ],
                }
                for (customer, vendor), history in self.found.histories.items()
            ]
        return said


_COUNTED = ("messages", "receipts", "relationships", "threads", "accepted", "moot", "void", "refused")


def _folder(path: Path, given: list[Exhibit]) -> Verdict:
    folder = read_folder(path)
    if folder.evidence is None:
        return _FolderVerdict(str(path), folder.findings, folder.digest)
    found = check(with_keys(folder.evidence, given))
    return _FolderVerdict(str(path), found.findings, folder.digest, found, frozenset(map(did_of, given)))


def _file(path: Path, given: list[Exhibit]) -> Verdict:
    name = str(path)
    try:
        exhibit = Exhibit(name, read_file(path, trust.MAX_BYTES, follow=True))
    except Unfit as unfit:
        return Verdict(name, [Finding(name, unfit.code, str(unfit))])
    verified, findings = check_message(exhibit, given)
    return _FileVerdict(name, [_explained(each, exhibit, given) for each in findings], verified)


def _explained(finding: Finding, exhibit: Exhibit, given: list[Exhibit]) -> Finding:
    """A finding with what its reader can do about it."""
    if finding.code == "no-document":
        return replace(finding, why=f"{finding.why}; name it with --did")
    if finding.code != "not-canonical":
        return finding
    why = "the bytes are not in canonical form, so they are not those that were sent, and have no digest"
    try:
        canonical = trust.write(orjson.loads(exhibit.raw))
        _, faults = check_message(replace(exhibit, raw=canonical), given)
        also = (
            f"what they say is not right either: {faults[0].why}" if faults else "the signature holds for what they say"
        )
        return replace(finding, why=f"{why}; {also}")
    except (orjson.JSONDecodeError, Problem):
        return replace(finding, why=why)
