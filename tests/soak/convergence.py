"""Worlds of shops and customers over a wire that loses, repeats and reorders: both sides fold to the same state."""

import asyncio
import logging
from collections.abc import Iterator

from end_to_end.test_convergence import play_world
from soak.long_run import Asked, LongRun, Round


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a world. Two sides that differ at its end are a loss; an answer that the wire lost is a fault."""
    logging.disable()  # that a server is restarted is no news here
    try:
        for number in range(asked.rounds):
            try:
                world = asyncio.run(play_world(asked.seed * 1_000_000 + number))
            except AssertionError as error:
                yield Round(losses=[str(error)])
            else:
                yield Round(faults=world.lost, messages=world.said)
    finally:
        logging.disable(logging.NOTSET)


RUN = LongRun("both sides fold to the same state", rounds=100, run=rounds, databases=())
