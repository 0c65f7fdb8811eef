"""Draw the picture of the README: what `opencmr demo` shows on a terminal of 96 columns, as it was shown.

python tools/demo_picture.py            writes docs/assets/demo.svg
python tools/demo_picture.py FILE.svg
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from opencmr import _spec
from opencmr.cli.demo.run import run
from opencmr.cli.demo.screen import Screen

ROOT = Path(__file__).parents[1]
WIDTH = 96
PAPER = TerminalTheme(
    (250, 250, 247),
    (40, 44, 52),
    [
        (40, 44, 52),
        (180, 40, 40),
        (20, 120, 60),
        (150, 100, 0),
        (30, 80, 170),
        (130, 60, 140),
        (0, 115, 130),
        (90, 95, 105),
    ],
    [
        (90, 95, 105),
        (200, 60, 60),
        (30, 140, 75),
        (170, 115, 0),
        (50, 100, 190),
        (150, 75, 160),
        (0, 130, 145),
        (40, 44, 52),
    ],
)


def main(target: Path) -> None:
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        highlight=False,
        emoji=False,
    )
    run(_spec.examples() / "intents" / "rugged-boots.json", 0, Screen(console))
    svg = console.export_svg(title="opencmr demo", theme=PAPER, unique_id="demo")
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)  # a picture fetches nothing
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")
    print(f"{target}: {len(svg) // 1024} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "assets" / "demo.svg")
