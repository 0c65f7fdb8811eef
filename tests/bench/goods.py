"""Messages as customers send them, at the size that is asked for, signed by fresh keys."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from opencmr import Draft, Price, Want, consent, intent, terms, trust
from opencmr.messages import Body
from opencmr.messages.consent import GrantItem
from opencmr.messages.types import Attr, Party, Place, Quantity
from opencmr.protocol import instant, roster
from opencmr.roles.pen import Link, Pen

VENDOR = "did:web:shop.example"
SIZE = 1500
"""Bytes of the messages that the goals speak of."""
WORDS = (
    "I agree that you write to me about new boots and about the care of those that I have, by e-mail and no more than "
    "once a month; please don't call me. What I've told you of my feet is for choosing the right size and for nothing "
    "else, and I'd like you to forget it when we are done. "
)


def grant(words: str, at: datetime) -> Body:
    """Consent to two things, with a statement of the customer's own."""
    news = GrantItem(
        key="news",
        purposes=["dpv:DirectMarketing"],
        data=["pd:EmailAddress", "pd:Name"],
        actions=["dpv:Use", "dpv:Store"],
        recipients=[Party(name="Mailer GmbH", role="processor", country="DE-BE")],
        channels=["email"],
        stored_in=["IE", "DE"],
    )
    study = GrantItem(key="study", purposes=["dpv:ServiceOptimisation"], data=["pd:Age"], actions=["dpv:Use"])
    return consent.Grant(items=[news, study], until=instant(at + timedelta(days=365)), statement=words)


def cast(words: str, at: datetime) -> Body:
    """A wish with a few wants and a note."""
    return intent.Cast(**_wish(words, at))


def amend(words: str, at: datetime) -> Body:
    """The wish again, as it now stands."""
    return intent.Amend(**_wish(words, at))


def proffer(words: str, _: datetime) -> Body:
    """Terms, in order of preference, with a note."""
    return terms.Proffer(choices=[roster.ref("SD-BASE"), roster.ref("SD-BASE-DP")], note=words)


def withdraw(_: str, __: datetime) -> Body:
    """Consent taken back: a small message."""
    return consent.Withdraw(reason="changedMind")


KINDS = {"consent.grant": grant, "intent.cast": cast, "terms.proffer": proffer}


def _wish(words: str, at: datetime) -> dict[str, object]:
    return {
        "wants": [
            Want(
                name="Hiking boots, waterproof",
                attributes=[
                    Attr(name="size", value="43"),
                    Attr(name="colour", one_of=["brown", "black"], wish=True),
                ],
                quantity=Quantity(value="1"),
            ),
            Want(name="Care of leather boots", deal="maintain"),
        ],
        "terms": [roster.ref("SD-BASE")],
        "standing": "ready",
        "budget": Price("240", "EUR"),
        "places": [Place(country="DE-BE", postal_code="10115")],
        "delivery": ["parcel"],
        "on_accept": ["pd:PhysicalAddress", "pd:Name"],
        "note": words,
        "lang": "en",
    }


class Sender:
    """A customer with one key, who talks to one vendor."""

    def __init__(self, to: str = VENDOR) -> None:
        key = trust.SigningKey.generate()
        self.to = to
        self.key = key
        self.pen = Pen(key.did, key, trust.key_url(key.did))

    def opening(self, kind: str = "consent.grant", size: int = SIZE) -> bytes:
        """A message of this size that opens a thread."""
        at = datetime.now(UTC)
        bare = len(self._write(KINDS[kind]("x", at), at))
        return self._write(KINDS[kind](_words(size - bare + 1), at), at)

    def openings(self, many: int, kind: str = "consent.grant", size: int = SIZE) -> list[bytes]:
        """Several of them; all alike but for what must differ."""
        at = datetime.now(UTC)
        bare = len(self._write(KINDS[kind]("x", at), at))
        body = KINDS[kind](_words(size - bare + 1), at)
        return [self._write(body, at) for _ in range(many)]

    def thread(self, many: int) -> Iterator[bytes]:
        """A wish, and amendments of it, each after the one before."""
        at = datetime.now(UTC)
        raw = self._write(cast(_words(300), at), at)
        id_, body = str(trust.read(raw)["id"]), amend(_words(300), at)
        yield raw
        for _ in range(many - 1):
            link = Link(prior=trust.digest(raw))
            raw = self.pen.write(Draft(body), to=self.to, at=instant(at), thread=id_, link=link).raw
            yield raw

    def _write(self, body: Body, at: datetime) -> bytes:
        return self.pen.write(Draft(body), to=self.to, at=instant(at), link=Link()).raw


def _words(length: int) -> str:
    return (WORDS * (1 + length // len(WORDS)))[: max(1, length)].strip() or "x"
