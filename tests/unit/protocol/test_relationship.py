"""The fold of a relationship thread: who speaks, who can move it, and what a close takes back."""

import hashlib
from typing import Any

import pytest

from opencmr import trust
from opencmr.errors import Moved, Problem, WeakKey, WrongKey, WrongState
from opencmr.protocol import Question
from opencmr.protocol.receiving import check_place, settle
from opencmr.trust import key_digest

FIRST = trust.SigningKey(hashlib.sha256(b"first").digest())
SECOND = trust.SigningKey(hashlib.sha256(b"second").digest())
THIRD = trust.SigningKey(hashlib.sha256(b"third").digest())
THIEF = trust.SigningKey(hashlib.sha256(b"thief").digest())
ASKED = Question("dpv:Use", "dpv:DirectMarketing", "pd:EmailAddress")
VENDOR = "did:web:shop.example"
WEAK = trust.encode_public(b"\x01" + bytes(31))  # the neutral element

GRANT = {
    "items": [
        {
            "key": "news",
            "purposes": ["dpv:DirectMarketing"],
            "data": ["pd:EmailAddress"],
            "actions": ["dpv:Use"],
        }
    ],
    "until": "2027-01-01T00:00:00.000Z",
    "statement": "Do write.",
}


def by(key: trust.SigningKey, **more: Any) -> dict[str, Any]:
    return {"from": key.did, **more}


def opened(talk: Any) -> str:
    return str(talk.customer("relationship.open", {"next": key_digest(SECOND.public)}, **by(FIRST)).id)


def moved(talk: Any, thread: str) -> Any:
    body = {"was": FIRST.did, "next": key_digest(THIRD.public)}
    return talk.customer("relationship.move", body, thread, **by(SECOND))


@pytest.mark.requirement("REL-1")
def test_the_customers_first_word_announces_their_next_key(talk: Any) -> None:
    record = talk.history.threads[opened(talk)].record
    assert (record.state, record.customer, record.next) == ("open", FIRST.did, key_digest(SECOND.public))
    assert record.as_dict()["record"] == "relationship"


@pytest.mark.requirement("REL-1")
def test_an_opening_that_comes_later_is_refused(talk: Any) -> None:
    talk.proffer("SD-BASE")
    with pytest.raises(WrongState) as caught:
        talk.customer("relationship.open", {"next": key_digest(SECOND.public)}, prior=None, seen=None)
    assert (caught.value.rule, caught.value.pointer) == ("REL-1", "/type")


@pytest.mark.requirement("REL-4")
def test_a_move_that_the_key_of_before_signs_is_malformed(talk: Any) -> None:
    body = {"was": FIRST.did, "next": key_digest(THIRD.public)}
    message, _ = talk.message("relationship.move", body, by="customer", thread=opened(talk), **by(FIRST))
    with pytest.raises(Problem) as caught:
        check_place(message)
    assert (caught.value.code, caught.value.rule, caught.value.pointer) == ("malformed", "REL-4", "/body/was")


@pytest.mark.requirement("REL-3")
def test_a_key_does_not_announce_itself(talk: Any) -> None:
    with pytest.raises(WrongState) as caught:
        talk.customer("relationship.open", {"next": key_digest(FIRST.public)}, **by(FIRST))
    assert (caught.value.rule, caught.value.pointer) == ("REL-3", "/body/next")


@pytest.mark.requirement("REL-11")
@pytest.mark.parametrize("url", ["did:web:other.example#key-1", f"{VENDOR}#{SECOND.public}"])
def test_a_vendor_ends_keys_of_its_own_and_not_the_new_one(talk: Any, url: str) -> None:
    message, _ = talk.message("key.introduce", {"key": SECOND.public, "ends": [url]}, by="vendor")
    with pytest.raises(Problem) as caught:
        check_place(message)
    assert (caught.value.rule, caught.value.pointer) == ("REL-11", "/body/ends/0")


@pytest.mark.requirement("REL-4", "REL-6")
def test_the_announced_key_moves_the_relationship_and_all_goes_on_under_it(talk: Any) -> None:
    thread = opened(talk)
    record = moved(talk, thread).record
    assert (record.customer, record.next, record.state) == (SECOND.did, key_digest(THIRD.public), "open")
    assert talk.history.customer == SECOND.did
    assert talk.again().customer == SECOND.did


@pytest.mark.requirement("REL-4")
@pytest.mark.parametrize("was", [FIRST.did, THIEF.did, THIRD.did])
def test_no_other_key_can_move_it_whatever_it_says_to_have_been(talk: Any, was: str) -> None:
    thread = opened(talk)
    body = {"was": was, "next": key_digest(THIRD.public)}
    word = talk.write("relationship.move", body, thread, **by(THIEF if was != THIEF.did else SECOND))
    with pytest.raises(WrongKey) as caught:
        settle(*word, history=talk.history, now=talk.now)
    assert (caught.value.pointer, caught.value.rule) == ("/from", "REL-4")


@pytest.mark.requirement("REL-4")
def test_a_move_that_was_accepted_against_the_rules_is_void(talk: Any) -> None:
    thread = opened(talk)
    word = talk.write("relationship.move", {"was": FIRST.did, "next": key_digest(THIRD.public)}, thread, **by(THIEF))
    turn = talk.receipted(word)
    assert (turn.outcome, talk.history.customer) == ("void", FIRST.did)


def test_of_two_moves_the_first_that_is_placed_wins(talk: Any) -> None:
    thread = opened(talk)
    other = talk.write("relationship.move", {"was": FIRST.did, "next": key_digest(THIEF.public)}, thread, **by(SECOND))
    moved(talk, thread)
    settled = settle(*other, history=talk.history, now=talk.now)
    assert settled.problem is not None
    assert (settled.outcome, settled.problem.code, settled.problem.rule) == ("refused", "wrong-state", "REL-4")


@pytest.mark.requirement("REL-3")
def test_a_key_that_has_spoken_cannot_be_announced_again(talk: Any) -> None:
    thread = opened(talk)
    with pytest.raises(WrongState) as caught:
        talk.customer("relationship.move", {"was": FIRST.did, "next": key_digest(FIRST.public)}, thread, **by(SECOND))
    assert (caught.value.rule, caught.value.pointer) == ("REL-3", "/body/next")


@pytest.mark.requirement("REL-5")
def test_a_thief_who_closes_without_end_does_not_keep_the_move_stale(talk: Any) -> None:
    thread = opened(talk)
    move = talk.write("relationship.move", {"was": FIRST.did, "next": key_digest(THIRD.public)}, thread, **by(SECOND))
    for _ in range(3):
        talk.customer("relationship.close", {}, thread, **by(FIRST))
    assert talk.place(move).record.state == "open"


@pytest.mark.requirement("REL-6", "REL-7")
def test_a_word_of_the_former_key_is_answered_moved_and_void_where_it_was_accepted(talk: Any) -> None:
    thread = opened(talk)
    moved(talk, thread)
    word = talk.write("consent.grant", GRANT, **by(FIRST))
    with pytest.raises(Moved) as caught:
        settle(*word, history=talk.history, now=talk.now)
    assert caught.value.pointer == "/from"
    assert talk.receipted(word).outcome == "void"


@pytest.mark.requirement("REL-8")
def test_a_close_denies_what_was_granted_until_a_later_yes_that_knows_it(talk: Any) -> None:
    opening = talk.customer("relationship.open", {"next": key_digest(SECOND.public)}).id
    talk.customer("consent.grant", GRANT)
    assert talk.may(ASKED).answer == "permit"
    before = talk.now
    talk.customer("relationship.close", {}, opening)
    decision = talk.may(ASKED)
    assert (decision.answer, decision.reason) == ("deny", "withdrawn")
    assert talk.may(ASKED, before).answer == "permit", "then it was so"
    talk.customer("consent.grant", GRANT, seen=None, prior=None)
    assert talk.may(ASKED).answer == "deny", "a yes that does not know it lifts nothing"
    talk.customer("consent.grant", GRANT)
    assert talk.may(ASKED).answer == "permit"


@pytest.mark.requirement("REL-8")
def test_a_close_without_an_opening_denies_too(talk: Any) -> None:
    talk.customer("consent.grant", GRANT)
    closed = talk.customer("relationship.close", {"reason": "movingAway"})
    assert (closed.outcome, closed.record.state) == ("accepted", "closed")
    assert talk.may(ASKED).answer == "deny"


@pytest.mark.requirement("REL-8")
def test_closes_without_a_yes_between_them_are_one_statement_of_the_last_ones_order(talk: Any) -> None:
    opening = talk.customer("relationship.open", {"next": key_digest(SECOND.public)}).id
    first = talk.customer("relationship.close", {}, opening)
    between = talk.write("consent.grant", GRANT)
    talk.customer("relationship.close", {}, opening)
    assert talk.history.statements == 1
    talk.place(between)
    assert talk.may(ASKED).answer == "deny", "it does not know the later one"
    assert talk.may(ASKED, talk.after(days=-30)).reason == "no-word"
    assert talk.history.threads[opening].record.closings[0].digest == first.said.digest
    talk.customer("relationship.close", {}, opening)
    assert talk.history.statements == 3, "a yes was said between them"


@pytest.mark.requirement("REL-8", "TRM-12")
def test_a_proffer_that_does_not_know_a_close_is_stale(talk: Any, bodies: Any) -> None:
    word = talk.write("terms.proffer", {"choices": [bodies.terms("SD-BASE")]})
    talk.customer("relationship.close", {})
    with pytest.raises(Problem) as caught:
        talk.place(word)
    assert (caught.value.code, caught.value.rule) == ("stale", "TRM-12")


@pytest.mark.requirement("REL-10")
def test_an_introduced_key_counts_after_its_place_and_an_ended_one_no_more(talk: Any) -> None:
    talk.customer("consent.grant", GRANT)
    old, new = f"{VENDOR}#key-1", f"{VENDOR}#{SECOND.public}"
    talk.vendor("key.introduce", {"key": SECOND.public, "ends": [old]})
    for url, right in ((old, False), (new, True)):
        message, _ = talk.message("key.introduce", {"key": THIRD.public}, by="vendor")
        proof = message.proof.model_copy(update={"verification_method": url})
        assert talk.history.key_counts(message.model_copy(update={"proof": proof})) is right


@pytest.mark.requirement("REL-10")
def test_a_key_does_not_count_before_the_instant_from_which_it_is_to(talk: Any) -> None:
    talk.customer("consent.grant", GRANT)
    talk.vendor("key.introduce", {"key": SECOND.public, "from": talk.after(days=1)})
    message, _ = talk.message("key.introduce", {"key": THIRD.public}, by="vendor")
    proof = message.proof.model_copy(update={"verification_method": f"{VENDOR}#{SECOND.public}"})
    early = message.model_copy(update={"proof": proof})
    assert not talk.history.key_counts(early)
    assert talk.history.key_counts(early.model_copy(update={"created": talk.after(days=2)}))


@pytest.mark.requirement("REL-9")
def test_a_weak_key_that_is_introduced_is_void(talk: Any) -> None:
    talk.customer("consent.grant", GRANT)
    turn = talk.heard("key.introduce", {"key": WEAK})
    assert isinstance(turn.why, WeakKey)
    assert (turn.outcome, turn.why.pointer, turn.why.rule) == ("void", "/body/key", "REL-9")


def test_people_read_who_speaks_and_since_when(talk: Any) -> None:
    thread = opened(talk)
    moved(talk, thread)
    talk.vendor("key.introduce", {"key": THIRD.public, "ends": [f"{VENDOR}#key-1"]}, thread)
    talk.customer("relationship.close", {}, thread, **by(SECOND))
    record = talk.history.threads[thread].record
    told = record.in_full(talk.now)
    assert record.in_brief() == "moved once; keys introduced: 1"
    assert [row[:2] for row in told.table.rows] == [("customer", SECOND.did), ("vendor", THIRD.public)]
    assert [line.split(" at ")[0] for line in told.lines] == [
        f"moved to {SECOND.did}",
        f"ends {VENDOR}#key-1",
        "closed",
    ]
    assert record.as_dict() == {
        "record": "relationship",
        "state": "closed",
        "customer": SECOND.did,
        "next": key_digest(THIRD.public),
        "since": record.since.at,
        "moves": [{"to": SECOND.did, "at": record.moves[0][1].at}],
        "closed": [record.closings[0].since.at],
        "keys": [{"key": THIRD.public, "at": record.keys[0].since.at, "ends": [f"{VENDOR}#key-1"]}],
        "evidence": list(record.evidence),
    }
