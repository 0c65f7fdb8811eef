"""Vendors that break a rule across members in one place: each is the real one with one fault, made by a switch.

Those of other people that a first suite took for right are all among them.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
from broken import Switch, fault
from broken_sequence import FAULTS

from opencmr.errors import Stale, TermsMismatch
from opencmr.messages import consent, offer, terms
from opencmr.protocol import roster, vocabulary
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.families import consent as consent_fold
from opencmr.protocol.families import terms as terms_fold
from opencmr.protocol.families.intent import basis, dealing
from opencmr.protocol.lifecycle import family_of

__all__ = ["FAULTS"]


# Grants


@fault("CNS-1")
def lets_tracking_slip_below_use(at: Switch) -> None:
    at.patch.setattr(consent_fold, "reaches", vocabulary.includes)


@fault("CNS-1")
def compares_no_retention(at: Switch) -> None:
    at.patch.setattr(consent_fold, "_within", lambda granted, asked: True)


@fault("CNS-1")
def compares_no_event_of_retention(at: Switch) -> None:
    def within(inner: Any, granted: Any, asked: Any) -> Any:
        same = granted is not None and granted.after is not None and asked.after is not None
        return inner(granted.model_copy(update={"after": asked.after}) if same else granted, asked)

    at.around(consent_fold, "_within", within)


@fault("CNS-1")
def counts_31_days_a_month(at: Switch) -> None:
    def length(inner: Any, duration: str) -> Any:
        return inner(duration) * 31 / 30 if duration.endswith("M") and "T" not in duration else inner(duration)

    at.around(consent_fold, "length", length)


def passing_over(member: str) -> Any:
    def switch(at: Switch) -> None:
        def check(inner: Any, some: Any, asked: Any, path: Any, lies: Any) -> None:
            if path[-1] != member:
                inner(some, asked, path, lies)

        at.around(consent_fold, "_check_listed", check)

    return switch


FAULTS["compares_no_countries"] = ("CNS-1", passing_over("storedIn"))


@fault("CNS-1")
def takes_no_part_of_a_country(at: Switch) -> None:
    def check(inner: Any, some: Any, asked: Any, path: Any, lies: Any) -> None:
        inner(some, asked, path, str.__eq__ if path[-1] == "storedIn" else lies)

    at.around(consent_fold, "_check_listed", check)


@fault("CNS-1")
def compares_no_roles_of_recipients(at: Switch) -> None:
    at.patch.setattr(consent_fold, "outsiders", lambda item: list(item.recipients or ()))


@fault("CNS-1")
def compares_recipients_by_their_names(at: Switch) -> None:
    at.patch.setattr(consent_fold, "_who", lambda party: ("", party.name))


@fault("CNS-1")
def tells_the_last_fault_of_an_item(at: Switch) -> None:
    def check(inner: Any, item: Any, asked: Any, path: Any) -> None:
        reached = consent_fold._reached("purpose")
        consent_fold._check_listed(item.purposes, asked.purposes, (*path, "purposes"), reached)
        inner(item, asked, path)

    at.around(consent_fold, "_check_item", check)


@fault("CNS-9")
def tells_that_a_late_grant_is_wider(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: consent.Grant) -> Any:
        if self.request is not None:
            consent_fold._check_within(body, self.request)
        return inner(self, said, body)

    at.around(consent_fold.Consent, "_granted", granted)


@fault("CNS-1")
def takes_terms_of_any_kind(at: Switch) -> None:
    kinds: Iterable[vocabulary.Kind] = ("action", "purpose", "data")
    at.around(vocabulary, "is_term", lambda inner, _, term: any(inner(kind, term) for kind in kinds))


# Offers that nobody asked for


@fault("OFR-6")
def offers_on_a_consent_that_was_replaced(at: Switch) -> None:
    def permits(inner: Any, context: Any, grant: str, when: str) -> bool:
        threads = (thread for thread in context.threads.values() if any(one.digest == grant for one in thread.entries))
        return any(inner(context, one.digest, when) for thread in threads for one in thread.entries)

    at.around(basis, "_permits_marketing", permits)


@fault("OFR-6")
def offers_on_any_consent(at: Switch) -> None:
    at.patch.setattr(basis, "_permits_marketing", lambda *_: True)


@fault("OFR-7")
def takes_terms_of_a_thread_for_the_relationships(at: Switch) -> None:
    def active(context: Any) -> Any:
        return [one.terms for one in _agreements(context) if one.terms and one.ended is None][-1:]

    at.patch.setattr(dealing, "active_terms", active)


@fault("OFR-7")
def offers_under_terms_that_were_replaced(at: Switch) -> None:
    def active(context: Any) -> Any:
        return [one.terms for one in _agreements(context) if one.scope is None and one.state == "active"]

    at.patch.setattr(dealing, "active_terms", active)


def _agreements(context: Any) -> list[terms_fold.Agreement]:
    records = (thread.record for thread in context.threads.values())
    return [record for record in records if isinstance(record, terms_fold.Agreement)]


# Wishes and offers


@fault("TRM-1")
def takes_another_digest_of_what_was_carried(at: Switch) -> None:
    def resolve(inner: Any, ref: Any, path: Any, carried: Any = roster._NONE) -> Any:
        try:
            return inner(ref, path, carried)
        except TermsMismatch:
            id_, digest = roster.named(ref)
            if id_ not in carried:
                raise
            return digest, ref.document or carried[id_][1]

    at.around(roster, "resolve", resolve)


@fault("TRM-1")
def forgets_what_an_earlier_wish_carried(at: Switch) -> None:
    def wished(inner: Any, self: Any, said: Any, body: Any) -> Any:
        return inner(replace(self, carried=roster.by_id(self.terms)), said, body)

    at.around(dealing.Dealing, "_wished", wished)


@fault("OFR-9")
def declines_what_has_expired(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any, *rest: Any) -> Any:
        early = isinstance(said.message.body, offer.Decline)
        return inner(self, replace(said, at="2001-01-01T00:00:00.000Z") if early else said, *rest)

    at.around(dealing.Dealing, "take", take)


@fault("OFR-9")
def takes_any_payment(at: Switch) -> None:
    def ordered(inner: Any, self: Any, said: Any, body: offer.Accept) -> Any:
        return inner(self, said, body.model_copy(update={"payment": None}))

    at.around(dealing.Dealing, "_ordered", ordered)


@fault("OFR-9")
def tells_of_the_total_first(at: Switch) -> None:
    def ordered(inner: Any, self: Any, said: Any, body: offer.Accept) -> Any:
        for one in self.offers:
            if one.id == body.offer.id:
                dealing._check_same_total(body.total, one.body.total, "the offer", "OFR-10")
        return inner(self, said, body)

    at.around(dealing.Dealing, "_ordered", ordered)


@fault("LIF-1")
def leaves_unchecked_what_is_disclosed_on_acceptance(at: Switch) -> None:
    def check(inner: Any, kind: Any, terms: Any, path: Any) -> None:
        if path[-1] != "onAccept":
            inner(kind, terms, path)

    at.around(dealing, "check_terms", check)


@fault("LIF-1")
def checks_the_first_datum_alone(at: Switch) -> None:
    at.around(dealing, "check_data", lambda inner, data, path: inner(data[:1], path))


@fault("TRM-2")
def checks_no_terms_of_carried_rules(at: Switch) -> None:
    at.patch.setattr(roster, "check_term", lambda *_: None)


@fault("TRM-12")
def tells_first_what_a_proffer_does_not_know(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any, to: Any, context: Any) -> Any:
        if isinstance(said.message.body, terms.Proffer) and terms_fold.superseded(context, said.word, None) is not None:
            raise Stale(pointer="/seen")
        return inner(self, said, to, context)

    at.around(terms_fold.Agreement, "take", take)


@fault("TRM-12")
def takes_terms_of_a_wish_as_it_stood(at: Switch) -> None:
    at.patch.setattr(dealing.Dealing, "on_terms", lambda self, scope, thread, entries: ())


@fault("TRM-10")
def binds_a_wish_that_was_amended(at: Switch) -> None:
    at.patch.setattr(terms_fold.Agreement, "_check_latest", lambda *_: None)


# First entries, and mail


@fault("LIF-2")
def fixes_no_family_by_what_is_moot(at: Switch) -> None:
    def judge(inner: Any, self: Any, said: Any, context: Any) -> Any:
        moot = bool(self.entries) and all(entry.outcome == "moot" for entry in self.entries)
        thread = replace(self, family=family_of(said.message.type)) if moot and self.record is None else self
        return inner(thread, said, context)

    at.around(thread_fold.Thread, "judge", judge)


@fault("SEQ-9")
def passes_over_moot_first_entries(at: Switch) -> None:
    def missed(inner: Any, self: Any, said: Any) -> Any:
        moot = {entry.place for entry in self.entries if entry.outcome == "moot" and self.record is None}
        return [entry for entry in inner(self, said) if entry.place not in moot]

    at.around(thread_fold.Thread, "missed", missed)


@fault("SEQ-10")
def bars_whoever_knows_a_moot_first_entry(at: Switch) -> None:
    def missed(inner: Any, self: Any, said: Any) -> Any:
        return list(self.entries) if self.record is None else inner(self, said)

    at.around(thread_fold.Thread, "missed", missed)


@fault("COR-10")
def lets_strangers_wait_for_mail(at: Switch) -> None:
    async def collect(inner: Any, raw: bytes) -> Any:
        found = await inner(raw)
        if not found[0]:
            await asyncio.sleep(orjson.loads(raw)["body"].get("wait", 0))
        return found

    at.around(at.vendor, "collect", collect)
