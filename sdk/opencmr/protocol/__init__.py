"""What may follow: lifecycles, folds, the receiving checks, decisions. No I/O, no clock of its own."""

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
