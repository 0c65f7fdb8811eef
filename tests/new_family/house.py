"""A copy of the house in a temporary folder, with the family *praise*: its rooms, and a line in each registry."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRAISE = Path(__file__).parent / "praise"
REGISTERED = '    "terms": (terms,),\n'
ORDERS = "    orders = Namespace(Orders)\n"
TERMS = "from .in_hand.terms import Agreements\n"


class House:
    """The copy, and what is run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        leave = shutil.ignore_patterns("__pycache__")
        for part in ("sdk", "spec", "tools", "tests/fuzz", "tests/second_reader", "tests/conformance"):
            shutil.copytree(ROOT / part, home / part, ignore=leave)
        for file in (ROOT / "tests").glob("*.py"):
            shutil.copy(file, home / "tests")
        self.sdk = home / "sdk" / "opencmr"

    def move_in(self) -> None:
        """A schema folder, a message module, a family module, what each role holds in hand; and they are registered."""
        shutil.copytree(PRAISE / "spec", self.home / "spec" / "v1" / "praise")
        shutil.copy(PRAISE / "messages.py", self.sdk / "messages" / "praise.py")
        shutil.copy(PRAISE / "family.py", self.sdk / "protocol" / "families" / "praise.py")
        for role in ("customer", "vendor"):
            shutil.copy(PRAISE / f"{role}.py", self.sdk / "roles" / role / "in_hand" / "praise.py")
        self.register()
        for tool in ("families.py", "sign_examples.py"):
            done = self.run(f"tools/{tool}")
            assert done.returncode == 0, done.stdout + done.stderr

    def register(self) -> None:
        """A line among the families and one for each role's namespaces, and the imports that they need."""
        file = self.sdk / "messages" / "families.py"
        text = file.read_text().replace(REGISTERED, REGISTERED + '    "praise": (praise,),\n')
        file.write_text(text.replace("offer, order, relationship", "offer, order, praise, relationship"))
        for role in ("customer", "vendor"):
            file = self.sdk / "roles" / role / "relationship.py"
            text = file.read_text().replace(ORDERS, ORDERS + "    praises = Namespace(Praises)\n")
            file.write_text(text.replace(TERMS, "from .in_hand.praise import Praises\n" + TERMS))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the copy: a file, or `-m` and a module."""
        paths = (self.home / "sdk", self.home / "tools", self.home / "tests", self.home / "tests" / "conformance")
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}  # compiled once, as in any house
        return subprocess.run(
            [sys.executable, *command], cwd=self.home, env=env, capture_output=True, text=True, timeout=200, check=False
        )
