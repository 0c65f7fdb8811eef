"""The smallest conversations that once broke a property, word by word."""

from typing import Any

import pytest

from opencmr.messages import consent, intent, offer, order, terms
from opencmr.protocol import Question
from properties import words
from properties.parties import Vendor, Wallet
from properties.words import DIRECT, EMAIL, PHONE, WISHES, Mint, Word, at

NOW = 1000.0
MAIL, CALL = Question("dpv:Use", DIRECT, EMAIL), Question("dpv:Use", DIRECT, PHONE)


class Talk:
    """A wallet that collects all, and a vendor that answers what it is told to, when it is told to."""

    def __init__(self) -> None:
        mint = Mint()
        self.wallet, self.vendor = Wallet(mint), Vendor(mint)

    def say(self, body: Any, thread: str | None = None, *, now: float = NOW) -> Word:
        return self.wallet.say(body, thread, now)

    def place(self, *said: Word, outcome: str = "accepted", now: float = NOW) -> None:
        for word in said:
            self.vendor.place(word, now, outcome)
        self.collect()

    def collect(self) -> None:
        self.wallet.take(self.vendor.mailbox(self.wallet.tip))

    def vendor_says(self, body: Any, thread: str | None = None, **members: Any) -> Word:
        word = self.vendor.sign(body, thread, NOW, **members)
        self.collect()
        return word

    def answers(self, question: Question) -> set[str]:
        return {side.history.may(question, at(NOW), now=True).answer for side in (self.wallet, self.vendor)}


@pytest.fixture
def talk() -> Talk:
    return Talk()


def granting(*data: str, key: str = "news") -> consent.Grant:
    return words.grant([words.item(key, DIRECT, data, None, False)], at(NOW + 100_000), asked=False)


@pytest.mark.requirement("SEQ-35")
def test_a_no_that_comes_before_its_grant_denies_also_what_another_consent_permits(talk: Talk) -> None:
    talk.place(talk.say(granting(EMAIL)))
    again = talk.say(granting(EMAIL))
    no = talk.say(consent.Withdraw(), again.thread)
    assert talk.wallet.history.may(MAIL, at(NOW), now=True).answer == "deny"
    talk.place(no, again)
    assert talk.answers(MAIL) == {"deny"}


@pytest.mark.requirement("SEQ-35")
def test_a_no_takes_back_a_grant_that_was_refused(talk: Talk) -> None:
    talk.place(talk.say(granting(EMAIL)))
    again = talk.say(granting(EMAIL))
    talk.place(again, outcome="refused")
    assert talk.answers(MAIL) == {"permit"}
    talk.place(talk.say(consent.Withdraw(), again.thread))
    assert talk.answers(MAIL) == {"deny"}


@pytest.mark.requirement("SEQ-35")
def test_a_no_that_is_held_back_until_a_later_grant_says_less_denies_what_was_granted_before(talk: Talk) -> None:
    talk.place(talk.say(granting(EMAIL, PHONE)))
    wide = talk.say(granting(EMAIL, PHONE))
    talk.place(wide)
    no = talk.say(consent.Withdraw(), wide.thread)
    talk.place(talk.say(granting(EMAIL), wide.thread), no)
    assert talk.answers(CALL) == {"deny"}


@pytest.mark.requirement("SEQ-35")
def test_a_no_leaves_what_it_knows_to_be_replaced(talk: Talk) -> None:
    talk.place(talk.say(granting(EMAIL, PHONE)))
    wide = talk.say(granting(EMAIL, PHONE))
    talk.place(wide)
    talk.place(talk.say(granting(EMAIL), wide.thread))
    talk.place(talk.say(consent.Withdraw(), wide.thread))
    assert (talk.answers(MAIL), talk.answers(CALL)) == ({"deny"}, {"permit"})


@pytest.mark.requirement("SEQ-35")
def test_a_grant_that_knows_the_no_lifts_it(talk: Talk) -> None:
    grant = talk.say(granting(EMAIL))
    no = talk.say(consent.Withdraw(), grant.thread)
    talk.place(no, grant)
    assert talk.answers(MAIL) == {"deny"}
    talk.place(talk.say(granting(EMAIL)))
    assert talk.answers(MAIL) == {"permit"}


@pytest.mark.requirement("ORD-6")
def test_an_order_that_is_cancelled_before_it_stands_ends_the_wish(talk: Talk) -> None:
    wish = talk.say(words.wish(intent.Cast, ["lax"], None, discloses=True))
    talk.place(wish)
    made = talk.vendor_says(words.offer_under("lax"), wish.thread, expires=at(NOW + 5000))
    accepted = talk.say(offer.Accept(offer=made.ref, total=words.TOTAL), wish.thread)
    talk.place(talk.say(order.Cancel(reason="changedMind"), wish.thread), accepted)
    record = talk.vendor.history.threads[wish.thread].record
    assert (record.state, record.offers[0].state) == ("withdrawn", "lapsed")
    for purpose in (WISHES, DIRECT):
        assert talk.answers(Question("dpv:Use", purpose, EMAIL, thread=wish.thread)) == {"deny"}


@pytest.mark.requirement("ORD-6")
def test_a_vendor_cannot_cancel_what_is_no_order(talk: Talk) -> None:
    wish = talk.say(words.wish(intent.Cast, ["lax"], None, discloses=True))
    talk.place(wish)
    talk.vendor_says(order.Cancel(reason="other"), wish.thread)
    assert talk.vendor.history.threads[wish.thread].record.state == "open"


@pytest.mark.requirement("SEQ-21", "DEC-21")
def test_an_offer_under_an_old_wish_does_not_replace_the_terms_that_were_agreed_for_its_thread(talk: Talk) -> None:
    wish = talk.say(words.wish(intent.Cast, ["lax"], None, discloses=True))
    talk.place(wish)
    proffer = talk.say(words.proffer(["plain"], wish.ref, None))
    talk.place(proffer)
    talk.vendor_says(terms.Accept(terms=words.terms_ref("plain")), proffer.thread)
    talk.vendor_says(words.offer_under("lax"), wish.thread, expires=at(NOW + 5000))
    assert talk.answers(Question("dpv:Use", DIRECT, EMAIL, thread=wish.thread)) == {"deny"}


@pytest.mark.requirement("SEQ-14")
def test_a_wish_that_lapsed_and_is_amended_was_not_live_in_between(talk: Talk) -> None:
    wish = talk.say(words.wish(intent.Cast, ["lax"], at(NOW + 1000), discloses=True))
    talk.place(wish)
    talk.place(
        talk.say(words.wish(intent.Amend, ["lax"], None, discloses=True), wish.thread, now=NOW + 3000), now=NOW + 3000
    )
    question = Question("dpv:Use", WISHES, EMAIL, thread=wish.thread)
    answers = [talk.vendor.history.may(question, at(NOW + minutes)).answer for minutes in (500, 2000, 3500)]
    assert answers == ["permit", "deny", "permit"]


@pytest.mark.requirement("RCV-11")
def test_what_has_expired_is_refused_though_its_thread_is_unknown(talk: Talk) -> None:
    opening = talk.say(granting(EMAIL))
    later = talk.say(granting(PHONE), opening.thread)
    assert talk.vendor.receive(later, NOW) == "unknown-thread"
    week = NOW + 8 * 1440
    assert [talk.vendor.receive(word, week) for word in (opening, later)] == ["refused", "refused"]


@pytest.mark.requirement("SEQ-31")
def test_a_no_whose_seen_nobody_holds_any_more_takes_its_place_at_the_next_collect(talk: Talk) -> None:
    old = talk.vendor.copy()
    talk.place(grant := talk.say(granting(EMAIL)))
    no = talk.say(consent.Withdraw(), grant.thread)
    talk.vendor, talk.wallet = old, Wallet(talk.wallet.mint)
    assert old.receive(no, NOW) == "behind"
    assert old.history.chain.place_of(no.digest) is None
    old.catch_up(NOW)
    assert old.history.chain.place_of(no.digest) == 1
