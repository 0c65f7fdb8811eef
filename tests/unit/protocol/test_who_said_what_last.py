"""The customer's own order: what a vendor does with its places and its time lifts no no-word.

Successors of what hostile peers and honest accidents did to an earlier core: 01, 03, 04, 05, 07 and 30 of the review,
and 18 of the reports (its other half is in `test_uri`).
"""

from collections.abc import Callable
from typing import Any

import pytest

from opencmr.errors import Stale
from opencmr.protocol import MOST_STATEMENTS, Question

EMAIL = {"data": "pd:EmailAddress", "value": "ada@alice.example"}
MARKETING = "dpv:DirectMarketing"
SERVICE = "dpv:RequestedServiceProvision"
ASKED = Question("dpv:Use", MARKETING, "pd:EmailAddress")


def rule(effect: str, purpose: str, **more: str) -> dict[str, Any]:
    return {"effect": effect, "action": "dpv:Use", "purpose": purpose, "by": ["vendor"], **more}


def document(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"https://alice.example/{name}", "version": "1", "title": name, "rules": list(rules)}


LAX = document("lax", rule("permit", MARKETING, data="pd:EmailAddress"), rule("permit", SERVICE))
STRICT = document("strict", rule("permit", SERVICE), rule("prohibit", MARKETING))


def ref(turn: Any) -> dict[str, Any]:
    digest, held = (turn.record.terms or turn.record.choices)[0]
    return {"id": held.id, "digest": digest}


def given(talk: Any, bodies: Any, **more: Any) -> Any:
    return talk.grant(None, bodies.item(**more), statement="Do write.")


def grant(talk: Any, bodies: Any) -> dict[str, Any]:
    return {"items": [bodies.item()], "until": talk.after(days=90), "statement": "Do write."}


# a vendor's own word


@pytest.mark.requirement("SEQ-21")
def test_hostile_03_an_offer_does_not_lift_what_was_withdrawn_since_the_wish(talk: Any, bodies: Any) -> None:
    cast = talk.cast(LAX, discloses=[EMAIL])
    question = Question("dpv:Use", MARKETING, "pd:EmailAddress", thread=cast.id)
    first = talk.offer(cast.id, under=ref(cast))
    assert talk.may(question).reason == "agreement"
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    assert talk.may(question).reason == "withdrawn"
    talk.later(days=1)
    talk.offer(cast.id, under=ref(cast))
    assert talk.may(question).reason == "withdrawn"
    talk.accept(first)
    assert talk.may(question).reason == "withdrawn", "nor does the order"


@pytest.mark.requirement("SEQ-21")
def test_hostile_03_a_wish_said_anew_lifts_it(talk: Any, bodies: Any) -> None:
    cast = talk.cast(LAX, discloses=[EMAIL])
    question = Question("dpv:Use", MARKETING, "pd:EmailAddress", thread=cast.id)
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    amended = talk.amend(cast.id, ref(cast))
    assert talk.may(question).reason == "withdrawn"
    talk.offer(cast.id, under=ref(amended))
    assert talk.may(question).reason == "agreement"


@pytest.mark.requirement("TRM-10", "SEQ-21")
@pytest.mark.parametrize("days", [0, 400])
def test_hostile_03_an_old_proffer_does_not_undo_what_the_customer_said_since(
    talk: Any, bodies: Any, days: int
) -> None:
    old, new = talk.proffer(LAX), talk.proffer(STRICT)
    talk.vendor("terms.accept", {"terms": ref(new)}, new.id)
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    assert talk.may(ASKED).reason == "withdrawn"
    talk.later(days=days)
    heard = talk.heard("terms.accept", {"terms": ref(old)}, old.id)
    assert (heard.outcome, heard.why.code, heard.why.rule, heard.why.pointer) == (
        "void",
        "wrong-state",
        "TRM-10",
        "/type",
    )
    assert talk.may(ASKED).reason == "withdrawn"


@pytest.mark.requirement("SEQ-21")
def test_hostile_03_an_old_proffer_that_is_accepted_late_lifts_no_withdrawal(talk: Any, bodies: Any) -> None:
    old = talk.proffer(LAX)
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    assert talk.vendor("terms.accept", {"terms": ref(old)}, old.id).outcome == "accepted"
    assert talk.may(ASKED).reason == "withdrawn"
    assert talk.may(Question("dpv:Use", SERVICE, "pd:EmailAddress")).reason == "agreement"


@pytest.mark.requirement("SEQ-21")
def test_hostile_03_a_proffer_said_after_the_withdrawal_lifts_it(talk: Any, bodies: Any) -> None:
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    new = talk.proffer(LAX)
    talk.vendor("terms.accept", {"terms": ref(new)}, new.id)
    assert talk.may(ASKED).reason == "agreement"


# words held back, and words that arrive the other way round


@pytest.mark.requirement("SEQ-21", "SEQ-18")
def test_hostile_01_a_grant_that_was_held_back_until_after_its_withdrawal_lifts_nothing(talk: Any, bodies: Any) -> None:
    first = given(talk, bodies)
    held_back = talk.write("consent.grant", grant(talk, bodies))
    talk.customer("consent.withdraw", {}, first.id)
    assert talk.place(held_back).outcome == "accepted"
    assert talk.may(ASKED).reason == "withdrawn"


@pytest.mark.requirement("SEQ-4", "SEQ-9")
def test_hostile_01_in_its_own_thread_it_is_stale(talk: Any, bodies: Any) -> None:
    held_back = talk.write("consent.grant", grant(talk, bodies))
    talk.customer("consent.withdraw", {}, held_back[0].id)
    with pytest.raises(Stale) as caught:
        talk.place(held_back)
    assert caught.value.pointer == "/seen"
    assert talk.receipted(held_back).outcome == "void"
    assert talk.may(ASKED).answer == "deny"


@pytest.mark.requirement("SEQ-21", "SEQ-20")
def test_hostile_05_offline_a_yes_and_then_a_no_arrive_the_other_way_round(talk: Any, bodies: Any) -> None:
    old = given(talk, bodies)
    yes = talk.write("consent.grant", grant(talk, bodies))
    no = talk.write("consent.withdraw", {}, old.id)
    assert not no[0].created < yes[0].created
    talk.place(no)
    talk.place(yes)
    assert talk.may(ASKED).reason == "withdrawn"


@pytest.mark.requirement("SEQ-21", "SEQ-20")
def test_hostile_05_offline_a_no_and_then_a_yes_are_lifted_by_the_path_of_own_words(talk: Any, bodies: Any) -> None:
    old = given(talk, bodies)
    no = talk.write("consent.withdraw", {}, old.id)
    yes = talk.write("consent.grant", grant(talk, bodies))
    assert yes[0].seen == no[0].seen, "it has not seen what the vendor answers to the no"
    talk.place(no)
    talk.place(yes)
    assert talk.may(ASKED).reason == "consent"


@pytest.mark.requirement("SEQ-21")
def test_hostile_05_a_no_that_was_held_back_counts_where_it_is_placed(talk: Any, bodies: Any) -> None:
    """The customer's last word was a yes. Better ask again than overlook a no."""
    old = given(talk, bodies)
    no = talk.write("consent.withdraw", {}, old.id)
    yes = talk.write("consent.grant", grant(talk, bodies))
    talk.place(yes)
    talk.place(no)
    assert talk.may(ASKED).reason == "withdrawn"
    talk.grant(None, bodies.item(), statement="Yes, do.")
    assert talk.may(ASKED).reason == "consent"


@pytest.mark.requirement("SEQ-18", "SEQ-21")
def test_dates_order_nothing(talk: Any, bodies: Any) -> None:
    old = given(talk, bodies)
    talk.customer("consent.withdraw", {}, old.id, created=talk.after(minutes=4))
    talk.grant(None, bodies.item(), statement="Do again.")
    assert talk.may(ASKED).reason == "consent", "though the withdrawal is dated after it"


# a no from the moment it was said


@pytest.mark.requirement("SEQ-27")
@pytest.mark.parametrize("mine", [True, False], ids=["customer", "vendor that is behind"])
def test_a_no_without_a_place_denies_at_once(talk: Any, bodies: Any, mine: bool) -> None:
    old = given(talk, bodies)
    talk.history.mine = mine
    talk.history.hear(*talk.write("consent.withdraw", {}, old.id))
    assert talk.may(ASKED).reason == "withdrawn"
    assert talk.may(ASKED, talk.after(minutes=-1)).reason == "consent", "and not before it was said"
    later = talk.write("consent.grant", grant(talk, bodies))
    talk.place(later)
    assert talk.may(ASKED).reason == "withdrawn", "a yes lifts no no that has no place"


@pytest.mark.requirement("SEQ-27")
@pytest.mark.parametrize("type_", ["consent.withdraw", "terms.terminate", "intent.withdraw"])
def test_the_customers_own_no_holds_from_when_it_was_said_whatever_place_it_got(
    talk: Any, bodies: Any, type_: str
) -> None:
    agreed, old, cast = talk.agree(LAX), given(talk, bodies, purposes=["dpv:Personalisation"]), talk.cast()
    thread, question = {
        "consent.withdraw": (old.id, Question("dpv:Use", "dpv:Personalisation", "pd:EmailAddress")),
        "terms.terminate": (agreed.said.message.thread, ASKED),
        "intent.withdraw": (cast.id, Question("dpv:Use", "opencmr:IntentCasting", "pd:Intention", thread=cast.id)),
    }[type_]
    before = talk.now
    said = talk.write(type_, {}, thread)
    between = talk.later(hours=1)
    talk.later(hours=1)
    talk.place(said)
    assert talk.may(question, between), "on the vendor's side it counts from its place"
    mine = talk.again()
    mine.mine = True
    assert not mine.may(question, between)
    assert mine.may(question, before)
    assert not mine.may(question, talk.now, now=True)


@pytest.mark.requirement("SEQ-26")
def test_hostile_30_a_no_counts_by_any_receipt_that_the_vendor_has_signed(talk: Any, bodies: Any) -> None:
    old = given(talk, bodies)
    talk.receipted(talk.write("consent.withdraw", {}, old.id), "refused")
    assert talk.may(ASKED).reason == "withdrawn"


@pytest.mark.requirement("CNS-8", "SEQ-21")
def test_a_no_that_the_vendor_heard_elsewhere_stands_at_its_own_place(talk: Any, bodies: Any) -> None:
    old = given(talk, bodies)
    blind = {"seen": talk.history.chain.tip}
    talk.vendor("consent.withdraw", {"heard": {"where": "in the shop", "when": talk.now}}, old.id)
    talk.customer("consent.grant", grant(talk, bodies), **blind)
    assert talk.may(ASKED).reason == "withdrawn", "a yes that does not know it"
    talk.grant(None, bodies.item(), statement="Do, all the same.")
    assert talk.may(ASKED).reason == "consent"


# asking wider


@pytest.mark.requirement("DEC-17", "DEC-3")
def test_hostile_04_asking_wider_turns_no_no_into_a_yes(talk: Any, bodies: Any) -> None:
    talk.agree("SD-BASE")
    given(talk, bodies, purposes=["dpv:Marketing"], data=["dpv:PersonalData"])
    talk.customer("consent.withdraw", {}, given(talk, bodies).id)
    for asked in (
        {},
        {"data": "pd:Contact"},
        {"data": "dpv:PersonalData"},
        {"purpose": "dpv:Marketing"},
        {"purpose": "dpv:Marketing", "data": "dpv:PersonalData"},
    ):
        made = talk.may(Question(**{"action": "dpv:Use", "purpose": MARKETING, "data": "pd:EmailAddress", **asked}))
        assert made.reason == "withdrawn", asked
    assert talk.may(Question("dpv:Use", MARKETING, "pd:TelephoneNumber")).reason == "consent"
    for action in ("Tracking", "Share", "Disclose", "Disseminate", "Transmit", "MakeAvailable"):
        assert not talk.may(Question(f"dpv:{action}", SERVICE)), action
    for action in ("Use", "Monitor", "Infer"):
        assert talk.may(Question(f"dpv:{action}", SERVICE)).reason == "agreement", action


@pytest.mark.requirement("DEC-18")
def test_reports_18_a_no_holds_by_every_spelling_of_the_party(talk: Any, bodies: Any) -> None:
    share = {"effect": "permit", "action": "dpv:Share", "purpose": "dpv:Advertising", "by": ["vendor", "third-party"]}
    talk.agree(document("sharing", share))
    ads = {"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}
    given_ = given(talk, bodies, purposes=["dpv:Advertising"], actions=["dpv:Share"], recipients=[ads])
    talk.customer("consent.withdraw", {}, given_.id)
    for who in (
        "https://ads.example/",
        "third-party",
        "https://ads.example",
        "https://ADS.example:443/",
        "https://%61ds.example/",
    ):
        assert talk.may(Question("dpv:Share", "dpv:Advertising", "pd:EmailAddress", who)).reason == "withdrawn", who
    other = Question("dpv:Share", "dpv:Advertising", "pd:EmailAddress", "https://press.example")
    assert talk.may(other).reason == "agreement"


# how much is said


def test_hostile_07_a_question_costs_in_proportion_to_what_was_said(
    new_talk: Callable[[], Any], bodies: Any, calls: Callable[[Callable[[], object]], int]
) -> None:
    def asked(count: int) -> int:
        talk = new_talk()
        items = [bodies.item(f"k{number}", data=["pd:Contact"]) for number in range(64)]
        for _ in range(count):
            talk.customer("consent.withdraw", {}, talk.grant(None, *items, statement="Do.").id)
        for _ in range(count):
            talk.grant(None, *items, statement="Do.")
        talk.customer("consent.withdraw", {}, given(talk, bodies).id)
        assert talk.may(ASKED).reason == "withdrawn"
        return calls(lambda: talk.may(ASKED))

    few, many = asked(4), asked(8)
    assert many < 2.2 * few
    assert many < 60 * 64 * 24, "a minute's work, it was, of each with each"


def test_statements_are_counted_as_they_are_made(talk: Any, bodies: Any) -> None:
    def right() -> None:
        assert talk.history.statements == len(talk.history.facts.statements) == talk.again().statements

    cast = talk.cast(LAX, STRICT, discloses=[EMAIL])
    steps: tuple[Callable[[], Any], ...] = (
        lambda: talk.agree("SD-BASE-DP"),
        lambda: talk.ask(bodies.item("news"), bodies.item("study")),
        lambda: talk.grant(talk.words[-1][0].thread, bodies.item("news")),
        lambda: talk.grant(talk.words[-1][0].thread, bodies.item("news", channels=["email"])),
        lambda: talk.customer("consent.refuse", {"keys": ["study"]}, talk.words[-1][0].thread),
        lambda: talk.customer("consent.withdraw", {}, talk.words[-1][0].thread),
        lambda: talk.offer(cast.id, under=ref_of(cast, 0)),
        lambda: talk.offer(cast.id, under=ref_of(cast, 1)),
        lambda: talk.accept(talk.offer(cast.id, under=ref_of(cast, 1))),
        lambda: talk.heard("offer.make", bodies.offer(), cast.id, expires=talk.after(days=1)),
        lambda: talk.proffer("SD-BASE"),
        lambda: talk.customer("terms.decline", {"reason": "other"}, talk.words[-1][0].thread),
    )
    for step in steps:
        step()
        right()
    assert talk.history.copy().statements == talk.history.statements


def ref_of(cast: Any, position: int) -> dict[str, str]:
    digest, held = cast.record.terms[position]
    return {"id": held.id, "digest": digest}


def test_how_many_there_would_be_can_be_asked_before_a_word_takes_its_place(talk: Any, bodies: Any) -> None:
    given(talk, bodies)
    items = [bodies.item(f"k{number}") for number in range(64)]
    said = talk.placing(talk.write("consent.grant", {**grant(talk, bodies), "items": items}))
    after, _ = talk.thread_of(said).judge(said, talk.history)
    assert (talk.history.statements, talk.history.statements_with(after)) == (1, 65)
    assert talk.history.statements_with(after) < MOST_STATEMENTS
