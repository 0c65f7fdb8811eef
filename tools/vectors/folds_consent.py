"""What threads of consent fold to."""

from typing import Any

from opencmr import trust

from .conversation import Script, Word, item
from .folds import fold, unknown
from .writing import Case


def consent_folds() -> list[Case]:
    narrow = item("news", channels=["email"], until="2026-06-01T00:00:00.000Z")
    return [
        fold("consent-requested", "Two items asked for", "LIF-1", "a", "requested", lambda t: t.ask()),
        fold(
            "consent-given",
            "Both granted",
            "LIF-1 CNS-1",
            "aa",
            "given",
            lambda t: t.grant(t.ask(), item("news"), item("study")),
        ),
        fold("consent-in-part", "One granted, one left open", "CNS-5", "aa", "given", lambda t: t.grant(t.ask())),
        fold(
            "consent-narrower",
            "Granted for one channel and a shorter time",
            "CNS-1 CNS-2",
            "aa",
            "given",
            lambda t: t.grant(t.ask(), narrow),
        ),
        fold("consent-refused", "A refusal of all", "CNS-6", "aa", "refused", lambda t: t.refuse(t.ask())),
        fold(
            "consent-refused-in-part",
            "One refused, one left open",
            "CNS-6",
            "aa",
            "requested",
            lambda t: t.refuse(t.ask(), "news"),
        ),
        fold(
            "consent-refused-and-granted",
            "One refused, the other granted",
            "CNS-5 CNS-6",
            "aaa",
            "given",
            lambda t: t.grant(t.refuse(t.ask(), "news"), item("study")),
        ),
        fold(
            "consent-refused-then-granted",
            "A refusal can be lifted",
            "CNS-9",
            "aaa",
            "given",
            lambda t: t.grant(t.refuse(t.ask("news"))),
        ),
        fold(
            "consent-withdrawn",
            "A withdrawal of all",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask("news"))),
        ),
        fold(
            "consent-withdrawn-in-part",
            "One taken back, one stays",
            "CNS-6",
            "aaa",
            "given",
            lambda t: t.withdraw(t.grant(t.ask(), item("news"), item("study")), "study"),
        ),
        fold(
            "consent-withdrawn-and-open",
            "One taken back, one never answered",
            "CNS-6",
            "aaa",
            "requested",
            lambda t: t.withdraw(t.grant(t.ask()), "news"),
        ),
        fold(
            "consent-withdrawn-and-refused",
            "Withdrawing all refuses what is open",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask())),
        ),
        fold(
            "consent-refuse-what-is-given",
            "A refusal takes back what was given",
            "CNS-6",
            "aaa",
            "withdrawn",
            lambda t: t.refuse(t.grant(t.ask("news"))),
        ),
        fold(
            "consent-withdraw-what-is-open",
            "A withdrawal refuses what was asked",
            "CNS-6",
            "aa",
            "refused",
            lambda t: t.withdraw(t.ask()),
        ),
        fold(
            "consent-withdrawn-by-vendor",
            "Words heard elsewhere",
            "CNS-8",
            "aaa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(t.ask("news")), by="vendor"),
        ),
        fold(
            "consent-open-withdrawn-by-vendor",
            "A no heard elsewhere",
            "CNS-8",
            "aa",
            "refused",
            lambda t: t.withdraw(t.ask(), by="vendor"),
        ),
        fold(
            "consent-granted-anew",
            "Given, taken back, given again",
            "CNS-9",
            "aaaa",
            "given",
            lambda t: t.grant(t.withdraw(t.grant(t.ask("news"))), narrow),
        ),
        fold(
            "consent-replaced",
            "A grant replaces the item of its key",
            "CNS-5",
            "aaa",
            "given",
            lambda t: t.grant(t.grant(t.ask("news")), narrow),
        ),
        fold("consent-unasked", "Given without being asked", "CNS-3", "a", "given", lambda t: t.grant(None)),
        fold(
            "consent-unasked-withdrawn",
            "And taken back",
            "CNS-6",
            "aa",
            "withdrawn",
            lambda t: t.withdraw(t.grant(None)),
        ),
        fold(
            "consent-unasked-another-item",
            "A further item in the same thread",
            "CNS-5",
            "aa",
            "given",
            lambda t: t.grant(t.grant(None), item("study"), body={"statement": "And for your study."}),
        ),
        fold(
            "consent-refused-twice",
            "Nothing is left to refuse",
            "CNS-6 SEQ-10",
            "aam",
            "refused",
            lambda t: t.refuse(t.refuse(t.ask())),
        ),
        fold(
            "consent-withdrawn-twice",
            "Two withdrawals cross",
            "CNS-6 SEQ-10",
            "aaam",
            "withdrawn",
            lambda t: t.withdraw(t.withdraw(t.grant(t.ask("news"))), by="vendor"),
        ),
        fold(
            "consent-keys-of-nothing",
            "Keys that name nothing",
            "CNS-6",
            "aam",
            "given",
            lambda t: t.withdraw(t.grant(t.ask()), "phone"),
        ),
        fold(
            "consent-keys-some-of-nothing",
            "What the other keys name is taken back",
            "CNS-6",
            "aaa",
            "requested",
            lambda t: t.withdraw(t.grant(t.ask()), "phone", "news"),
        ),
        fold(
            "consent-withdraw-first",
            "A withdrawal that came before its thread",
            "SEQ-9",
            "m",
            "none",
            lambda t: t.say("consent.withdraw", {}, unknown()),
        ),
        fold(
            "consent-granted-by-vendor",
            "A vendor cannot grant",
            "LIF-1",
            "av",
            "requested",
            lambda t: t.grant(t.ask(), by="vendor", expires=None),
        ),
        fold(
            "consent-refused-by-vendor",
            "A refusal is the customer's word; the vendor's is not narrowing",
            "LIF-1",
            "av",
            "requested",
            lambda t: t.refuse(t.ask(), by="vendor"),
        ),
        fold(
            "consent-heard-missing",
            "A vendor says where it heard the words",
            "CNS-8 RCV-15",
            "aav",
            "given",
            lambda t: t.say("consent.withdraw", {}, t.grant(t.ask()).thread, by="vendor"),
        ),
        fold("consent-key-twice", "Two items of one key", "CNS-4 RCV-15", "v", "none", lambda t: t.ask("news", "news")),
        fold(
            "consent-party-not-normal",
            "A party whose URI is not in normal form",
            "CNS-11 RCV-15",
            "v",
            "none",
            lambda t: _asked_for(t, item("news", recipients=[_partner("https://partner.example:443/")])),
            problems={1: "malformed /body/items/0/recipients/0/id CNS-11"},
        ),
        fold(
            "consent-party-normal",
            "The same in normal form",
            "CNS-11",
            "a",
            "requested",
            lambda t: _asked_for(t, item("news", recipients=[_partner("https://partner.example/")])),
        ),
        fold(
            "consent-controller-not-normal",
            "The controller is a party too",
            "CNS-11 RCV-15",
            "v",
            "none",
            lambda t: t.say(
                "consent.request",
                {
                    **_request(item("news")),
                    "controller": [{**_partner("https://shop.example:443/"), "role": "controller"}],
                },
            ),
            problems={1: "malformed /body/controller/0/id CNS-11"},
        ),
        fold(
            "consent-unknown-term",
            "A purpose that no table knows",
            "LIF-1",
            "v",
            "none",
            lambda t: _asked_for(t, item("news", purposes=["dpv:Missspelt"])),
        ),
        fold(
            "consent-expired-when-made",
            "A request that had expired when it was made",
            "RCV-12",
            "v",
            "none",
            lambda t: t.ask(expires=t.after(minutes=1)),
        ),
        fold("consent-asked-twice", "One request a thread", "LIF-1 RCV-15", "av", "requested", _asked_twice),
    ]


def _asked_for(t: Script, *items: dict[str, Any]) -> Word:
    return t.say("consent.request", _request(*items))


def _request(*items: dict[str, Any]) -> dict[str, Any]:
    return {
        "items": list(items),
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": "2027-01-01T00:00:00.000Z",
    }


def _partner(uri: str) -> dict[str, Any]:
    return {"name": "Partner", "role": "thirdParty", "id": uri}


def _asked_twice(t: Script) -> Word:
    first = t.ask()
    body = first.message["body"]
    return t.say("consent.request", body, first.thread)
