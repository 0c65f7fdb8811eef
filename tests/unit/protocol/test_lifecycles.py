"""The lifecycle tables: well formed, as they were designed, and never closed to a word that takes something back."""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr.messages import BODIES
from opencmr.protocol import FAMILIES, family_of, is_narrowing, lifecycle

DESIGN = {
    "terms": """
        none                             | terms.proffer     C    | proffered
        proffered                        | terms.accept      V    | active
        proffered                        | terms.counter     V    | countered
        countered                        | terms.accept      C    | active
        proffered countered              | terms.decline     C V  | declined
        proffered countered              | terms.terminate   C V  | declined
        active                           | terms.decline     C V  | terminated
        active                           | terms.terminate   C V  | terminated
        """,
    "consent": """
        none                             | consent.request   V    | requested
        none                             | consent.grant     C    | given
        requested                        | consent.grant     C    | given
        given                            | consent.grant     C    | given
        refused withdrawn                | consent.grant     C    | given
        requested                        | consent.refuse    C    | refused withdrawn requested
        requested                        | consent.withdraw  C V  | refused withdrawn requested
        given                            | consent.refuse    C    | withdrawn given requested
        given                            | consent.withdraw  C V  | withdrawn given requested
        """,
    "intent": """
        none                             | intent.cast       C    | open
        none open                        | offer.make        V    | open
        open                             | intent.amend      C    | open
        open                             | offer.decline     C    | open
        open                             | offer.accept      C    | ordered
        open                             | intent.withdraw   C    | withdrawn
        open                             | order.cancel      C    | withdrawn
        ordered confirmed fulfilling     | order.disclose    C    | ordered confirmed fulfilling returning
        returning                        | order.disclose    C    | ordered confirmed fulfilling returning
        ordered returning                | order.confirm     V    | confirmed returning
        confirmed fulfilling             | order.fulfil      V    | fulfilling returning done
        returning done                   | order.fulfil      V    | fulfilling returning done
        ordered confirmed fulfilling     | order.cancel      C V  | cancelled ordered confirmed fulfilling
        cancelled                        | order.cancel      V    | cancelled
        ordered confirmed fulfilling     | order.withdraw    C    | returning
        returning done                   | order.withdraw    C    | returning
        """,
    "data": """
        none                                         | data.share    C  | shared
        none                                         | data.object   C  | objected
        none                                         | data.request  C  | requested
        none                                         | data.give     V  | given
        requested                                    | data.answer   V  | received inProgress needVerification fulfilled partly denied
        received inProgress needVerification         | data.answer   V  | inProgress needVerification fulfilled partly denied
        requested received inProgress needVerification | data.share  C  | requested received inProgress needVerification
        requested received inProgress needVerification | data.cancel C  | cancelled
        """,  # noqa: E501  # a line a row
    "relationship": """
        none                             | relationship.open  C   | open
        none introduced                  | key.introduce      V   | introduced
        none introduced                  | relationship.close C   | closed
        open                             | relationship.move  C   | open
        open                             | relationship.close C   | closed
        open                             | key.introduce      V   | open
        closed                           | relationship.move  C   | open
        closed                           | relationship.close C   | closed
        closed                           | key.introduce      V   | closed
        """,
}
NARROWING = {
    "terms": {"terms.decline": "C V", "terms.terminate": "C V"},
    "consent": {"consent.refuse": "C", "consent.withdraw": "C V"},
    "intent": {"intent.withdraw": "C", "offer.decline": "C", "order.cancel": "C V", "order.withdraw": "C"},
    "data": {"data.object": "C", "data.cancel": "C"},
    "relationship": {"relationship.close": "C"},
}
KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
SIDES = {"C": "customer", "V": "vendor"}


@pytest.mark.requirement("LIF-1")
@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_is_the_one_that_was_designed(family: str) -> None:
    designed = {}
    for line in DESIGN[family].strip().splitlines():
        states, said, to = (part.split() for part in line.split("|"))
        type_, *sides = said
        for state in states:
            for side in sides:
                designed[state, type_, SIDES[side]] = tuple(to)
    assert lifecycle(family).rows == designed
    assert lifecycle(family).narrowing == {
        type_: tuple(SIDES[side] for side in sides.split()) for type_, sides in NARROWING[family].items()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_knows_its_states_and_types(family: str) -> None:
    table = lifecycle(family)
    assert "none" in table.states
    used = {"none"}
    for (state, type_, side), to in table.rows.items():
        assert BODIES[type_].type == type_
        assert family_of(type_) == family
        assert side in ("customer", "vendor")
        used |= {state, *to}
    assert used == set(table.states)
    assert set(table.narrowing) <= set(BODIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_table_opens_only_with_what_may_be_first(family: str) -> None:
    for state, type_, _ in lifecycle(family).rows:
        assert (BODIES[type_].place != "later") == (state == "none") or BODIES[type_].place == "either"


def test_every_type_that_takes_a_place_has_one_family() -> None:
    assert {type_ for type_ in BODIES if family_of(type_) is None} == {"receipt", "mailbox.collect", "blob.fetch"}


def test_who_may_say_what_now_can_be_asked() -> None:
    assert lifecycle("terms").allowed("proffered", "vendor") == [
        "terms.accept",
        "terms.counter",
        "terms.decline",
        "terms.terminate",
    ]
    assert lifecycle("terms").allowed("declined", "customer") == []


def test_a_word_takes_back_only_from_the_sides_that_the_table_names() -> None:
    assert is_narrowing("consent.withdraw", "vendor")
    assert not is_narrowing("consent.refuse", "vendor")
    assert not is_narrowing("offer.accept", "customer")
    assert not is_narrowing("consent.stop", "customer")


BODY_OF: dict[str, dict[str, Any]] = {
    "terms.decline": {"reason": "other"},
    "order.cancel": {"reason": "other"},
    "order.withdraw": {"ground": "law"},
    "data.object": {"right": "object"},
    "offer.decline": {
        "reason": "other",
        "offer": {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": "zQm" + "2" * 44},
    },
}


def _reached(talk: Any, bodies: Any) -> dict[tuple[str, str], str]:
    """A thread of each family in each of its states: (family, state) → thread."""
    opened = talk.customer("relationship.open", {"next": "zQm" + "2" * 44}).id
    threads = {
        "proffered": talk.proffer("SD-BASE").id,
        "active": talk.agree("SD-BASE").said.message.thread,
        "requested": talk.ask(bodies.item()).id,
        "given": talk.ask(bodies.item()).id,
        "refused": talk.ask(bodies.item()).id,
        "withdrawn": talk.grant(None, bodies.item(), statement="Do write.").id,
        "open": talk.cast().id,
        "ordered": talk.order().said.message.thread,
        "countered": talk.proffer("SD-BASE").id,
        "declined": talk.proffer("SD-BASE").id,
        "terminated": talk.agree("SD-BASE").said.message.thread,
    }
    talk.vendor("terms.counter", {"terms": bodies.terms("SD-BASE-A")}, threads["countered"])
    talk.vendor("terms.decline", {"reason": "other"}, threads["declined"])
    talk.vendor("terms.terminate", {}, threads["terminated"])
    talk.grant(threads["given"], bodies.item())
    talk.customer("consent.refuse", {}, threads["refused"])
    talk.customer("consent.withdraw", {}, threads["withdrawn"])
    found = {(talk.history.threads[id_].family, state): id_ for state, id_ in threads.items()}
    withdrawn = talk.cast().id
    talk.customer("intent.withdraw", {}, withdrawn)
    found["intent", "withdrawn"] = withdrawn
    found |= _data_reached(talk, bodies)
    found["relationship", "open"] = opened
    found["relationship", "closed"] = talk.customer("relationship.close", {}).id
    found["relationship", "introduced"] = talk.vendor("key.introduce", {"key": KEY}).id
    for state in ("confirmed", "fulfilling", "done", "cancelled", "returning"):
        thread = talk.order().said.message.thread
        if state == "cancelled":
            talk.customer("order.cancel", {"reason": "other"}, thread)
        elif state == "returning":
            talk.customer("order.withdraw", {"ground": "law"}, thread)
        else:
            talk.vendor("order.confirm", {"reference": "1", "total": bodies.euros("100")}, thread)
        if state in ("fulfilling", "done"):
            talk.vendor("order.fulfil", {"status": "shipped" if state == "fulfilling" else "done"}, thread)
        found["intent", state] = thread
    return found


def _data_reached(talk: Any, bodies: Any) -> dict[tuple[str, str], str]:
    basis = talk.grant(None, bodies.item(), statement="Do write.").ref
    datum = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
    found = {
        "shared": talk.customer("data.share", {"discloses": [datum], "basis": basis}).id,
        "objected": talk.customer("data.object", {"right": "object"}).id,
    }
    bill = {"kind": "bill", "about": basis, "files": [{"mediaType": "a/b", "size": 1, "digest": basis["digest"]}]}
    found["given"] = talk.vendor("data.give", bill).id
    asked = ("received", "inProgress", "needVerification", "fulfilled", "partly", "denied")
    for state in ("requested", "cancelled", *asked):
        found[state] = talk.customer("data.request", {"right": "access"}).id
        if state in asked:
            why = {"reason": ["other"]} if state == "denied" else {}
            talk.vendor("data.answer", {"status": state, **why}, found[state])
    talk.customer("data.cancel", {}, found["cancelled"])
    return {("data", state): thread for state, thread in found.items()}


def test_the_conversations_below_reach_every_state(talk: Any, bodies: Any) -> None:
    found = _reached(talk, bodies)
    assert set(found) == {(family, state) for family in FAMILIES for state in lifecycle(family).states} - {
        (family, "none") for family in FAMILIES
    }
    for (_, state), id_ in found.items():
        assert talk.history.threads[id_].state == state


@pytest.mark.requirement("SEQ-8", "TRM-8", "CNS-6", "LIF-1")
@pytest.mark.parametrize(
    ("type_", "side"),
    [(type_, side) for family in FAMILIES for type_, sides in lifecycle(family).narrowing.items() for side in sides],
)
def test_a_word_that_takes_something_back_is_refused_in_no_state(
    type_: str, side: str, new_talk: Callable[[], Any], bodies: Any
) -> None:
    for family, state in _reached(new_talk(), bodies):
        talk = new_talk()
        thread = _reached(talk, bodies)[family, state]
        body = dict(BODY_OF.get(type_, {}))
        if (type_, side) == ("consent.withdraw", "vendor"):
            body["heard"] = {"where": "in the shop", "when": talk.now}
        blind = {"prior": None, "seen": None} if side == "customer" else {}
        said = getattr(talk, side)(type_, body, thread, **blind)
        row = lifecycle(family).rows.get((state, type_, side))
        if row is None:
            assert (said.outcome, said.thread.state) == ("moot", state)
        else:
            assert said.thread.state in row
        assert said.thread.entries[-1].digest == said.said.digest
