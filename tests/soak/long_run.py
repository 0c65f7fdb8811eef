"""What a long run is: rounds, each of which injects faults, counts messages, and says what was lost.

To hang one in, put a module into `tests/soak/` that has `RUN = LongRun(…)`; its name is that of the run:

    def rounds(asked: Asked) -> Iterator[Round]:
        for number in range(asked.rounds):
            yield Round(faults=1, messages=40, losses=[])

    RUN = LongRun("what is tried, in a few words", rounds=200, run=rounds)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

DATABASES = ("sqlite", "postgres")


@dataclass(frozen=True)
class Asked:
    """What is asked of a long run.

    Attributes:
        rounds: How many rounds.
        seed: What all dice of the run begin with: the same seed, the same faults.
        database: `sqlite` or `postgres`; nothing where the run keeps no store.
    """

    rounds: int
    seed: int
    database: str = ""


@dataclass(frozen=True)
class Round:
    """What came of one round.

    Attributes:
        faults: How many faults were injected: kills, floods, hostile inputs.
        messages: How many messages were acknowledged, and looked for afterwards.
        losses: What was lost, applied twice or told otherwise on one of the sides: a line for each.
        said: What is to stand beside the run's numbers in the end; the last one that says something counts.
    """

    faults: int = 0
    messages: int = 0
    losses: Sequence[str] = ()
    said: str = ""


@dataclass(frozen=True)
class LongRun:
    """A long run.

    Attributes:
        says: What is tried, in a few words.
        rounds: How many rounds it has unless `--rounds` says otherwise.
        run: Gives each round once it is over. What it raises counts as a loss, and ends the run.
        databases: On which it runs, one after the other; none where it keeps no store.
    """

    says: str
    rounds: int
    run: Callable[[Asked], Iterator[Round]]
    databases: tuple[str, ...] = DATABASES


@dataclass
class Tally:
    """What came of a run so far."""

    rounds: int = 0
    faults: int = 0
    messages: int = 0
    losses: list[str] = field(default_factory=list)
    said: str = ""
    seconds: float = 0.0

    def add(self, one: Round) -> None:
        """Take a round in."""
        self.rounds += 1
        self.faults += one.faults
        self.messages += one.messages
        self.losses += one.losses
        self.said = one.said or self.said
