"""A relationship as a whole: the same fold from the same entries, and decisions about any moment of it."""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr import _spec
from opencmr.messages.types import Ref
from opencmr.protocol import History, Question, gather
from opencmr.protocol.families.intent.basis import live_consent

NO_THREAD = "urn:uuid:ffffffff-0000-4000-8000-000000000000"
EMAIL = {"data": "pd:EmailAddress", "value": "ada@alice.example"}
ADDRESS = {"data": "pd:PhysicalAddress", "value": {"addressLocality": "Kiel"}}
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
    said["amended"] = talk.amend(opened.id, discloses=[EMAIL])
    said["answered"] = talk.offer(opened.id)
    said["lapsed"] = talk.customer("intent.withdraw", {}, opened.id)
    said["ended"] = talk.vendor("terms.terminate", {}, said["wider"].said.message.thread)
    said["stopped"] = talk.customer("terms.decline", {"reason": "other"}, said["wider"].said.message.thread)
    return said


@pytest.mark.requirement("SEQ-14", "SEQ-10")
def test_the_same_words_fold_to_the_same_records(talk: Any, bodies: Any) -> None:
    everything(talk, bodies)
    again = talk.again()
    assert {id_: thread.record.as_dict() for id_, thread in again.threads.items() if thread.record} == {
        id_: thread.record.as_dict() for id_, thread in talk.history.threads.items() if thread.record
    }
    assert again.threads == talk.history.threads
    assert again.facts == talk.history.facts
    assert again.chain.digests == talk.history.chain.digests


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
    for message, digest, of in talk.words:
        so_far.follow(message, digest, of=of[0] if of else None)
        for question in questions:
            then = so_far.may(question, message.created)
            assert talk.history.may(question, message.created) == then, (message.type, question)
            assert so_far.may(question, message.created, now=True) == then


@pytest.mark.requirement("DEC-1", "DEC-20", "SEQ-14")
def test_an_answer_about_a_moment_that_was_acknowledged_never_changes(talk: Any, bodies: Any) -> None:
    """Asked about any hour of two years, while a wish is amended and an order goes on after a year's silence."""
    cast = talk.cast(discloses=[EMAIL], until=talk.after(hours=30))
    hours = [talk.after(hours=hour) for hour in (*range(0, 120, 10), *range(200, 17_000, 600))]
    asked = [
        Question("dpv:Use", purpose, "pd:EmailAddress", thread=cast.id)
        for purpose in (CASTING, "dpv:CustomerCare", SERVICE)
    ]
    before: dict[Any, Any] = {}

    def look() -> None:
        for question in asked:
            for hour in hours:
                if hour <= talk.history.chain.time(talk.history.chain.acknowledged, ""):
                    made = talk.history.may(question, hour)
                    assert before.setdefault((question, hour), made) == made, (question.purpose, hour)

    def ping() -> None:
        talk.customer("terms.decline", {"reason": "other"}, NO_THREAD)
        talk.customer("terms.decline", {"reason": "other"}, NO_THREAD)
        look()

    talk.later(hours=40)
    ping()
    talk.amend(cast.id, until=talk.after(hours=30), discloses=[EMAIL])
    ping()
    talk.later(hours=10)
    talk.amend(cast.id, until=talk.after(hours=-5), discloses=[EMAIL])
    ping()
    talk.amend(cast.id, discloses=[EMAIL])
    talk.accept(talk.offer(cast.id, returns={"days": 100}))
    ping()
    talk.later(days=380)
    ping()
    talk.customer("order.disclose", {"discloses": [ADDRESS]}, cast.id)
    ping()
    talk.vendor("order.confirm", {"reference": "1", "total": bodies.euros("100")}, cast.id)
    talk.later(days=100)
    ping()
    talk.vendor("order.fulfil", {"status": "done"}, cast.id)
    talk.later(days=110)
    ping()
    assert {made.reason for made in before.values()} >= {"intent-live", "order-live", "no-word"}


@pytest.mark.requirement("DEC-16")
def test_every_answer_shows_the_messages_that_it_rests_on(talk: Any, bodies: Any) -> None:
    said = everything(talk, bodies)
    cast = said["cast"].id

    def asked(after: str, **members: Any) -> tuple[str, set[str]]:
        question = Question(**{"action": "dpv:Use", "purpose": SERVICE, "data": "pd:EmailAddress", **members})
        made = talk.may(question, said[after].said.at)
        names = {turn.said.digest: name for name, turn in said.items()}
        for name in ("agreed", "scoped"):
            names[said[name].thread.entries[0].digest] = f"{name} proffer"
        return made.reason, {names.get(digest, "?") for digest in made.evidence}

    assert asked("agreed") == ("agreement", {"agreed proffer", "agreed"})
    assert asked("granted", purpose=MARKETING, channel="email") == ("consent", {"granted", "asked"})
    assert asked("refused", purpose="dpv:Personalisation") == ("refused", {"refused", "asked"})
    assert asked("withdrawn", purpose=MARKETING) == ("withdrawn", {"withdrawn", "granted", "asked"})
    assert asked("cast", purpose=CASTING, thread=cast) == ("intent-live", {"cast"})
    assert asked("cast", thread=cast) == ("no-word", set())
    assert asked("scoped", thread=cast) == ("agreement", {"scoped proffer", "scoped"})
    assert asked("second", thread=cast) == ("agreement", {"scoped proffer", "scoped"}), "the wish was said before"
    assert asked("accepted", thread=cast)[0] == "order-live"
    assert "first" in asked("accepted", thread=cast)[1]
    assert asked("accepted", data="pd:PhysicalAddress", thread=cast) == ("no-word", set())
    assert asked("disclosed", data="pd:PhysicalAddress", thread=cast)[0] == "order-live"
    assert asked("done", data="pd:PhysicalAddress", thread=cast)[0] == "agreement"


@pytest.mark.requirement("TRM-9", "TRM-10")
def test_an_agreement_gives_way_to_a_new_one_and_ends(talk: Any) -> None:
    first = talk.agree("SD-BASE-A")
    analytics = Question("dpv:Use", "dpv:ServiceUsageAnalytics")
    tracking = Question("dpv:Tracking", "dpv:ServiceUsageAnalytics")
    assert talk.may(analytics)
    talk.agree("SD-BASE")
    assert talk.may(analytics).reason == "prohibited-by-agreement"
    assert talk.may(analytics, first.said.at)
    third = talk.agree("SD-BASE-A")
    talk.customer("terms.terminate", {}, third.said.message.thread)
    assert talk.may(Question("dpv:Use", SERVICE)).reason == "agreement-ended"
    assert talk.may(tracking).reason == "prohibited-by-agreement"


@pytest.mark.requirement("DEC-15", "DEC-1")
def test_what_is_pending_or_void_permits_nothing(talk: Any, bodies: Any) -> None:
    proffered = talk.proffer("SD-BASE")
    talk.ask(bodies.item())
    talk.heard("terms.accept", {"terms": bodies.terms("SD-BASE-ATP")}, proffered.id)
    assert gather(talk.history.threads.values(), talk.history.chain).statements == ()
    for purpose in (SERVICE, MARKETING):
        assert talk.history.may(Question("dpv:Use", purpose, "pd:EmailAddress"), talk.now).reason == "no-word"


@pytest.mark.requirement("OFR-6")
def test_the_basis_of_an_unasked_offer_costs_in_proportion_to_what_was_consented_to(
    new_talk: Callable[[], Any], bodies: Any, calls: Callable[[Callable[[], object]], int]
) -> None:
    """Asking about each datum of each item it was a minute: here the worst there is, nothing of it being live."""
    terms = [term for term in _spec.table("vocabulary/personal-data.json")["terms"] if term.startswith("pd:")]
    channels = ["email", "sms", "post", "phone", "push"]

    def looked(count: int) -> int:
        talk = new_talk()
        items = [
            bodies.item(str(key), data=[terms[(key * 37 + step) % len(terms)] for step in range(64)], channels=channels)
            for key in range(count)
        ]
        granted = talk.grant(None, *items, statement="To all of it.")
        ref = Ref.model_validate(granted.ref)
        assert live_consent(talk.history, ref, talk.now)
        everything = bodies.item(data=["dpv:PersonalData"], purposes=["dpv:Purpose"])
        other = talk.grant(None, everything, statement="To more.")
        talk.customer("consent.withdraw", {}, other.id)
        assert talk.history.facts
        assert not live_consent(talk.history, ref, talk.now)
        return calls(lambda: live_consent(talk.history, ref, talk.now))

    few, many = looked(32), looked(64)
    assert many < 2.5 * few
    assert many < 1_000_000
