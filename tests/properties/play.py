"""Dice, steps, and how a conversation that fails is made smaller."""

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

CONVERSATIONS = int(os.environ.get("OPENCMR_PROPERTIES", "1000"))
"""How many conversations are played, all properties together."""

_SHARES = {"order": 0.4, "restores": 0.2, "acknowledged": 0.2, "accusations": 0.2}

Step = tuple[float, int]
"""What is done, and the seed of the dice for it: so a step stays what it is where others are left out."""


@dataclass
class Failure:
    """A conversation that breaks a property.

    Attributes:
        seed: Of the conversation.
        why: What is broken.
        told: What was done, step by step.
        steps: Those that are needed for it.
    """

    seed: int
    why: str
    told: list[str] = field(default_factory=list)
    steps: Sequence[Step] = ()

    def __str__(self) -> str:
        return "\n  ".join((f"seed {self.seed}: {self.why}", *self.told))


class Conversation(Protocol):
    """A conversation of one property."""

    told: list[str]

    def step(self, kind: float, dice: random.Random) -> None:
        """Do one thing: `kind`, from 0 to 1, chooses which."""

    def broken(self) -> str | None:
        """What is broken now, if anything is."""

    def ended(self) -> str | None:
        """What is broken once all is delivered."""


def play(seed: int, make: Callable[[random.Random], Conversation], steps: int) -> Failure | None:
    """Play one conversation; one that fails is made smaller."""
    dice = random.Random(seed)
    made = [(dice.random(), dice.getrandbits(32)) for _ in range(dice.randint(steps // 2, steps))]
    failure = _run(seed, make, made)
    if failure is None:
        return None
    smaller = True
    while smaller:
        smaller = False
        for left_out in reversed(range(len(failure.steps))):
            fewer = [step for at, step in enumerate(failure.steps) if at != left_out]
            found = _run(seed, make, fewer)
            if found is not None:
                failure, smaller = found, True
                break
    return failure


def _run(seed: int, make: Callable[[random.Random], Conversation], steps: Sequence[Step]) -> Failure | None:
    conversation = make(random.Random(seed))
    for done, (kind, own) in enumerate(steps, 1):
        conversation.step(kind, random.Random(own))
        if (why := conversation.broken()) is not None:
            return Failure(seed, why, conversation.told, steps[:done])
    if (why := conversation.ended()) is not None:
        return Failure(seed, why, conversation.told, steps)
    return None


def share(name: str) -> range:
    """The seeds that a property has of all conversations."""
    return range(round(CONVERSATIONS * _SHARES[name]))


def first(play_one: Callable[[int], Failure | None], seeds: range) -> Failure | None:
    """The first conversation of these seeds that breaks the property."""
    return next((failure for seed in seeds if (failure := play_one(seed)) is not None), None)
