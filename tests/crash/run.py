"""Rounds of kills, in seasons: each begins with empty stores, so that what is looked at stays small."""

import random
from collections.abc import Iterator
from contextlib import ExitStack

import postgres
from crash.controller import Crashed, house

SEASON = 10
"""Rounds."""


def crashes(seed: int | str, rounds: int, *, on_postgres: bool) -> Iterator[Crashed]:
    """So many rounds; the same seed, the same dice."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.cluster()) if on_postgres else None
        for season in range(-(-rounds // SEASON)):
            with house(random.Random(f"{seed}/{season}"), server) as built:
                for _ in range(min(SEASON, rounds - season * SEASON)):
                    yield built.round()
