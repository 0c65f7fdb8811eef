"""Vendors that are wrong about how far a grant may go, about the vocabulary, or about which fault comes first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken import FAULTS, fault
from switch import Break, Switch, around, hears, instead, saying, takes

from opencmr.errors import PROBLEM_BASE, Problem
from opencmr.messages import consent, personal
from opencmr.protocol import roster, vocabulary
from opencmr.protocol.families import consent as consent_fold
from opencmr.roles.vendor import mailbox

__all__ = ["FAULTS"]


ALL = ("actions", "channels", "data", "purposes", "recipients", "retention", "stored_in", "topics")


def grants(change: Callable[[int, Any, Any], dict[str, Any]]) -> Break:
    """A vendor that reads the items of a grant as others; `change` gets the position, the item, and what was asked."""

    def changed(record: Any, body: consent.Grant) -> dict[str, Any]:
        asked = {item.key: item for item in record.request.items} if record.request else {}
        return {"items": [
            item.model_copy(update=change(position, item, asked[item.key])) if item.key in asked else item
            for position, item in enumerate(body.items)
        ]}  # fmt: skip

    return lambda at: at.hears(consent_fold.Consent, consent.Grant, changed)


def forgives(*members: str) -> Break:
    """A vendor that does not compare some members of an item."""
    return grants(lambda _, item, asked: {member: getattr(asked, member) for member in members})


def alike(name: Callable[[Any], Any], some: list[Any] | None, asked: list[Any] | None) -> list[Any] | None:
    """Each of some as it was asked for, where it has the same name."""
    known = {name(one): one for one in asked or ()}
    return None if some is None else [known.get(name(one), one) for one in some]


for _member in ("channels", "topics", "retention", "stored_in", "recipients"):
    FAULTS[f"does_not_compare_{_member}"] = ("CNS-1", forgives(_member))

FAULTS |= {
    "takes_wider_grants": ("CNS-1", forgives(*ALL)),
    "measures_only_the_first_item": (
        "CNS-1",
        grants(lambda position, _, asked: {name: getattr(asked, name) for name in ALL} if position else {}),
    ),
    "takes_topics_by_their_labels": (
        "CNS-1",
        grants(lambda _, item, asked: {"topics": alike(lambda one: one.label or one.code, item.topics, asked.topics)}),
    ),
    "compares_recipients_by_their_names": (
        "CNS-1",
        grants(lambda _, item, asked: {"recipients": alike(lambda one: one.name, item.recipients, asked.recipients)}),
    ),
    "counts_authorities_as_its_own": (
        "CNS-1",
        grants(
            lambda _, item, asked: {"recipients": [one for one in item.recipients or () if one.role == "thirdParty"]}
        ),
    ),
}


def _same_event(_: int, item: Any, asked: Any) -> dict[str, Any]:
    after = asked.retention and asked.retention.after
    known = item.retention is not None and item.retention.after and after
    return {"retention": item.retention.model_copy(update={"after": after})} if known else {}


FAULTS |= {
    "compares_no_event_of_retention": ("CNS-1", grants(_same_event)),
    "takes_countries_as_they_are_spelt": (
        "CNS-1",
        instead(consent_fold, "lies_in", lambda bound, place: bound == place),
    ),
    "takes_territories_for_their_country": (
        "CNS-1",
        around(consent_fold, "lies_in", lambda inner, bound, place: inner(bound, place.partition("-")[0])),
    ),
    "lets_slip_in_what_has_to_be_named": ("CNS-1", instead(consent_fold, "reaches", vocabulary.includes)),
}


@fault("CNS-1")
def tells_the_last_fault_of_an_item(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        asked = {item.key: item for item in self.request.items} if self.request else {}
        items = [
            item.model_copy(update={name: getattr(asked[item.key], name) for name in ("actions", "channels", "data")})
            for item in said.message.body.items
            if item.key in asked
        ]
        if items:
            inner(self, saying(said, items=items))
        return inner(self, said)

    at.takes(consent_fold.Consent, consent.Grant, take)


@fault("CNS-2")
def takes_longer_grants(at: Switch) -> None:
    def shorter(record: Any, body: consent.Grant) -> dict[str, Any]:
        if record.request is None:
            return {}
        items = [item.model_copy(update={"until": None}) for item in body.items]
        return {"items": items, "until": min(body.until, record.request.until)}

    at.hears(consent_fold.Consent, consent.Grant, shorter)


FAULTS |= {
    "needs_no_statement": (
        "CNS-3",
        hears(consent_fold.Consent, consent.Grant, lambda _, body: {"statement": body.statement or "-"}),
    ),
    "takes_a_controller_for_a_statement": (
        "CNS-3",
        hears(
            consent_fold.Consent,
            consent.Grant,
            lambda _, body: {"statement": body.statement or (body.controller and "-")},
        ),
    ),
    "forgets_the_other_items": (
        "CNS-5",
        takes(
            consent_fold.Consent,
            consent.Grant,
            lambda inner, self, said: inner(self if self.request else replace(self, items={}), said),
        ),
    ),
    "withdraws_all_or_nothing": (
        "CNS-6",
        hears(consent_fold.Consent, (consent.Refuse, consent.Withdraw), lambda *_: {"keys": None}),
    ),
    "takes_grants_after_the_request": (
        "CNS-9",
        takes(
            consent_fold.Consent, consent.Grant, lambda inner, self, said: inner(replace(self, answer_by=None), said)
        ),
    ),
}


@fault("CNS-9")
def looks_at_the_width_first(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        inner(replace(self, answer_by=None), said)
        return inner(self, said)

    at.takes(consent_fold.Consent, consent.Grant, take)


@fault("LIF-3")
def tells_what_is_too_wide_before_all_else(at: Switch) -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        with at.patch.context() as for_now:
            for_now.setattr(consent_fold, "check_terms", lambda *_: None)
            inner(self, said)
        return inner(self, said)

    at.takes(consent_fold.Consent, consent.Grant, take)


FAULTS |= {
    "takes_whatever_is_disclosed": (
        "CNS-12",
        hears(consent_fold.Consent, consent.Grant, lambda *_: {"discloses": None}),
    ),
}


@fault("VOC-1")
def takes_any_duty(at: Switch) -> None:
    def check(inner: Any, kind: Any, term: Any, path: Any) -> None:
        if kind != "duty":
            inner(kind, term, path)

    at.around(roster, "check_term", check)


@fault("VOC-1")
def knows_terms_of_any_table(at: Switch) -> None:
    def check(inner: Any, kind: Any, terms: Any, path: Any) -> None:
        kinds = ("action", "purpose", "data")
        inner(kind, [term for term in terms if not any(vocabulary.is_term(each, term) for each in kinds)], path)

    at.around(consent_fold, "check_terms", check)


FAULTS |= {
    "takes_data_in_any_shape": ("VOC-2", instead(personal, "shapes", dict)),
}


def mute_about(code: str) -> Break:
    """A vendor that names no pointer in its problems of one code, signed or not."""

    def switch(at: Switch) -> None:
        def stripped(problem: dict[str, Any]) -> dict[str, Any]:
            spoken = problem["type"] != PROBLEM_BASE + code
            return problem if spoken else {name: value for name, value in problem.items() if name != "pointer"}

        at.around(Problem, "as_dict", lambda inner, self: stripped(inner(self)))

    return switch


for _code in ("expired", "stale", "wrong-total", "replayed"):
    FAULTS[f"names_no_pointer_of_{_code}"] = ("LIF-3", mute_about(_code))
FAULTS["names_no_pointer_of_wrong_key"] = ("TRN-9", mute_about("wrong-key"))


@fault("RCV-1")
def looks_at_who_signed_before_what_is_for_the_mailbox(at: Switch) -> None:
    def verify(inner: Any, parsed: Any, types: Any = None, **named: Any) -> Any:
        inner(parsed, **named)
        return inner(parsed, types=types, **named)

    at.around(mailbox, "verify", verify)
