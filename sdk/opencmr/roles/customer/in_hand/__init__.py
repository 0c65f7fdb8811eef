"""Handles of threads and namespaces of the customer's `Relationship`, one module a family.

A handle is a view of a thread, and has what the customer says in it. A namespace has the handles of a family, and what
begins a thread of it (`opencmr.roles.party.threads`). No other module of the customer's side knows a family.

| module | namespace | begins a thread | handle |
|---|---|---|---|
| `terms` | `relationship.agreements` | `proffer` | `AgreementInHand` |
| `consent` | `relationship.consents` | `grant` | `ConsentInHand` |
| `intent` | `relationship.dealings` | `Customer.cast`, since a wish goes to several vendors | `DealingInHand` |
| | `relationship.orders`: the dealings that became orders | | `OrderInHand` |
| `data` | `relationship.rights` | `request` | `RightsRequestInHand` |
| | `relationship.objections` | `object` | `ObjectionInHand` |
| | `relationship.sharings` | `share` | `SharingInHand` |
| | `relationship.givings` | the vendor, by giving | `GivingInHand` |
| `relationship` | `relationship.standing` | `open`, or `close` | `StandingInHand` |
| `mail` | waiting for what a vendor says next | | |

The vendor's side has the same namespaces: `opencmr.roles.vendor.in_hand`.
"""
