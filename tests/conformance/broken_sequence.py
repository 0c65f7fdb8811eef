"""Vendors that break the sequence, a restore or the mailbox: each is the real one with one fault, made by a switch."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
from broken import FAULTS, afresh, fault
from switch import DID, Break, Switch, accepts_what_was_overtaken, ignores_answer_by, instead, row, saying, takes

from opencmr import trust
from opencmr.conformance.hand import NOWHERE
from opencmr.errors import Expired, Malformed, Stale
from opencmr.messages import BODIES, intent, terms
from opencmr.protocol import chain, is_narrowing, receiving, uri
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.families import terms as terms_fold
from opencmr.protocol.families.intent import dealing
from opencmr.protocol.said import NOTHING, Knowledge
from opencmr.roles.party.signing import Link
from opencmr.roles.vendor import mailbox, numbering, restored, transaction
from opencmr.roles.vendor.transaction import Transactions
from opencmr.store import Rows
from opencmr.transport import app as app_module

# The chain


def links(change: Callable[[int, str | None, str], Link]) -> Break:
    """What a vendor says of number and prior; `change` gets the right ones, and the thread."""

    def switch(at: Switch) -> None:
        thread: list[str] = []

        def answer(inner: Any, self: Any, peer: Any, history: Any, settled: Any, now: str) -> Any:
            thread[:] = [settled.said.message.thread]
            return inner(self, peer, history, settled, now)

        def say(inner: Any, self: Any, rows: Any, peer: Any, history: Any, draft: Any, id_: Any, *rest: Any) -> Any:
            thread[:] = [str(id_)]
            return inner(self, rows, peer, history, draft, id_, *rest)

        at.around(numbering.Numbering, "answer", answer)
        at.around(numbering.Numbering, "say", say)
        at.patch.setattr(numbering, "Link", lambda number, prior: change(number, prior, thread[0]))

    return switch


def counted(name: Callable[[str], str]) -> Break:
    """Numbers that begin anew for each name that the thread of a word gives."""

    def switch(at: Switch) -> None:
        before: dict[str, list[str | None]] = {}

        def change(number: int, prior: str | None, thread: str) -> Link:
            # What came last is known by its successor's prior alone.
            words = before.setdefault(name(thread), [])
            words.append(prior)
            return Link(len(words), prior if len(words) > 1 else None)

        links(change)(at)

    return switch


FAULTS |= {
    "counts_each_thread_apart": ("SEQ-16", counted(lambda thread: thread)),
    "skips_a_number": ("SEQ-16", links(lambda number, prior, _: Link(number + (number > 2), prior))),
    "begins_with_two": ("SEQ-16", links(lambda number, prior, _: Link(number + 1, prior or NOWHERE))),
    "names_a_wrong_prior": ("SEQ-16", links(lambda number, prior, _: Link(number, prior and NOWHERE))),
    "says_a_number_twice": ("SEQ-16", links(lambda number, prior, _: Link(min(number, 3), prior))),
}


@fault("SEQ-16")
def has_no_number_for_refusals(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        first, *rest = await inner(raw)
        document = orjson.loads(first)
        if document["body"]["outcome"] != "refused":
            return [first, *rest]
        bare = {name: value for name, value in document.items() if name not in ("number", "prior", "proof")}
        return [trust.sign(bare, at.signer.key, at.signer.method, check=False)]

    at.around(at.vendor, "receive", receive)


@fault("ENV-1")
def names_a_previous(at: Switch) -> None:
    async def receive(inner: Any, raw: bytes, _: str | None) -> Any:
        first, *rest = await inner(raw)
        body = orjson.loads(first)["body"]
        return [afresh(at, first, body={**body, "previous": NOWHERE}), *rest]

    at.around(at.vendor, "receive", receive)


@fault("SEQ-18")
def orders_by_dates(at: Switch) -> None:
    def in_time(inner: Any, self: Any, said: Any) -> None:
        if any(said.message.created < entry.at for entry in self.entries):
            raise Stale("something later is here", pointer="/seen")
        inner(self, said)

    at.around(thread_fold.Thread, "check_in_time", in_time)


# Knowing, and stale words


def knows(change: Callable[[Any, Any], Knowledge]) -> Break:
    def switch(at: Switch) -> None:
        at.patch.setattr(chain.Chain, "knowledge", change)

    return switch


def _by_seen_alone(self: Any, message: Any) -> Knowledge:
    return Knowledge(self.number(message.seen) or 0)


def _by_what_is_named(self: Any, message: Any) -> Knowledge:
    place = self.place_of(message.prior) if message.prior else None
    named = NOTHING.and_of(place) if place else NOTHING
    return named.and_up_to(self.number(message.seen) or 0)


def _by_date(self: Any, message: Any) -> Knowledge:
    return Knowledge(sum(time <= message.created for time in self.times()))


FAULTS |= {
    "passes_over_prior": ("SEQ-20", knows(_by_seen_alone)),
    "forgets_what_the_prior_knows": ("SEQ-20", knows(_by_what_is_named)),
    "takes_dates_for_knowing": ("SEQ-20", knows(_by_date)),
}


@fault("SEQ-20")
def refuses_a_prior_of_nothing(at: Switch) -> None:
    def in_time(inner: Any, self: Any, said: Any) -> None:
        if said.message.prior == NOWHERE:
            raise Stale("no such word", pointer="/prior")
        inner(self, said)

    at.around(thread_fold.Thread, "check_in_time", in_time)


FAULTS |= {
    "accepts_stale_words": ("SEQ-4", instead(thread_fold.Thread, "missed", lambda self, said: [])),
}


@fault("SEQ-4")
def asks_for_every_thread(at: Switch) -> None:
    def settle(message: Any, digest: str, *, history: Any, now: str) -> Any:
        settled = receiving.settle(message, digest, history=history, now=now)
        knows_all = settled.said.knows.seen >= history.chain.next - 1
        if is_narrowing(message.type, "customer") or knows_all or settled.problem:
            return settled
        return replace(settled, outcome="refused", problem=Stale(pointer="/seen"))

    at.patch.setattr(transaction, "settle", settle)


@fault("SEQ-7")
def lets_offers_bar_their_acceptance(at: Switch) -> None:
    def missed(self: Any, said: Any) -> Any:
        if is_narrowing(said.message.type, said.side):
            return []
        return [entry for entry in self.entries if not said.knows.knows(entry.place)]

    at.patch.setattr(thread_fold.Thread, "missed", missed)


FAULTS |= {
    "takes_proffers_that_crossed": (
        "TRM-12",
        takes(
            terms_fold.Agreement,
            terms.Proffer,
            lambda inner, self, said: inner(self, said, SimpleNamespace(threads={})),
        ),
    ),
}


# Time


@fault("RCV-11")
def ignores_expiry(at: Switch) -> None:
    def in_time(inner: Any, self: Any, said: Any) -> None:
        try:
            inner(self, said)
        except Expired:
            return

    at.around(thread_fold.Thread, "check_in_time", in_time)


FAULTS |= {
    "ignores_when_a_word_had_to_be_placed": ("SEQ-25", ignores_expiry),
    "ends_a_consent_with_its_word": ("SEQ-25", row("consent", "given", "consent.withdraw", "customer")),
    "takes_what_is_dated_tomorrow": ("RCV-10", instead(receiving, "AHEAD", timedelta(days=2))),
    "ignores_answer_by": ("TRM-11", ignores_answer_by),
    "accepts_what_was_overtaken": ("TRM-10", accepts_what_was_overtaken),
    "ignores_until": ("INT-4", instead(dealing.Dealing, "wished_until", property(lambda self: None))),
    "ends_a_wish_with_its_word": (
        "INT-4",
        takes(
            dealing.Dealing,
            intent.Cast,
            lambda inner, self, said: inner(self, saying(said, until=said.message.expires)),
        ),
    ),
}


# Narrowing messages


def refuses_narrowing(when: Callable[[Any], bool]) -> Break:
    """For a date, or for what it knows: as if it were any other message."""

    def switch(at: Switch) -> None:
        def settle(message: Any, *args: Any, **named: Any) -> Any:
            if not is_narrowing(message.type, "customer") or not when(message):
                return receiving.settle(message, *args, **named)
            for module in (receiving, thread_fold):
                at.patch.setattr(module, "is_narrowing", lambda *_: False)
            try:
                return receiving.settle(message, *args, **named)
            finally:
                for module in (receiving, thread_fold):
                    at.patch.setattr(module, "is_narrowing", is_narrowing)

        at.patch.setattr(transaction, "settle", settle)

    return switch


FAULTS |= {
    "refuses_withdrawals_of_tomorrow": ("SEQ-8", refuses_narrowing(lambda message: message.created > "2090")),
    "refuses_declines_of_a_prior_of_nothing": ("SEQ-8", refuses_narrowing(lambda message: message.prior == NOWHERE)),
    "refuses_declines_that_know_nothing": (
        "SEQ-8",
        refuses_narrowing(lambda message: message.type == "terms.decline"),
    ),
    "knows_no_word_before_its_thread": ("SEQ-9", refuses_narrowing(lambda message: True)),
}


@fault("SEQ-10")
def forgets_what_is_moot(at: Switch) -> None:
    def missed(inner: Any, self: Any, said: Any) -> Any:
        return [entry for entry in inner(self, said) if entry.outcome != "moot"]

    at.around(thread_fold.Thread, "missed", missed)


def reads(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Break:
    def switch(at: Switch) -> None:
        inner = receiving.messages
        at.swap(receiving, "messages", validate_envelope=lambda document: inner.validate_envelope(change(document)))

    return switch


def _without_expires(document: dict[str, Any]) -> dict[str, Any]:
    if is_narrowing(str(document.get("type")), "customer"):
        return {name: value for name, value in document.items() if name != "expires"}
    return document


def _with_expires(document: dict[str, Any]) -> dict[str, Any]:
    body = BODIES.get(str(document.get("type")))
    needs = body is not None and body.expires == "must"
    return {"expires": "2999-01-01T00:00:00.000Z", **document} if needs else document


def _without_number(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "number"}


FAULTS |= {
    "lets_customers_count": ("ENV-13", reads(_without_number)),
    "lets_withdrawals_expire": ("ENV-14", reads(_without_expires)),
    "needs_no_expires": ("ENV-14", reads(_with_expires)),
}


# After a restore


@fault("SEQ-6")
def refuses_for_good_what_it_is_behind(at: Switch) -> None:
    lacks, inner = chain.Chain.lacks, transaction.settle

    def settle(message: Any, digest: str, *, history: Any, now: str) -> Any:
        settled = inner(message, digest, history=history, now=now)
        if lacks(history.chain, message.seen):
            return replace(settled, outcome="refused", problem=Stale(pointer="/seen"))
        return settled

    at.patch.setattr(chain.Chain, "lacks", lambda self, seen: False)
    at.patch.setattr(transaction, "settle", settle)


FAULTS |= {
    "goes_on_from_its_copy": ("SEQ-6", instead(chain.Chain, "lacks", lambda self, seen: False)),
    "stores_no_word_that_it_is_behind": ("SEQ-31", instead(transaction, "is_narrowing", lambda *_: False)),
}


@fault("SEQ-31")
def never_answers_what_it_held(at: Switch) -> None:
    inner = restored.catch_up
    at.patch.setattr(
        transaction, "catch_up", lambda numbering, rows, peer, waiting, now: inner(numbering, rows, peer, [], now)
    )


FAULTS |= {
    "takes_nothing_back": ("SEQ-32", instead(transaction, "take_back", lambda *_: None)),
}


@fault("SEQ-32")
def keeps_to_its_own_branch(at: Switch) -> None:
    def take_back(inner: Any, histories: Any, rows: Any, peer: Any, words: Any) -> None:
        held = histories.history(rows, peer).chain
        ours = [word for word in words if word.message.side == "vendor"]
        if any(held.number(word.digest) is None and word.message.number < held.next for word in ours):
            raise Malformed("there is a word of this number here", pointer="/messages")
        inner(histories, rows, peer, words)

    at.around(transaction, "take_back", take_back)


@fault("SEQ-32")
def forgets_what_it_answered_on_its_branch(at: Switch) -> None:
    def take_back(inner: Any, histories: Any, rows: Any, peer: Any, words: Any) -> None:
        inner(histories, rows, peer, words)
        for kept in rows.with_status(peer.number, "held"):
            rows.change_message(peer.number, kept.digest, status="refused")

    at.around(transaction, "take_back", take_back)


FAULTS |= {
    "knows_its_own_branch_no_more": (
        "SEQ-32",
        instead(chain.Chain, "lacks", lambda self, seen: seen is not None and self.number(seen) is None),
    ),
}


@fault("TRN-21")
def takes_back_what_it_has_not_signed(at: Switch) -> None:
    def verify(document: Any, public: bytes) -> None:
        if document["from"] != DID:
            trust.verify(document, public)

    at.swap(receiving, "trust", verify=verify)


@fault("TRN-21")
def takes_words_back_with_any_collect(at: Switch) -> None:
    at.patch.setattr(mailbox, "check_fresh", lambda message, now: None)
    at.patch.setattr(Rows, "use_collect", lambda self, *args, **named: True)


FAULTS |= {
    "takes_back_what_it_does_not_lack": ("TRN-22", instead(Transactions, "lacks", lambda *_: True)),
    "takes_back_little_at_once": ("TRN-20", instead(app_module, "MAX_WORDS", 65536)),
    "takes_any_spelling": ("CNS-11", instead(uri, "normal", lambda uri: uri)),
}


@fault("SEQ-33")
def does_not_wait_for_the_collect(at: Switch) -> None:
    def change(inner: Any, self: Any, number: int, **values: Any) -> None:
        values.pop("restored", None)
        if values:
            inner(self, number, **values)

    at.around(Rows, "change_peer", change)
