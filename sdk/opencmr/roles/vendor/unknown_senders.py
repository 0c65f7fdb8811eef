"""Collects of unknown senders: one must not open the mailbox that its sender has a moment later."""

from ...errors import OverQuota, Replayed
from ...messages import Message, core
from ...protocol.clock import shifted
from ...protocol.receiving import REQUEST_WINDOW
from ...store import Peer, Rows

MOST = 10_000
"""How many collects are remembered. Strangers beyond it are told to come again: their mailboxes are empty anyway."""


class UnknownSenders:
    """Remembers what strangers have used for as long as its date would pass.

    They are in memory, up to a number, so that nobody can fill a store; and in the store, for the other processes on
    it.
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], str] = {}
        self._first_until = ""
        self._forgot = ""

    def check(self, message: Message[core.Collect]) -> None:
        """Refuse what was used when its sender was a stranger.

        Raises:
            Replayed: It was.
        """
        if (message.from_, message.id) in self._used:
            raise Replayed("this collect has been used", pointer="/id", rule="COR-9")

    def note(self, message: Message[core.Collect], now: str) -> None:
        """Remember that a stranger has used this.

        Raises:
            OverQuota: Too many strangers.
        """
        if len(self._used) >= MOST and now > self._first_until:
            self._used = {used: until for used, until in self._used.items() if until >= now}
            self._first_until = min(self._used.values(), default="")  # before then there is nothing to forget
        if len(self._used) >= MOST:
            raise OverQuota("too many collects of strangers")
        self._used[message.from_, message.id] = shifted(message.created, REQUEST_WINDOW)

    def keep(self, rows: Rows, message: Message[core.Collect], now: str) -> None:
        """Note for all processes on this store that a stranger has used this.

        Raises:
            Replayed: It was used before, at another process.
        """
        if self._forgot < shifted(now, -REQUEST_WINDOW):
            rows.forget_strangers(now)
            self._forgot = now
        if not rows.use_as_stranger(message.from_, message.id, until=shifted(message.created, 2 * REQUEST_WINDOW)):
            raise Replayed("this collect has been used", pointer="/id", rule="COR-9")

    def check_kept(self, rows: Rows, peer: Peer, message: Message[core.Collect], now: str) -> None:
        """Refuse what another process was shown when its sender was a stranger: not long ago, as its date tells.

        Raises:
            Replayed: It was used so.
        """
        if now <= shifted(peer.opened, 3 * REQUEST_WINDOW) and rows.was_stranger(message.from_, message.id):
            raise Replayed("this collect has been used", pointer="/id", rule="COR-9")
