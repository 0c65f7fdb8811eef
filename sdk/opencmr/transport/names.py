"""Names looked up so that one which nobody answers for holds up no other.

The system's look-up blocks its thread, for half a minute where a name server is dead, and cannot be called off. asyncio
has a handful of threads for all that blocks, the store's work among it: a few dead names would hold up everything. So
look-ups have threads of their own, one for a name however many ask for it, and as many as there are names.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future

MOST_AT_ONCE = 256
"""Names that are being looked up at once, those included that nobody waits for any more."""


def _ask_the_system(host: str) -> list[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Names:
    """Look-ups of names by the system. One who stops waiting leaves the look-up to others.

    Args:
        ask: From a host name to its addresses; it may block. What it raises is raised to who asked.
        most: Names at once, at most.
    """

    def __init__(self, ask: Callable[[str], list[str]] = _ask_the_system, most: int = MOST_AT_ONCE) -> None:
        self._ask = ask
        self._most = most
        self._asked: dict[str, Future[list[str]]] = {}
        self._lock = threading.Lock()

    async def __call__(self, host: str) -> list[str]:
        """All addresses of a host, as text. How long it may take is for the caller to bound.

        Raises:
            OSError: It has none; or too many names are being looked up that nobody answers for.
            UnicodeError: It is no name.
        """
        found = await asyncio.wrap_future(self._begun(host))
        return list(found)  # others have the same one

    def _begun(self, host: str) -> Future[list[str]]:
        with self._lock:
            if host in self._asked:
                return self._asked[host]
            if len(self._asked) >= self._most:
                raise OSError(f"{self._most} names are being looked up, and nobody answers")
            future = self._asked[host] = Future()
        future.set_running_or_notify_cancel()  # from here on, who stops waiting ends it for nobody else
        # Not of a pool, whose threads the interpreter would wait for when it ends.
        threading.Thread(target=self._look_up, args=(host, future), name="opencmr-names", daemon=True).start()
        return future

    def _look_up(self, host: str, future: Future[list[str]]) -> None:
        try:
            found = self._ask(host)
        except BaseException as error:  # whatever it is, it is for who waits
            self._forget(host)
            future.set_exception(error)
        else:
            self._forget(host)
            future.set_result(found)

    def _forget(self, host: str) -> None:
        """The next who asks, asks anew: nothing is kept, so no answer is older than the question."""
        with self._lock:
            del self._asked[host]
