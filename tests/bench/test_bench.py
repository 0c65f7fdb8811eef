import json
from pathlib import Path

import pytest

from bench import checking, deciding, folding, imports, over_http, page, receiving, sharing
from bench.command import main
from bench.curves import svg
from bench.decisions import QUESTIONS, Decisions, name
from bench.measure import Figure, by_turns
from bench.policies import PEERS
from bench.registry import Effort, Row, rows
from bench.report import add, begun, cells, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def tiny(tmp_path: Path) -> Effort:
    return Effort("tiny", tmp_path)


@pytest.mark.parametrize(
    "row",
    [checking.ROW, receiving.ROW, over_http.ROW, sharing.ROW, folding.ROW],
    ids=lambda row: row.name,
)
def test_a_row_runs_and_says_what_it_measured_beside_what(row: Row, tiny: Effort) -> None:
    report = begun(tiny)
    add(report, row, row.run(tiny), {}, 1.0)
    told = json.loads(json.dumps(report))["rows"][row.name]
    assert told["lines"]
    for line in told["lines"]:
        low, high = line["measured"]["spread"]
        assert low <= line["measured"]["median"] <= high
        assert all(isinstance(cell, str) for cell in cells(line))
    assert table(report).row_count == len(told["lines"])


def test_ours_and_all_peers_give_the_same_answers(tmp_path: Path) -> None:
    parties = [Decisions(range(3)), *(kind(range(3), tmp_path) for kind in PEERS.values())]
    for words, yes in QUESTIONS:
        assert {party.may(name(2), *words) for party in parties} == {yes}
    for party in parties:
        party.close()
    assert deciding.sized(2, 2)["peers"].keys() == PEERS.keys()


def test_a_start_is_timed_in_a_process_of_its_own() -> None:
    assert imports.once(["-c", "pass"]) > 0


def test_by_turns_counts_each_slice_but_the_first() -> None:
    turns = by_turns({"one": lambda: None, "two": lambda: sum(range(100))}, 3, seconds=0.0001)
    assert [len(each.samples) for each in turns.values()] == [3, 3]
    assert Figure("", (4.0, 9.0)).over(Figure("", (2.0, 3.0))).samples == (2.0, 3.0)


@pytest.mark.parametrize("row", ["check", "receive", "http", "may"])
def test_a_profile_names_steps_that_add_up_to_no_more_than_the_whole(row: str, tiny: Effort) -> None:
    (profile,) = (each.profile for each in rows() if each.name == row)
    assert profile is not None
    steps = profile(tiny)
    assert len(steps) > 3
    assert all(figure.median > 0 for name_, figure in steps.items() if not name_.startswith("the rest"))


def test_the_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert all(f"  {row.name} " in said for row in rows())


def test_an_unknown_row_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--row", "speed"])
    assert stopped.value.code == 2
    assert "check, receive" in capsys.readouterr().err


def test_the_page_shows_the_committed_results_and_explains_each_goal_that_is_not_met() -> None:
    text, report = (DOCS / "bench.md").read_text(), json.loads((DOCS / "assets" / "bench.json").read_text())
    assert page.filled(text, report) == text, "say: make bench ARGS='--page docs/assets/bench.json'"
    assert report["rows"].keys() == {row.name for row in rows()}
    for name_ in page.unmet(report):
        assert f"### The row `{name_}`" in text
    for row in report["rows"].values():
        for curve in row["curves"]:
            assert (DOCS / "assets" / f"bench-{curve['name']}.svg").read_text() == svg(curve)
