"""What both sides say about wishes, offers and orders, at random."""

from typing import Any

from vectors.conversation import Body, Word

from opencmr.messages.offer import Adjustment, Line
from opencmr.protocol.families.intent.sums import commitment_of, total_of

from .talking import AMOUNTS, PARTIES, PERIODS, Talking


class Orders(Talking):
    """Casts, offers, and what becomes of orders."""

    def _deal(self) -> None:
        """An order at once: by dice alone there would be few."""
        wrong, self.wrong = self.wrong, 0.0
        cast = self.script.cast(discloses=[self._datum()])
        made = self.script.place(
            self.script.word("offer.make", self._offer(cast.thread), cast.thread, expires=self.script.after(days=30))
        )
        self.said += self.script.words
        if (accepting := self._accepting(cast.thread)) is not None:
            self._goes(0.95, "customer", *accepting)
        total = made.message["body"]["total"]
        self._goes(0.8, "vendor", "order.confirm", {"reference": "R", "total": total}, cast.thread)
        if self.maybe(0.8):
            self._course(cast.thread)
        self.wrong = wrong

    def _course(self, thread: str) -> None:
        """How an order goes on, with steps left out: to the end, back in part, and paid back."""
        self._goes(0.6, "vendor", "order.fulfil", {"status": "shipped"}, thread)
        for _ in range(2):
            if self.maybe(0.25):
                side = self.dice.choice(("customer", "vendor"))
                self._goes(1, side, *self._cancelling(side, thread))
        self._goes(0.3, "customer", "order.disclose", {"discloses": [self._datum()]}, thread)
        self._goes(0.8, "vendor", "order.fulfil", {"status": "done"}, thread)
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            sent = self._lines()
            self._goes(
                1, "customer", "order.withdraw", {"ground": self.dice.choice(("returns", "law")), **sent}, thread
            )
            self._goes(0.6, "vendor", "order.fulfil", {"status": "returned", **sent}, thread)
            paid = sent if self.maybe(0.7) else self._lines()
            self._goes(0.8, "vendor", "order.fulfil", {"status": "refunded", "amount": self._money(), **paid}, thread)
        self._goes(0.3, "vendor", "order.fulfil", {"status": self.dice.choice(("done", "refunded", "paid"))}, thread)

    def _goes(self, chance: float, side: str, type_: str, body: Body, thread: str) -> None:
        if self.maybe(chance):
            self.script.later(minutes=self.dice.choice((*self.pace, 1440)))
            self._say(side, type_, body, thread)
            if self.open and self.maybe(0.9):
                self._answer(self.open.pop())

    def _wish(self, thread: str | None) -> Body:
        refs = [
            self._named(ref) for each in self._bodies(thread, "intent.cast", "intent.amend") for ref in each["terms"]
        ]
        body: Body = {
            "wants": [{"name": name} for name in ("Boots", "Wax")[: self.dice.choice((1, 2))]], "standing": "ready",
            "terms": [self._one_of(refs) for _ in range(self.dice.choice((1, 1, 2)))],
        }  # fmt: skip
        if self.maybe(0.4):
            body["until"] = self._later()
        if self.maybe(0.6):
            body["discloses"] = [self._datum() for _ in range(self.dice.choice((1, 2)))]
        if self.maybe(0.2):
            body["onAccept"] = self._some("data")
        return body

    def _made(self, thread: str) -> list[Word]:
        return [word for word in self.script.words if word.thread == thread and word.message["type"] == "offer.make"]

    def _customer_i(self) -> Any:
        match self.dice.randrange(14):
            case 0 | 1:
                return "intent.cast", self._wish(None), None
            case 2 | 3:
                thread = self._in("intent", "open")
                return ("intent.amend", self._wish(thread), thread) if thread else None
            case 4:
                thread = self._in("intent", "open") if self.maybe(0.4) else None
                return ("intent.withdraw", {}, thread) if thread else None
            case 5 | 6 | 7 | 8:
                return self._accepting(self._offered())
            case 9:
                thread = self._in("intent", "open")
                made = self._made(thread) if thread else []
                return ("offer.decline", {"offer": self._ref(made), "reason": "other"}, thread) if made else None
            case 10:
                thread = self._in("intent", "ordered", "confirmed", "fulfilling")
                return self._cancelling("customer", thread)
            case 11:
                thread = self._in("intent", "ordered", "confirmed", "fulfilling", "done")
                datum = self._datum() if self.maybe(0.8) else {**self._datum(), "line": self.dice.choice((0, 1, 2))}
                return ("order.disclose", {"discloses": [datum]}, thread) if thread else None
            case _:
                thread = self._in("intent", "confirmed", "fulfilling", "done", "returning")
                if thread is None:
                    return None
                body: Body = {"ground": self.dice.choice(("returns", "law")), **self._lines()}
                return "order.withdraw", body, thread

    def _offered(self) -> str | None:
        """A thread in which an offer is firm."""
        firm = [
            one.id for one in self.script.history.threads.values()
            if one.state == "open" and any(each.state == "firm" for each in one.record.offers)
        ]  # fmt: skip
        return self.dice.choice(firm) if firm and not self.is_wrong() else self._in("intent", "open")

    def _ref(self, made: list[Word]) -> Body:
        ref = dict(self.dice.choice(made[-2:]).ref)
        if self.is_wrong() and self.maybe(0.3):
            ref["digest"] = self.dice.choice(made).digest
        return ref

    def _lines(self) -> Body:
        """Some lines, or parts of lines, or all."""
        if self.maybe(0.3):
            return {}
        parts: list[Body] = []
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            part: Body = {"line": self.dice.choice((0, 0, 1, 1, 2))}
            if self.maybe(0.5):
                part["quantity"] = {"value": self.dice.choice(AMOUNTS)}
            parts.append(part)
        return {"lines": parts}

    def _money(self, currency: str = "EUR") -> Body:
        return {
            "amount": self.dice.choice(AMOUNTS),
            "currency": "USD" if self.is_wrong() and self.maybe(0.1) else currency,
        }

    def _accepting(self, thread: str | None) -> Any:
        made = self._made(thread) if thread else []
        if not made:
            return None
        chosen = self.dice.choice(made[-2:]).message["body"]
        ref = self._ref(made)
        chosen = next((word.message["body"] for word in made if word.ref == ref), chosen)
        body: Body = {"offer": ref, "total": chosen.get("total")}
        if "commitment" in chosen:
            body["commitment"] = chosen["commitment"]
        if self.is_wrong():
            body[self.dice.choice(("total", "commitment"))] = self._money()
        if self.maybe(0.4):
            body["payment"] = [
                {"method": self.dice.choice(("card", "cash", "card"))} for _ in range(self.dice.choice((1, 2)))
            ]
            if self.maybe(0.6):
                body["payment"][0]["amount"] = body["total"] if self.maybe(0.6) else self._money()
        return "offer.accept", body, thread

    def _offer(self, thread: str | None) -> Body:
        lines: list[Body] = []
        for number in range(self.dice.choice((1, 1, 2, 2, 3))):
            line: Body = {"name": f"Line {number}", "price": self._money()}
            if self.maybe(0.5):
                line["quantity"] = {"value": self.dice.choice(AMOUNTS)}
            if self.maybe(0.3):
                line["want"] = self.dice.choice((0, 0, 1))
            if self.maybe(0.15):
                line["recurs"] = {"every": "P1M", **({"minimum": self.dice.choice((0, 2))} if self.maybe(0.5) else {}),
                                  **({"times": 12} if self.maybe(0.5) else {})}  # fmt: skip
            lines.append(line)
        body: Body = {"lines": lines}
        if self.maybe(0.3):
            body["adjustments"] = [self._adjustment(len(lines)) for _ in range(self.dice.choice((1, 2)))]
        adjustments = [Adjustment.model_validate(each) for each in body.get("adjustments", ())]
        read = [Line.model_validate(line) for line in lines]
        try:
            total, commitment = total_of(read, adjustments), commitment_of(read, adjustments)
        except IndexError:
            total, commitment = total_of(read), commitment_of(read)
        body["total"] = {"amount": f"{abs(total):f}", "currency": "EUR"}
        if commitment is not None:
            body["commitment"] = {"amount": f"{abs(commitment):f}", "currency": "EUR"}
        if self.is_wrong() and self.maybe(0.3):
            body[self.dice.choice(("total", "commitment"))] = self._money()
        casts = self._bodies(thread, "intent.cast", "intent.amend")[-1:] if thread else []
        proffers = [word.message["body"] for word in self.script.words if word.message["type"] == "terms.proffer"]
        refs = [ref for each in casts for ref in each["terms"]] or [ref for each in proffers for ref in each["choices"]]
        body["under"] = self._named(self._one_of(refs))
        if self.maybe(0.3):
            body["payment"] = ["card", "invoice"]
        if self.maybe(0.4):
            body["returns"] = {"days": self.dice.choice((0, 1, 14, 3650))}
        if self.maybe(0.3):
            body["warranty"] = self.dice.choice(PERIODS)
        if self.maybe(0.3):
            body["needs"] = self._some("data")
            body["recipients"] = [
                {
                    "party": dict(self.dice.choice(PARTIES)),
                    "data": self.dice.choice((body["needs"], self._some("data", 1))),
                }
            ]
        if self.maybe(0.1):
            parts = [{"amount": body["total"], "due": "now"}]
            body["schedule"] = parts if self.maybe(0.7) else [*parts, {"amount": self._money(), "due": "later"}]
        return body

    def _adjustment(self, lines: int) -> Body:
        kind = self.dice.choice(("tax", "delivery", "discount", "estimate", "fee"))
        amount = self._money()
        if kind == "discount" and amount["amount"] != "0":
            amount["amount"] = "-0.1"
        each: Body = {"kind": kind, "amount": amount}
        if self.maybe(0.3):
            each["lines"] = self.dice.sample(range(lines + (1 if self.is_wrong() else 0)), 1)
        if self.maybe(0.2):
            each["included"] = True
        return each

    def _vendor_i(self) -> Any:
        match self.dice.randrange(12):
            case 0 | 1 | 2 | 3:
                thread = self._in("intent", "open")
                if (thread is None and self.maybe(0.3)) or self.maybe(0.1):
                    body = self._offer(None)
                    grants = [word for word in self.script.words if word.message["type"].startswith("consent.")]
                    if grants:
                        body["basis"] = dict(self.dice.choice(grants).ref)
                    return "offer.make", body, None, {"expires": self._expires()}
                if thread is None:
                    return None
                return "offer.make", self._offer(thread), thread, {"expires": self._expires()}
            case 4 | 5:
                thread = self._in("intent", "ordered")
                made = self._accepted(thread)
                total = made.get("total") if made and not self.is_wrong() else self._money()
                return ("order.confirm", {"reference": "R", "total": total}, thread) if thread else None
            case 6:
                return self._cancelling("vendor", self._in("intent", "ordered", "confirmed", "fulfilling", "cancelled"))
            case _:
                thread = self._in("intent", "confirmed", "fulfilling", "done", "returning")
                if thread is None:
                    return None
                status = self.dice.choice(
                    ("paid", "shipped", "delivered", "returned", "refunded", "refunded", "done", "failed")
                )
                body = {"status": status, **self._lines()}
                if status == "refunded":
                    body["amount"] = self._money()
                return "order.fulfil", body, thread

    def _expires(self) -> str:
        return self.script.after(minutes=self.dice.choice((-1, 1, 600, 3000, 20000, 20000, 20000)))

    def _accepted(self, thread: str | None) -> Body | None:
        bodies = {word.id: word.message["body"] for word in self._made(thread)} if thread else {}
        accepted = self._bodies(thread, "offer.accept")
        return bodies.get(accepted[-1]["offer"]["id"]) if accepted else None

    def _cancelling(self, side: str, thread: str | None) -> Any:
        if thread is None:
            return None
        body: Body = {"reason": "changedMind", **self._lines()}
        if side == "vendor" and self.maybe(0.6):
            body[self.dice.choice(("refund", "fee"))] = self._money()
        return "order.cancel", body, thread
