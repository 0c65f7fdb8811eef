"""What may follow: lifecycles, folds, the receiving checks, decisions.

No clock of its own, and no I/O but the tables of the specification, which are read once. A way through it:

    verified = verify(parse(raw), me=did, pinned={})                       # receiving: checks 1 to 7
    settled = settle(verified.message, verified.digest, history=history, now=now)   # checks 8 to 10
    history.answer(settled.said, receipt, id, now, settled.thread)         # the chain gives it its place
    history.threads[thread].record                                         # what the thread folds to
    history.may(Question("dpv:Use", "dpv:DirectMarketing"), at)            # what may be done

    receiving     the checks, one after the other      lifecycle   who may say what in which state
    history       a relationship: chain and threads    thread      one thread: its entries and its record
    families      what the records are                 family      what the core asks of a family
    facts         what records say to decisions        decisions   what a vendor may do
    evidence      whether what is put forward holds    excerpt     a part of a relationship
"""

from .chain import Chain, Dispute
from .clock import instant, moment
from .decisions import decide, turning_point
from .facts import MOST_STATEMENTS, gather
from .families import FAMILIES
from .family import Family, Record
from .forgetting import FOLDS, came_to_nothing, is_passing, promised_until
from .history import History
from .lifecycle import family_of, is_narrowing, lifecycle
from .question import THIRD_PARTY, VENDOR, Decision, Question
from .receiving import Parsed, Settled, Verified, parse, settle, verify
from .said import Entry, Knowledge, Point, Said, Word
from .statements import Facts, Statement
from .thread import Thread
from .vocabulary import EVERYTHING
from .wording import explain

__all__ = [
    "EVERYTHING",
    "FAMILIES",
    "FOLDS",
    "MOST_STATEMENTS",
    "THIRD_PARTY",
    "VENDOR",
    "Chain",
    "Decision",
    "Dispute",
    "Entry",
    "Facts",
    "Family",
    "History",
    "Knowledge",
    "Parsed",
    "Point",
    "Question",
    "Record",
    "Said",
    "Settled",
    "Statement",
    "Thread",
    "Verified",
    "Word",
    "came_to_nothing",
    "decide",
    "explain",
    "family_of",
    "gather",
    "instant",
    "is_narrowing",
    "is_passing",
    "lifecycle",
    "moment",
    "parse",
    "promised_until",
    "settle",
    "turning_point",
    "verify",
]
