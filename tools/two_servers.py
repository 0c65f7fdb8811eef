"""Two `opencmr serve` on one PostgreSQL, behind a plain round-robin, pass `opencmr conformance` together.

    .venv/bin/python tools/two_servers.py               # starts PostgreSQL out of its wheel; exit 0: all passed
    .venv/bin/python tools/two_servers.py --servers 4
    .venv/bin/python tools/two_servers.py --store postgresql://…     # an empty database of yours
    .venv/bin/python tools/two_servers.py -- --only COR --verbose    # what follows goes to `opencmr conformance`

Both servers begin at once on an empty database and with no key yet. Each request goes to the next server, so a customer
who opens a relationship with one is answered by the other.
"""

import argparse
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import postgres
from fleet import fleet


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--servers", type=int, default=2, help="how many (2)")
    parser.add_argument("--store", help="the URL of an empty store; absent: a PostgreSQL is started for it")
    parser.add_argument("options", nargs="*", help="for `opencmr conformance`, after --")
    asked = parser.parse_args()
    with ExitStack() as stack:
        store = asked.store or stack.enter_context(postgres.cluster()).database()
        served = stack.enter_context(fleet(store, servers=asked.servers))
        print(f"{asked.servers} servers on one database: processes {', '.join(map(str, served.pids))}", flush=True)
        command = [sys.executable, "-m", "opencmr.cli", "conformance", served.url, *asked.options]
        code = subprocess.run(command, check=False).returncode
        print("requests carried: " + ", ".join(map(str, served.robin.carried)))
        if code:
            sys.stderr.write(served.logs()[-4000:])
    print("passed" if code == 0 else "failed")
    return code


if __name__ == "__main__":
    sys.exit(main())
