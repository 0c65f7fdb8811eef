"""Who acts: the two faces of the SDK, `Customer` and `Vendor`."""

from .customer import Customer
from .customer import Relationship as CustomerRelationship
from .handles import AgreementInHand, Casting, ConsentInHand, OfferInHand, OrderInHand
from .pen import Draft
from .policy import Policy
from .polling import Polling
from .quota import Quota
from .sender import Retry
from .vendor import Relationship as VendorRelationship
from .vendor import Vendor

__all__ = [
    "AgreementInHand",
    "Casting",
    "ConsentInHand",
    "Customer",
    "CustomerRelationship",
    "Draft",
    "OfferInHand",
    "OrderInHand",
    "Policy",
    "Polling",
    "Quota",
    "Retry",
    "Vendor",
    "VendorRelationship",
]
