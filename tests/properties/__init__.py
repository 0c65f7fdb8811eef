"""Properties of the pure core, tried in random conversations: whatever anybody does, the promise holds.

A conversation is played between a simulated wallet and a simulated vendor around the real `History`, `Chain`,
`Thread`, `settle` and `decide`. Messages are the real ones, unsigned, with digests that are counted; there is no store
and no network. So a conversation takes some milliseconds, and hundreds of thousands can be tried.

| module | what is in it |
|---|---|
| `words` | messages and what they speak of: a small vocabulary, terms, items, questions |
| `parties` | the wallet, and the vendor: honest, hostile, restored |
| `oracle` | what the customer's own words deny, in the customer's own order; read from the pages, not from the code |
| `play` | dice, steps, and how a conversation that fails is made smaller |
| `order` | 1: no vendor gets a yes out of what the customer denied last, by order, timing, outcomes or dates |
| `restores` | 2: either side is put back from any copy: nothing is lost, no yes comes back, both come to the same |
| `acknowledged` | 3: an answer about the past stands once both sides have acknowledged beyond it |
| `accusations` | 5: with honest parties the fold voids nothing that was accepted, and both fold to the same |

Each of the four has a function from a seed to a `Failure` or nothing, and a test beside it. `test_mutants.py` breaks
rules of the core on purpose, and sees that the properties notice; `test_counterexamples.py` holds the smallest
conversations that broke one.

`OPENCMR_PROPERTIES=10000 make test ARGS="-k properties"` plays that many conversations in all; `make soak ARGS="--only
properties"` goes on for longer. A failure tells its property and seed, and the steps that are left of it:
`python -m properties order 4711` plays one again (with `PYTHONPATH=tests`).
"""
