"""Requests and grants that break rules, each table's in one conversation."""

from typing import Any

from opencmr import trust

from .conversation import NEW_YEAR, Body, Script, item
from .folds_bounds import ADS, BIKES, EMAIL, PHONE, SHOES

LATER = "2027-02-01T00:00:00.000Z"
STRANGE_DATUM: Body = {"data": "pd:Whatever", "value": "whatever"}
BOUNDS: Body = {
    "channels": ["email"],
    "retention": {"period": "P1M", "after": "consentEnds"},
    "storedIn": ["EU"],
    "topics": [BIKES],
}


def _request(t: Script, tried: Any) -> None:
    for kind in ("actions", "data", "purposes"):
        tried(_ask(t, item("study"), item("news", **{kind: ["dpv:Whatever"]})), 1)
    t.ask("news")


def _ask(t: Script, *items: Body, **more: Any) -> Any:
    body = {
        "items": list(items),
        "controller": [{"name": "Shop", "role": "controller"}],
        "notice": {"url": "https://shop.example/notice", "digest": trust.digest(b"notice"), "lang": "en"},
        "until": NEW_YEAR,
    }
    return t.say("consent.request", body, **more)


WIDER: dict[int, list[Body]] = {
    6: [{"actions": ["dpv:Store"]}],
    7: [{"channels": None}, {"channels": ["email", "phone"]}],
    8: [{"data": ["pd:Name"]}],
    9: [{"purposes": ["dpv:ResearchAndDevelopment"]}],
    10: [{"recipients": [ADS]}],
    11: [{"retention": {"period": "P31D", "after": "consentEnds"}}],
    12: [{"storedIn": None}, {"storedIn": ["US"]}],
    13: [{"topics": None}, {"topics": [SHOES]}],
    14: [{"until": LATER}],
}
"""Row → members of an item that break it."""


def _grant(t: Script, tried: Any) -> None:
    def grant(to: Any, *items: Body, body: Body | None = None, **more: Any) -> Any:
        return t.grant(to, *(_without_none({**item("news", **BOUNDS), **each}) for each in items or ({},)),
                       body=body or {}, **more)  # fmt: skip

    tried(t.say("consent.grant", {"items": [item("news")], "until": NEW_YEAR}), 3)
    both: Body = {"items": [item("news")], "until": NEW_YEAR, "discloses": [STRANGE_DATUM]}
    tried(t.say("consent.grant", both), 2, 3)
    open_ = _ask(t, item("study", **BOUNDS), item("news", **BOUNDS))
    for kind in ("actions", "data", "purposes"):
        tried(grant(open_, {kind: ["dpv:Whatever"]}), 1)
    tried(grant(open_, {"purposes": ["dpv:Whatever"]}, body={"discloses": [STRANGE_DATUM]}), 1, 2)
    tried(grant(open_, body={"discloses": [STRANGE_DATUM]}), 2)
    tried(grant(open_, {"key": "other"}), 5)
    tried(grant(open_, *WIDER[6], {"key": "other"}), 6, 5)
    for row, members in WIDER.items():
        for each in members:
            tried(grant(open_, each), row)
        for after in WIDER.get(row + 1, ()):
            tried(grant(open_, {**members[0], **after}), row, row + 1)
    tried(grant(open_, {"key": "study"}, *WIDER[6]), 9, 6)
    tried(grant(open_, *WIDER[14], until=LATER), 14, 15)
    tried(grant(open_, until=LATER), 15)
    tried(grant(open_, until=LATER, body={"discloses": [PHONE]}), 15, 16)
    tried(grant(open_, body={"discloses": [EMAIL, PHONE]}), 16)
    late = _ask(t, item("news", **BOUNDS), expires=t.after(hours=1))
    t.later(hours=1)
    tried(grant(late), 4)
    tried(grant(late, {"key": "other"}), 4, 5)
    tried(grant(late, {"purposes": ["dpv:Whatever"]}), 1, 4)
    wrong = {name: value for row in range(6, 15) for name, value in WIDER[row][0].items()}
    unknown: Body = {"purposes": ["dpv:Whatever"]}
    tried(grant(late, {**wrong, **unknown}, until=LATER, body={"discloses": [STRANGE_DATUM]}), 1, 2, 4, *range(6, 17))
    tried(grant(late, wrong, until=LATER, body={"discloses": [STRANGE_DATUM]}), 2, 4, *range(6, 17))
    for to, rows in ((late, (4,)), (open_, ())):
        tried(grant(to, wrong, until=LATER, body={"discloses": [PHONE]}), *rows, *range(6, 17))
    for row in range(6, 14):
        wrong = {name: value for name, value in wrong.items() if name not in WIDER[row][0]}
        tried(grant(open_, wrong, until=LATER, body={"discloses": [PHONE]}), *range(row + 1, 17))
    grant(open_, body={"discloses": [EMAIL]})


def _without_none(members: Body) -> Body:
    return {name: value for name, value in members.items() if value is not None}


CASES: list[tuple[str, str, str, Any]] = [
    ("consent.request", "Requests with terms that are not in the vocabulary", "VOC-1", _request),
    ("consent.grant", "Grants that break rules, and two at once", "VOC-1 CNS-3 CNS-9 CNS-1 CNS-2 CNS-12", _grant),
]
