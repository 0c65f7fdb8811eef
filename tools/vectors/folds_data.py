"""What words about data fold to: requests and what comes of them, objections, what is shared and given."""

from typing import Any

from .answers_data import FOR_THE_ORDER, NOWHERE, answer, request
from .conversation import Body, Script, Word, euros, item
from .folds import fold, question
from .folds_bounds import PHONE
from .folds_knowing import NOW
from .writing import Case

MAIL: Body = {"data": "pd:EmailAddress", "value": "alice@moser.example"}
NEWS = question(data="pd:EmailAddress")
STORED = question("dpv:Store", "dpv:RequestedServiceProvision", data="pd:EmailAddress")
CALLED = question("dpv:Store", "dpv:RequestedServiceProvision", data="pd:TelephoneNumber")
FULFIL = question("dpv:Use", "dpv:RightsFulfilment", data="pd:EmailAddress", thread="here")
CARE = question("dpv:Use", "dpv:CustomerCare", data="pd:EmailAddress", thread="here")
KEPT: Body = {"data": ["pd:EmailAddress"], "because": "legalObligation", "until": "2033-12-31T23:59:59.999Z"}


def data_folds() -> list[Case]:
    return [*_requests(), *_objections(), *_handed()]


def object_(t: Script, right: str = "object", **body: Any) -> Word:
    return t.say("data.object", {"right": right, **body})


def _requests() -> list[Case]:
    return [
        fold("request-answered", "A request goes from received over a verification to fulfilled", "DAT-7 DAT-14",
             "aaaaaa", "fulfilled", _answered),
        fold("request-goes-back", "No answer goes back, and none follows one that is final", "DAT-7 LIF-1",
             "aavav", "denied", _back, problems={3: "wrong-state /body/status DAT-7", 5: "wrong-state /type LIF-1"}),
        fold("request-answered-by-the-customer", "Only a vendor answers", "DAT-7 LIF-1", "ar", "requested",
             lambda t: t.say("data.answer", {"status": "fulfilled"}, request(t).thread),
             problems={2: "wrong-side /type LIF-1"}),
        fold("request-cancelled", "A request is taken back, and no answer follows", "DAT-16", "aav", "cancelled",
             _cancelled, problems={3: "wrong-state /type LIF-1"}),
        fold("request-cancelled-too-late", "One that is answered for good is not", "DAT-16", "aam", "fulfilled",
             lambda t: t.say("data.cancel", {}, answer(t, request(t), "fulfilled").thread)),
        fold("request-cancelled-before-it-came", "A request that does not know that it was taken back is stale",
             "SEQ-9 SEQ-4", "mr", "none", _overtaken, problems={2: "stale /seen SEQ-4"}),
        *[
            fold(f"request-due-{name}", f"When a request under {name} is due", "DAT-14", "a", "requested",
                 lambda t, name=name: _on(t, "2027-01-31T22:00:00.000Z", name))  # type: ignore[misc]
            for name in ("gdpr", "ccpa", "dpdp", "other")
        ],
        fold("request-due-sooner-then-later", "A vendor says sooner, and once later, as far as the regime allows",
             "DAT-8", "aaav", "inProgress", _sooner, problems={4: "wider-than-asked /body/dueBy DAT-8"}),
        fold("request-extended-too-late", "Who is late does not take longer", "DAT-8", "av", "requested", _too_late,
             problems={2: "wider-than-asked /body/dueBy DAT-8"}),
        fold("request-due-by-the-vendors-word", "Without a regime it is due as the vendor says, any time", "DAT-8",
             "aaa", "inProgress", _by_word),
        fold("request-live", "What identifies serves to answer, and nothing else", "DEC-24 DEC-12", "a", "requested",
             lambda t: request(t, identify=[MAIL]),
             asks=[(FULFIL, NOW, "permit request-live"), (CARE, NOW, "deny no-word"),
                   ({**FULFIL, "data": "pd:Name"}, NOW, "deny no-word"),
                   ({**FULFIL, "action": "dpv:Share"}, NOW, "deny no-word"),
                   (question("dpv:Use", "dpv:RightsFulfilment"), NOW, "deny no-word")]),
        fold("request-live-by-what-was-shared", "So does what is shared in its thread", "DEC-24 DAT-1", "aaa",
             "needVerification", _verified, asks=[(FULFIL, NOW, "permit request-live")]),
        fold("request-answered-is-live-no-more", "Until it is answered for good", "DEC-24 DEC-20", "aa", "partly",
             lambda t: answer(t, request(t, identify=[MAIL]), "partly"), asks=[(FULFIL, NOW, "deny no-word")]),
        fold("request-cancelled-is-live-no-more", "Or taken back", "DEC-24 DAT-16", "aa", "cancelled",
             lambda t: t.say("data.cancel", {}, request(t, identify=[MAIL]).thread),
             asks=[(FULFIL, NOW, "deny no-word")]),
        fold("request-live-for-a-year", "And 365 days at most", "DEC-24 DEC-20", "a", "requested",
             lambda t: request(t, identify=[MAIL]),
             asks=[(FULFIL, {"at": "2027-03-01T12:00:00.000Z"}, "permit request-live"),
                   (FULFIL, {"at": "2027-03-01T12:02:00.000Z"}, "deny no-word")]),
        *_erasures(),
    ]  # fmt: skip


def _erasures() -> list[Case]:
    denied = [(NEWS, NOW, "deny erasure"), (STORED, NOW, "deny erasure"), (CALLED, NOW, "permit agreement")]
    return [
        fold("erasure-asked", "Who asks for erasure says no", "DAT-12", "aaaa", "requested",
             lambda t: _erase(t), asks=denied),
        fold("erasure-fulfilled", "What was erased is told, and the no stays", "DAT-12", "aaaaa", "fulfilled",
             lambda t: answer(t, _erase(t), "fulfilled"), asks=denied),
        fold("erasure-in-part", "What is kept is told, with the reason, and the no stays", "DAT-12 DAT-10", "aaaaa",
             "partly", lambda t: answer(t, _erase(t), "partly", kept=[KEPT], reason=["legalObligation"]),
             asks=[*denied, (question("dpv:Store", "dpv:LegalCompliance"), NOW, "not-governed legal-compliance")]),
        fold("erasure-denied", "A vendor's answer lifts no no", "DAT-12", "aaaaa", "denied",
             lambda t: answer(t, _erase(t), "denied", reason=["noMatch"]), asks=denied),
        fold("erasure-cancelled", "To take it back gives nothing back", "DAT-12 DAT-16", "aaaaa", "cancelled",
             lambda t: t.say("data.cancel", {}, _erase(t).thread), asks=denied),
        fold("erasure-lifted", "Only a later yes does", "DAT-12 SEQ-21", "aaaaa", "given", _again,
             asks=[(NEWS, NOW, "permit consent"), (STORED, NOW, "deny erasure")]),
        fold("erasure-expired", "One that a vendor let expire denies all the same", "DAT-12", "aaar", "none", _expired,
             problems={4: "expired /expires RCV-11"}, asks=denied),
        fold("erasure-without-a-place", "One whose receipt is missing denies nothing here", "DAT-12 SEQ-27", "aaa",
             "none", lambda t: _unplaced(t), asks=[(NEWS, NOW, "permit consent")]),
        fold("erasure-during-an-order", "The order goes on with what was disclosed in it, and it is kept for that",
             "DAT-11 DEC-11", "aaaaa", "partly", _during, problems={}),
        fold("erasure-kept-for-no-order", "What was not disclosed in an order that lives is not kept for it", "DAT-11",
             "avaaaav", "requested", _for_none,
             problems={2: "no-basis /body/kept/0/because DAT-11", 7: "no-basis /body/kept/0/because DAT-11"}),
    ]  # fmt: skip


def _objections() -> list[Case]:
    def objected(id_: str, says: str, asks: Any, **body: Any) -> Case:
        return fold(id_, says, "DAT-4", "aaaa", "objected", lambda t: _told(t, **body), asks=asks)

    return [
        objected("objection-to-all", "An objection that names nothing is to all",
                 [(NEWS, NOW, "deny objected"), (STORED, NOW, "deny objected")]),
        objected("objection-to-marketing", "One that names a purpose is to that",
                 [(NEWS, NOW, "deny objected"), (STORED, NOW, "permit agreement")], purposes=["dpv:DirectMarketing"]),
        objected("objection-over-a-channel", "A question that leaves the channel open asks about it too",
                 [(NEWS, NOW, "deny objected"), ({**NEWS, "channel": "email"}, NOW, "permit consent"),
                  ({**NEWS, "channel": "phone"}, NOW, "deny objected")], channels=["phone"]),
        objected("restriction", "A restriction leaves the storing",
                 [(STORED, NOW, "permit agreement"), (NEWS, NOW, "deny objected"),
                  ({**STORED, "action": "dpv:Processing"}, NOW, "deny objected")], right="restrict"),
        objected("objection-to-a-third-party", "One that names a third party is to that, and the vendor goes on",
                 [(NEWS, NOW, "permit consent"),
                  ({**NEWS, "action": "dpv:Share", "recipient": "https://ads.example/"}, NOW, "deny objected")],
                 recipients=[{"name": "Ads", "role": "thirdParty", "id": "https://ads.example/"}]),
        objected("objection-to-any-third-party", "One without an id is any",
                 [(NEWS, NOW, "permit consent"),
                  ({**NEWS, "action": "dpv:Share", "recipient": "https://press.example/"}, NOW, "deny objected")],
                 recipients=[{"name": "Partners", "role": "thirdParty"}]),
        objected("objection-to-the-vendor", "The vendor goes by its role",
                 [(NEWS, NOW, "deny objected"),
                  ({**STORED, "action": "dpv:Share", "recipient": "https://press.example/"}, NOW,
                   "deny prohibited-by-agreement")], recipients=[{"name": "Shop", "role": "processor"}]),
        fold("objection-not-cancelled", "No cancellation and no answer ends it", "DAT-4", "aaaamv", "objected",
             _not_ended, problems={6: "wrong-state /type LIF-1"}, asks=[(NEWS, NOW, "deny objected")]),
        fold("objection-lifted", "A later yes that knows it lifts it, for what it names", "DAT-4 SEQ-21", "aaaaa",
             "given", _lifted, asks=[(NEWS, NOW, "permit consent"), (STORED, NOW, "deny objected")]),
        fold("objection-not-known", "One that does not know it lifts nothing", "DAT-4 SEQ-21", "aaaaa", "given",
             _not_known, asks=[(NEWS, NOW, "deny objected")]),
        fold("objection-refused", "A no counts by any receipt", "DAT-4 SEQ-26", "aaaa", "objected",
             lambda t: _told(t, claims={"outcome": "moot", "state": "none"}), differs={4: "other-outcome"},
             asks=[(NEWS, NOW, "deny objected")]),
        fold("objection-during-an-order", "It stops no order", "DEC-11", "aaaa", "ordered", _order_goes_on,
             asks=[(question("dpv:Use", "dpv:CustomerCare", data="pd:Intention", thread="here"), NOW,
                    "permit order-live")]),
    ]  # fmt: skip


def _handed() -> list[Case]:
    return [
        fold("share-on-a-consent", "What is shared is told, and permits nothing", "DAT-1 DAT-2", "aa", "shared",
             lambda t: _shared(t, t.grant(None)), asks=[(question(data="pd:TelephoneNumber"), NOW, "deny no-word")]),
        fold("share-on-an-agreement", "An agreement is a basis by its proffer", "DAT-1", "aaa", "shared",
             lambda t: _shared(t, t.agree())),
        fold("share-on-an-order", "An order by its acceptance", "DAT-1", "aaaa", "shared", _shared_for_order),
        fold("share-on-what-has-ended", "What is not live is none", "DAT-1", "aar", "none", _on_what_ended,
             problems={3: "no-basis /body/basis DAT-1"}),
        fold("share-on-what-is-not-there", "Nor is what there is not", "DAT-1", "r", "none",
             lambda t: t.say("data.share", {"discloses": [PHONE], "basis": NOWHERE}),
             problems={1: "no-basis /body/basis DAT-1"}),
        fold("share-in-a-request-on-something-else", "In a request it rests on that", "DAT-1", "aar", "requested",
             _on_something_else, problems={3: "no-basis /body/basis DAT-1"}),
        fold("correction-of-what-was-shared", "What was shared can be corrected", "DAT-5", "aaa", "requested",
             _corrected),
        fold("correction-of-what-was-told", "And what an answer told", "DAT-5", "aaa", "requested", _corrected_told),
        fold("correction-of-a-part", "The part of what was shared too", "DAT-5", "aa", "requested", _corrected_part),
        fold("correction-of-what-was-not", "Nothing else can", "DAT-5", "r", "none",
             lambda t: request(t, "correct", corrections=[PHONE]),
             problems={1: "unknown-reference /body/corrections/0/data DAT-5"}),
        fold("review-of-an-offer", "A review is of something that was said here", "DAT-6", "aaa", "requested",
             lambda t: request(t, "review", about=t.offer(t.cast()).ref)),
        fold("bill-for-an-order", "A bill belongs to something, and adds up", "DAT-6 DAT-13", "aaaa", "given", _billed),
        fold("bill-for-nothing", "One that belongs to nothing here is void", "DAT-6", "v", "none",
             lambda t: _bill(t, NOWHERE), problems={1: "unknown-reference /body/about DAT-6"}),
    ]  # fmt: skip


def _answered(t: Script) -> Word:
    asked = request(t, identify=[MAIL], detail="specific", regime="ccpa")
    for status, more in (("received", {}), ("inProgress", {}), ("needVerification", {"needs": ["pd:Name"]})):
        answer(t, asked, status, **more)
    answer(t, asked, "inProgress")
    return answer(t, asked, "fulfilled", data=[MAIL], categories=["pd:Contact"])


def _back(t: Script) -> Word:
    asked = request(t)
    answer(t, asked, "needVerification")
    answer(t, asked, "received")
    answer(t, asked, "denied", reason=["insufVerification"])
    return answer(t, asked, "fulfilled")


def _cancelled(t: Script) -> Word:
    asked = request(t)
    t.say("data.cancel", {"reason": "changedMind"}, asked.thread)
    return answer(t, asked, "fulfilled")


def _overtaken(t: Script) -> Word:
    asked = t.word("data.request", {"right": "access"})
    t.say("data.cancel", {}, asked.thread)
    return t.place(asked)


def _on(t: Script, at: str, name: str) -> Word:
    t.now = at
    return request(t, regime=name)


def _sooner(t: Script) -> Word:
    asked = request(t, regime="gdpr")
    answer(t, asked, "received", dueBy="2026-03-20T00:00:00.000Z")
    answer(t, asked, "inProgress", dueBy="2026-06-02T00:00:00.000Z", reason=["extended"])
    return answer(t, asked, "inProgress", dueBy="2026-06-02T00:00:00.001Z", reason=["extended"])


def _too_late(t: Script) -> Word:
    asked = request(t, regime="gdpr")
    t.now = "2026-04-02T00:00:00.000Z"
    return answer(t, asked, "inProgress", dueBy="2026-05-02T00:00:00.000Z", reason=["extended"])


def _by_word(t: Script) -> Word:
    asked = request(t)
    answer(t, asked, "received", dueBy="2026-04-01T00:00:00.000Z")
    return answer(t, asked, "inProgress", dueBy="2028-04-01T00:00:00.000Z")


def _verified(t: Script) -> Word:
    asked = request(t)
    answer(t, asked, "needVerification", needs=["pd:EmailAddress"])
    return t.say("data.share", {"discloses": [MAIL], "basis": asked.ref}, asked.thread)


def _erase(t: Script) -> Word:
    t.agree("SD-BASE")
    t.grant(None)
    return request(t, "erase", data=["pd:EmailAddress"], regime="gdpr")


def _again(t: Script) -> Word:
    _erase(t)
    return t.grant(None)


def _expired(t: Script) -> Word:
    t.agree("SD-BASE")
    t.grant(None)
    asked = t.word("data.request", {"right": "erase", "data": ["pd:EmailAddress"]}, expires=t.after(hours=1))
    t.later(days=1)
    return t.place(asked)


def _unplaced(t: Script) -> Word:
    t.agree("SD-BASE")
    t.grant(None)
    return t.word("data.request", {"right": "erase"})


def _during(t: Script) -> Word:
    wished = t.cast(discloses=[MAIL])
    t.accept(t.offer(wished))
    return answer(t, request(t, "erase"), "partly", kept=[FOR_THE_ORDER])


def _for_none(t: Script) -> Word:
    asked = request(t, "erase")
    answer(t, asked, "partly", kept=[FOR_THE_ORDER])
    wished = t.cast(discloses=[MAIL])
    t.accept(t.offer(wished))
    t.cancel(wished, "customer")
    return answer(t, asked, "partly", kept=[FOR_THE_ORDER])


def _told(t: Script, right: str = "object", claims: Body | None = None, **body: Any) -> Word:
    """Under an agreement, and with a consent to the news, which `https://press.example/` and another may have too."""
    t.agree("SD-BASE")
    t.grant(None)
    return t.say("data.object", {"right": right, **body}, claims=claims or {})


def _not_ended(t: Script) -> Word:
    objected = _told(t)
    t.say("data.cancel", {}, objected.thread)
    return answer(t, objected, "denied", reason=["other"])


def _lifted(t: Script) -> Word:
    _told(t)
    return t.grant(None)


def _not_known(t: Script) -> Word:
    t.agree("SD-BASE")
    t.grant(None)
    held = t.word("consent.grant", {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z", "statement": "Do."})
    object_(t)
    return t.place(held)


def _order_goes_on(t: Script) -> Word:
    wished = t.order()
    object_(t)
    return wished


def _shared(t: Script, basis: Word) -> Word:
    return t.say("data.share", {"discloses": [PHONE], "basis": basis.ref})


def _shared_for_order(t: Script) -> Word:
    return _shared(t, t.accept(t.offer(t.cast())))


def _on_what_ended(t: Script) -> Word:
    granted = t.grant(None)
    t.withdraw(granted)
    return _shared(t, granted)


def _on_something_else(t: Script) -> Word:
    granted = t.grant(None)
    return t.say("data.share", {"discloses": [PHONE], "basis": granted.ref}, request(t).thread)


def _corrected(t: Script) -> Word:
    _shared(t, t.grant(None))
    return request(t, "correct", corrections=[PHONE])


def _corrected_told(t: Script) -> Word:
    answer(t, request(t), "fulfilled", data=[PHONE])
    return request(t, "correct", corrections=[PHONE])


def _corrected_part(t: Script) -> Word:
    t.cast(discloses=[{"data": "pd:Contact", "value": "Kiel"}])
    return request(t, "correct", corrections=[PHONE])


def _bill(t: Script, about: Body) -> Word:
    lines = [{"name": "Boots", "price": euros("90.00")}]
    adjustments = [
        {"kind": "delivery", "amount": euros("10.00")},
        {"kind": "tax", "amount": euros("15.97"), "included": True},
    ]
    body: Body = {"kind": "bill", "about": about, "lines": lines, "adjustments": adjustments, "total": euros("100.00")}
    return t.say("data.give", body, by="vendor")


def _billed(t: Script) -> Word:
    return _bill(t, t.accept(t.offer(t.cast())).ref)
