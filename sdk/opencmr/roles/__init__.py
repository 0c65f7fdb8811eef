"""The two roles of the SDK, `Customer` and `Vendor`.

- `customer`: what a wallet runs
- `vendor`: what a shop runs
- `party`: what both need

Each package says in its first lines which way a message goes through it.
"""

from .customer.backup import BackedUp, backup
from .customer.customer import Customer
from .customer.in_hand.consent import ConsentInHand
from .customer.in_hand.data import GivingInHand, ObjectionInHand, RightsRequestInHand, SharingInHand
from .customer.in_hand.intent import Casting, DealingInHand, OfferInHand, OrderInHand
from .customer.in_hand.relationship import StandingInHand
from .customer.in_hand.terms import AgreementInHand
from .customer.policy import Policy
from .customer.polling import Polling
from .customer.quota import Quota
from .customer.relationship import Relationship as CustomerRelationship
from .customer.restoring import restore
from .customer.sending import Retry
from .party.asking import Asked
from .party.export import Exported, export
from .party.signing import Draft
from .party.threads import Handle, Threads
from .vendor.in_hand.consent import ConsentInHand as VendorConsentInHand
from .vendor.in_hand.data import RightsRequestInHand as VendorRightsRequestInHand
from .vendor.in_hand.intent import DealingInHand as VendorDealingInHand
from .vendor.in_hand.intent import OrderInHand as VendorOrderInHand
from .vendor.in_hand.relationship import StandingInHand as VendorStandingInHand
from .vendor.in_hand.terms import AgreementInHand as VendorAgreementInHand
from .vendor.relationship import Relationship as VendorRelationship
from .vendor.vendor import Vendor

__all__ = [
    "AgreementInHand",
    "Asked",
    "BackedUp",
    "Casting",
    "ConsentInHand",
    "Customer",
    "CustomerRelationship",
    "DealingInHand",
    "Draft",
    "Exported",
    "GivingInHand",
    "Handle",
    "ObjectionInHand",
    "OfferInHand",
    "OrderInHand",
    "Policy",
    "Polling",
    "Quota",
    "Retry",
    "RightsRequestInHand",
    "SharingInHand",
    "StandingInHand",
    "Threads",
    "Vendor",
    "VendorAgreementInHand",
    "VendorConsentInHand",
    "VendorDealingInHand",
    "VendorOrderInHand",
    "VendorRelationship",
    "VendorRightsRequestInHand",
    "VendorStandingInHand",
    "backup",
    "export",
    "restore",
]
