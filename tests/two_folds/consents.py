"""What both sides say about consents, at random."""

from typing import Any

from vectors.conversation import Body

from .talking import CHANNELS, KEYS, PARTIES, PERIODS, STORED, TOPICS, Talking


class Consents(Talking):
    """Requests, grants and noes."""

    def _item(self, key: str) -> Body:
        item: Body = {
            "key": key, "purposes": self._some("purposes"), "data": self._some("data", 3),
            "actions": self._some("actions"),
        }  # fmt: skip
        if self.maybe(0.25):
            item["channels"] = self._mixed({self.dice.choice(CHANNELS) for _ in range(2)})
        if self.maybe(0.2):
            item["topics"] = [dict(each) for each in self.dice.sample(TOPICS, self.dice.choice((1, 2)))]
        if self.maybe(0.35):
            item["recipients"] = [dict(each) for each in self.dice.sample(PARTIES, self.dice.choice((1, 2)))]
        if self.maybe(0.2):
            item["storedIn"] = self._mixed({self.dice.choice(STORED) for _ in range(2)})
        if self.maybe(0.2):
            item["retention"] = self._retention()
        return item

    def _retention(self) -> Body:
        if self.maybe(0.3):
            return {"until": self._later()}
        return {"period": self.dice.choice(PERIODS), "after": self.dice.choice(("collected", "lastUse"))}

    def _narrower(self, asked: Body) -> Body:
        """An item as asked, or less; now and then another member."""
        item = {name: value for name, value in asked.items() if name not in ("need", "text", "notice", "sources")}
        for name in ("purposes", "data", "actions", "channels", "storedIn"):
            if name in item and self.maybe(0.3):
                item[name] = self.dice.sample(item[name], self.dice.randint(1, len(item[name])))
        if self.maybe(0.3):
            other = self._item(item["key"])
            name = self.dice.choice(list(other))
            item[name] = other[name]
        if self.is_wrong():
            item.pop(self.dice.choice(("channels", "topics", "storedIn", "retention", "recipients")), None)
        return item

    def _grant(self, thread: str | None) -> Body:
        requests = self._bodies(thread, "consent.request") if thread else []
        requests = [each for each in requests if isinstance(each.get("items"), list) and each["items"]]
        body: Body = {"until": self._later()}
        if requests and not self.is_wrong():
            asked = requests[0]
            body["items"] = [
                self._narrower(each)
                for each in self.dice.sample(asked["items"], self.dice.randint(1, len(asked["items"])))
            ]
            if self.maybe(0.7) and isinstance(asked.get("until"), str):
                body["until"] = asked["until"]
        else:
            body["items"] = [self._item(key) for key in self.dice.sample(KEYS, self.dice.choice((1, 1, 2)))]
        if not requests or self.maybe(0.3):
            body["statement"] = "You may."
        if self.is_wrong() and self.maybe(0.3):
            body.pop("statement", None)
        if self.maybe(0.2):
            body["from"] = self._later()
        if self.maybe(0.2):
            body["items"][0]["until"] = self._later()
        if self.maybe(0.2):
            body["discloses"] = [self._datum()]
        return body

    def _no_word(self, thread: str | None) -> Any:
        if thread is None:
            return None
        body = {"keys": self.dice.sample(KEYS, self.dice.choice((1, 2)))} if self.maybe(0.5) else {}
        return self.dice.choice(("consent.refuse", "consent.withdraw")), body, thread

    def _customer_c(self) -> Any:
        match self.dice.randrange(6):
            case 0 | 1:
                return "consent.grant", self._grant(None), None
            case 2 | 3:
                thread = self._in("consent", "requested", "given", "withdrawn", "refused")
                return ("consent.grant", self._grant(thread), thread) if thread else None
            case _:
                return self._no_word(self._in("consent", "requested", "given"))

    def _vendor_c(self) -> Any:
        if self.maybe(0.2) and (thread := self._in("consent", "requested", "given")):
            body: Body = {"heard": {"where": "the shop", "when": self.script.now}}
            return "consent.withdraw", body if self.maybe(0.5) else {**body, "keys": [self.dice.choice(KEYS)]}, thread
        if self.maybe(0.5):
            return None
        body = {
            "items": [self._item(key) for key in self.dice.sample(KEYS, self.dice.choice((1, 2, 3)))],
            "controller": [{"name": "Shop", "role": "controller"}], "until": self._later(),
            "notice": {"url": "https://shop.example/notice", "digest": "zQm" + "2" * 44, "lang": "en"},
        }  # fmt: skip
        return "consent.request", body, None
