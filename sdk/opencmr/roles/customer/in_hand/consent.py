"""Consents: asked for by the vendor, or given unasked (`spec/v1/consent/`)."""

from collections.abc import Sequence
from typing import Any

from ....errors import UsageError
from ....messages import consent
from ....messages.personal import Datum
from ....messages.types import MOST_TEXT, Channel, Code, Party
from ....protocol.families.consent import Consent, in_words
from ...party.given import among, listed, made
from ...party.signing import Deadline, deadline
from ...party.threads import Handle, Threads
from ..messaging import Messaging


class ConsentInHand(Handle[Messaging, Consent]):
    """A consent, asked for or given unasked."""

    family = "consent"
    kind = Consent

    @property
    def request(self) -> consent.Request | None:
        """What the vendor asked for, if it did."""
        return self.record.request

    async def grant(
        self,
        *keys: str,
        items: Sequence[consent.GrantItem] = (),
        until: Deadline | None = None,
        discloses: Sequence[Datum] | None = None,
    ) -> None:
        """Grant what was asked, whole or in part.

        Args:
            keys: The items to grant as asked; absent, and no `items` either: all of them.
            items: Items to grant more narrowly than asked.
            until: Until when, exclusive; absent: as asked.
            discloses: Data that goes with it, such as the address for a newsletter; each at or below that of an item.

        Raises:
            UsageError: Nothing was asked for here, or not by this key.
        """
        asked = self.request
        if asked is None:
            raise UsageError("nothing was asked for in this thread")
        known = {item.key: item for item in asked.items}
        self._check_keys(keys)
        chosen = keys if keys or items else tuple(known)
        as_asked = [_as_asked(known[key]) for key in chosen]
        last = deadline(until, self.relationship.now()) if until is not None else asked.until
        said = listed("discloses", discloses) if discloses else None
        granted = [*as_asked, *listed("items", items)]
        await self.say(made(consent.Grant, items=granted, until=last, discloses=said))

    async def refuse(self, *keys: str, reason: str | None = None) -> None:
        """Refuse all that is asked, or the items of these keys.

        Raises:
            UsageError: There is no item of such a key.
        """
        self._check_keys(keys)
        await self.say(made(consent.Refuse, keys=list(keys) or None, reason=reason))

    async def withdraw(self, *keys: str, reason: str | None = None) -> None:
        """Take back all, or the items of these keys. The vendor cannot refuse this.

        Raises:
            UsageError: There is no item of such a key.
        """
        self._check_keys(keys)
        await self.say(made(consent.Withdraw, keys=list(keys) or None, reason=reason))

    def _check_keys(self, keys: Sequence[str]) -> None:
        if keys:  # without any, all can be taken back before anything has taken effect
            among("item", keys, self.record.items)


class Consents(Threads[Messaging, ConsentInHand]):
    """The consents, in any state; those that the vendor asks for and that have no answer are `requested`."""

    handle = ConsentInHand

    async def grant(
        self,
        *,
        purpose: str | Sequence[str],
        data: Sequence[str],
        until: Deadline,
        actions: Sequence[str] = ("dpv:Processing",),
        channels: Sequence[Channel] | None = None,
        topics: Sequence[Code] | None = None,
        recipients: Sequence[Party] | None = None,
        discloses: Sequence[Datum] | None = None,
        statement: str | None = None,
    ) -> ConsentInHand:
        """Give a consent that nobody asked for.

        Args:
            purpose: What for: a DPV purpose, or several.
            data: Which data.
            until: Until when, exclusive.
            actions: What may be done. Tracking, profiling, sharing and transfer must be named.
            channels: Over which channels the customer may be reached; absent: no matter which.
            topics: What the words may be about; absent: anything.
            recipients: Who else may process it; absent: the vendor and its processors.
            discloses: Data that goes with it, such as the address for a newsletter; each at or below `data`.
            statement: The customer's own words; absent: a plain sentence that says the same.

        Raises:
            UsageError: The statement is too long.
        """
        last = deadline(until, self.relationship.now())
        item = made(
            consent.GrantItem,
            key="1",
            purposes=[purpose] if isinstance(purpose, str) else listed("purpose", purpose),
            data=listed("data", data),
            actions=listed("actions", actions),
            channels=listed("channels", channels) if channels else None,
            topics=listed("topics", topics) if topics else None,
            recipients=listed("recipients", recipients) if recipients else None,
        )
        words: Any = statement or in_words(item, last)
        if isinstance(words, str) and len(words) > MOST_TEXT:
            raise UsageError(f"the statement has {len(words)} characters, {MOST_TEXT} at most; say one: statement=…")
        given = made(
            consent.Grant,
            items=[item],
            until=last,
            statement=words,
            discloses=listed("discloses", discloses) if discloses else None,
        )
        return ConsentInHand(self.relationship, await self.relationship.say(given))


def _as_asked(item: consent.RequestItem) -> consent.GrantItem:
    return consent.GrantItem(**{name: value for name, value in item if name in consent.Item.model_fields})
