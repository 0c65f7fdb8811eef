"""A vendor's relationship with one customer: what a handler gets beside the message."""

from ..party.threads import Namespace
from .in_hand.consent import Consents
from .in_hand.data import Givings, Objections, RightsRequests, Sharings
from .in_hand.intent import Dealings, Orders
from .in_hand.relationship import Standings
from .in_hand.terms import Agreements
from .messaging import Messaging


class Relationship(Messaging):
    """A vendor's relationship with one customer. What is said here is said of the vendor's own accord.

    Attributes:
        agreements: The terms that the customer proffered, and the agreements that came of them.
        consents: The consents, asked for or given, and `request`.
        dealings: What the customer wished for, and what was offered, and `offer`.
        orders: The dealings that became orders.
        rights: The customer's rights requests.
        objections: The customer's objections and restrictions.
        sharings: The data that the customer has shared on some basis.
        givings: The documents that were given, and `give`.
        standing: Under which key the customer speaks, and `introduce`.
    """

    agreements = Namespace(Agreements)
    consents = Namespace(Consents)
    dealings = Namespace(Dealings)
    orders = Namespace(Orders)
    rights = Namespace(RightsRequests)
    objections = Namespace(Objections)
    sharings = Namespace(Sharings)
    givings = Namespace(Givings)
    standing = Namespace(Standings)
