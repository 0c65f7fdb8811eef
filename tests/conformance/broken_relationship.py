"""Broken vendors and customers that get the family relationship wrong."""

from dataclasses import replace
from typing import Any

from broken import FAULTS, fault
from switch import Break, Switch, instead

from opencmr.errors import UnknownThread
from opencmr.messages import relationship
from opencmr.protocol import History, families, speakers
from opencmr.protocol.families import relationship as family
from opencmr.protocol.families.relationship import Relationship
from opencmr.roles.customer import moving, transaction
from opencmr.roles.vendor.transaction import Transactions
from opencmr.store import Rows


def admits_anybody(at: Switch) -> None:
    """Any key moves a relationship."""
    at.patch.setattr(Relationship, "admits", lambda self, message: isinstance(message.body, relationship.Move))


def ends_nothing(at: Switch) -> None:
    """A close takes nothing back."""
    at.patch.setattr(Relationship, "statements", lambda self, when: ())


def checks_no_ends(at: Switch) -> None:
    """It takes any keys for those of a vendor."""
    whole = families.FAMILIES["relationship"]
    at.patch.setitem(families.FAMILIES, "relationship", replace(whole, misplaced=lambda _: iter(())))


def weak(said: Any, body: Any) -> Any:
    """What is introduced, strong or not."""
    return family.VendorKey(body.key, said.point)


CUSTOMERS: dict[str, tuple[str, Break]] = {
    "closes_nothing": ("REL-8", ends_nothing),
    "takes_weak_keys": (
        "REL-9",
        instead(family, "key_introduced", weak),
    ),
    "knows_no_introduction": ("REL-10", instead(transaction, "introduced_by", lambda _: {})),
    "goes_on_with_what_was_ended": ("REL-10", instead(History, "key_counts", lambda *_: True)),
    "ends_keys_of_others": ("REL-11", checks_no_ends),
    "tells_nothing_of_strange_keys": ("REL-12", instead(moving, "STRANGE_KEY", "date-ahead")),
}
"""Name → the requirement that a customer breaks, and the switch."""


FAULTS |= {
    "closes_nothing": ("REL-8", ends_nothing),
    "opens_late": ("REL-1", instead(family, "is_first", lambda *_: True)),
    "lets_a_key_announce_itself": ("REL-3", instead(family, "digest_of", lambda did: did)),
    "is_moved_by_anybody": ("REL-4", admits_anybody),
}


@fault("REL-5")
def keeps_moves_stale(at: Switch) -> None:
    whole = families.FAMILIES["relationship"]
    at.patch.setitem(families.FAMILIES, "relationship", replace(whole, never_stale=frozenset()))


@fault("REL-6")
def gives_nothing_of_before(at: Switch) -> None:
    """It goes on to know the customer by the DID of before alone."""
    at.around(Rows, "move", lambda inner, self, number, did: self.peer_by_number(number))


@fault("REL-7")
def hears_the_former_key(at: Switch) -> None:
    at.patch.setattr(Rows, "peer_of_before", lambda *_: None)


@fault("REL-4")
def tells_which_relationships_there_are(at: Switch) -> None:
    def speaker(inner: Any, self: Any, rows: Any, message: Any) -> Any:
        was = speakers.forerunner(message)
        if was is not None and rows.peer(self.keys.did, was) is None:
            raise UnknownThread(pointer="/body/was")
        return inner(self, rows, message)

    at.around(Transactions, "speaker", speaker)
