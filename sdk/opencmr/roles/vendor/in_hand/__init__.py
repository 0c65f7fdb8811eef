"""Handles of threads and namespaces of the vendor's `Relationship`, one module a family.

A handle is a view of a thread, and has what the vendor says in it of its own accord. A namespace has the handles of a
family, and what begins a thread of it (`opencmr.roles.party.threads`). All of it is said through `Vendor.say`, so it
waits in the customer's mailbox. What answers a message at once is a handler's: `Vendor.on`.

| module | namespace | begins a thread | handle |
|---|---|---|---|
| `terms` | `relationship.agreements` | the customer, by a proffer | `AgreementInHand` |
| `consent` | `relationship.consents` | `request` | `ConsentInHand` |
| `intent` | `relationship.dealings` | `offer`, where nobody wished for it | `DealingInHand` |
| | `relationship.orders`: the dealings that became orders | | `OrderInHand` |
| `data` | `relationship.rights` | the customer, by a request | `RightsRequestInHand` |
| | `relationship.objections` | the customer, by objecting | `ObjectionInHand` |
| | `relationship.sharings` | the customer, by sharing | `SharingInHand` |
| | `relationship.givings` | `give` | `GivingInHand` |
| `relationship` | `relationship.standing` | the customer, by opening; `introduce` | `StandingInHand` |

The customer's side has the same namespaces: `opencmr.roles.customer.in_hand`.
"""
