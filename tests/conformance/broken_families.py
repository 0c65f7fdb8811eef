"""Broken vendors that get a lifecycle or a rule across members wrong."""

from dataclasses import replace
from typing import Any

from broken import FAULTS, fault
from broken_sequence import reads
from switch import Switch, instead, row, takes

from opencmr import Draft, Money, intent, offer, order, terms
from opencmr.conformance import testmode
from opencmr.errors import TermsMismatch, TermsNotOffered, TermsUnknown
from opencmr.protocol import roster
from opencmr.protocol.families.intent import dealing, sums

FAULTS |= {
    "learns_names_before_there_is_an_order": (
        "LIF-1",
        row("intent", "open", "order.disclose", "customer", to=("open",)),
    ),
    "lets_consent_end_agreements": (
        "LIF-2",
        row("terms", "active", "consent.withdraw", "customer", to=("terminated",)),
    ),
    "is_bound_after_a_withdrawal": ("INT-3", row("intent", "withdrawn", "offer.accept", "customer", to=("ordered",))),
    "passes_over_early_cancellations": ("ORD-6", row("intent", "open", "order.cancel", "customer")),
    "hears_no_decline_once_active": ("TRM-8", row("terms", "active", "terms.decline", "customer")),
}


@fault("TRM-1")
def takes_terms_of_any_digest(at: Switch) -> None:
    def resolve(inner: Any, ref: Any, *args: Any) -> Any:
        try:
            return inner(ref, *args)
        except TermsMismatch:
            return inner(roster.ref("SD-BASE"), *args)

    at.around(roster, "resolve", resolve)


@fault("TRM-2")
def takes_terms_that_nobody_knows(at: Switch) -> None:
    def resolve(inner: Any, ref: Any, *args: Any) -> Any:
        try:
            return inner(ref, *args)
        except TermsUnknown:
            return inner(roster.ref("SD-BASE"), *args)

    at.around(roster, "resolve", resolve)


@fault("TRM-4")
def accepts_other_terms(at: Switch) -> None:
    at.around(roster, "pick", lambda inner, ref, *_: (ref.digest, roster.document(ref.id)))

    @at.vendor.on(terms.Proffer)
    def answer(message: Any, _: Any) -> Any:
        return terms.Accept(terms=roster.ref("SD-BASE-A"))


@fault("TRM-5")
def lets_customers_accept_what_was_not_put(at: Switch) -> None:
    def pick(inner: Any, ref: Any, choices: Any, *more: Any) -> Any:
        choices = list(choices)
        try:
            return inner(ref, choices, *more)
        except TermsNotOffered:
            return choices[0]

    at.around(roster, "pick", pick)


def _keys_apart(document: dict[str, Any]) -> dict[str, Any]:
    items = document["body"].get("items") if isinstance(document.get("body"), dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return document
    known = set[str]()
    apart = []
    for item in items:
        apart.append({**item, "key": f"{item.get('key')}x"} if item.get("key") in known else item)
        known.add(item.get("key"))
    return {**document, "body": {**document["body"], "items": apart}}


FAULTS["takes_two_items_of_one_key"] = ("CNS-4", reads(_keys_apart))


def offers_anyhow(at: Switch) -> None:
    """It finds nothing wrong with its own offers."""

    def take(_: Any, self: Any, said: Any) -> Any:
        body = said.message.body
        terms = str(body.under.digest), roster.document(str(body.under.id))
        made = dealing.Offer(
            said.message.id, said.digest, "firm", said.point, str(said.message.expires), body, terms, self.wish
        )
        return replace(self, state="open", offers=(*self.offers, made), evidence=(*self.evidence, said.digest))

    at.takes(dealing.Dealing, offer.Make, take)


@fault("OFR-1")
def cannot_add(at: Switch) -> None:
    at.around(testmode, "offered", lambda inner, wish: inner(wish).model_copy(update={"total": Money("9.00", "EUR")}))
    offers_anyhow(at)


FAULTS |= {
    "sells_what_is_no_longer_firm": (
        "OFR-9",
        takes(
            dealing.Dealing,
            offer.Accept,
            lambda inner, self, said: inner(self, replace(said, at="2001-01-01T00:00:00.000Z")),
        ),
    ),
    "takes_any_total": ("OFR-10", instead(sums, "check_same", lambda *_: None)),
}


@fault("ORD-2")
def confirms_another_total(at: Switch) -> None:
    at.patch.setattr(dealing, "check_same", lambda *_: None)

    @at.vendor.on(offer.Accept)
    def confirm(message: Any, _: Any) -> Any:
        return Draft(order.Confirm(reference="1", total=Money("11.00", "EUR")))


FAULTS |= {
    "lets_customers_settle": (
        "ORD-4",
        takes(
            dealing.Dealing,
            order.Cancel,
            lambda inner, self, said: inner(self, replace(said, side="vendor") if said.message.body.refund else said),
        ),
    ),
}


@fault("INT-1")
def offers_what_the_cast_said(at: Switch) -> None:
    first: list[Any] = []

    def offered(inner: Any, wish: Any) -> Any:
        first.append(wish)
        return inner(first[0])

    at.around(testmode, "offered", offered)
    offers_anyhow(at)


FAULTS |= {
    "lets_amendments_lapse_offers": (
        "INT-2",
        takes(
            dealing.Dealing,
            intent.Cast,
            lambda inner, self, said: inner(
                replace(self, offers=tuple(replace(one, state="lapsed") for one in self.offers)), said
            ),
        ),
    ),
}
