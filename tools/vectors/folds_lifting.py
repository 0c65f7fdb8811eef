"""Which yes lifts which no, by what each of them says: action, purpose, channel, topic, party."""

from collections.abc import Sequence
from typing import Any

from .conversation import Body, Script, Word, euros, item, terms
from .folds import fold, question
from .folds_knowing import ANALYTICS, EMAIL, NOW
from .writing import Case

LAB = "https://lab.example/"
SHOES: Body = {"scheme": "text", "code": "shoes"}
RESEARCH = "dpv:ResearchAndDevelopment"
MARKETING = "dpv:DirectMarketing"
SHARING = {"effect": "permit", "action": "dpv:Share", "purpose": MARKETING, "data": EMAIL, "by": ["third-party"]}


def lifting_folds() -> list[Case]:
    """A withdrawal of each of the noes, and then a grant that knows them."""
    asked = question(data=EMAIL)
    to_lab = {**asked, "recipient": LAB}
    lab: Body = {"recipients": [{"name": "Lab", "role": "thirdParty", "id": LAB}]}
    whoever: Body = {"recipients": [{"name": "A lab", "role": "thirdParty"}]}
    both = {"actions": ["dpv:Share", "dpv:Use"]}
    talks: list[tuple[str, str, list[Body], Body, Body, str]] = [
        ("no-to-more-purposes", "A no to two purposes is lifted for one", [{"purposes": [MARKETING, RESEARCH]}], {},
         asked, "permit consent"),
        ("no-to-more-actions", "A no to two actions is lifted for one", [{"actions": ["dpv:Store", "dpv:Use"]}], {},
         asked, "permit consent"),
        ("no-to-more-channels", "A no to two channels is lifted for one", [{"channels": ["email", "phone"]}],
         {"channels": ["email"]}, {**asked, "channel": "email"}, "permit consent"),
        ("no-to-a-channel", "A no to one channel stands where the question names none, and the yes none",
         [{"channels": ["email"]}], {}, asked, "deny withdrawn"),
        ("no-to-a-topic-and-to-all", "One of the noes speaks of a topic: a yes that names none leaves it be",
         [{}, {"topics": [SHOES]}], {}, {**asked, "topic": SHOES}, "deny withdrawn"),
        ("no-to-a-wide-action", "A yes to more than what was denied lifts nothing", [{"actions": ["dpv:Disclose"]}],
         {"actions": ["dpv:Processing"]}, {**asked, "action": "dpv:Disclose"}, "deny withdrawn"),
        ("no-to-use-by-a-party", "Who may be given data may not use it so, where that was denied",
         [{"actions": ["dpv:Use"], **lab}], {"actions": ["dpv:Share"], **lab}, to_lab, "deny withdrawn"),
        ("no-to-a-party", "The yes names the party, the action and sharing", [{**both, **lab}], {**both, **lab}, to_lab,
         "permit consent"),
        ("no-to-whoever", "A yes to one party lifts a no to whoever it is", [{**both, **whoever}], {**both, **lab},
         to_lab, "permit consent"),
        ("no-to-narrower-data", "Of the yes, what is asked is permitted by what is wider than the no alone", [{}],
         {"data": ["pd:Contact", "pd:EmailAddressWork"]}, asked, "deny withdrawn"),
    ]  # fmt: skip
    made = [
        fold(f"lifts-{name}", says, "DEC-14 SEQ-21", "aa" * len(noes) + "a", "given",
             lambda t, noes=noes, yes=yes: _talk(t, noes, yes), asks=[(asking, NOW, answer)])
        for name, says, noes, yes, asking, answer in talks
    ]  # fmt: skip
    return [*made, *_by_terms(), *_unasked()]


def _talk(t: Script, noes: list[Body], yes: dict[str, Any]) -> Word:
    for no in noes:
        t.withdraw(t.grant(None, item("news", **no)))
    return t.grant(None, item("news", **yes))


def _by_terms() -> list[Case]:
    """Terms that let any third party have the data, said after the noes."""
    to_lab = question("dpv:Share", data=EMAIL, recipient=LAB)
    share: Body = {"actions": ["dpv:Share"]}
    lab: Body = {**share, "recipients": [{"name": "Lab", "role": "thirdParty", "id": LAB}]}
    whoever: Body = {**share, "recipients": [{"name": "A lab", "role": "thirdParty"}]}
    return [
        fold("lifts-no-to-whoever-by-terms", "Any party, where any was denied", "DEC-14 SEQ-21", "aaaa", "active",
             lambda t: _agreed(t, whoever), asks=[(to_lab, NOW, "permit agreement")]),
        fold("lifts-no-to-a-party-by-terms", "One of the noes names a party: terms that name none leave it be",
             "DEC-14 SEQ-21", "aaaaaa", "active", lambda t: _agreed(t, whoever, lab),
             asks=[(to_lab, NOW, "deny withdrawn")]),
        fold("lifts-no-to-another-action-of-a-party", "A no to storing says nothing of sharing", "DEC-17", "aaaa",
             "withdrawn", lambda t: _then_no(t, {**lab, "actions": ["dpv:Store"]}),
             asks=[(to_lab, NOW, "permit agreement")]),
        fold("terms-ended-and-then-others", "What was ended stays ended from then on, though others follow", "TRM-10",
             "aaaaa", "active", _ended_then_others,
             asks=[(ANALYTICS, {"at": "2026-03-01T12:02:30.000Z"}, "permit agreement"),
                   (ANALYTICS, {"at": "2026-03-01T12:03:30.000Z"}, "deny agreement-ended")]),
        fold("lifts-no-to-the-vendor", "Terms that forbid the vendor something say nothing of others", "DEC-17", "aa",
             "active", lambda t: _agreed(t, but=[{**SHARING, "effect": "prohibit", "by": ["vendor"]}]),
             asks=[({**to_lab, "recipient": "third-party"}, NOW, "permit agreement")]),
    ]  # fmt: skip


def _ended_then_others(t: Script) -> Word:
    t.end(t.agree("SD-BASE-A"), "terms.terminate", "customer")
    return t.agree("SD-BASE-A-DP")


def _then_no(t: Script, no: Body) -> Word:
    _agreed(t)
    return t.withdraw(t.grant(None, item("news", **no)))


def _agreed(t: Script, *noes: Body, but: Sequence[Body] = ()) -> Word:
    for no in noes:
        t.withdraw(t.grant(None, item("news", **no)))
    document = _document(SHARING, *but)
    proffered = t.say("terms.proffer", {"choices": [{"document": document}]})
    return t.say("terms.accept", {"terms": {"document": document}}, proffered.thread, by="vendor")


def _document(*rules: Body) -> Body:
    return {"id": "https://customer.example/own", "version": "1", "title": "My own", "rules": list(rules)}


def _unasked() -> list[Case]:
    no_basis = "no-basis /body/basis OFR-6"
    return [
        fold("unasked-beside-terms-of-a-thread", "Terms of a wish that forbid it speak of its thread alone", "OFR-6",
             "aaaaaa", "open", _beside_a_wish),
        fold("unasked-beside-a-no-to-another-channel", "A no to the telephone leaves e-mail be", "OFR-6", "aaaaaa",
             "open", lambda t: _based(t, {"channels": ["email"]}, {"channels": ["phone"]})),
        fold("unasked-beside-a-no-to-a-part", "A no to a part of it", "OFR-6", "aaaaav", "none",
             lambda t: _based(t, {}, {"actions": ["dpv:Consult"]}), problems={6: no_basis}),
        fold("unasked-beside-one-that-has-ended", "A grant that knew the no and has ended lifts nothing", "OFR-6",
             "aaaaaav", "none", lambda t: _based(t, {}, {}, {"until": "2026-03-01T12:07:30.000Z"}),
             problems={7: no_basis}),
        fold("unasked-about-a-topic", "A grant that names the topic of the no, and knows it", "OFR-6", "aaaaaa", "open",
             lambda t: _based(t, None, {"topics": [SHOES]}, {"topics": [SHOES]})),
        fold("unasked-about-no-topic", "One that names no topic lifts no no that does", "OFR-6", "aaaaaav", "none",
             lambda t: _based(t, {"topics": [SHOES]}, {"topics": [SHOES]}, {}), problems={7: no_basis}),
    ]  # fmt: skip


def _based(t: Script, basis: Body | None, no: Body, later: Body | None = None) -> Word:
    """An unasked offer on a grant, a no in another thread, and a later grant that knows it, where there are these."""
    t.agree("SD-BASE-A")
    granted = [t.grant(None, item("news", **basis))] if basis is not None else []
    t.withdraw(t.grant(None, item("news", **no)))
    granted += [t.grant(None, item("news", **later))] if later is not None else []
    return _offer(t, granted[0])


def _beside_a_wish(t: Script) -> Word:
    t.agree("SD-BASE-A")
    granted = t.grant(None)
    rule = {"effect": "prohibit", "action": "dpv:Processing", "purpose": MARKETING, "by": ["vendor"]}
    document = _document(rule)
    t.offer(t.cast(terms=[{"document": document}]), body={"under": {"document": document}})
    return _offer(t, granted)


def _offer(t: Script, granted: Word) -> Word:
    t.later(minutes=5)
    line = {"name": "Cap", "price": euros("40.00")}
    return t.offer(None, "40.00", body={"lines": [line], "under": terms("SD-BASE-A"), "basis": granted.ref})
