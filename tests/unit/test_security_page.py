"""The page on security names tests and tools that there are, and every test of it stands in a table."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()


def test_what_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:tests|tools|spec)/[^`]*)`", PAGE))
    assert len(named) > 15
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    for id_ in re.findall(r"\b[A-Z]{3}-[0-9]+\b", PAGE):
        assert f'id = "{id_}"' in (ROOT / "spec" / "v1" / "requirements.toml").read_text()


def test_each_threat_has_a_defence_and_something_that_checks_it() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and line.count(" | ") == 2]
    threats = [row for row in rows if row[0] != "| threat"]
    assert len(threats) > 20
    assert [row for row in threats if len(row[1]) < 20 or "`" not in row[2]] == []


def test_the_site_shows_the_page_and_a_report_needs_no_address() -> None:
    assert (ROOT / "docs" / "security.md").read_text().strip() == '--8<-- "SECURITY.md"'
    assert "- Security: security.md" in (ROOT / "mkdocs.yml").read_text()
    assert "private vulnerability reporting" in PAGE
    assert re.search(r"\S+@\S+\.\S+", PAGE) is None
