"""Runs a vendor, customers and PostgreSQL as processes of their own, and kills them at random points under load.

Processes are forked from one that has loaded everything (`forkserver`), so that a start takes a tenth of a second; what
they do is what `opencmr serve` and any wallet do. Progress is counted by what was acknowledged, never by the clock.
"""

import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import orjson

import postgres
from crash import customer, sides
from opencmr.store import Store
from opencmr.store.integrity import inspect_messages
from serving import did_of, listening

WALLETS = 3
PATIENCE = 60.0
"""Seconds after which a process that makes no progress is a fault of its own."""
_WITHIN = 0.02
"""Seconds: a kill comes at a random moment within so many after the last acknowledgement that was waited for."""
HIMSELF = "customer, at a point"
"""A customer that is killed where it stands between two steps."""
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["crash.loaded"])


class Stuck(AssertionError):
    """A process does not go on, or ended by itself."""


@dataclass
class Crashed:
    """What came of a round.

    Attributes:
        killed: Who was killed.
        messages: How many messages were acknowledged in it.
        losses: What is not as it must be.
    """

    killed: tuple[str, ...]
    messages: int
    losses: list[str] = field(default_factory=list)


class House:
    """A vendor, its customers, and their stores, which outlive all of them.

    Args:
        folder: Where the stores, journals and logs are.
        bound: A listening socket. It outlives the vendor, as with any supervisor that hands sockets on: who calls while
            it is dead waits.
        dice: What decides who is killed, and when.
        server: The PostgreSQL that holds the vendor's store; absent: SQLite.
        hasty: Let the vendor answer before it has committed, to see that this is noticed.
    """

    def __init__(
        self, folder: Path, bound: socket.socket, dice: random.Random, server: postgres.Cluster | None = None,
        *, hasty: bool = False,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.did = did_of(bound)
        self.store = server.database() if server else str(folder / "shop.db")
        self.acknowledged = 0
        self._bound = bound
        self._dice = dice
        self._server = server
        self._hasty = hasty
        self._journals: list[Path] = []
        self._vendor: ForkServerProcess | None = None
        self._customers: ForkServerProcess | None = None
        self._line: Connection | None = None

    def begin(self) -> None:
        """Start the vendor."""
        self._serve()

    def round(self) -> Crashed:
        """Load, a kill, a new start, more load, quiet; and what both sides hold then."""
        before = self.acknowledged
        killed = self.strike()
        losses = [f"while they spoke: {why}" for why in self.missing()]
        losses += [f"misconduct: {each}" for each in self._settle()]
        losses += self._look()
        return Crashed(killed, self.acknowledged - before, losses)

    def strike(self, *killed: str) -> tuple[str, ...]:
        """Let customers speak, kill, start anew whoever is dead, and let them go on.

        Args:
            killed: Who; absent: the dice say.
        """
        killed = killed or self._choose()
        if killed == (HIMSELF,):
            self._send_customers((self._dice.choice(customer.POINTS), self._dice.randint(1, 12)))
            self._progress(None)
        else:
            self._send_customers()
            self._progress(self._dice.randint(3, 25))
            time.sleep(self._dice.random() * _WITHIN)
            for each in killed:
                self._kill(each)
        if "postgres" in killed:
            assert self._server is not None
            self._server.start()
        if "vendor" in killed:
            self._serve()
        if HIMSELF in killed or "customer" in killed:
            self._send_customers()
        self._progress(self._dice.randint(3, 10))
        return killed

    def missing(self) -> list[str]:
        """What was acknowledged and is not in the vendor's store, while everybody goes on."""
        lines = list(sides.acknowledged(self._journals))  # first, or it would be ahead of what is read
        with Store(self.store, read_only=True) as store:
            return list(sides.missing(sides.seen(store, did=self.did), lines))

    def end(self) -> None:
        """Kill whoever still runs."""
        for process in (self._vendor, self._customers):
            if process is not None:
                process.kill()
                process.join()
                process.close()
        if self._line is not None:
            self._line.close()

    def _choose(self) -> tuple[str, ...]:
        """Who is killed, in this order."""
        choices = [("vendor",), ("vendor",), ("customer",), (HIMSELF,), (HIMSELF,),
                   ("vendor", "customer")]  # fmt: skip
        if self._server:
            choices += [("postgres",), ("postgres",), ("postgres", "vendor"), ("postgres", "vendor", "customer")]
        return self._dice.choice(choices)

    def _serve(self) -> None:
        told = {"CRASH_STORE": self.store, "CRASH_KEYS": str(self.folder / "shop.keys"), "CRASH_DID": self.did,
                "CRASH_HASTY": "1" if self._hasty else ""}  # fmt: skip
        self._vendor = _context.Process(
            target=_serve, args=(self._bound, told, self.folder / "vendor.log"), daemon=True
        )
        self._vendor.start()

    def _send_customers(self, dies: tuple[str, int] | None = None) -> None:
        self._forget_customers()
        journal = self.folder / f"journal-{len(self._journals)}"
        self._journals.append(journal)
        orders = customer.Orders(self.folder, self.did, WALLETS, str(self._dice.random()), journal, dies)
        self._line, theirs = _context.Pipe()
        log = self.folder / "customer.log"
        self._customers = _context.Process(target=_live, args=(orders, theirs, log), daemon=True)
        self._customers.start()
        theirs.close()

    def _forget_customers(self) -> None:
        if self._customers is not None and self._line is not None:
            self._customers.join()
            self._customers.close()
            self._line.close()
        self._customers = self._line = None

    def _kill(self, name: str) -> None:
        if name == "postgres":
            assert self._server is not None
            self._server.kill()
            return
        process = self._vendor if name == "vendor" else self._customers
        assert process is not None
        process.kill()
        process.join()
        if name == "vendor":
            process.close()
            self._vendor = None

    def _heard(self) -> bytes | None:
        """What the customers say next; nothing once they are dead.

        Raises:
            Stuck: Nobody goes on, or the vendor has ended by itself.
        """
        assert self._vendor is not None
        assert self._line is not None
        ready = wait([self._line, self._vendor.sentinel], PATIENCE)
        if not ready or ready == [self._vendor.sentinel]:
            raise Stuck(f"no progress, or the vendor ended by itself: {self._said()}")
        try:
            return self._line.recv_bytes()
        except (EOFError, ConnectionResetError):
            return None

    def _progress(self, count: int | None) -> None:
        """Wait for so many acknowledgements; for none in particular: until the customers die."""
        left = count
        while left is None or left > 0:
            heard = self._heard()
            if heard is None:
                if left is None:
                    assert self._customers is not None
                    self._customers.join()
                    if self._customers.exitcode != -signal.SIGKILL:
                        raise Stuck(f"the customers ended by themselves: {self._said()}")
                    return
                raise Stuck(f"the customers ended by themselves: {self._said()}")
            self.acknowledged += 1
            left = None if left is None else left - 1

    def _settle(self) -> list[str]:
        """Let the customers come to rest and end; gives the misconduct that they have noticed."""
        assert self._line is not None
        self._line.send_bytes(b"s")
        while (heard := self._heard()) is not None:
            if heard != b".":
                found: list[str] = orjson.loads(heard)["settled"]
                self._forget_customers()
                return found
            self.acknowledged += 1
        raise Stuck(f"the customers do not come to rest: {self._said()}")

    def _look(self) -> list[str]:
        wallets = sorted(self.folder.glob("wallet-*.db"))
        customers: sides.Seen = {}
        for wallet in wallets:
            with Store(wallet, read_only=True) as store:
                customers |= sides.seen(store)
        with Store(self.store, read_only=True) as store:
            vendor = sides.seen(store, did=self.did)
        found = list(sides.losses(vendor, customers, list(sides.acknowledged(self._journals))))
        found += [f"{store}: {fault}" for store in (self.store, *wallets) for fault in inspect_messages(store)]
        for wallet in wallets:
            found += sides.evidence_losses(wallet, self.folder / f"evidence-{wallet.stem}")
        return found

    def _said(self) -> str:
        return "".join(log.read_text()[-2000:] for log in sorted(self.folder.glob("*.log")))


@contextlib.contextmanager
def house(dice: random.Random, server: postgres.Cluster | None = None, *, hasty: bool = False) -> Iterator[House]:
    """A house with empty stores; everything of it is gone in the end."""
    with listening() as bound:
        folder = Path(tempfile.mkdtemp(prefix="opencmr-crash-"))
        built = House(folder, bound, dice, server, hasty=hasty)
        try:
            built.begin()
            yield built
        finally:
            built.end()
            shutil.rmtree(folder, ignore_errors=True)
            if server:
                server.drop(built.store)


def _serve(bound: socket.socket, told: dict[str, str], log: Path) -> None:
    """`opencmr serve`, in this process."""
    from opencmr.cli.app import run

    _speak_into(log)
    os.environ.update(told)
    sys.argv = ["opencmr", "serve", f"{Path(__file__).with_name('stall.py')}:shop", "--fd", str(bound.fileno())]
    run()


def _live(orders: customer.Orders, line: Connection, log: Path) -> None:
    _speak_into(log)
    customer.live(orders, line)


def _speak_into(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
