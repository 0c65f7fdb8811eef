"""What both sides say about rights and data, at random."""

from typing import Any

from vectors.conversation import Body

from .talking import CHANNELS, PARTIES, Talking

RIGHTS = ("access", "export", "correct", "erase", "erase", "review")
REGIMES = ("gdpr", "ccpa", "dpdp", "other")
STATUSES = ("received", "inProgress", "needVerification", "fulfilled", "partly", "denied")
OPEN = ("requested", "received", "inProgress", "needVerification")


class Rights(Talking):
    """Requests and their answers, objections, what is shared and given."""

    def _about(self) -> Body:
        """A reference to something that was said; now and then to nothing."""
        if not self.said or self.is_wrong():
            return {"id": "urn:uuid:00000000-0000-4000-8000-000000000000", "digest": "zQm" + "2" * 44}
        return dict(self.dice.choice(self.said).ref)

    def _customer_d(self) -> Any:
        match self.dice.randrange(8):
            case 0 | 1:
                return "data.object", self._objection(), None
            case 2 | 3 | 4:
                return "data.request", self._request(), None
            case 5:
                thread = self._in("data", *OPEN)
                return ("data.cancel", {}, thread) if thread else None
            case _:
                thread = self._in("data", *OPEN) if self.maybe(0.4) else None
                basis = self._about()
                if thread and self.maybe(0.8):
                    basis = next((dict(word.ref) for word in self.said if word.id == thread), basis)
                return "data.share", {"discloses": [self._datum()], "basis": basis}, thread

    def _objection(self) -> Body:
        body: Body = {"right": self.dice.choice(("object", "object", "restrict"))}
        for name in ("actions", "purposes", "data"):
            if self.maybe(0.5):
                body[name] = self._some(name)
        if self.maybe(0.3):
            body["recipients"] = [dict(each) for each in self.dice.sample(PARTIES, self.dice.choice((1, 2)))]
        if self.maybe(0.3):
            body["channels"] = self._mixed({self.dice.choice(CHANNELS) for _ in range(2)})
        return body

    def _request(self) -> Body:
        right = self.dice.choice(RIGHTS)
        body: Body = {"right": right}
        if right == "correct":
            body["corrections"] = [self._datum()]
        elif self.maybe(0.5):
            body["data"] = self._some("data")
        if right == "review" or (right != "erase" and self.maybe(0.1)):
            body["about"] = self._about()
        if self.maybe(0.4):
            body["identify"] = [self._datum()]
        if self.maybe(0.7):
            body["regime"] = self.dice.choice(REGIMES)
        return body

    def _vendor_d(self) -> Any:
        if self.maybe(0.2):
            return "data.give", self._given(), None
        thread = self._in("data", *OPEN)
        return ("data.answer", self._answer_to(), thread) if thread else None

    def _answer_to(self) -> Body:
        status = self.dice.choice(STATUSES)
        body: Body = {"status": status}
        if status in ("received", "inProgress", "needVerification") and self.maybe(0.5):
            body["dueBy"] = self._later()
            if self.maybe(0.5):
                body["reason"] = ["extended"]
        if status in ("fulfilled", "partly") and self.maybe(0.5):
            body["data"] = [self._datum()]
        if status == "denied":
            body["reason"] = ["noMatch"]
        if status in ("partly", "denied") and self.maybe(0.7):
            because = self.dice.choice(("order", "legalObligation"))
            body["kept"] = [{"data": self._some("data"), "because": because}]
        return body

    def _given(self) -> Body:
        price, more = self.dice.choice(("1.00", "2.5", "0.1")), self.dice.choice(("-0.1", "0", "3"))
        total = f"{float(price) + float(more):.2f}" if not self.is_wrong() else "7.00"
        return {
            "kind": "bill", "about": self._about(), "lines": [{"name": "A", "price": _euros(price)}],
            "adjustments": [{"kind": "fee", "amount": _euros(more)},
                            {"kind": "tax", "amount": _euros("5"), "included": True}],
            "total": _euros(total),
        }  # fmt: skip


def _euros(amount: str) -> Body:
    return {"amount": amount, "currency": "EUR"}
