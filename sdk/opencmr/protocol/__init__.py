"""What may follow: lifecycles, folds, the receiving checks, decisions. No I/O, no clock of its own."""

from .agreement import Agreement
from .clock import instant, moment
from .consent import Consent
from .dealing import Dealing, Offer
from .decisions import THIRD_PARTY, VENDOR, Decision, Facts, Question, Statement, decide, gather, turning_point
from .history import History, replay
from .lifecycle import family_of, is_narrowing, lifecycle
from .receiving import Parsed, Settled, Verified, parse, settle, verify
from .said import Entry, Said
from .thread import Record, Thread
from .vocabulary import EVERYTHING
from .wording import explain

__all__ = [
    "EVERYTHING",
    "THIRD_PARTY",
    "VENDOR",
    "Agreement",
    "Consent",
    "Dealing",
    "Decision",
    "Entry",
    "Facts",
    "History",
    "Offer",
    "Parsed",
    "Question",
    "Record",
    "Said",
    "Settled",
    "Statement",
    "Thread",
    "Verified",
    "decide",
    "explain",
    "family_of",
    "gather",
    "instant",
    "is_narrowing",
    "lifecycle",
    "moment",
    "parse",
    "replay",
    "settle",
    "turning_point",
    "verify",
]
