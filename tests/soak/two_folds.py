"""Random conversations that Python and JavaScript fold, a hundred a round; every third is what a mailbox brings."""

import shutil
from collections.abc import Iterator

from soak.long_run import Asked, LongRun, Round

CHUNK = 100


def rounds(asked: Asked) -> Iterator[Round]:
    """Each conversation counts as a fault, for its parties or its wire are; where the two differ is a loss."""
    from two_folds.comparing import compare  # loading it takes seconds, which the other runs need not wait for

    node = shutil.which("node")
    if node is None:
        raise RuntimeError("Node is not on the PATH")
    questions = 0
    for number in range(asked.rounds):
        first = asked.seed * 1_000_000 + number * CHUNK
        compared = list(compare(node, range(first, first + CHUNK)))
        questions += sum(one.questions for one in compared)
        losses = [f"seed {one.seed}{line}" for one in compared for line in one.apart]
        words = sum(one.words for one in compared)
        yield Round(faults=CHUNK, messages=words, losses=losses, said=f"{questions:,} questions")


RUN = LongRun("Python and JavaScript fold the same", rounds=50, run=rounds, databases=())
