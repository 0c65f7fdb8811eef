"""The customer of the demo: somebody made up, from a seed."""

import random
from dataclasses import dataclass
from typing import Any

from ...messages.intent import Cast
from ...messages.types import Place

_NAMES = ("Mara", "Jonas", "Amina", "Teo", "Ilse", "Ravi", "Noor", "Piet", "Lucia", "Sami")
_FAMILIES = ("Lindqvist", "Okafor", "Moreau", "Santos", "Weiss", "Novak", "Hale", "Bruun", "Keita", "Roth")
_STREETS = ("Lantern Lane", "Mill Street", "Orchard Row", "Harbour Walk", "Chapel Hill", "Weaver Yard")


@dataclass(frozen=True)
class Persona:
    """The customer's name, address and other data.

    Attributes:
        street: The line of the address that is looked for in what was said.
    """

    name: str
    family: str
    street: str
    place: Place | None
    digits: str

    @classmethod
    def of(cls, dice: random.Random, wish: Cast) -> "Persona":
        """Somebody who lives where the wish is to be met."""
        return cls(
            dice.choice(_NAMES),
            dice.choice(_FAMILIES),
            f"{dice.choice(_STREETS)} {dice.randrange(2, 99)}",
            wish.places[0] if wish.places else None,
            f"{dice.randrange(10**7):07}",
        )

    @property
    def whole_name(self) -> str:
        """Name and family."""
        return f"{self.name} {self.family}"

    def tell(self, term: str) -> Any:
        """The value of a kind of personal data. Numbers are of the ranges that are kept for fiction."""
        where = self.place.wire() if self.place else {}
        there = {_ADDRESS[name]: value for name, value in where.items() if name in _ADDRESS}
        address = {"streetAddress": self.street, **there}
        known: dict[str, Any] = {
            "pd:Name": self.whole_name,
            "pd:PhysicalAddress": address,
            "pd:TelephoneNumber": f"+120255501{self.digits[:2]}",
            "pd:EmailAddress": f"{self.name.lower()}@mail.example",
            "opencmr:DrivingLicence": {"number": f"DL {self.digits}"},
        }
        return known.get(term, "made up for the demo")


_ADDRESS = {"postalCode": "postalCode", "locality": "addressLocality", "country": "addressCountry"}
