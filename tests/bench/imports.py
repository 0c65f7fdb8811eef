"""What the start costs over a bare interpreter: `import opencmr`, and the command line's help."""

import subprocess
import sys
import time

from .measure import Figure
from .registry import Effort, Found, Goal, Line, Row

BARE = "bare interpreter"
STARTS = {
    BARE: ["-c", "pass"],
    "import opencmr": ["-c", "import opencmr"],
    "from opencmr import Customer, Vendor": ["-c", "from opencmr import Customer, Vendor"],
    "opencmr --help": ["-m", "opencmr.cli", "--help"],
}
GOALS = {"import opencmr": Goal("≤", 60, "ms"), "opencmr --help": Goal("≤", 150, "ms")}


def once(arguments: list[str]) -> float:
    """Milliseconds from the start of the interpreter to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


def run(effort: Effort) -> Found:
    """All starts by turns; what each takes more than the bare one."""
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    for number in range(effort.of(25, 6) + 1):
        for name, arguments in STARTS.items():
            took = once(arguments)
            if number:  # byte code is compiled once
                times[name].append(took)
    effort.say("start")
    bare = Figure("ms", tuple(times[BARE]))
    lines = []
    for name, took in times.items():
        if name != BARE:
            more = Figure("ms", tuple(one - none for one, none in zip(took, times[BARE], strict=True)))
            lines.append(Line(f"{name}, more than", more, BARE, bare, more, GOALS.get(name)))
    return Found(lines)


ROW = Row("start", "Starting", run)
