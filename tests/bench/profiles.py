"""Where the time goes: some functions are wrapped, and each one's own time is counted, without that of those it calls.

Processor time of the thread is counted, so that a step that waits for the disk or for another thread isn't blamed.
"""

import functools
import gc
import importlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .measure import Figure

STEPS = (
    ("HTTP: read requests", "uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol.data_received"),
    ("parse", "opencmr.roles.vendor.receiving", "parse"),
    ("verify (what isn't below)", "opencmr.roles.vendor.receiving", "verify"),
    ("validate (model)", "opencmr.messages", "read"),
    ("canonicalise and hash", "opencmr.trust.proof", "hash_data"),
    ("libsodium: verify", "nacl.bindings", "crypto_sign_open"),
    ("libsodium: sign", "nacl.bindings", "crypto_sign"),
    ("fold: settle", "opencmr.roles.vendor.transaction", "settle"),
    ("receipt (but for its signature)", "opencmr.roles.party.signing", "Signer.receipt"),
    ("transaction: the rest", "opencmr.roles.vendor.transaction", "Transactions.receive"),
    ("transaction: known already?", "opencmr.roles.vendor.transaction", "Transactions.known"),
    ("store: look up", "opencmr.store.batch", "Batch.look_up"),
    ("store: write rows", "opencmr.store.batch", "Batch.flush"),
    ("store: begin, commit, the rest of a group", "opencmr.store.database", "Store._together"),
    ("store: tell those that wait", "opencmr.store.database", "_settle"),
)
"""Step, module, function. One that a later version doesn't have any more is left out."""
COLLECTOR = "garbage collector"


class Watch:
    """Counts each step's own processor time, in every thread."""

    def __init__(self) -> None:
        self.spent: dict[str, int] = defaultdict(int)
        self.calls: dict[str, int] = defaultdict(int)
        self._inner = threading.local()

    def wrapped(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function, watched."""

        @functools.wraps(work)
        def watched(*args: Any, **more: Any) -> Any:
            outer = getattr(self._inner, "spent", 0)
            self._inner.spent = 0
            began = time.thread_time_ns()
            try:
                return work(*args, **more)
            finally:
                took = time.thread_time_ns() - began
                self.spent[step] += took - self._inner.spent
                self.calls[step] += 1
                self._inner.spent = outer + took

        return watched

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        """The collector runs within whatever step made the last object; it isn't blamed on that one."""
        if phase == "start":
            self._inner.collecting = time.thread_time_ns()
            return
        took = time.thread_time_ns() - self._inner.collecting
        self.spent[COLLECTOR] += took
        self._inner.spent = getattr(self._inner, "spent", 0) + took

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch the steps for a while."""
        undo: list[tuple[Any, str, Any]] = []
        gc.callbacks.append(self._collected)
        try:
            for step, module, path in STEPS:
                *owners, name = path.split(".")
                owner: Any = importlib.import_module(module)
                for each in owners:
                    owner = getattr(owner, each, None)
                work = getattr(owner, name, None)
                if work is not None:
                    undo.append((owner, name, work))
                    setattr(owner, name, self.wrapped(step, work))
            yield
        finally:
            gc.callbacks.remove(self._collected)
            for owner, name, work in reversed(undo):
                setattr(owner, name, work)


def by_step(work: Callable[[Callable[[], None]], int]) -> dict[str, Figure]:
    """Microseconds of processor time a message, step by step, and what none of the steps explains.

    Args:
        work: Does the work; calls what it is given when the preparations are over; gives the number of messages.
    """
    watch, began = Watch(), list[float]()

    def ready() -> None:
        watch.spent.clear()
        began.append(time.process_time())

    with watch.on():
        messages = work(ready)
        whole = (time.process_time() - began[-1]) / messages * 1e6
    steps = {step: spent / messages / 1000 for step, spent in watch.spent.items()}
    order = [step for step in (*(step for step, _, _ in STEPS), COLLECTOR) if step in steps]
    shown = {"the whole (with the watch)": whole, **{step: steps[step] for step in order}}
    shown["the rest: event loop, tasks, threads, application"] = whole - sum(steps.values())
    return {step: Figure("µs", (each,)) for step, each in shown.items()}
