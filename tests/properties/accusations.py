"""Property 5: no honest party is ever accused, and both come to the same.

Clocks differ by up to five minutes, words are lost on the way or overtake each other. The customer's fold voids nothing
that the vendor accepted, and takes no receipt for wrong; both fold to the same records and give the same answers.
"""

from .honest import Honest
from .play import Failure, play

STEPS = 24


def play_accusations(seed: int) -> Failure | None:
    """One conversation; how it breaks the property, if it does."""
    return play(seed, Honest, STEPS)
