"""`opencmr verify`: whether messages, and whole folders of them, are what they say they are, offline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from .. import trust
from ..errors import Problem, UsageError
from ..protocol import Verified
from ..protocol.arrangement import Gap
from ..protocol.evidence import Completeness, Exhibit, Finding, Findings, Judgement, check_message, examine
from .folder import Unfit, read_dids, read_file, read_folder, with_keys
from .output import Json, console, plain, print_json, short, table

STEPS = (
    "each message by itself: digest, canonical form, model, key, signature",
    "what belongs together: nothing twice, and each message of the customer's has its receipt",
    "the chain: the vendor's words are numbered without a gap, and nothing is missing that they name",
    "the fold: the receipts of both say what lifecycles and rules say",
    "the records: the stated ones are the computed ones",
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

    A folder is one that `opencmr export` or `opencmr demo --out` has written. Each relationship in it is judged by
    itself: what is wrong about one vendor says nothing about another. A file is one message; its signature is checked.

    A customer's key is in its DID. A vendor's is in its DID document: that of the folder, or the one that --did names.
    No folder can prove that a document is truly the vendor's. The last line says what else can't be known from it.

    Exits with 0 only if every relationship holds, else with 1, and says in which file something is wrong.

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
    return {"BAD": "red", "BAD:": "bold red", "✗": "red", "✓": "green", "ok": "green", "OK:": "bold green"}.get(first)


def _line(finding: Finding) -> str:
    where = f" at {finding.pointer}" if finding.pointer else ""
    return f"BAD  {plain(finding.name)}{plain(where)}  {finding.code}: {plain(finding.why)}"


def _as_dict(finding: Finding) -> dict[str, Any]:
    where = {"pointer": finding.pointer} if finding.pointer else {}
    return {"file": finding.name, "code": finding.code, "why": finding.why, **where}


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
        yield from map(_line, self.findings)

    def as_dict(self) -> dict[str, Any]:
        """What programs read."""
        findings = [_as_dict(each) for each in self.findings]
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

    def parts(self) -> Iterator[Any]:
        yield plain(self.path)
        if self.found is None:
            yield from super().parts()
            return
        yield from map(_line, self.found.loose)
        for one in self.found.relationships:
            yield ""
            yield from _told(one)
        yield ""
        yield f"Manifest: {self.digest}"
        yield self._conclusion(self.found)

    def _conclusion(self, found: Findings) -> str:
        unknown = {each.code: each.what for one in found.relationships if one.ok for each in one.unknown}
        unknown |= {each.code: each.what for each in found.unknown}
        if len(found.relationships) > 1 and "end" in unknown:
            unknown["end"] = "what was said after these"
        if "keys" in unknown:
            unknown["keys"] += " (bring its DID document with --did)"
        beyond = f"Nobody can know from here {'; '.join(map(plain, unknown.values()))}."
        if self.ok:
            return f"OK: the evidence holds, as far as it goes. {beyond}"
        good = [one for one in found.relationships if one.ok]
        if not good:
            return "BAD: the evidence does not hold."
        which = ", ".join(plain(one.vendor) for one in good)
        return f"BAD: not all of the evidence holds; what does is that about {which}. {beyond}"

    def as_dict(self) -> dict[str, Any]:
        said = super().as_dict()
        if self.digest is not None:
            said["manifest"] = self.digest
        said["step"] = self.found.step if self.found else 0
        if self.found is not None:
            if self.ok:
                said["counts"] = {name: self.found.counts.get(name, 0) for name in ("relationships", *_COUNTED)}
            said["relationships"] = [_relationship(one) for one in self.found.relationships]
            said["unknown"] = [{"code": each.code, "what": each.what} for each in self.found.unknown]
        return said


_COUNTED = ("messages", "receipts", "threads", "accepted", "moot", "void", "refused", "erased")


def _told(one: Judgement) -> Iterator[Any]:
    """What people read of one relationship."""
    yield f"{plain(one.customer)} with {plain(one.vendor)}"
    for number, line in enumerate(STEPS, start=1):
        mark = "✓" if number < one.step or (number == one.step and one.ok) else "✗" if number == one.step else "·"
        yield f"  {mark} {line}"
    yield from map(_line, one.findings)
    yield from (f"  {plain(line)}" for line in _of_completeness(one.completeness))
    if one.ok:  # what was not reached is not counted
        made = table(None, "thread", "family", "state", "entries")
        for id_, thread in one.history.threads.items():
            made.add_row(*map(plain, (short(id_), thread.family or "-", thread.state, str(len(thread.entries)))))
        yield made
        counted = [name for name in _COUNTED if name in one.counts or name != "erased"]
        yield "  " + ", ".join(f"{one.counts.get(name, 0)} {name}" for name in counted)


def _of_completeness(here: Completeness) -> Iterator[str]:
    """How much of a relationship is here, and what accuses nobody."""
    at = f", as of {here.at}" if here.at else ""
    if here.part is not None:
        yield f"a part: {here.here} of the vendor's first {here.last} words are here{at}"
    elif here.here == here.last and not here.hard:
        yield f"complete from 1 to {here.last} of the vendor's words{at}"
    else:
        yield f"not complete: {here.here} of the vendor's first {here.last} words are here{at}"
    for gap in here.hard if here.part is None else ():
        which = (
            ""
            if gap.numbers is None
            else f" (number {gap.numbers[0]}" + (")" if gap.numbers[0] == gap.numbers[1] else f" to {gap.numbers[1]})")
        )
        yield f"missing: {gap.digest}{which}, named by {gap.by} at {gap.member}"
    yield f"{here.answered_here} of the {here.answered} messages of the customer that these answer are here"
    if here.unreceipted:
        yield f"{here.unreceipted} of the vendor's messages have no receipt of the customer's here"
    for gap in here.soft:
        yield f"{gap.by} names {gap.digest} as said before, and it is not here: never delivered, or held back"
    for split in here.splits:
        yield (
            f"a split: {split.one} and {split.other} are both number {split.number}. The vendor was restored from a "
            "copy, or says different things; nobody can tell which"
        )
    for name in here.noes:
        yield f"{name} is answered off the chain alone: no record has it, and it denies all the same"
    for each in here.contradictions:
        yield (
            f"disputed: {each.earlier} says that it was said at {each.says}; {each.later}, which came after it, says "
            f"{each.dated}. One of the two clocks was wrong; nobody can tell which"
        )


def _relationship(one: Judgement) -> dict[str, Any]:
    """What programs read of one relationship."""
    return {
        "customer": one.customer,
        "vendor": one.vendor,
        "ok": one.ok,
        "step": one.step,
        "keys": "folder" if any(each.code == "keys" for each in one.unknown) else "given",
        **({"findings": [_as_dict(each) for each in one.findings]} if one.findings else {}),
        "completeness": _completeness(one.completeness),
        "unknown": [{"code": each.code, "what": each.what} for each in one.unknown],
        **(
            {
                "counts": {name: one.counts.get(name, 0) for name in _COUNTED},
                "threads": [
                    {
                        "thread": id_,
                        "family": thread.family,
                        "state": thread.state,
                        "entries": [entry.digest for entry in thread.entries],
                    }
                    for id_, thread in one.history.threads.items()
                ],
            }
            if one.ok
            else {}
        ),
    }


def _completeness(here: Completeness) -> dict[str, Any]:
    return {
        "whole": here.whole,
        "last": here.last,
        "here": here.here,
        **({"at": here.at} if here.at else {}),
        "answered": here.answered,
        "answeredHere": here.answered_here,
        "unreceipted": here.unreceipted,
        "missing": [_gap(gap) for gap in here.hard],
        "undelivered": [_gap(gap) for gap in here.soft],
        "splits": [{"number": each.number, "files": [each.one, each.other]} for each in here.splits],
        "strays": here.strays,
        "noes": list(here.noes),
        "disputed": [each._asdict() for each in here.contradictions],
        **({"part": sorted(here.part)} if here.part is not None else {}),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    numbers = {"numbers": list(gap.numbers)} if gap.numbers else {}
    return {"digest": gap.digest, "namedBy": gap.by, "pointer": gap.member, **numbers}


def _folder(path: Path, given: list[Exhibit]) -> Verdict:
    folder = read_folder(path)
    if folder.evidence is None:
        return _FolderVerdict(str(path), folder.findings, folder.digest)
    found = examine(with_keys(folder.evidence, given))
    return _FolderVerdict(str(path), found.findings, folder.digest, found)


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
        canonical = trust.canonicalize(orjson.loads(exhibit.raw))
        _, faults = check_message(replace(exhibit, raw=canonical), given)
        also = (
            f"what they say is not right either: {faults[0].why}" if faults else "the signature holds for what they say"
        )
        return replace(finding, why=f"{why}; {also}")
    except (orjson.JSONDecodeError, Problem):
        return replace(finding, why=why)
