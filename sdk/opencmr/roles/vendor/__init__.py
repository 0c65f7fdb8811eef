"""The vendor's role, for shops, services and all who have customers. Begin with `vendor.Vendor`.

A message, from the socket to the receipt. A line is called by the one above it that begins further left; what begins
at the left is the next module on the way:

    transport.server.PatientProtocol            # takes the bytes of a request from the socket
    transport.app.application, messages(request)
        gate.charge_address(…)                      # 429; transport.limits has all of `gate`
        raw = await _body(request, …)
        with gate.lane(raw).place():                # 503
            await vendor.receive(raw, address)          # measured by telemetry.measure_receive
    receiving.Receiving.receive(raw, address)
        parsed = parse(raw)                         # check 1; this and the next in protocol
        verified = verify(parsed, …)                # checks 3 to 7
        await _received(verified, address)
            _known(…)                                   # check 2: its old answer, if it is known
            gate.charge_key(…), gate.charge_volume(…)   # 429
            await admission.check(…)                    # 429: is there room for somebody new?
            with gate.work_by_key.place(…):             # 429, 503
                async with turn(lock):                      # one message of a key at a time
                    drafts = await _replies(verified)           # handlers.replies: what the application says to it
                    await keep(verified, drafts)
    store.database.Store.write(work)            # work: transactions.receive(rows, verified, drafts, now)
        _submit(job)                                # into the queue of the store's one writer, a thread
        _commit(group), _together(group)            # there, in `_write_on`: up to 100 writes, one transaction
            transaction.Transactions.receive(…)
                history = histories.draft(rows, peer)       # party.histories: the relationship, remembered
                settled = settle(message, …)                # checks 8 to 10, in protocol.receiving
                receipt = numbering.answer(…)               # its place; party.signing signs
                rows.add_message(…)                         # check 11: message, receipt and replies, or nothing
            batch.flush()                               # then the transaction is committed: it is durable
        _tell(told)                                 # wakes the event loop, where `write` returns
    receiving.Receiving._received, again
        mailbox.ring(…), handlers.begin(…)          # who waits for mail is woken; what is to follow begins
    transport.app: pack(answers)                # the answer: the receipt first, then the replies

Where it can wait, in this order. What is too much is not kept waiting: it is refused at once (429, 503 above).

- for its own bytes: `HEAD_TIMEOUT` and `REQUEST_TIMEOUT` of `transport.server`, `body_timeout` of `transport.app`
- for the database to answer a read on the event loop, in `_known` and in `_replies` (the preview for a handler); on
  PostgreSQL also for a connection. Nothing else goes on in the process meanwhile
- for a count of what strangers take, if it may be from one: `Admission`, once in ten seconds at most
- for the messages of its sender before it: the lock in `Receiving._received`
- for the handler, `handler_timeout` at most; one that is no coroutine and is slow holds up the whole process
- for the store's writer: `Store._jobs`, while it commits the groups before
- for its own group: folding and signing of all in it, the disk, and a lock that another process holds (`LONGEST_WAIT`
  of `store.backends.backend`, `TRIES` of `store.database`)
- for the event loop to go on with it

A narrowing message, such as a withdrawal, waits neither for messages before it nor for a handler: `_received` keeps it
at once. What shows each wait to an operator is in `docs/operation.md`, "A receipt is late".

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
| `keys` | the key that signs in each relationship |
| `published` | what discovery says |
| `health`, `steadiness`, `telemetry` | what an operator sees |

The customer's role is beside it, in `opencmr.roles.customer`. Neither imports the other.
"""
