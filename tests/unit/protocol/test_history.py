"""A relationship as a whole: the same fold from the same entries, and decisions about any moment of it."""

import time
from typing import Any

import pytest

from opencmr import _spec
from opencmr.messages.types import Ref
from opencmr.protocol import History, Question, gather, replay

EMAIL = {"data": "pd:EmailAddress", "value": "ada@alice.example"}
ADDRESS = {"data": "pd:PhysicalAddress", "value": {"locality": "Kiel"}}
SERVICE, MARKETING, CASTING = "dpv:RequestedServiceProvision", "dpv:DirectMarketing", "opencmr:IntentCasting"


def everything(talk: Any, bodies: Any) -> dict[str, Any]:
    """A relationship in which everything is said that the first families have a word for."""
    said = {"agreed": talk.agree("SD-BASE")}
    asked = talk.ask(bodies.item("news", channels=["email"]), bodies.item("study", purposes=["dpv:Personalisation"]))
    said["asked"], said["granted"] = asked, talk.grant(asked.id, bodies.item("news", channels=["email"]))
    said["refused"] = talk.customer("consent.refuse", {"keys": ["study"]}, asked.id)
    said["cast"] = cast = talk.cast("SD-BASE", "PDC-INTENT", discloses=[EMAIL])
    said["scoped"] = talk.agree("SD-BASE-A", scope=cast.ref)
    said["first"] = first = talk.offer(cast.id, under=bodies.terms("SD-BASE"))
    said["second"] = talk.offer(cast.id)
    said["void"] = talk.heard("offer.make", bodies.offer(total=bodies.euros("1")), cast.id, expires=talk.after(days=1))
    said["accepted"] = talk.accept(first)
    said["disclosed"] = talk.customer("order.disclose", {"discloses": [ADDRESS]}, cast.id)
    said["withdrawn"] = talk.customer("consent.withdraw", {}, asked.id)
    said["confirmed"] = talk.vendor("order.confirm", {"reference": "1", "total": bodies.euros("100")}, cast.id)
    said["done"] = talk.vendor("order.fulfil", {"status": "done"}, cast.id)
    said["wider"] = talk.agree("SD-BASE-AT")
    said["marketing"] = talk.grant(None, bodies.item(channels=["email"]), statement="Do write.")
    unasked = bodies.offer(under=bodies.terms("SD-BASE-AT"), lines=[{"name": "Wax", "price": bodies.euros("100")}])
    said["unasked"] = opened = talk.vendor(
        "offer.make", {**unasked, "basis": said["marketing"].ref}, expires=talk.after(days=1)
    )
    wish = {"wants": [{"name": "Wax"}], "terms": [bodies.terms("PDC-INTENT")], "standing": "ready"}
    said["amended"] = talk.customer("intent.amend", {**wish, "discloses": [EMAIL]}, opened.id)
    said["answered"] = talk.offer(opened.id)
    said["lapsed"] = talk.customer("intent.withdraw", {}, opened.id)
    said["ended"] = talk.vendor("terms.terminate", {}, said["wider"].said.message.thread)
    said["stopped"] = talk.customer("com.example.note", {"text": "private"})
    return said


@pytest.mark.requirement("SEQ-14", "SEQ-10")
def test_the_same_entries_fold_to_the_same_records(talk: Any, bodies: Any) -> None:
    everything(talk, bodies)
    again = replay(talk.entries)
    assert {id_: thread.record.as_dict() for id_, thread in again.threads.items() if thread.record} == {
        id_: thread.record.as_dict() for id_, thread in talk.history.threads.items() if thread.record
    }
    assert again.threads == talk.history.threads
    assert again.last == talk.entries[-1].at


@pytest.mark.requirement("DEC-1", "SEQ-14")
def test_a_question_about_a_moment_is_answered_from_what_was_said_until_then(talk: Any, bodies: Any) -> None:
    everything(talk, bodies)
    threads = [None, *talk.history.threads]
    questions = [
        Question(action, purpose, data, recipient, channel, thread)
        for action in ("dpv:Use", "dpv:Tracking")
        for purpose in (SERVICE, MARKETING, CASTING, "dpv:ServiceUsageAnalytics", "dpv:Personalisation")
        for data in ("pd:EmailAddress", "pd:PhysicalAddress", "pd:Intention")
        for recipient in ("vendor", "third-party")
        for channel in (None, "email")
        for thread in threads
    ]
    so_far = History()
    for entry in talk.entries:
        so_far.take(entry)
        for question in questions:
            assert talk.history.may(question, entry.at) == so_far.may(question, entry.at), (
                entry.message.type,
                question,
            )


@pytest.mark.requirement("DEC-16")
def test_every_answer_shows_the_messages_that_it_rests_on(talk: Any, bodies: Any) -> None:
    said = everything(talk, bodies)
    cast = said["cast"].id

    def asked(after: str, **members: Any) -> tuple[str, set[str]]:
        question = Question(**{"action": "dpv:Use", "purpose": SERVICE, "data": "pd:EmailAddress", **members})
        made = talk.history.may(question, said[after].said.at)
        names = {turn.said.digest: name for name, turn in said.items()}
        names[next(iter(talk.history.threads[said["agreed"].said.message.thread].entries)).digest] = "proffered"
        return made.reason, {names.get(digest, "?") for digest in made.evidence}

    assert asked("agreed") == ("agreement", {"proffered", "agreed"})
    assert asked("granted", purpose=MARKETING, channel="email") == ("consent", {"granted", "asked"})
    assert asked("refused", purpose="dpv:Personalisation") == ("refused", {"refused", "asked"})
    assert asked("withdrawn", purpose=MARKETING) == ("withdrawn", {"withdrawn", "granted", "asked"})
    assert asked("cast", purpose=CASTING, thread=cast) == ("intent-live", {"cast"})
    assert asked("cast", thread=cast) == ("no-word", set())
    assert asked("first", thread=cast) == ("agreement", {"first"})
    assert asked("second", thread=cast) == ("agreement-ended", {"first"})
    assert asked("accepted", thread=cast)[0] == "order-live"
    assert "first" in asked("accepted", thread=cast)[1]
    assert asked("accepted", data="pd:PhysicalAddress", thread=cast)[0] == "agreement"
    assert asked("disclosed", data="pd:PhysicalAddress", thread=cast)[0] == "order-live"
    assert asked("done", data="pd:PhysicalAddress", thread=cast)[0] == "agreement"


@pytest.mark.requirement("DEC-12")
def test_terms_of_a_wish_bind_from_each_offer_on_and_the_accepted_offers_last(talk: Any, bodies: Any) -> None:
    cast = talk.cast("PDC-INTENT", "SD-BASE-AT", discloses=[EMAIL])
    tracking = Question("dpv:Tracking", SERVICE, "pd:EmailAddress", thread=cast.id)
    strict = talk.offer(cast.id)
    assert talk.history.may(tracking, talk.now).reason == "prohibited-by-agreement"
    talk.offer(cast.id, under=bodies.terms("SD-BASE-AT"))
    talk.accept(strict)
    assert talk.history.may(tracking, talk.now).reason == "prohibited-by-agreement"


@pytest.mark.requirement("TRM-9", "TRM-10")
def test_an_agreement_gives_way_to_a_new_one_and_ends(talk: Any) -> None:
    first = talk.agree("SD-BASE-A")
    analytics = Question("dpv:Use", "dpv:ServiceUsageAnalytics")
    tracking = Question("dpv:Tracking", "dpv:ServiceUsageAnalytics")
    assert talk.history.may(analytics, talk.now)
    talk.agree("SD-BASE")
    assert talk.history.may(analytics, talk.now).reason == "prohibited-by-agreement"
    assert talk.history.may(analytics, first.said.at)
    third = talk.agree("SD-BASE-A")
    talk.customer("terms.terminate", {}, third.said.message.thread)
    assert talk.history.may(Question("dpv:Use", SERVICE), talk.now).reason == "agreement-ended"
    assert talk.history.may(tracking, talk.now).reason == "prohibited-by-agreement"


@pytest.mark.requirement("DEC-15", "DEC-1")
def test_what_is_pending_or_void_permits_nothing(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    talk.ask(bodies.item())
    talk.heard("terms.accept", {"terms": bodies.terms("SD-BASE-ATP")}, proffered.id)
    assert gather(talk.history.threads.values()).statements == ()
    for purpose in (SERVICE, MARKETING):
        assert talk.history.may(Question("dpv:Use", purpose, "pd:EmailAddress"), talk.now).reason == "no-word"


@pytest.mark.requirement("OFR-6")
def test_the_basis_of_an_unasked_offer_is_found_in_little_time_however_much_was_consented_to(
    talk: Any, bodies: Any
) -> None:
    terms = [term for term in _spec.table("vocabulary/personal-data.json")["terms"] if term.startswith("pd:")]
    channels = ["email", "sms", "post", "phone", "push"]
    items = [
        bodies.item(str(key), data=[terms[(key * 37 + step) % len(terms)] for step in range(64)], channels=channels)
        for key in range(64)
    ]
    granted = talk.grant(None, *items, statement="To all of it.")
    ref = Ref.model_validate(granted.ref)
    assert talk.history.live_consent(ref, talk.now)
    everything = bodies.item(data=["dpv:PersonalData"], purposes=["dpv:Purpose"])
    other = talk.grant(None, everything, statement="To more.")
    talk.customer("consent.withdraw", {}, other.id)
    assert talk.history.facts
    started = time.process_time()
    assert not talk.history.live_consent(ref, talk.now)
    assert time.process_time() - started < 0.5  # asking about each datum of each item, it was a minute
