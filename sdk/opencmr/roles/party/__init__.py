"""The parts that both roles share: signing, remembered histories, threads in hand, values of callers.

| module | what is in it |
|---|---|
| `signing` | a body becomes a signed message, a message gets its receipt; deadlines as people write them |
| `histories` | what a store holds of a relationship, folded; `remembered` keeps it in memory, bounded by bytes |
| `threads` | threads in hand: handles, and the namespaces of a relationship |
| `asking` | the members of a question to `may`, written once |
| `given` | what a caller gives: values become models, or an error that names what is wrong |
| `export` | what was decided, written out as evidence |
| `reading` | a store looked at without keys: for the command line, and for whoever audits |
"""
