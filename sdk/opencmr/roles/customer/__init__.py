"""The customer's role, for wallets and personal agents. Begin with `customer.Customer`.

A word, from `say` to a settled record:

    thread = await relationship.say(body)           # messaging.Messaging, then outbox.Outbox
        await store.write(lambda rows:
            transactions.say(rows, draft, …))       # checked by the rules, signed, and kept as pending
        raws = await network.send(endpoint, raw)    # as often as it takes: by itself with `sending`
        words = transactions.verify(peer, raws)      # whose they are, and whether signatures hold: beside the writer
        await store.write(lambda rows:
            transactions.take_in(rows, words, now)) # each word takes its number; a receipt gives ours its place
                history.follow(receipt, …, of=ours) # protocol.history: folded by the rules, whatever the receipt says
    relationship.records[thread]                    # party.histories: what the thread folds to
    await relationship.collect()                    # what else the vendor has said, by the same way

| module | what is in it |
|---|---|
| `customer` | `Customer`: opening, meeting vendors, `sync` |
| `relationship` | one vendor: `messaging`, and the namespaces, such as `relationship.consents` |
| `messaging` | saying in one relationship: `outbox` sends what waits in its order, `collecting` takes in answers |
| `in_hand` | threads and what is said in them, one module a family: all that knows families here |
| `transaction` | what is done inside one transaction of the store; `arrived` is what an answer brought |
| `sending`, `polling` | what an open wallet does by itself: send again, ask for mail |
| `policy`, `quota` | what the customer decides once, and how much a vendor may leave here |
| `backup`, `restoring` | all that the wallet holds as one encrypted file, and a wallet made of it |
| `forgetting` | letting a relationship go |

The vendor's role is beside it, in `opencmr.roles.vendor`. Neither imports the other.
"""
