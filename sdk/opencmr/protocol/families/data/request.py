"""The fold of a rights request: how far the vendor is, by when it is due, what came of it (`spec/v1/data/page.md`)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple, Self

from ....errors import NoBasis, WiderThanAsked, WrongState
from ....messages import data, pointer
from ....messages.personal import Datum
from ...chain import Chain
from ...clock import shifted
from ...context import Context
from ...family import Record, Table, Told
from ...said import Point, Said
from ...statements import Activity, Statement, When
from ...vocabulary import EVERYTHING, check_terms
from .handed import check_data
from .objection import erased_by
from .regimes import regime
from .resting import check_about, check_known, is_for_an_order

LASTS = timedelta(days=365)
"""How long rule 1 lasts for a request that nobody answers."""
_TO_ANSWER = ("dpv:RightsFulfilment",)
FINAL = frozenset({"fulfilled", "partly", "denied"})


class Step(NamedTuple):
    """One answer of the vendor's."""

    status: str
    point: Point


@dataclass(frozen=True)
class RightsRequest(Record):
    """A request for what the customer has a right to.

    Attributes:
        state: A state of `data/lifecycle.json`.
        asked: The customer's word.
        body: What is asked.
        due: By when it is to be answered, exclusive; none: nobody has said.
        confirm_by: By when it is to be confirmed, exclusive, where the law says.
        extended: Whether the vendor has said that it takes longer.
        steps: The vendor's answers, in their order.
        answer: The last of them.
        closed: When it was answered for good, or taken back.
        disclosed: What was disclosed to answer it, and when.
        told: The terms of the data that answers named.
        evidence: Digests of the entries that took effect.
    """

    state: str
    asked: Said
    body: data.Request
    due: str | None
    confirm_by: str | None
    extended: bool = False
    steps: tuple[Step, ...] = ()
    answer: data.Answer | None = None
    closed: Point | None = None
    disclosed: tuple[tuple[Datum, Point], ...] = ()
    told: frozenset[str] = frozenset()
    evidence: tuple[str, ...] = ()

    @classmethod
    def begun(cls, said: Said, context: Context) -> Self:
        """The request that this word is. The rules are looked at in the order of their table.

        Raises:
            Problem: A rule of the page is broken.
        """
        body = said.message.body
        check_terms("data", body.data, ("body", "data"))
        check_data(body.corrections, ("body", "corrections"))
        check_data(body.identify, ("body", "identify"))
        if body.about is not None:
            check_about(context, body.about, "DAT-6")
        check_known(context, [datum.data for datum in body.corrections or ()], ("body", "corrections"), "data")
        given = [*(body.corrections or ()), *(body.identify or ())]
        law = regime(body.regime)
        return cls(
            "requested",
            said,
            body,
            law.due(said.at),
            law.confirmed_by(said.at),
            disclosed=tuple((datum, said.point) for datum in given),
            evidence=(said.digest,),
        )

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The request after this message, which the lifecycle allows.

        Raises:
            Problem: A rule of the page is broken.
        """
        here = replace(self, evidence=(*self.evidence, said.digest))
        match said.message.body:
            case data.Answer() as body:
                return here._answered(said, body, to, context)
            case data.Share() as body:
                return here._shared(said, body)
            case data.Cancel():
                return replace(here, state="cancelled", closed=said.point)
        raise AssertionError(said.message.type)

    def _answered(self, said: Said, body: data.Answer, to: tuple[str, ...], context: Context) -> Self:
        """The rules in the order of their table."""
        if body.status not in to:
            why = f"the request is {self.state}"
            raise WrongState(why, pointer="/body/status", expected=list(to), rule="DAT-7")
        check_terms("data", body.categories, ("body", "categories"))
        check_data(body.data, ("body", "data"))
        for position, kept in enumerate(body.kept or ()):
            check_terms("data", kept.data, ("body", "kept", position, "data"))
        check_terms("data", body.needs, ("body", "needs"))
        due, extended = self._due(said, body)
        self._check_kept(said, body, context)
        told = [*(body.categories or ()), *(datum.data for datum in body.data or ())]
        return replace(
            self,
            state=body.status,
            due=due,
            extended=extended,
            steps=(*self.steps, Step(body.status, said.point)),
            answer=body,
            closed=said.point if body.status in FINAL else None,
            told=self.told.union(told),
        )

    def _due(self, said: Said, body: data.Answer) -> tuple[str | None, bool]:
        """By when it is due after this answer, and whether that was extended: sooner, or as the law allows."""
        if body.due_by is None:
            return self.due, self.extended
        law, at = regime(self.body.regime), self.asked.at
        longest = self.due if law.answer else None
        if longest is not None and "extended" in (body.reason or ()) and not self.extended and said.at < longest:
            longest = law.due(at, extended=True)
        if longest is not None and body.due_by > longest:
            raise WiderThanAsked("later than allowed", pointer="/body/dueBy", expected=[longest], rule="DAT-8")
        return body.due_by, self.extended or "extended" in (body.reason or ())

    def _check_kept(self, said: Said, body: data.Answer, context: Context) -> None:
        if body.status == "partly" and self.body.right == "erase" and body.kept is None:
            raise NoBasis("what is kept is named, and why", pointer="/body/kept", rule="DAT-10")
        for position, kept in enumerate(body.kept or ()):
            if kept.because == "order" and not is_for_an_order(context, kept.data, said.at):
                where = pointer(("body", "kept", position, "because"))
                raise NoBasis("no order lives for which it was disclosed", pointer=where, rule="DAT-11")

    def _shared(self, said: Said, body: data.Share) -> Self:
        check_data(body.discloses, ("body", "discloses"))
        if (body.basis.id, body.basis.digest) != (self.asked.message.id, self.asked.digest):
            raise NoBasis("in the thread of a request it rests on that", pointer="/body/basis", rule="DAT-1")
        return replace(self, disclosed=(*self.disclosed, *((datum, said.point) for datum in body.discloses)))

    def overdue(self, at: str) -> bool:
        """Whether the vendor is behind at this instant: with confirming it, or with the answer."""
        return _late(self.confirm_by, self._confirmed, at) or _late(self.due, self.closed, at)

    @property
    def _confirmed(self) -> Point | None:
        """When it was confirmed, or needed no confirmation any more."""
        return self.steps[0].point if self.steps else self.closed

    @property
    def erased(self) -> tuple[str, ...]:
        """The data that the vendor says it has erased, but for what it keeps; empty: none."""
        if self.body.right != "erase" or self.state not in ("fulfilled", "partly"):
            return ()
        return tuple(self.body.data or (EVERYTHING["data"],))

    @property
    def size(self) -> int:
        """It counts, though only an erasure is a statement: each is looked at when something is asked."""
        return 1

    @property
    def data(self) -> Iterator[str]:
        """What was disclosed to answer it, and what the answers named."""
        yield from (datum.data for datum, _ in self.disclosed)
        yield from self.told

    def statements(self, when: When) -> Iterator[Statement]:
        """The no that an erasure is. Neither an answer nor a cancellation ends it."""
        if self.body.right == "erase":
            yield erased_by(self.asked, when)

    def activities(self, thread: str, when: When, chain: Chain) -> Iterator[Activity]:
        """What it takes to answer it."""
        since, closed = when(self.asked.point), when(self.closed) if self.closed else None
        disclosed = tuple((datum.data, when(point)) for datum, point in self.disclosed)
        yield answering(thread, since, closed, disclosed, self.asked.digest)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        last = self.answer
        kept = [each.wire() for each in last.kept or ()] if last else []
        optional = {
            "regime": self.body.regime,
            "confirmBy": self.confirm_by,
            "due": self.due,
            "extended": self.extended,
            "disclosed": [{"data": datum.data, "at": point.at} for datum, point in self.disclosed],
            "answers": [{"status": step.status, "at": step.point.at} for step in self.steps],
            "reason": last.reason if last else None,
            "erased": list(self.erased),
            "kept": kept,
            "closed": self.closed and self.closed.at,
        }
        return {
            "record": "rightsRequest",
            "state": self.state,
            "right": self.body.right,
            "since": self.asked.at,
            **{name: value for name, value in optional.items() if value},
            "evidence": list(self.evidence),
        }

    def in_brief(self) -> str:
        """Which right, of which data."""
        return f"{self.body.right}: {', '.join(self.body.data or ()) or 'everything'}"

    def in_full(self, at: str) -> Told:
        """The vendor's answers; by when it is due; what is kept, and why."""
        rows = tuple((step.status, step.point.at) for step in self.steps)
        due = f"due before {self.due}" if self.due else "nobody has said by when"
        lines = [due + (", overdue" if self.overdue(at) else "")] if self.closed is None else []
        lines += [f"disclosed {datum.data} at {point.at}" for datum, point in self.disclosed]
        for kept in (self.answer.kept if self.answer else None) or ():
            until = f" until {kept.until}" if kept.until else ""
            lines.append(f"kept {', '.join(kept.data)} because {kept.because}{until}")
        return Told(Table((self.body.right, f"since {self.asked.at}"), rows), tuple(lines))


def answering(thread: str, since: str, closed: str | None, data: tuple[tuple[str, str], ...], digest: str) -> Activity:
    """What a request permits while it is not answered for good.

    Args:
        thread: Its thread.
        since: The time of its place.
        closed: When it was answered for good, or taken back.
        data: What was disclosed in it, and when.
        digest: Of the request.
    """
    return Activity(thread, "request-live", since, shifted(since, LASTS), closed, data, (digest,), _TO_ANSWER)


def _late(due: str | None, done: Point | None, at: str) -> bool:
    return due is not None and due <= at and (done is None or done.at > at)
