"""The vendor's role, for shops, services and all who have customers. Begin with `vendor.Vendor`.

A message, from the socket to the receipt:

    await vendor.receive(raw, address)              # called by transport.app
        verified = verify(parse(raw), …)            # receiving.Receiving: checks 1 to 7; is it known already?
        await admission.check(message, peer, …)     # is there room for somebody new?
        drafts = await handlers.replies(message, …) # what the application says to it
        await store.write(lambda rows:
            transactions.receive(rows, verified, drafts, now))
                history = histories.draft(rows, peer)       # party.histories: the relationship, remembered
                settled = settle(message, …)                # protocol.receiving: checks 8 to 10
                receipt = numbering.answer(peer, history, settled, now)     # its place; party.signing signs
                rows.add_message(…)                         # check 11: message, receipt and replies, or nothing
        return received.answers                     # the receipt first

Where it can wait, in this order; what is too much is not kept waiting, but told at once when to come again (429, 503):

- for its own bytes: `transport.server` (head and request), `transport.app` (body)
- for an answer of the database, read on the event loop: `Receiving._known`, and the preview for a handler
- for a count of what strangers take, if it may be from one: `Admission`, once in ten seconds at most
- for the messages of its sender before it, one at a time: the lock in `Receiving._received`
- for the handler, `handler_timeout` at most; one that is no coroutine and is slow holds up the whole process
- for the store's one writer: the group that is being committed, then the disk, or another process that writes
  (`store.database`, `PATIENCE` of `store.backends.backend`)

A withdrawal waits neither for messages before it nor for a handler. What each step took is in the spans and metrics of
`docs/operation.md`.

| module | what is in it |
|---|---|
| `vendor` | `Vendor`: opening, handlers, saying, deciding; what the transport calls |
| `relationship` | one customer, as a handler gets them: `messaging`, and namespaces, such as `relationship.orders` |
| `in_hand` | threads and what the vendor says in them of its own accord, one module a family |
| `receiving` | a message, from its bytes to its receipt |
| `mailbox`, `waking` | collects: what waits for whom, and who waits for it |
| `transaction` | what is done inside one transaction of the store; `numbering` gives words their numbers |
| `restored` | what is done by a vendor whose store was put back from an older copy |
| `known_messages`, `unknown_senders` | what was received before, and what strangers have used up |
| `handlers`, `acceptance` | the application's own code, and the terms that are accepted |
| `decisions` | what `may` answers, from memory |
| `admission`, `forgetting` | how many strangers are let in, and when they are forgotten |
| `published` | what discovery says |
| `health`, `steadiness`, `telemetry` | what an operator sees |

The customer's role is beside it, in `opencmr.roles.customer`. Neither imports the other.
"""
