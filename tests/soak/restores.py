"""Either store is put back from any earlier copy, at any point of random conversations."""

import asyncio
import logging
import traceback
from collections.abc import Iterator

from end_to_end.test_restores import find_back
from soak.long_run import Asked, LongRun, Round
from world import quick_folder

FAULTS = ("restore", "lose", "down")


def rounds(asked: Asked) -> Iterator[Round]:
    """A round is a conversation. A word that is lost, an accusation, a yes that can't be taken back: each is a loss."""
    logging.disable()  # that a vendor was restored is no news here
    try:
        for number in range(asked.rounds):
            with quick_folder() as folder:
                try:
                    world = asyncio.run(find_back(folder, asked.seed * 1_000_000 + number))
                except AssertionError as error:
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    yield Round(losses=[f"{where.line}: {error}"])
                else:
                    faults = sum(each in FAULTS for each in world.log)
                    yield Round(faults=faults, messages=world.words)
    finally:
        logging.disable(logging.NOTSET)


RUN = LongRun("whoever is put back from a copy finds back", rounds=2000, run=rounds, databases=())
