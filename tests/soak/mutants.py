"""Each rule of the folds wrong in one place: whether the suite or the vectors catch it."""

import random
from collections import Counter
from collections.abc import Iterator

from soak.long_run import Asked, LongRun, Round


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a mutant. One that nothing catches is a loss, unless it is known that nobody could tell."""
    from conformance import mutants  # it loads the SDK a second time, which the other runs need not wait for

    hunter = mutants.load()
    there = mutants.every()
    random.Random(asked.seed).shuffle(there)
    counted: Counter[str] = Counter()
    for number, mutant in enumerate(there[: asked.rounds], 1):
        how = mutants.hunt(mutant, hunter).how
        counted[how] += 1
        said = ", ".join(f"{many} {each}" for each, many in sorted(counted.items()))
        lost = [f"{mutant.name}: nothing catches it"] if how == mutants.LOST else []
        yield Round(faults=1, losses=lost, said=f"of {number} mutants: {said}")


RUN = LongRun("each rule that is wrong is caught", rounds=2000, run=rounds, databases=())
