"""Play conversations of one property: `python -m properties order 0 1000`, or one seed alone, which is told."""

import sys
import time

from .registry import PROPERTIES


def main(name: str, first: str, last: str | None = None) -> int:
    began, failed = time.monotonic(), 0
    seeds = range(int(first), int(last) if last else int(first) + 1)
    for seed in seeds:
        if (failure := PROPERTIES[name](seed)) is not None:
            failed += 1
            print(failure, flush=True)
            if failed == 3:
                break
    played = seed - seeds[0] + 1
    print(f"{name}: {failed} of {played} failed, {1000 * (time.monotonic() - began) / played:.1f} ms each")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
