"""Random conversations of the pure core, a hundred a round, by turns of each property of `tests/properties`."""

from collections.abc import Iterator

from soak.long_run import Asked, LongRun, Round

CHUNK = 100


def rounds(asked: Asked) -> Iterator[Round]:
    """Each conversation counts as a fault, since its vendor, its wire or its stores are; one that breaks is a loss."""
    from properties.registry import PROPERTIES  # loading it takes seconds, which the other runs need not wait for

    names = list(PROPERTIES)
    for number in range(asked.rounds):
        name = names[number % len(names)]
        first = asked.seed * 1_000_000 + number * CHUNK
        failures = (PROPERTIES[name](seed) for seed in range(first, first + CHUNK))
        yield Round(faults=CHUNK, losses=[f"{name}: {failure}" for failure in failures if failure is not None])


RUN = LongRun("nobody gets a yes by order, dates or restores", rounds=1000, run=rounds, databases=())
