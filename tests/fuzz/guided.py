"""Guided by coverage: atheris keeps the inputs that reach new lines of the SDK, and changes those.

    pip install 'opencmr[fuzz]'
    PYTHONPATH=tests python -m fuzz.guided receiving -max_total_time=600

The first argument is the target; what follows is libFuzzer's. Inputs are changed by the target's own hand, since random
bytes seldom get past the first check.
"""

import logging
import random
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["opencmr"], enable_loader_override=False):
    from .registry import chosen
    from .runner import tried
from .target import Target


def fuzz(target: Target, arguments: list[str]) -> None:
    """Run until libFuzzer's limits or the first fault. Does not return."""

    def one(data: bytes) -> None:
        fault = tried(target, data)
        if fault is not None:
            raise AssertionError(f"{fault.where}: {fault.why}")

    def changed(data: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)
        pool = target.pool
        try:
            return target.mutate(dice, data or dice.choice(pool), dice.choice(pool))[:most]
        except (TypeError, ValueError, LookupError, AttributeError):
            return dice.choice(pool)[:most]

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.pool):
            (Path(folder) / f"{number:05}").write_bytes(seed)
        limits = ["-max_len=70000", "-timeout=20", "-rss_limit_mb=2048"]
        atheris.Setup([sys.argv[0], *limits, *arguments, folder], one, custom_mutator=changed)
        atheris.Fuzz()


if __name__ == "__main__":
    logging.disable()
    (asked,) = chosen(sys.argv[1:2])
    fuzz(asked, sys.argv[2:])
