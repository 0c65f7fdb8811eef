"""Broken vendors that get a lifecycle or a rule across members wrong."""

from dataclasses import replace
from typing import Any

from broken import Switch, fault

from opencmr import Draft, Money, offer, order, terms
from opencmr.conformance import testmode
from opencmr.errors import (
    Problem,
    TermsMismatch,
    TermsNotOffered,
    TermsUnknown,
)
from opencmr.protocol import lifecycle, receiving, roster
from opencmr.protocol.families import consent as consent_fold
from opencmr.protocol.families.intent import dealing, sums


@fault("LIF-1")
def learns_names_before_there_is_an_order(at: Switch) -> None:
    at.patch.setitem(lifecycle("intent").rows, ("open", "order.disclose", "customer"), ("open",))


@fault("LIF-2")
def lets_consent_end_agreements(at: Switch) -> None:
    at.patch.setitem(lifecycle("terms").rows, ("active", "consent.withdraw", "customer"), ("terminated",))


@fault("INT-3")
def is_bound_after_a_withdrawal(at: Switch) -> None:
    at.patch.setitem(lifecycle("intent").rows, ("withdrawn", "offer.accept", "customer"), ("ordered",))


@fault("ORD-6")
def passes_over_early_cancellations(at: Switch) -> None:
    at.patch.delitem(lifecycle("intent").rows, ("open", "order.cancel", "customer"))


@fault("TRM-8")
def hears_no_decline_once_active(at: Switch) -> None:
    at.patch.delitem(lifecycle("terms").rows, ("active", "terms.decline", "customer"))


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
    at.around(roster, "pick", lambda inner, ref, choices, path: (ref.digest, roster.document(ref.id)))

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


@fault("CNS-1")
def takes_wider_grants(at: Switch) -> None:
    at.patch.setattr(consent_fold, "_check_item", lambda item, asked, path: None)


@fault("CNS-1")
def measures_only_the_first_item(at: Switch) -> None:
    def check(inner: Any, item: Any, asked: Any, path: Any) -> None:
        if path[-1] == 0:
            inner(item, asked, path)

    at.around(consent_fold, "_check_item", check)


@fault("CNS-2")
def takes_longer_grants(at: Switch) -> None:
    def within(inner: Any, grant: Any, request: Any) -> None:
        try:
            inner(grant, request)
        except Problem as problem:
            if problem.rule != "CNS-2":
                raise

    at.around(consent_fold, "_check_within", within)


@fault("CNS-3")
def needs_no_statement(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        return inner(self, said, body if body.statement else body.model_copy(update={"statement": "-"}))

    at.around(consent_fold.Consent, "_granted", granted)


@fault("CNS-4")
def takes_two_items_of_one_key(at: Switch) -> None:
    def misplaced(inner: Any, message: Any) -> Any:
        return (found for found in inner(message) if found[2].get("rule") != "CNS-4")

    at.around(receiving, "_misplaced", misplaced)


@fault("CNS-5")
def forgets_the_other_items(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        return inner(self if self.request else replace(self, items={}), said, body)

    at.around(consent_fold.Consent, "_granted", granted)


@fault("CNS-6")
def withdraws_all_or_nothing(at: Switch) -> None:
    at.around(consent_fold.Consent, "_denied", lambda inner, self, said, keys_: inner(self, said, None))


@fault("CNS-9")
def takes_grants_after_the_request(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        return inner(replace(self, answer_by=None), said, body)

    at.around(consent_fold.Consent, "_granted", granted)


@fault("OFR-1")
def cannot_add(at: Switch) -> None:
    def offer(inner: Any, wish: Any) -> Any:
        return inner(wish).model_copy(update={"total": Money("9.00", "EUR")})

    at.around(testmode, "_offer", offer)
    at.patch.setattr(dealing, "check_sums", lambda body: None)


@fault("OFR-9")
def sells_what_is_no_longer_firm(at: Switch) -> None:
    def ordered(inner: Any, self: Any, said: Any, body: Any) -> Any:
        return inner(self, replace(said, at="2001-01-01T00:00:00.000Z"), body)

    at.around(dealing.Dealing, "_ordered", ordered)


@fault("OFR-10")
def takes_any_total(at: Switch) -> None:
    at.patch.setattr(sums, "check_same", lambda *_: None)


@fault("ORD-2")
def confirms_another_total(at: Switch) -> None:
    at.patch.setattr(dealing, "check_same", lambda *_: None)

    @at.vendor.on(offer.Accept)
    def confirm(message: Any, _: Any) -> Any:
        return Draft(order.Confirm(reference="1", total=Money("11.00", "EUR")))


@fault("ORD-4")
def lets_customers_settle(at: Switch) -> None:
    def cancelled(inner: Any, self: Any, here: Any, said: Any, body: Any) -> Any:
        return inner(self, here, replace(said, side="vendor") if body.refund else said, body)

    at.around(dealing.Dealing, "_cancelled", cancelled)


@fault("INT-1")
def offers_what_the_cast_said(at: Switch) -> None:
    first: list[Any] = []

    def offer(inner: Any, wish: Any) -> Any:
        first.append(wish)
        return inner(first[0])

    at.around(testmode, "_offer", offer)
    at.patch.setattr(dealing.Dealing, "_offered", _offered_anyhow)


def _offered_anyhow(self: Any, said: Any, body: Any, context: Any) -> Any:
    made = dealing.Offer(
        said.message.id, said.digest, "firm", said.point, str(said.message.expires), body,
        (str(body.under.digest), roster.document(str(body.under.id))), self.wish,
    )  # fmt: skip
    return replace(self, offers=(*self.offers, made))


@fault("INT-2")
def lets_amendments_lapse_offers(at: Switch) -> None:
    def wished(inner: Any, self: Any, said: Any, body: Any) -> Any:
        lapsed = tuple(replace(one, state="lapsed") for one in self.offers)
        return inner(replace(self, offers=lapsed), said, body)

    at.around(dealing.Dealing, "_wished", wished)
