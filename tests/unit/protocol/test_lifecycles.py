"""The lifecycle tables: well formed, and never closed to a word that takes something back.

They stand in the specification alone; its vectors and answers hold them to what they say.
"""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr.messages import BODIES
from opencmr.protocol import FAMILIES, family_of, is_narrowing, lifecycle

KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.requirement("LIF-1")
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
