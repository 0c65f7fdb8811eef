"""Where the faults of broken parties enter: public names of the SDK, and what it is handed or hands out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from opencmr import trust
from opencmr.conformance.wire import Answer
from opencmr.messages import terms
from opencmr.protocol import lifecycle
from opencmr.protocol.families import terms as terms_fold
from opencmr.protocol.families.intent import returning
from opencmr.roles.party.signing import Signer

DID = "did:web:127.0.0.1%3A8001"
KEY = trust.SigningKey(b"broken vendor".ljust(32))
"""The vendor's key, so that a fault can sign with it."""


class ForGood:
    """Puts faults into a process that has nothing else to do: as `pytest.MonkeyPatch`, and never undone."""

    setattr = staticmethod(setattr)

    @staticmethod
    def setitem(table: Any, key: Any, value: Any) -> None:
        """Replace an entry of a table."""
        table[key] = value

    @staticmethod
    def delitem(table: Any, key: Any) -> None:
        """Take an entry out of a table."""
        del table[key]


@dataclass
class Switch:
    """Where a fault is put in.

    Attributes:
        patch: A `pytest.MonkeyPatch`, or `ForGood`.
        vendor: The vendor; none where the broken party is a customer.
        twist: Changes what the vendor answers.
    """

    patch: Any
    vendor: Any = None
    twist: Callable[[str, Answer], Answer] = field(default=lambda _, answer: answer)

    signer = Signer(DID, KEY, trust.key_url(DID))

    def around(self, owner: Any, name: str, outer: Callable[..., Any]) -> None:
        """Put something around a function: it gets the inner one first."""
        inner = getattr(owner, name)
        self.patch.setattr(owner, name, lambda *args, **named: outer(inner, *args, **named))

    def swap(self, owner: Any, name: str, **members: Any) -> None:
        """Replace members of a module, as one other module sees it: the suite uses the same code."""
        self.patch.setattr(owner, name, Seen(getattr(owner, name), members))

    def takes(self, record: Any, kind: Any, outer: Callable[..., Any]) -> None:
        """Put something around how a record takes messages of some kinds: it gets the inner take, the record, the word.

        Args:
            record: The class of the record.
            kind: A class of bodies, or several.
            outer: What does it instead. The inner take wants a record and a word, and perhaps another context.
        """

        def take(whole: Any, self: Any, said: Any, to: Any, context: Any) -> Any:
            def inner(self: Any, said: Any, context: Any = context) -> Any:
                return whole(self, said, to, context)

            return outer(inner, self, said) if isinstance(said.message.body, kind) else inner(self, said)

        self.around(record, "take", take)

    def hears(self, record: Any, kind: Any, change: Callable[[Any, Any], dict[str, Any]]) -> None:
        """The same: it hears another body; `change` gets the record and the body, and gives members that are others."""
        self.takes(record, kind, lambda inner, self, said: inner(self, saying(said, **change(self, said.message.body))))


class Seen:
    """A module with some members replaced."""

    def __init__(self, module: Any, members: dict[str, Any]) -> None:
        self._module, self._members = module, members

    def __getattr__(self, name: str) -> Any:
        return self._members[name] if name in self._members else getattr(self._module, name)


Break = Callable[[Switch], None]


def instead(owner: Any, name: str, value: Any) -> Break:
    """Something else under a name."""
    return lambda at: at.patch.setattr(owner, name, value)


def around(owner: Any, name: str, outer: Callable[..., Any]) -> Break:
    """See `Switch.around`."""
    return lambda at: at.around(owner, name, outer)


def swap(owner: Any, name: str, **members: Any) -> Break:
    """See `Switch.swap`."""
    return lambda at: at.swap(owner, name, **members)


def takes(record: Any, kind: Any, outer: Callable[..., Any]) -> Break:
    """See `Switch.takes`."""
    return lambda at: at.takes(record, kind, outer)


def hears(record: Any, kind: Any, change: Callable[[Any, Any], dict[str, Any]]) -> Break:
    """See `Switch.hears`."""
    return lambda at: at.hears(record, kind, change)


def row(family: str, state: str, type_: str, side: str, *, to: tuple[str, ...] = ()) -> Break:
    """A lifecycle in which a row leads elsewhere; to nowhere: without it."""
    rows, key = lifecycle(family).rows, (state, type_, side)
    return lambda at: at.patch.setitem(rows, key, to) if to else at.patch.delitem(rows, key)


def saying(said: Any, **members: Any) -> Any:
    """A word with other members of its body."""
    body = said.message.body.model_copy(update=members)
    return replace(said, message=said.message.model_copy(update={"body": body}))


# What vendors and customers get wrong alike


def ignores_answer_by(at: Switch) -> None:
    """Terms are accepted and countered at any time."""
    kinds = (terms.Accept, terms.Counter)
    at.takes(terms_fold.Agreement, kinds, lambda inner, self, said: inner(replace(self, answer_by=None), said))


def accepts_what_was_overtaken(at: Switch) -> None:
    """Whatever else the customer has said of these terms."""
    knows_nothing = SimpleNamespace(threads={})
    at.takes(terms_fold.Agreement, terms.Accept, lambda inner, self, said: inner(self, said, knows_nothing))


def never_comes_to_an_end(at: Switch) -> None:
    """No refund covers what was withdrawn from."""
    at.patch.setattr(returning.Withdrawal, "covered_by", lambda self, report, lines: False)
