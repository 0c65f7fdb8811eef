"""`kill -9` of the vendor, the customers and PostgreSQL at random points under load."""

from collections.abc import Iterator

from crash.run import crashes
from soak.long_run import Asked, LongRun, Round


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a kill, a new start, and a look at both sides."""
    for one in crashes(asked.seed, asked.rounds, on_postgres=asked.database == "postgres"):
        yield Round(faults=len(one.killed), messages=one.messages, losses=one.losses)


RUN = LongRun("kill -9 of the vendor, the customers, the database", rounds=200, run=rounds)
