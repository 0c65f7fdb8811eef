"""A shop's goods, and which of them a wish asks for."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from opencmr import Want
from opencmr.messages.types import Attr, Ident, Place, Product


@dataclass(frozen=True)
class Article:
    """One thing that a shop sells, rents out or does; `price` is for one unit."""

    sku: str
    name: str
    brand: str
    category: str
    deal: str
    price: Decimal
    currency: str
    stock: int
    attributes: dict[str, str]
    gtin: str | None = None

    @classmethod
    def read(cls, row: dict[str, Any]) -> "Article":
        attributes = {each["name"]: each["value"] for each in row["attributes"]}
        return cls(**{**row, "price": Decimal(row["price"]), "attributes": attributes})

    def answers(self, want: Want, places: Iterable[Place]) -> bool:
        """Whether this is what is wanted; properties that are only wished for don't count."""
        return (
            self.category in {category.code for category in want.category or []}
            and self.deal == (want.deal or "buy")
            and self.stock >= amount(want)
            and self._is_of(want.brand)
            and all(self._carries(number) for number in want.identifiers or [])
            and all(self._has(asked) for asked in want.attributes or [] if not asked.wish)
            and (want.fits is None or self._fits(want.fits))
            and self._is_near(places)
        )

    def wishes(self, want: Want) -> int:
        """How many of the properties that would be nice it has."""
        return sum(self._has(asked) for asked in want.attributes or [] if asked.wish)

    def _has(self, asked: Attr) -> bool:
        value = self.attributes.get(asked.name)
        if value is None:
            return False
        if asked.value is not None or asked.one_of:
            return value == asked.value or value in (asked.one_of or [])
        number = Decimal(value)
        return Decimal(asked.min or 0) <= number and (asked.max is None or number <= Decimal(asked.max))

    def _is_of(self, brand: str | None) -> bool:
        return brand is None or self.deal == "repair" or brand == self.brand

    def _carries(self, number: Ident) -> bool:
        return number.value in (self.attributes.get(number.scheme), self.gtin, self.sku)

    def _fits(self, whole: Product) -> bool:
        """Whether it is a part of that model, of that year."""
        year = next((each.value for each in whole.attributes or [] if each.name == "year"), None)
        first, last = self.attributes.get("fits from", "0"), self.attributes.get("fits until", "9")
        return self.attributes.get("fits model") == whole.model and (year is None or first <= year <= last)

    def _is_near(self, places: Iterable[Place]) -> bool:
        """Whether it is to be had where it is wanted; what is sent is to be had anywhere."""
        here, wanted = self.attributes.get("place"), [place.locality for place in places if place.locality]
        return here is None or not wanted or any(place in here for place in wanted)


class Catalogue:
    """All that a shop has."""

    def __init__(self, path: Path) -> None:
        self.articles = [Article.read(row) for row in json.loads(path.read_text())]

    @property
    def categories(self) -> list[str]:
        return sorted({article.category for article in self.articles})

    def find(self, want: Want, places: Iterable[Place] = ()) -> list[Article]:
        """What answers a wish: most wishes met first, then the cheapest."""
        near = list(places)
        found = [article for article in self.articles if article.answers(want, near)]
        return sorted(found, key=lambda article: (-article.wishes(want), article.price, article.sku))


def amount(want: Want) -> Decimal:
    """How much is wanted."""
    return Decimal(want.quantity.value) if want.quantity else Decimal(1)
