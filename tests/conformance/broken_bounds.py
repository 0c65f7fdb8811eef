"""Vendors that are wrong about how far a grant may go, about the vocabulary, or about which fault comes first."""

from typing import Any

from broken import FAULTS, Break, Switch, fault

from opencmr.errors import PROBLEM_BASE, Problem
from opencmr.messages import personal
from opencmr.protocol import roster, vocabulary
from opencmr.protocol.families import consent as consent_fold
from opencmr.roles.vendor import mailbox

__all__ = ["FAULTS"]


def forgives(member: str) -> Break:
    """A vendor that does not compare one member of an item."""

    def switch(at: Switch) -> None:
        def check(inner: Any, item: Any, asked: Any, path: Any) -> None:
            inner(item.model_copy(update={member: getattr(asked, member)}), asked, path)

        at.around(consent_fold, "_check_item", check)

    return switch


for _member in ("channels", "topics", "retention", "stored_in", "recipients"):
    FAULTS[f"does_not_compare_{_member}"] = ("CNS-1", forgives(_member))


@fault("CNS-1")
def takes_countries_as_they_are_spelt(at: Switch) -> None:
    at.patch.setattr(consent_fold, "lies_in", lambda bound, place: bound == place)


@fault("CNS-1")
def takes_territories_for_their_country(at: Switch) -> None:
    at.around(consent_fold, "lies_in", lambda inner, bound, place: inner(bound, place.partition("-")[0]))


@fault("CNS-1")
def takes_topics_by_their_labels(at: Switch) -> None:
    names = lambda topics: None if topics is None else [each.label or each.code for each in topics]  # noqa: E731
    at.patch.setattr(consent_fold, "_names_of", names)


@fault("CNS-1")
def lets_slip_in_what_has_to_be_named(at: Switch) -> None:
    at.patch.setattr(consent_fold, "reaches", vocabulary.includes)


@fault("CNS-1")
def counts_authorities_as_its_own(at: Switch) -> None:
    at.patch.setattr(consent_fold, "_is_outside", lambda party: party.role == "thirdParty")


@fault("CNS-12")
def takes_whatever_is_disclosed(at: Switch) -> None:
    at.patch.setattr(consent_fold, "_check_disclosed", lambda grant: None)


@fault("CNS-9")
def looks_at_the_width_first(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        if self.request is not None:
            consent_fold._check_within(body, self.request)
        return inner(self, said, body)

    at.around(consent_fold.Consent, "_granted", granted)


@fault("CNS-3")
def takes_a_controller_for_a_statement(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        known = body.controller and not body.statement
        return inner(self, said, body.model_copy(update={"statement": "-"}) if known else body)

    at.around(consent_fold.Consent, "_granted", granted)


@fault("LIF-3")
def tells_what_is_too_wide_before_all_else(at: Switch) -> None:
    def granted(inner: Any, self: Any, said: Any, body: Any) -> Any:
        if self.request is not None:
            consent_fold._check_within(body, self.request)
        return inner(self, said, body)

    at.around(consent_fold.Consent, "_granted", granted)


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


@fault("VOC-2")
def takes_data_in_any_shape(at: Switch) -> None:
    at.patch.setattr(personal, "_shapes", dict)


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
