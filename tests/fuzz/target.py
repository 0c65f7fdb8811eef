"""What a fuzz target is: a function of bytes that raises nothing, inputs to begin with, and a way to change them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from .mutations import mutated_json

Mutate = Callable[[random.Random, bytes, bytes], bytes]


class Disagreement(AssertionError):
    """Two that should say the same say different things, or what always holds doesn't."""


@dataclass(frozen=True)
class Target:
    """One thing that reads what comes from outside.

    Attributes:
        name: Its name on the command line, and that of its folder in `corpus/`.
        says: What is tried, in a few words.
        run: Takes an input. Whatever it raises is a fault: the errors that may be raised are caught inside.
        seeds: Gives the inputs to begin with.
        mutate: Changes an input; the third argument is another one, to take parts from.
        share: How many of a thousand inputs of a long run are for this target.
        short: How many inputs a test tries, about half a second's; `make test` tries half of them.
    """

    name: str
    says: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Mutate = mutated_json
    share: int = 10
    short: int = 1000

    @cached_property
    def pool(self) -> Sequence[bytes]:
        """The seeds, made once."""
        return tuple(self.seeds())

    def inputs(self, dice: random.Random, count: int) -> "Inputs":
        """So many inputs, the same for the same dice."""
        return Inputs(self, dice, count)


@dataclass
class Inputs:
    """Inputs that descend from seeds: each is a changed seed, or the last one changed once more."""

    target: Target
    dice: random.Random
    count: int

    def __iter__(self) -> Iterator[bytes]:
        """Each input."""
        dice, pool, mutate = self.dice, self.target.pool, self.target.mutate
        data, generation = dice.choice(pool), 0
        for _ in range(self.count):
            if generation > 6 or dice.random() < 0.4:
                data, generation = dice.choice(pool), 0
            try:
                data = mutate(dice, data, dice.choice(pool))
            except (TypeError, ValueError, LookupError, AttributeError):
                data = dice.choice(pool)  # too odd already for a change that knows its form
            generation += 1
            yield data


def expect(holds: bool, why: str, *about: object) -> None:
    """Say so where something does not hold.

    Raises:
        Disagreement: It does not.
    """
    if not holds:
        raise Disagreement(why + ": " + ", ".join(repr(each)[:300] for each in about))
