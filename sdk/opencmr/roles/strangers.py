"""Collects of DIDs that a vendor does not know: they must not open the mailbox that such a DID has a moment later."""

from ..errors import OverQuota, Replayed
from ..messages import Message, core
from ..protocol.clock import shifted
from ..protocol.receiving import COLLECT_WINDOW

MOST = 10_000
"""How many collects are remembered. Strangers beyond it are told to come again: their mailboxes are empty anyway."""


class Strangers:
    """Remembers what strangers have used, in memory, for as long as its date would pass. Nobody can fill a store."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], str] = {}

    def check(self, message: Message[core.Collect]) -> None:
        """Refuse what was used when its sender was a stranger.

        Raises:
            Replayed: It was.
        """
        if (message.from_, message.id) in self._used:
            raise Replayed("this collect has been used", pointer="/id")

    def note(self, message: Message[core.Collect], now: str) -> None:
        """Remember that a stranger has used this.

        Raises:
            OverQuota: Too many strangers.
        """
        if len(self._used) >= MOST:
            self._used = {used: until for used, until in self._used.items() if until >= now}
            if len(self._used) >= MOST:
                raise OverQuota("too many collects of strangers")
        self._used[message.from_, message.id] = shifted(message.created, COLLECT_WINDOW)
