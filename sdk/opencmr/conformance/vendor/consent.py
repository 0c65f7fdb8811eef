"""`spec/v1/consent/page.md`."""

from collections.abc import Callable
from typing import Any

from ...protocol.vocabulary import named_only, upward
from ..hand import Bench, Document, Hand
from ..suite import Page
from .says import asked, grant, item_of, must, no, opened, unasked

page: Page[Bench] = Page("consent", "vendor")

FAR = "2999-01-01T00:00:00.000Z"
WIDER: list[tuple[str, str, Any, str]] = [
    ("purposes", "another purpose", ["dpv:Marketing"], "/body/items/0/purposes/0"),
    ("data", "more data", ["pd:EmailAddress", "pd:Name"], "/body/items/0/data/1"),
    ("actions", "a wider action", ["dpv:Processing"], "/body/items/0/actions/0"),
    ("channels", "another channel", ["email", "phone"], "/body/items/0/channels/1"),
    ("recipients", "a third party", [{"name": "X", "role": "thirdParty", "id": "https://x.example/"}], ""),
]


def _wider(member: str, value: Any, pointer: str) -> Callable[[Bench], Any]:
    async def wider(bench: Bench) -> None:
        hand = Hand(bench)
        request = await asked(hand)
        item = {**item_of(request, 0), member: value}
        await hand.refused(grant(hand, request, item), "wider-than-asked", pointer or None)

    return wider


for _member, _what, _value, _pointer in WIDER:
    page.add(f"wider-{_member}", f"A grant with {_what} than was asked for is refused", "CNS-1")(
        _wider(_member, _value, _pointer)
    )


@page.add("no-channels", "A grant without channels is wider than a request with channels", "CNS-1")
async def no_channels(bench: Bench) -> None:
    """Absent means any channel."""
    hand = Hand(bench)
    request = await asked(hand)
    item = {name: value for name, value in item_of(request, 0).items() if name != "channels"}
    await hand.refused(grant(hand, request, item), "wider-than-asked", None, "CNS-1")


@page.add("wider-each-named-only", "Tracking and profiling lie below a use that was asked for, and are wider", "CNS-1")
async def wider_named_only(bench: Bench) -> None:
    """So does each term that counts only by its name; alone, and beside what was asked for."""
    hand = Hand(bench)
    request = await asked(hand)
    for term in sorted(term for term in named_only("action") if "dpv:Use" in upward("action", term)):
        for actions in ([term], ["dpv:Use", term]):
            item = {**item_of(request, 0), "actions": actions}
            where = f"/body/items/0/actions/{len(actions) - 1}"
            await hand.refused(grant(hand, request, item), "wider-than-asked", where, "CNS-1")


STUDY: list[tuple[str, str, list[tuple[Any, str]], list[Any]]] = [
    ("retention", "how long data is kept",
     [(None, "/body/items/0/retention"),
      *(({"period": period, "after": "consentEnds"}, "/body/items/0/retention")
        for period in ("P31D", "P5W", "P2M", "P1Y", "PT721H")),
      ({"period": "P1D", "after": "relationshipEnds"}, "/body/items/0/retention"),
      ({"until": "2020-01-01T00:00:00.000Z"}, "/body/items/0/retention")],
     [{"period": period, "after": "consentEnds"} for period in ("P30D", "P4W", "PT1H")]),
    ("storedIn", "where data is stored",
     [(None, "/body/items/0/storedIn"), (["FR"], "/body/items/0/storedIn/0"),
      (["IE", "FR"], "/body/items/0/storedIn/1")],
     [["DE"], ["IE", "DE-BY"]]),
    ("recipients", "who receives data",
     [([{"name": "A laboratory", "role": "thirdParty", "id": "https://lab2.example/"}], "/body/items/0/recipients/0"),
      ([{"name": "A host", "role": "thirdParty", "id": "https://host.example/"}], "/body/items/0/recipients/0")],
     [None, [{"name": "Another name", "role": "thirdParty", "id": "https://lab.example/"}],
      [{"name": "Another host", "role": "processor", "id": "https://other.example/"}]]),
]  # fmt: skip


def _with(item: Document, member: str, value: Any) -> Document:
    changed = {**item, member: value}
    return {name: value for name, value in changed.items() if value is not None}


def _bounded(member: str, wider: list[tuple[Any, str]], narrower: list[Any]) -> Callable[[Bench], Any]:
    async def bounded(bench: Bench) -> None:
        hand = Hand(bench)
        request = await asked(hand)
        study = item_of(request, 1)
        for value, where in wider:
            await hand.refused(grant(hand, request, _with(study, member, value)), "wider-than-asked", where, "CNS-1")
        for value in narrower:
            await hand.accepted(grant(hand, request, _with(study, member, value)), "given")

    return bounded


for _name, _what, _refused, _taken in STUDY:
    _title = f"A grant says no more of {_what} than was asked for"
    page.add(f"bounds-{_name.lower()}", _title, "CNS-1")(_bounded(_name, _refused, _taken))


@page.add("bounds-retention-until", "Data is deleted no later than was asked for", "CNS-1")
async def bounds_retention_until(bench: Bench) -> None:
    """A moment is compared with a moment; a period is no moment."""
    hand = Hand(bench)
    request = await asked(hand)
    news = item_of(request, 0)
    for retention in (None, {"until": FAR}, {"period": "P1D", "after": "consentEnds"}):
        wider = grant(hand, request, _with(news, "retention", retention))
        await hand.refused(wider, "wider-than-asked", "/body/items/0/retention", "CNS-1")
    await hand.accepted(grant(hand, request, _with(news, "retention", {"until": bench.now(60)})), "given")


@page.add("first-fault", "Of several faults of a grant the first is told", "CNS-1", "CNS-2")
async def first_fault(bench: Bench) -> None:
    """Of two members of an item, of two items, of an item and the whole."""
    hand = Hand(bench)
    request = await asked(hand)
    first, second = item_of(request, 0), item_of(request, 1)
    more = {"data": ["pd:EmailAddress", "pd:Name"]}
    both = {**first, **more, "purposes": ["dpv:Marketing"]}
    await hand.refused(grant(hand, request, both), "wider-than-asked", "/body/items/0/data/1", "CNS-1")
    bare = _with(second, "storedIn", None)
    for items, where in (
        ((bare, {**first, **more}), "/body/items/0/storedIn"), (({**first, **more}, bare), "/body/items/0/data/1")
    ):  # fmt: skip
        await hand.refused(grant(hand, request, *items, until=FAR), "wider-than-asked", where, "CNS-1")


@page.add("other-key", "A grant of an item that was not asked for is refused", "CNS-1")
async def other_key(bench: Bench) -> None:
    """Its key names nothing."""
    hand = Hand(bench)
    request = await asked(hand)
    item = {**item_of(request, 0), "key": "other"}
    await hand.refused(grant(hand, request, item), "wider-than-asked", None, "CNS-1")


@page.add("second-item-wider", "Each item of a grant is measured by what was asked for it", "CNS-1")
async def second_item_wider(bench: Bench) -> None:
    """The first is as asked, the second wider; in the order of the request, and in the other."""
    hand = Hand(bench)
    request = await asked(hand)
    first, second = item_of(request, 0), item_of(request, 1)
    wider = {**second, "data": [*second["data"], "pd:Name"]}
    at = len(second["data"])
    await hand.refused(grant(hand, request, first, wider), "wider-than-asked", f"/body/items/1/data/{at}", "CNS-1")
    await hand.refused(grant(hand, request, wider, first), "wider-than-asked", f"/body/items/0/data/{at}", "CNS-1")


@page.add("later-until", "A grant does not end later than was asked for", "CNS-2")
async def later_until(bench: Bench) -> None:
    """Neither the whole nor an item."""
    hand = Hand(bench)
    request = await asked(hand)
    await hand.refused(grant(hand, request, until=FAR), "wider-than-asked", "/body/until", "CNS-2")
    item = {**item_of(request, 0), "until": FAR}
    await hand.refused(grant(hand, request, item), "wider-than-asked", "/body/items/0/until", "CNS-2")


@page.add("as-asked", "A grant as asked, or narrower, is taken", "CNS-1", "CNS-2")
async def as_asked(bench: Bench) -> None:
    """Whole; and one item, for less data, until earlier."""
    hand = Hand(bench)
    await hand.accepted(grant(hand, await asked(hand)), "given")
    other = Hand(bench)
    request = await asked(other)
    item = {**item_of(request, 1), "actions": ["dpv:Use"], "until": bench.now(60)}
    await other.accepted(grant(other, request, item), "given")


@page.add("statement", "A grant that nobody asked for carries the customer's statement", "CNS-3")
async def statement(bench: Bench) -> None:
    """Without one nobody knows what the customer meant."""
    hand = Hand(bench)
    document = unasked(hand)
    bare = {name: value for name, value in document["body"].items() if name != "statement"}
    await hand.refused({**document, "body": bare}, "unasked-without-statement", "/body/statement", "CNS-3")


@page.add("same-key-twice", "Two items of one key are refused", "CNS-4")
async def same_key_twice(bench: Bench) -> None:
    """The second is named."""
    hand = Hand(bench)
    await hand.problem(hand.sign(unasked(hand, keys=("a", "b", "a"))), "malformed", "/body/items/2/key")


@page.add("replaces-same-key", "An item replaces that of its key, and leaves the others", "CNS-5")
async def replaces_same_key(bench: Bench) -> None:
    """Two items; one is replaced; each is taken back alone."""
    hand = Hand(bench)
    thread = await opened(hand, unasked(hand, keys=("a", "b")), "given")
    again = hand.write("consent.grant", unasked(hand, keys=("a",))["body"], thread)
    await hand.accepted(again, "given")
    await hand.accepted(no(hand, "consent.withdraw", thread, {"keys": ["a"]}), "given")
    await hand.accepted(no(hand, "consent.withdraw", thread, {"keys": ["a"]}), "given", "moot")
    await hand.accepted(no(hand, "consent.withdraw", thread, {"keys": ["b"]}), "withdrawn")


@page.add("no-in-every-state", "A refusal and a withdrawal take their place in every state", "CNS-6")
async def no_in_every_state(bench: Bench) -> None:
    """On the keys that are named, or on all; keys that name nothing are passed over."""
    for type_ in ("consent.refuse", "consent.withdraw"):
        hand = Hand(bench)
        request = await asked(hand)
        thread = request["thread"]
        await hand.accepted(no(hand, type_, thread, {"keys": ["nothing"]}), "requested", "moot")
        await hand.accepted(no(hand, type_, thread, {"keys": ["study", "nothing"]}), "requested")
        await hand.accepted(grant(hand, request, item_of(request, 0)), "given")
        await hand.accepted(no(hand, type_, thread), "withdrawn")
        await hand.accepted(no(hand, type_, thread), "withdrawn", "moot")
        await hand.accepted(grant(hand, request, item_of(request, 1)), "given")


@page.add("refused-item-granted-later", "A part is granted, a part refused, and the state is that of the best", "CNS-6",
          "COR-5")  # fmt: skip
async def refused_item_granted_later(bench: Bench) -> None:
    """Given if any item is, else requested if any is."""
    hand = Hand(bench)
    request = await asked(hand)
    thread = request["thread"]
    await hand.accepted(grant(hand, request, item_of(request, 0)), "given")
    await hand.accepted(no(hand, "consent.withdraw", thread, {"keys": ["news"]}), "requested")
    await hand.accepted(no(hand, "consent.refuse", thread), "withdrawn")


@page.add("heard-by-customer", "A customer's withdrawal says nothing of where it was heard", "CNS-8")
async def heard_by_customer(bench: Bench) -> None:
    """Only the vendor hears."""
    hand = Hand(bench)
    thread = await opened(hand, unasked(hand), "given")
    heard: Document = {"heard": {"where": "the shop", "when": bench.now()}}
    await hand.problem(hand.sign(no(hand, "consent.withdraw", thread, heard)), "malformed", "/body/heard")


@page.add("heard-by-vendor", "A vendor's withdrawal says where it was heard", "CNS-8")
async def heard_by_vendor(bench: Bench) -> None:
    """Test mode: a statement that the vendor takes for a no. The thread is withdrawn after."""
    hand = Hand(bench)
    thread = await opened(hand, unasked(hand, "test: hear no"), "given")
    said = await hand.hear("consent.withdraw", thread)
    must("heard" in said["body"], "it does not")
    await hand.accepted(no(hand, "consent.withdraw", thread), "withdrawn", "moot")


@page.add("request-expired", "A grant comes before the request has expired", "CNS-9")
async def request_expired(bench: Bench) -> None:
    """Test mode: a request that expires after 2 seconds. A grant that is late and wider, too, is late."""
    hand = Hand(bench)
    request = await asked(hand, "test: ask for 2 seconds")
    await bench.sleep(2.2)
    await hand.refused(grant(hand, request), "expired", "/created", "CNS-9")
    await hand.refused(grant(hand, request, until=FAR), "expired", "/created", "CNS-9")
    await hand.accepted(no(hand, "consent.refuse", request["thread"]), "refused")


@page.add("given-may-be-replaced", "While consent is given, a grant may come at any time", "CNS-9")
async def given_may_be_replaced(bench: Bench) -> None:
    """Also after the request has expired."""
    hand = Hand(bench)
    request = await asked(hand, "test: ask for 2 seconds")
    await hand.accepted(grant(hand, request, item_of(request, 0)), "given")
    await bench.sleep(2.2)
    await hand.accepted(grant(hand, request), "given")
    await hand.accepted(no(hand, "consent.withdraw", request["thread"]), "withdrawn")
    await hand.refused(grant(hand, request), "expired", None, "CNS-9")


@page.add("normal-form", "Parties are named in normal form, so that one party has one name", "CNS-11")
async def normal_form(bench: Bench) -> None:
    """Case, default port, empty path and percent-encoding. In normal form, the grant is taken."""
    for id_ in ("https://X.example/", "https://x.example:443/", "https://x.example", "https://x.example/%7ea"):
        hand = Hand(bench)
        document = unasked(hand)
        party = {"name": "X", "role": "thirdParty", "id": id_}
        document["body"]["items"][0]["recipients"] = [party]
        await hand.problem(hand.sign(document), "malformed", "/body/items/0/recipients/0/id")
        party["id"] = "https://x.example/"
        await hand.accepted(document, "given")


@page.add("unknown-term", "A grant with a term that is not in the vocabulary is refused", "CNS-1")
async def unknown_term(bench: Bench) -> None:
    """Nobody knows what it would permit. A term of another kind is unknown, too; of several, the first is told."""
    hand = Hand(bench)
    for member, right, wrong in (
        ("purposes", "dpv:DirectMarketing", ("dpv:NoSuchPurpose", "pd:EmailAddress", "dpv:Use")),
        ("data", "pd:EmailAddress", ("pd:NoSuchData", "dpv:DirectMarketing", "dpv:Use")),
        ("actions", "dpv:Use", ("dpv:NoSuchAction", "dpv:DirectMarketing", "pd:EmailAddress")),
    ):
        for term in wrong:
            document = unasked(hand)
            document["body"]["items"][0][member] = [right, term, "dpv:NoSuchTermEither"]
            await hand.refused(document, "unknown-term", f"/body/items/0/{member}/1", "CNS-1")
