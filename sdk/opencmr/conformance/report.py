"""What a run leaves for programs: JSON, and JUnit's XML."""

from typing import Any
from xml.etree import ElementTree

from .._plain import plain
from .causes import causes
from .coverage import coverage
from .suite import Report


def as_dict(report: Report) -> dict[str, Any]:
    """The run as JSON: `spec/conformance.md` describes the members."""
    return {
        "target": report.target,
        "side": report.side,
        "ok": report.ok,
        "seconds": round(report.seconds, 3),
        "waited": round(report.waited, 3),
        "passed": report.count("passed"),
        "failed": report.count("failed"),
        "skipped": report.count("skipped"),
        "passedUnexpectedly": report.unexpected,
        "causes": [{"checks": one.checks, "says": one.says, "helps": one.helps} for one in causes(report)],
        "coverage": coverage(report).as_dict(),
        "checks": [
            {
                "id": one.check.id,
                "title": one.check.title,
                "requirements": list(one.check.requirements),
                "outcome": one.outcome,
                "seconds": round(one.seconds, 3),
                **({"broken": list(one.broken)} if one.broken else {}),
                **({"detail": one.detail} if one.detail else {}),
                **({"said": dict(one.said)} if one.said else {}),
                **({"expected": True} if one.expected else {}),
            }
            for one in report.results
        ],
    }


def as_junit(report: Report) -> bytes:
    """The run as JUnit's XML. An expected failure counts as skipped, one that passed unexpectedly as failed."""
    suite = ElementTree.Element("testsuite", name=f"opencmr-{report.side}", tests=str(len(report.results)))
    failures = 0
    for one in report.results:
        page, _, _ = one.check.id.partition("/")
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"opencmr.{report.side}.{page}", name=one.check.id, time=f"{one.seconds:.3f}"
        )
        if one.check.id in report.unexpected:
            failures += 1
            ElementTree.SubElement(case, "failure", message="passed, and was expected to fail")
        elif one.outcome == "failed" and one.expected:
            ElementTree.SubElement(case, "skipped", message=plain(f"expected: {one.detail}"))
        elif one.outcome == "failed":
            failures += 1
            failure = ElementTree.SubElement(case, "failure", type=one.broken[0], message=plain(one.detail))
            failure.text = f"{one.check.title}\nrequirements: {', '.join(one.broken)}"
            if one.said:
                failure.text += f"\nthe last that was sent: {plain(' '.join(one.said.values()))}"
        elif one.outcome == "skipped":
            failures += 1
            ElementTree.SubElement(case, "failure", type="skipped", message=plain(one.detail))
    suite.set("failures", str(failures))
    suite.set("time", f"{report.seconds:.3f}")
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written
