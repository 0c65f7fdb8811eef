"""Vendors that break a rule across members in one place: each is the real one with one fault, made by a switch.

Those of other people that a first suite took for right are all among them.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
from broken import fault
from broken_sequence import FAULTS
from switch import Switch, around, instead, takes

from opencmr.errors import Stale, TermsMismatch
from opencmr.messages import intent, offer, terms
from opencmr.messages.types import Ref
from opencmr.protocol import roster, vocabulary
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.families import consent as consent_fold
from opencmr.protocol.families import terms as terms_fold
from opencmr.protocol.families.intent import dealing
from opencmr.protocol.families.intent.sums import check_same
from opencmr.protocol.lifecycle import family_of

__all__ = ["FAULTS"]


# Grants


@fault("CNS-1")
def counts_31_days_a_month(at: Switch) -> None:
    def length(inner: Any, duration: str) -> Any:
        return inner(duration) * 31 / 30 if duration.endswith("M") and "T" not in duration else inner(duration)

    at.around(consent_fold, "length", length)


FAULTS |= {
    "compares_no_roles_of_recipients": (
        "CNS-1",
        instead(consent_fold, "outsiders", lambda item: list(item.recipients or ())),
    ),
}


@fault("CNS-1")
def takes_terms_of_any_kind(at: Switch) -> None:
    kinds: Iterable[vocabulary.Kind] = ("action", "purpose", "data")
    at.around(vocabulary, "is_term", lambda inner, _, term: any(inner(kind, term) for kind in kinds))


# Offers that nobody asked for


@fault("OFR-6")
def offers_on_a_consent_that_was_replaced(at: Switch) -> None:
    def live(inner: Any, context: Any, basis: Ref, at: str) -> bool:
        threads = (one for one in context.threads.values() if any(it.digest == basis.digest for it in one.entries))
        return any(inner(context, Ref(id=it.id, digest=it.digest), at) for one in threads for it in one.entries)

    at.around(dealing, "live_consent", live)


FAULTS |= {
    "offers_on_any_consent": ("OFR-6", instead(dealing, "live_consent", lambda *_: True)),
}


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
    def resolve(inner: Any, ref: Any, path: Any, *carried: Any) -> Any:
        try:
            return inner(ref, path, *carried)
        except TermsMismatch:
            held, (id_, digest) = dict(*carried), roster.named(ref)
            if id_ not in held:
                raise
            return digest, ref.document or held[id_][1]

    at.around(roster, "resolve", resolve)


FAULTS |= {
    "forgets_what_an_earlier_wish_carried": (
        "TRM-1",
        takes(
            dealing.Dealing,
            intent.Cast,
            lambda inner, self, said: inner(replace(self, carried=roster.by_id(self.terms)), said),
        ),
    ),
    "declines_what_has_expired": (
        "OFR-9",
        takes(
            dealing.Dealing,
            offer.Decline,
            lambda inner, self, said: inner(self, replace(said, at="2001-01-01T00:00:00.000Z")),
        ),
    ),
}


@fault("OFR-9")
def tells_of_the_total_first(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        body = said.message.body
        for one in self.offers:
            if one.id == body.offer.id:
                check_same(body.total, one.body.total, "total", "OFR-10")
        return inner(self, said)

    at.takes(dealing.Dealing, offer.Accept, take)


@fault("LIF-1")
def leaves_unchecked_what_is_disclosed_on_acceptance(at: Switch) -> None:
    def check(inner: Any, kind: Any, terms: Any, path: Any) -> None:
        if path[-1] != "onAccept":
            inner(kind, terms, path)

    at.around(dealing, "check_terms", check)


FAULTS |= {
    "checks_the_first_datum_alone": (
        "LIF-1",
        around(dealing, "check_data", lambda inner, data, path: inner(data[:1], path)),
    ),
    "checks_no_terms_of_carried_rules": ("TRM-2", instead(roster, "check_term", lambda *_: None)),
}


@fault("TRM-12")
def tells_first_what_a_proffer_does_not_know(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any, to: Any, context: Any) -> Any:
        if isinstance(said.message.body, terms.Proffer) and terms_fold.superseded(context, said.word, None) is not None:
            raise Stale(pointer="/seen")
        return inner(self, said, to, context)

    at.around(terms_fold.Agreement, "take", take)


FAULTS |= {
    "takes_terms_of_a_wish_as_it_stood": (
        "TRM-12",
        instead(dealing.Dealing, "on_terms", lambda self, scope, thread, entries: ()),
    ),
}


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
