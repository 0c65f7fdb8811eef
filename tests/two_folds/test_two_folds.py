"""Two folds that were written apart come to the same, on conversations that nobody thought of.

The long form is a long run, `tests/soak/two_folds.py`.
"""

import pytest

from .comparing import compare, differences

FOUND = {
    0: "two statements of one word that begin alike",
    41: "a branch on which what a receipt answers is missing",
    62: "a split while the chain waits",
    117: "a refusal and a withdrawal of one word",
    153: "a no after one that the vendor heard",
    2069: "what waits of another branch, beside the path of the vendor's last word",
}
"""Seed → what differed once, and is met there."""
SEEDS = sorted({*range(8), *FOUND, 9, 19, 29, 39})


@pytest.mark.requirement("SEQ-14")
@pytest.mark.requirement("DEC-1")
def test_python_and_javascript_make_the_same_of_conversations_at_random(node: str) -> None:
    compared = list(compare(node, SEEDS))
    apart = [f"seed {one.seed}{line}" for one in compared for line in one.apart]
    assert not apart, "\n".join(apart[:20])
    assert sum(one.words for one in compared) > 20 * len(SEEDS)
    assert sum(one.questions for one in compared) > 10 * len(SEEDS)


def test_a_record_a_problem_or_an_answer_that_differs_is_told() -> None:
    ours = {"asks": [{"answer": "deny"}], "places": [{"problem": "stale", "pointer": "/seen"}]}
    theirs = {"asks": [{"answer": "permit"}], "places": [{"problem": "stale"}]}
    assert list(differences("", ours, theirs)) == [
        '/asks/0/answer: Python "deny", JavaScript "permit"',
        '/places/0/pointer: Python "/seen", JavaScript "nothing"',
    ]
