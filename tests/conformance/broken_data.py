"""Broken vendors and customers that get the family data wrong."""

from dataclasses import replace
from typing import Any

from broken import FAULTS, fault
from switch import Break, Switch, hears, instead, row

from opencmr import Money
from opencmr.conformance import testmode
from opencmr.messages import data
from opencmr.protocol import Knowledge, Word, receiving
from opencmr.protocol.families import data as family
from opencmr.protocol.families.data import handed, objection, request
from opencmr.protocol.families.data.regimes import Regime
from opencmr.protocol.statements import Statement
from opencmr.roles.vendor import numbering

ANY = Regime("any")
"""A law that bounds nothing."""
OTHER = Regime("other", "P4M", "P5M")
"""A law with more time than any of the table."""
OPEN = ("received", "inProgress", "needVerification", "fulfilled", "partly", "denied")


def nothing(*_: Any) -> None:
    """Nothing is checked."""


def cancels_objections(at: Switch) -> None:
    """To take a request back takes an objection back, too."""
    row("data", "objected", "data.cancel", "customer", to=("cancelled",))(at)
    at.around(objection.Objection, "take", lambda _, self, *__: replace(self, state="cancelled"))
    at.patch.setattr(objection.Objection, "statements", lambda self, when: ())


def goes_back(at: Switch) -> None:
    """What was received can be received again."""
    row("data", "received", "data.answer", "vendor", to=OPEN)(at)


def permits_all(self: Any, when: Any) -> Any:
    """What is shared may be used for anything."""
    for datum, point in self.disclosed:
        own = Word(point.place, Knowledge(point.place), point.at)
        yield Statement("permit", "consent", ("dpv:Use",), None, (datum.data,), own, when(point), (self.digest,))


ALIKE: dict[str, tuple[str, Break]] = {
    "objects_to_what_there_is_not": ("DAT-3", instead(family, "is_term", lambda *_: True)),
    "cancels_objections": ("DAT-4", cancels_objections),
    "takes_sharing_for_a_yes": ("DAT-2", instead(handed.Sharing, "statements", permits_all)),
    "believes_in_any_order": ("DAT-11", instead(request, "is_for_an_order", lambda *_: True)),
    "goes_by_what_is_answered": ("DAT-12", instead(request.RightsRequest, "statements", lambda *_: ())),
    "has_a_table_of_its_own": ("DAT-14", instead(request, "regime", lambda _: OTHER)),
    "takes_what_rests_on_nothing": ("DAT-1", instead(handed, "is_live", lambda *_: True)),
    "never_lets_go": ("DAT-16", row("data", "requested", "data.cancel", "customer")),
}
"""What both sides get wrong alike."""

CUSTOMERS: dict[str, tuple[str, Break]] = {
    **ALIKE,
    "takes_bills_for_nothing": ("DAT-6", instead(handed, "check_about", nothing)),
    "lets_answers_go_back": ("DAT-7", goes_back),
    "waits_for_ever": ("DAT-8", instead(request, "regime", lambda _: ANY)),
    "waits_until_nobody_knows_when": ("DAT-9", instead(receiving, "check_place", nothing)),
    "asks_not_what_is_kept": (
        "DAT-10",
        hears(request.RightsRequest, data.Answer, lambda self, body: {"kept": body.kept or []}),
    ),
    "pays_any_bill": ("DAT-13", instead(handed, "check_total", nothing)),
}
"""Name → the requirement that a customer breaks, and the switch."""

FAULTS |= ALIKE
FAULTS |= {
    "offers_in_spite_of_objections": ("DAT-4", instead(objection.Objection, "statements", lambda *_: ())),
    "corrects_what_it_does_not_have": ("DAT-5", instead(request, "check_known", nothing)),
    "reviews_what_it_never_said": ("DAT-6", instead(request, "check_about", nothing)),
}


@fault("DAT-7")
def says_twice_that_it_has_it(at: Switch) -> None:
    goes_back(at)

    @at.vendor.on(data.Request)
    def answer(message: Any, _: Any) -> Any:
        if message.body.note == "test: received":
            return [data.Answer(status="received"), data.Answer(status="received")]
        return [testmode.answered(str(message.body.note).removeprefix("test: "), message)]


def _answers_with(at: Switch, **members: Any) -> None:
    """Its answers have other members."""
    at.around(testmode, "answered", lambda inner, *asked: inner(*asked).model_copy(update=members))


@fault("DAT-8")
def takes_its_time(at: Switch) -> None:
    at.patch.setattr(request, "regime", lambda _: ANY)
    _answers_with(at, due_by="2999-01-01T00:00:00.000Z")


@fault("DAT-9")
def says_not_until_when(at: Switch) -> None:
    at.patch.setattr(numbering, "check_place", nothing)
    _answers_with(at, due_by=None)


@fault("DAT-10")
def says_not_what_it_keeps(at: Switch) -> None:
    hears(request.RightsRequest, data.Answer, lambda self, body: {"kept": body.kept or []})(at)
    _answers_with(at, kept=None)


@fault("DAT-13")
def bills_what_it_likes(at: Switch) -> None:
    at.patch.setattr(handed, "check_total", nothing)
    at.around(testmode, "given", lambda inner, about: inner(about).model_copy(update={"total": Money("11.00", "EUR")}))
