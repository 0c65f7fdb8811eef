"""The fold of a consent thread: what may be done, item by item (`spec/v1/consent/page.md`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from ...errors import Expired, Problem, UnaskedWithoutStatement, WiderThanAsked
from ...messages import Message, Path, consent, pointer
from ...messages.personal import Datum
from ...messages.types import Code, Party, Retention
from ..clock import length
from ..context import Context
from ..family import Family, Misplaced, Record, Table, Told
from ..lifecycle import NONE
from ..said import Outcome, Point, Said, Word
from ..statements import Statement, When, begins, same
from ..uri import misnamed
from ..vocabulary import Kind, check_term, check_terms, label, lies_in, reaches

ItemState = Literal["requested", "given", "refused", "withdrawn"]

__all__ = ["FAMILY", "Beside", "Consent", "ItemRecord", "in_words"]


@dataclass(frozen=True)
class ItemRecord:
    """One item, as it stands.

    Attributes:
        key: Its key.
        state: `requested`, `given`, `refused` or `withdrawn`.
        item: As granted; as asked where nothing has been granted.
        since: When it came into this state.
        own: The word that brought it there.
        until: When a given item ends by itself, exclusive.
        evidence: Digests of the message that put it into this state, and of what was asked.
        begins: When a given item begins, where that is after its place.
    """

    key: str
    state: ItemState
    item: consent.Item
    since: Point
    own: Word
    until: str
    evidence: tuple[str, ...]
    begins: str | None = None


@dataclass(frozen=True)
class Consent(Record):
    """A consent, as both sides compute it.

    Attributes:
        state: A state of `consent/lifecycle.json`.
        items: Key → the item as it stands.
        past: Items as they stood before they were replaced, refused or taken back, with the moment that ended each.
        said: How many of those are more than asked for: counted as they come, for there may be thousands.
        request: What was asked, if it was; its digest; until when it can be answered.
        disclosed: What the grants brought with them, and when.
    """

    state: str
    items: dict[str, ItemRecord]
    past: tuple[tuple[ItemRecord, Point], ...] = ()
    request: consent.Request | None = None
    asked: str | None = None
    answer_by: str | None = None
    disclosed: tuple[tuple[Datum, Point], ...] = ()
    said: int = 0

    @property
    def size(self) -> int:
        """How many statements it gives."""
        return self.said + sum(item.state != "requested" for item in self.items.values())

    def take(self, said: Said, to: tuple[str, ...], context: Context) -> Self:
        """The consent after this message, which the lifecycle allows; itself where nothing changes.

        Raises:
            Problem: A rule of `consent/page.md` is broken.
        """
        match said.message.body:
            case consent.Request() as body:
                return self._asked(said, body)
            case consent.Grant() as body:
                return self._granted(said, body)
            case consent.Refuse() | consent.Withdraw() as body:
                return self._denied(said, body.keys)
        raise AssertionError(said.message.type)

    def _asked(self, said: Said, body: consent.Request) -> Self:
        _check_items(body.items)
        items = {
            item.key: ItemRecord(item.key, "requested", item, said.point, said.word, body.until, (said.digest,))
            for item in body.items
        }
        return self._with(items, request=body, asked=said.digest, answer_by=said.message.expires)

    def _granted(self, said: Said, body: consent.Grant) -> Self:
        """The rules in the order of the page; the first that is broken is the answer."""
        _check_items(body.items)
        for position, datum in enumerate(body.discloses or ()):
            check_term("data", datum.data, ("body", "discloses", position, "data"))
        if self.request is None:
            if body.statement is None:
                raise UnaskedWithoutStatement(pointer="/body/statement", rule="CNS-3")
        else:
            if self.state != "given" and self.answer_by is not None and said.at >= self.answer_by:
                why = "the request could be answered until " + self.answer_by
                raise Expired(why, pointer="/created", rule="CNS-9")
            _check_within(body, self.request)
        _check_disclosed(body)
        items, past = dict(self.items), list(self.past)
        for item in body.items:
            if before := items.get(item.key):
                past.append((before, said.point))
            evidence = (said.digest, self.asked) if self.asked else (said.digest,)
            until = min(body.until, item.until or body.until)
            items[item.key] = ItemRecord(item.key, "given", item, said.point, said.word, until, evidence, body.from_)
        disclosed = (*self.disclosed, *((datum, said.point) for datum in body.discloses or ()))
        return self._with(items, past=tuple(past), disclosed=disclosed)

    def _denied(self, said: Said, keys: list[str] | None) -> Self:
        after: dict[ItemState, ItemState] = {"requested": "refused", "given": "withdrawn"}
        items, past = dict(self.items), list(self.past)
        for key, before in self.items.items():
            if before.state in after and (keys is None or key in keys):
                past.append((before, said.point))
                state = after[before.state]
                evidence = (said.digest, *before.evidence)
                items[key] = replace(before, state=state, since=said.point, own=said.word, evidence=evidence)
        return self if len(past) == len(self.past) else self._with(items, past=tuple(past))

    def _with(self, items: dict[str, ItemRecord], **changes: Any) -> Self:
        held = {item.state for item in items.values()}
        order: tuple[ItemState, ...] = ("given", "requested", "withdrawn", "refused")
        new = changes.get("past", self.past)[len(self.past) :]
        changes["said"] = self.said + sum(item.state != "requested" for item, _ in new)
        return replace(self, items=items, state=next(state for state in order if state in held), **changes)

    def as_dict(self) -> dict[str, Any]:
        """The record as plain JSON, the same on both sides."""
        return {
            "record": "consent",
            "state": self.state,
            **({"asked": self.asked} if self.asked else {}),
            "items": [
                {
                    "key": item.key,
                    "state": item.state,
                    "since": item.since.at,
                    **({"from": item.begins} if item.begins else {}),
                    "until": item.until,
                    "evidence": list(item.evidence),
                    "item": item.item.wire(),
                }
                for item in sorted(self.items.values(), key=lambda item: item.key)
            ],
            **(
                {"disclosed": [{"data": datum.data, "at": point.at} for datum, point in self.disclosed]}
                if self.disclosed
                else {}
            ),
        }

    def in_brief(self) -> str:
        """Item by item: what for, and how it stands."""
        items = sorted(self.items.values(), key=lambda item: item.key)
        return "; ".join(f"{', '.join(map(label, item.item.purposes))}: {item.state}" for item in items)

    def in_full(self, at: str) -> Told:
        """The items, and what the grants brought with them."""
        rows = []
        for key, record in sorted(self.items.items()):
            item = record.item
            topics = [code.label or code.code for code in item.topics or ()]
            lists = (" ".join(part) or "any" for part in (item.purposes, item.data, item.channels or (), topics))
            rows.append((key, record.state, max(record.since.at, record.begins or ""), record.until, *lists))
        columns = ("item", "state", "since", "until", "purposes", "data", "channels", "topics")
        disclosed = (f"disclosed {datum.data} at {point.at}" for datum, point in self.disclosed)
        return Told(Table(columns, tuple(rows)), tuple(disclosed))

    def statements(self, when: When) -> Iterator[Statement]:
        """What its items permit and prohibit, and what they did as they stood before."""
        for item, ended in self.past:
            yield from statements_of_item(item, when, ended)
        for item in self.items.values():
            yield from statements_of_item(item, when)


@dataclass(frozen=True)
class Beside:
    """What the customer's noes of a consent thread take back beside what stands at their place.

    A vendor gives the places: it could let a no pass before the grant that it is about, refuse that grant, or hold the
    no back until a later grant says less; and the no would find nothing to take back, or too little. So a no-word
    denies, for the keys that it names, also what a grant said that took no effect, unless that grant knows the no; and
    what stood before, unless the no knows what replaced it (`spec/v1/sequence.md`, narrowing messages).

    Attributes:
        noes: The no-words of the thread, in their places.
        stands: Key → what was asked or granted last.
        open: What no no-word has taken back so far, and the place of what replaced it; 0: it took no effect.
        heard: Key → what stood until the vendor took it back, for words that it says it heard. A no of the customer's
            that comes after it finds nothing left to take back, and denies all the same, as its own word.
        denied: What one has taken back: it stands as refused or withdrawn.
        tried: How much of `open` took no effect.
    """

    noes: tuple[Said, ...] = ()
    stands: Mapping[str, ItemRecord] = field(default_factory=dict)
    open: tuple[tuple[ItemRecord, int], ...] = ()
    heard: Mapping[str, ItemRecord] = field(default_factory=dict)
    denied: tuple[ItemRecord, ...] = ()
    tried: int = 0

    @property
    def size(self) -> int:
        """How many statements it gives, and a no-word could yet make of what took no effect."""
        return len(self.denied) + self.tried

    def take(self, said: Said, outcome: Outcome | Literal["refused"]) -> Self:
        """The same with one more word of the thread, of which that came."""
        match said.message.body:
            case consent.Request() as body if outcome == "accepted":
                return self._replaced(said, [_record("requested", item, said, body.until) for item in body.items])
            case consent.Grant() as body if outcome == "accepted":
                given = [_record("given", item, said, body.until, body.from_) for item in body.items]
                return self._replaced(said, given)
            case consent.Grant() as body if said.side == "customer":
                return self._took_no_effect(said, body)
            case consent.Refuse() | consent.Withdraw() if outcome != "void":
                return self._denied(said)
        return self

    def _replaced(self, said: Said, items: list[ItemRecord]) -> Self:
        held, keys = {**self.heard, **self.stands}, {item.key for item in items}
        before = tuple((held[item.key], said.place) for item in items if item.key in held)
        stands = {**self.stands, **{item.key: item for item in items}}
        heard = {key: item for key, item in self.heard.items() if key not in keys}
        return replace(self, stands=stands, heard=heard, open=(*self.open, *before))

    def _took_no_effect(self, said: Said, body: consent.Grant) -> Self:
        unknown = [no for no in self.noes if not said.knows.knows(no.place)]
        open_, denied = list(self.open), list(self.denied)
        for item in body.items:
            tried = _record("given", item, said, body.until)
            # It may have been said after these noes, and be taken back by one that comes yet: so it stays open.
            open_.append((tried, 0))
            if (no := next((no for no in reversed(unknown) if _names(no, item.key)), None)) is not None:
                denied.append(_taken_back(tried, no, said.point))
        return replace(self, open=tuple(open_), denied=tuple(denied), tried=self.tried + len(body.items))

    def _denied(self, said: Said) -> Self:
        stands = {key: item for key, item in self.stands.items() if not _names(said, key)}
        heard = {key: item for key, item in self.stands.items() if said.side == "vendor" and key not in stands}
        open_, denied = [], list(self.denied)
        for item, replaced in self.open:
            # What a vendor heard elsewhere, it says of all that it holds.
            knows = replaced and (said.side == "vendor" or said.knows.knows(replaced))
            if _names(said, item.key) and not knows:
                denied.append(_taken_back(item, said, said.point))
            else:
                open_.append((item, replaced))
        for key, item in self.heard.items():
            if said.side == "customer" and _names(said, key):
                denied.append(_taken_back(item, said, said.point))
            else:
                heard[key] = item
        return replace(
            self,
            noes=(*self.noes, said),
            stands=stands,
            heard=heard,
            open=tuple(open_),
            denied=tuple(denied),
            tried=sum(not replaced for _, replaced in open_),
        )

    def statements(self, when: When) -> Iterator[Statement]:
        """What was taken back, as prohibitions."""
        for item in self.denied:
            yield from statements_of_item(item, when)


def _record(state: ItemState, item: consent.Item, said: Said, until: str, begins: str | None = None) -> ItemRecord:
    return ItemRecord(item.key, state, item, said.point, said.word, until, (said.digest,), begins)


def _names(no: Said, key: str) -> bool:
    return no.message.body.keys is None or key in no.message.body.keys


def _taken_back(item: ItemRecord, no: Said, since: Point) -> ItemRecord:
    state: ItemState = "refused" if item.state == "requested" else "withdrawn"
    return replace(item, state=state, since=since, own=no.word, evidence=(no.digest, *item.evidence))


def statements_of_item(record: ItemRecord, when: When, ended: Point | None = None) -> Iterator[Statement]:
    """What an item permits or prohibits: nothing while it is only asked for.

    Args:
        record: The item as it stood.
        when: The time of a place.
        ended: When it came to stand otherwise.
    """
    if record.state == "requested":
        return
    item, permit = record.item, record.state == "given"
    outside = [party.id for party in outsiders(item)]
    known = frozenset(id_ for id_ in outside if id_)  # a name is no party that a question could ask about
    yield Statement(
        effect="permit" if permit else "prohibit",
        source="consent" if permit else "refusal" if record.state == "refused" else "withdrawal",
        actions=same(tuple(item.actions)),
        purposes=same(tuple(item.purposes)),
        data=same(tuple(item.data)),
        third_parties=same(known) if permit or (outside and None not in outside) else None,
        channels=same(frozenset(item.channels)) if item.channels else None,
        topics=frozenset(map(topic_of, item.topics)) if item.topics else None,
        begins=record.begins if permit else None,
        own=record.own,
        at=begins(record.own, when(record.since), permit),
        until=record.until if permit else None,
        ended=when(ended) if permit and ended else None,
        evidence=record.evidence,
    )


def _check_items(items: list[Any]) -> None:
    for position, item in enumerate(items):
        path: Path = ("body", "items", position)
        check_terms("action", item.actions, (*path, "actions"))
        check_terms("data", item.data, (*path, "data"))
        check_terms("purpose", item.purposes, (*path, "purposes"))


def _check_within(grant: consent.Grant, request: consent.Request) -> None:
    """A grant is never wider than what was asked: each member the same, or narrower."""
    asked = {item.key: item for item in request.items}
    for position, item in enumerate(grant.items):
        path: Path = ("body", "items", position)
        if item.key not in asked:
            raise _wider("no such item was asked for", (*path, "key"), *asked)
        _check_item(item, asked[item.key], path)
        if item.until is not None and item.until > request.until:
            raise _wider("longer than asked", (*path, "until"), request.until, rule="CNS-2")
    if grant.until > request.until:
        raise _wider("longer than asked", ("body", "until"), request.until, rule="CNS-2")


def _check_item(item: consent.GrantItem, asked: consent.RequestItem, path: Path) -> None:
    _check_listed(item.actions, asked.actions, (*path, "actions"), _reached("action"))
    _check_listed(item.channels, asked.channels, (*path, "channels"), _reached("channel"))
    _check_listed(item.data, asked.data, (*path, "data"), _reached("data"))
    _check_listed(item.purposes, asked.purposes, (*path, "purposes"), _reached("purpose"))
    known = {_who(party) for party in outsiders(asked)}
    for position, party in enumerate(item.recipients or ()):
        if _is_outside(party) and _who(party) not in known:
            names = sorted(id_ or name for id_, name in known)
            raise _wider(f"{party.name} was not asked for", (*path, "recipients", position), *names)
    if asked.retention is not None and not _within(item.retention, asked.retention):
        raise _wider("kept longer than asked", (*path, "retention"))
    _check_listed(item.stored_in, asked.stored_in, (*path, "storedIn"), lies_in)
    _check_listed(_names_of(item.topics), _names_of(asked.topics), (*path, "topics"), str.__eq__)


def _check_disclosed(grant: consent.Grant) -> None:
    """What goes with a grant is no more than what it grants."""
    bounds = [term for item in grant.items for term in item.data]
    for position, datum in enumerate(grant.discloses or ()):
        if not any(reaches("data", bound, datum.data) for bound in bounds):
            path: Path = ("body", "discloses", position, "data")
            raise _wider("no item is about this", path, *bounds, rule="CNS-12")


def topic_of(code: Code) -> tuple[str, str]:
    """What makes a topic one: scheme and code; the label is for people."""
    return code.scheme, code.code


def _names_of(topics: list[Code] | None) -> list[str] | None:
    return None if topics is None else [f"{code.scheme} {code.code}" for code in topics]  # no scheme has a space in it


def outsiders(item: consent.Item) -> list[Party]:
    """Who receives data besides the vendor and its processors."""
    return [party for party in item.recipients or () if _is_outside(party)]


def _is_outside(party: Party) -> bool:
    return party.role not in ("controller", "processor")


def _who(party: Party) -> tuple[str, str]:
    """The id alone, or the name where there is none. A name that looks like an id is none."""
    return (party.id, "") if party.id else ("", party.name)


_Lies = Callable[[str, str], bool]


def _reached(kind: Kind) -> _Lies:
    return lambda bound, term: reaches(kind, bound, term)


def _check_listed(some: Sequence[str] | None, asked: Sequence[str] | None, path: Path, lies: _Lies) -> None:
    """Each of some lies at or below one that was asked for. Where nothing was listed, anything was asked for."""
    if asked is None:
        return
    if some is None:
        raise _wider("absent would mean any", path, *asked)
    for position, one in enumerate(some):
        if not any(lies(bound, one) for bound in asked):
            raise _wider(f"{one} was not asked for", (*path, position), *asked)


def _within(granted: Retention | None, asked: Retention) -> bool:
    if granted is None:
        return False
    if asked.until is not None:
        return granted.until is not None and granted.until <= asked.until
    if granted.period is None or asked.period is None:
        return False
    return granted.after == asked.after and length(granted.period) <= length(asked.period)


def _wider(why: str, path: Path, *expected: str, rule: str = "CNS-1") -> Problem:
    return WiderThanAsked(why, pointer=pointer(path), rule=rule, expected=list(expected))


def in_words(item: consent.GrantItem, until: str) -> str:
    """The sentence with which a customer grants what nobody asked for: as wide as the item, and no wider.

    Args:
        item: What is granted.
        until: When it ends.
    """
    others = [party.name for party in item.recipients or ()]
    more = (
        f" by the vendor and {', '.join(others)}" if others else "",
        f" over {', '.join(map(label, item.channels))}" if item.channels else "",
        f" about {', '.join(topic.label or topic.code for topic in item.topics)}" if item.topics else "",
    )
    actions, data, purposes = (", ".join(map(label, terms)) for terms in (item.actions, item.data, item.purposes))
    return f"I consent to {actions} of my {data} for {purposes}{''.join(more)} until {until}."


def _misplaced(message: Message[Any]) -> Iterator[Misplaced]:
    """A vendor says where it heard the words; items have different keys; parties are named in normal form."""
    match message.body:
        case consent.Withdraw() as body if (body.heard is None) != (message.side == "customer"):
            yield ("body", "heard"), "a vendor says where it heard the words, and only a vendor", {"rule": "CNS-8"}
        case consent.Request() | consent.Grant() as body:
            keys = [item.key for item in body.items]
            for position, key in enumerate(keys):
                if key in keys[:position]:
                    yield ("body", "items", position, "key"), "two items of one key", {"rule": "CNS-4"}
            yield from misnamed((("body", "controller", at), party) for at, party in enumerate(body.controller or ()))
            yield from misnamed(
                (("body", "items", position, "recipients", at), party)
                for position, item in enumerate(body.items)
                for at, party in enumerate(item.recipients or ())
            )


FAMILY = Family(
    name="consent",
    blank=lambda at: Consent(NONE, {}),
    misplaced=_misplaced,
    beside=Beside,
    passing={"vendor": frozenset({consent.Request.type})},
)
