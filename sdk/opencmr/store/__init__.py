"""What is kept: messages, receipts and relationships in SQL, keys in a file. One code for SQLite and PostgreSQL."""

from .batch import Peer
from .database import Store
from .engine import damaged, shown
from .keyfile import KeyFile
from .naming import beside, path_of
from .rows import ROW, Kept, Noticed, Rows, Status

__all__ = [
    "ROW",
    "Kept",
    "KeyFile",
    "Noticed",
    "Peer",
    "Rows",
    "Status",
    "Store",
    "beside",
    "damaged",
    "path_of",
    "shown",
]
