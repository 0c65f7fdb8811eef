"""Words about data that break rules, each table's in one conversation."""

from typing import Any

from .conversation import Body, Script, Word, euros
from .folds import unknown
from .folds_bounds import PHONE

STRANGE: Body = {"data": "pd:Whatever", "value": "whatever"}
NOWHERE: Body = {"id": unknown(), "digest": "zQm" + "2" * 44}
FOR_THE_ORDER: Body = {"data": ["pd:EmailAddress"], "because": "order"}


def _share(t: Script, tried: Any) -> None:
    granted = t.grant(None)

    def share(*discloses: Body, basis: Body | None = None, **more: Any) -> Word:
        body = {"discloses": list(discloses), "basis": basis or granted.ref}
        return t.say("data.share", body, more.get("thread"))

    share(PHONE)
    tried(share(PHONE, STRANGE), 1)
    tried(share(STRANGE, basis=NOWHERE), 1, 2)
    tried(share(PHONE, basis=NOWHERE), 2)
    asked = request(t)
    tried(share(STRANGE, thread=asked.thread), 1, 2)
    tried(share(PHONE, thread=asked.thread), 2)
    share(PHONE, thread=asked.thread, basis=asked.ref)
    t.withdraw(granted)
    tried(share(PHONE), 2)


def request(t: Script, right: str = "access", **body: Any) -> Word:
    return t.say("data.request", {"right": right, **body})


def answer(t: Script, to: Word, status: str, **body: Any) -> Word:
    return t.say("data.answer", {"status": status, **body}, to.thread, by="vendor")


def _request(t: Script, tried: Any) -> None:
    wrong: Body = {"about": NOWHERE, "corrections": [PHONE]}
    tried(request(t, data=["pd:Name", "pd:Whatever"]), 1)
    tried(request(t, data=["pd:Whatever"], identify=[STRANGE], about=NOWHERE), 1, 3, 4)
    # whether a term that is none was told nobody can ask
    tried(request(t, "correct", corrections=[STRANGE]), 2)
    tried(request(t, "correct", corrections=[PHONE, STRANGE]), 2, 5)
    tried(request(t, "correct", corrections=[STRANGE], identify=[STRANGE]), 2, 3)
    tried(request(t, "correct", corrections=[STRANGE], identify=[STRANGE], about=NOWHERE), 2, 3, 4)
    tried(request(t, identify=[STRANGE]), 3)
    tried(request(t, identify=[STRANGE], about=NOWHERE), 3, 4)
    tried(request(t, "review", about=NOWHERE), 4)
    tried(request(t, "correct", **wrong), 4, 5)
    tried(request(t, "correct", corrections=[PHONE]), 5)
    request(t, identify=[PHONE])
    request(t, "correct", corrections=[PHONE])


def _answer(t: Script, tried: Any) -> None:
    late = t.after(days=40)
    asked = request(t, "erase", regime="gdpr")
    answer(t, asked, "received")
    tried(answer(t, asked, "received"), 1)
    tried(answer(t, asked, "received", dueBy=late), 1, 6)
    strange: Body = {"categories": ["pd:Whatever"], "data": [STRANGE]}
    kept: Body = {"data": ["pd:Name", "pd:Whatever"], "because": "claims"}
    tried(answer(t, asked, "fulfilled", categories=["pd:Whatever"]), 2)
    tried(answer(t, asked, "fulfilled", **strange), 2, 3)
    tried(answer(t, asked, "partly", **strange), 2, 3, 7)
    tried(answer(t, asked, "fulfilled", data=[STRANGE]), 3)
    tried(answer(t, asked, "partly", data=[STRANGE], kept=[kept]), 3, 4)
    tried(answer(t, asked, "partly", kept=[kept]), 4)
    tried(answer(t, asked, "partly", kept=[FOR_THE_ORDER, kept]), 4, 8)
    tried(answer(t, asked, "needVerification", needs=["pd:Name", "pd:Whatever"]), 5)
    tried(answer(t, asked, "needVerification", needs=["pd:Whatever"], dueBy=late), 5, 6)
    tried(answer(t, asked, "inProgress", dueBy=late), 6)
    tried(answer(t, asked, "inProgress", dueBy=t.after(days=100), reason=["extended"]), 6)
    tried(answer(t, asked, "partly"), 7)
    tried(answer(t, asked, "partly", kept=[FOR_THE_ORDER]), 8)
    tried(answer(t, asked, "denied", reason=["other"], kept=[FOR_THE_ORDER]), 8)
    answer(t, asked, "inProgress", dueBy=late, reason=["extended"])


def _give(t: Script, tried: Any) -> None:
    granted = t.grant(None)

    def give(amount: str = "9.00", total: str = "9.00", about: Body = granted.ref, **body: Any) -> Word:
        lines = [{"name": "Wax", "price": euros(amount)}]
        return t.say("data.give", {"kind": "bill", "about": about, "lines": lines, "total": euros(total), **body},
                     by="vendor")  # fmt: skip

    dollars: Body = {"amount": "1.00", "currency": "USD"}
    fee = [{"kind": "fee", "amount": dollars}]
    tried(give(about=NOWHERE), 1)
    tried(give(about=NOWHERE, total="10.00", adjustments=fee), 1, 2)
    tried(give(about=NOWHERE, adjustments=fee), 1, 2, 3)
    tried(give(about=NOWHERE, total="8.00"), 1, 3)
    tried(give(total="10.00", adjustments=fee), 2)
    tried(give(adjustments=fee), 2, 3)
    tried(give(lines=[{"name": "Wax", "price": {"amount": "9.00", "currency": "USD"}}]), 2)
    tried(give(total="8.00"), 3)
    give(adjustments=[{"kind": "tax", "amount": euros("1.50"), "included": True}])
    give(total="8.25", adjustments=[{"kind": "discount", "amount": euros("-0.75")}])


CASES: list[tuple[str, str, str, Any]] = [
    ("data.share", "Data that rests on nothing", "VOC-1 DAT-1", _share),
    ("data.request", "Requests that break rules, and two at once", "VOC-1 DAT-5 DAT-6", _request),
    ("data.answer", "Answers that break rules, and two at once", "VOC-1 DAT-7 DAT-8 DAT-10 DAT-11", _answer),
    ("data.give", "Bills that belong to nothing or do not add up", "DAT-6 DAT-13", _give),
]
