"""What `import opencmr` costs over a bare interpreter: medians of interleaved runs. Exits 1 over the budget.

.venv/bin/python tests/bench/imports.py
"""

import statistics
import subprocess
import sys
import time

RUNS = 15
BUDGET_MS = {"import opencmr": 60}
LOOKS = ("pass", "import opencmr", "from opencmr import Customer, Vendor")


def once(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - began) * 1000


def main() -> int:
    once(LOOKS[-1])  # byte code is compiled once
    times: dict[str, list[float]] = {code: [] for code in LOOKS}
    for _ in range(RUNS):
        for code in LOOKS:
            times[code].append(once(code))
    bare, over = statistics.median(times["pass"]), 0
    print(f"{'bare interpreter':<40}{bare:8.1f} ms")
    for code in LOOKS[1:]:
        more = statistics.median(times[code]) - bare
        budget = BUDGET_MS.get(code)
        over += budget is not None and more > budget
        print(f"{code:<40}{more:+8.1f} ms" + (f"   budget +{budget} ms" if budget else ""))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
