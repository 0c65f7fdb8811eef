"""Messages as customers send them, at the size that is asked for, signed by fresh keys."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from opencmr import Draft, Price, Want, consent, intent, terms, trust
from opencmr.messages import Body
from opencmr.messages.consent import GrantItem
from opencmr.messages.types import Attr, Party, Place, Quantity
from opencmr.protocol import Verified, instant, roster
from opencmr.roles.party.signing import Link, Signer

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
    """A customer with one key, who talks to one vendor.

    Attributes:
        prior: Digest of their last word.
        seen: Digest of the vendor's last word that they hold.
    """

    def __init__(self, to: str = VENDOR) -> None:
        key = trust.SigningKey.generate()
        self.to = to
        self.key = key
        self.signer = Signer(key.did, key, trust.key_url(key.did))
        self.prior: str | None = None
        self.seen: str | None = None

    def opening(self, kind: str = "consent.grant", size: int = SIZE) -> bytes:
        """A message of this size that opens a thread."""
        return self.openings(1, kind, size)[0]

    def openings(self, many: int, kind: str = "consent.grant", size: int = SIZE) -> list[bytes]:
        """Several of them, all alike but for what must differ; the very first word names none before it."""
        at = datetime.now(UTC)
        bare = len(self._written(KINDS[kind]("x", at), at, self.prior).raw)
        body = KINDS[kind](_words(size - bare + 1), at)
        return [self.say(body, at) for _ in range(many)]

    def thread(self, many: int) -> Iterator[bytes]:
        """A wish, and amendments of it; let `hear` know the receipt of each before the next is made."""
        at = datetime.now(UTC)
        raw = self.say(cast(_words(300), at), at)
        id_, body = str(trust.parse(raw)["id"]), amend(_words(300), at)
        yield raw
        for _ in range(many - 1):
            yield self.say(body, at, id_)

    def hear(self, answers: Sequence[bytes]) -> None:
        """The vendor's words, as they came; the last is known from now on."""
        self.seen = trust.digest(answers[-1])

    def say(self, body: Body, at: datetime, thread: str | None = None) -> bytes:
        """The next word."""
        said = self._written(body, at, self.prior, thread)
        self.prior = said.digest
        return said.raw

    def _written(self, body: Body, at: datetime, prior: str | None, thread: str | None = None) -> Verified:
        link = Link(prior=prior, seen=self.seen)
        return self.signer.write(Draft(body), to=self.to, at=instant(at), thread=thread, link=link)


def _words(length: int) -> str:
    return (WORDS * (1 + length // len(WORDS)))[: max(1, length)].strip() or "x"
