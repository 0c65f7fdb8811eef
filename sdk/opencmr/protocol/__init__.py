"""What may follow: lifecycles, folds, the receiving checks, decisions. No I/O, no clock of its own."""

from .agreement import Agreement
from .chain import Chain, Dispute
from .clock import instant, moment
from .consent import Consent
from .dealing import Dealing, Offer
from .decisions import THIRD_PARTY, VENDOR, Decision, Facts, Question, Statement, decide, turning_point
from .facts import MOST_STATEMENTS, gather
from .forgetting import came_to_nothing, is_passing, promised_until
from .history import History
from .lifecycle import family_of, is_narrowing, lifecycle
from .receiving import Parsed, Settled, Verified, parse, settle, verify
from .returning import Withdrawal
from .said import Entry, Knowledge, Point, Said, Word
from .sums import commitment_of, total_of
from .thread import Record, Thread
from .vocabulary import EVERYTHING
from .wording import explain

__all__ = [
    "EVERYTHING",
    "MOST_STATEMENTS",
    "THIRD_PARTY",
    "VENDOR",
    "Agreement",
    "Chain",
    "Consent",
    "Dealing",
    "Decision",
    "Dispute",
    "Entry",
    "Facts",
    "History",
    "Knowledge",
    "Offer",
    "Parsed",
    "Point",
    "Question",
    "Record",
    "Said",
    "Settled",
    "Statement",
    "Thread",
    "Verified",
    "Withdrawal",
    "Word",
    "came_to_nothing",
    "commitment_of",
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
    "total_of",
    "turning_point",
    "verify",
]
