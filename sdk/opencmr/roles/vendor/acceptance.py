"""Acceptance of terms: which a vendor accepts, what it answers to others, and how long its offers are firm.

On the vendor's side, only this module and `in_hand` know families. All other words are the application's.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ...errors import UsageError
from ...messages import Body, offer, terms
from ...messages.types import TermsRef
from ...protocol import roster
from ..party.given import told
from ..party.signing import Draft
from .forgetting import LONGEST

TERMS_ARE_ASKED_FOR = terms.Proffer.type
"""The type that `Acceptance.reply` answers."""


class Acceptance:
    """The terms of the roster that a vendor accepts just now.

    Attributes:
        codes: Their roster codes; none: the vendor judges for itself.
        counter: Roster code of the one alternative; none: other terms are declined.
        firm_for: How long an offer is firm that does not say.
    """

    def __init__(self, codes: Iterable[str], counter: str | None, firm_for: timedelta) -> None:
        given: Any = firm_for
        if not isinstance(given, timedelta) or not timedelta() < given <= LONGEST:
            raise UsageError(f"firm_for is a timedelta above 0, of {LONGEST.days} days at most, not {told(given)}")
        self.firm_for = firm_for
        self.codes: tuple[str, ...] = ()
        self.counter: str | None = None
        self.change(codes, counter)

    def change(self, codes: Iterable[str], counter: str | None) -> None:
        """Accept these from now on, and no others.

        Raises:
            UsageError: A code is not on the roster.
        """
        if isinstance(codes, str):
            raise UsageError(f'accepts is a list of roster codes: accepts=["{codes}"]')
        for code in (*(codes := tuple(codes)), *((counter,) if counter else ())):
            roster.document(code)
        self.codes, self.counter = codes, counter

    def first(self, choices: Iterable[TermsRef]) -> TermsRef | None:
        """The first of a customer's terms that is accepted; see `Vendor.acceptable`."""
        return next((choice for choice in choices if not self.codes or choice.id in self.codes), None)

    def stands_by(self, body: Body) -> bool:
        """Whether this may be said: making an offer accepts, by signature, the terms that it stands under."""
        return not isinstance(body, offer.Make) or self.first([body.under]) is not None

    def complete(self, draft: Draft) -> Draft:
        """A draft with what its envelope needs: an offer says until when it is firm."""
        if isinstance(draft.body, offer.Make) and draft.expires is None:
            return Draft(draft.body, self.firm_for, draft.ext)
        return draft

    def reply(self, proffer: terms.Proffer, now: str) -> Body:
        """What is said to a proffer, unless a handler of one's own is registered."""
        if proffer.answer_by is not None and proffer.answer_by <= now:
            return terms.Decline(reason="tooLate")
        choice = self.first(proffer.choices) if self.codes else None
        if choice is not None:
            return terms.Accept(terms=choice)
        if self.counter is not None:
            return terms.Counter(terms=roster.ref(self.counter))
        return terms.Decline(reason="notAcceptable")
