"""Write into `spec/implementing.md` how many words each page of the reading paths has.

python tools/count_spec_words.py           # write
python tools/count_spec_words.py --check   # exit 1 and name what is off by more than a tenth
"""

import re
import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parents[1] / "spec"
PAGE = SPEC / "implementing.md"
ROW = re.compile(r"^(?P<begin>\| \[[^]]+\]\((?P<page>[^)]+)\) \| )(?P<words>[0-9,]+) \|", re.M)


def words(page: str) -> int:
    """How many words a page has."""
    return len((SPEC / page).read_text().split())


def off() -> list[str]:
    """The pages whose number is off by more than a tenth, and more than a hundred."""
    rows = list(ROW.finditer(PAGE.read_text()))
    if not rows:
        return [PAGE.name]
    stated = {row["page"]: int(row["words"].replace(",", "")) for row in rows}
    return [page for page, count in stated.items() if abs(count - words(page)) > max(100, words(page) / 10)]


def main() -> int:
    if "--check" in sys.argv:
        print(*off(), sep="\n", end="\n" if off() else "")
        return 1 if off() else 0
    PAGE.write_text(ROW.sub(lambda row: f"{row['begin']}{round(words(row['page']), -2):,} |", PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
