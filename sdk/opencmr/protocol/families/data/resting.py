"""What words about data rest on, elsewhere in the relationship (`spec/v1/data/page.md`, DAT-1, DAT-5, DAT-6)."""

from collections.abc import Iterator

from ....errors import UnknownReference
from ....messages import Path, pointer
from ....messages.types import Ref
from ...context import Context
from ...vocabulary import overlaps


def thread_of(context: Context, ref: Ref) -> str | None:
    """The thread in which this message has taken effect; none: in none."""
    for id_, thread in context.threads.items():
        for entry in thread.entries:
            if (entry.digest, entry.id, entry.outcome) == (ref.digest, ref.id, "accepted"):
                return id_
    return None


def threads_of(context: Context, basis: str) -> Iterator[str]:
    """A thread that is a basis, and those whose terms could have ended what it permits."""
    yield basis
    record = context.threads[basis].record
    scopes = {one.scope for one in record.bindings(basis)} if record else set()
    for id_, thread in context.threads.items():
        if id_ != basis and thread.record and any(one.scope in scopes for one in thread.record.bindings(id_)):
            yield id_


def check_about(context: Context, about: Ref, rule: str) -> None:
    """Refuse what is about a message that has not taken effect in this relationship.

    Raises:
        UnknownReference: It is.
    """
    if thread_of(context, about) is None:
        raise UnknownReference("nothing of this id and digest stands here", pointer="/body/about", rule=rule)


def is_live(context: Context, basis: Ref, at: str) -> bool:
    """Whether a permission that has not ended, or what is being done for the customer, rests on this message."""
    if thread_of(context, basis) is None:
        return False
    facts = context.placed
    return any(
        one.effect == "permit" and basis.digest in one.evidence and one.lasts(at, now=True) for one in facts.statements
    ) or any(basis.digest in one.evidence and at < one.until and one.closed is None for one in facts.activities)


def check_known(context: Context, terms: list[str], path: Path, member: str) -> None:
    """Refuse to correct what nobody has named a value of.

    Raises:
        UnknownReference: Of one of these data there is none.
    """
    known = {term for thread in context.threads.values() if thread.record for term in thread.record.data}
    for position, term in enumerate(terms):
        if not any(overlaps("data", one, term) for one in known):
            where = pointer((*path, position, member))
            raise UnknownReference(f"no {term} was shared here", pointer=where, rule="DAT-5")


def is_for_an_order(context: Context, terms: list[str], at: str) -> bool:
    """Whether each of these data was disclosed in an order that lives at this instant."""
    live = [one for one in context.placed.activities if one.kind == "order-live" and one.closed is None]
    held = {term for one in live if at < one.until for term, _ in one.data}
    return all(any(overlaps("data", one, term) for one in held) for term in terms)
