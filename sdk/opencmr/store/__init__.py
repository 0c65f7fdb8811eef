"""A store: messages, receipts and relationships in a database, keys in a file.

========= ==================================================================================================
database  `Store`: reads, and one writer that commits in groups; what it returned from is on the disk
rows      what one transaction can read and write
kept      what it gives and takes: a message's row, and what was noticed
batch     what the writes of one transaction share
tables    the tables; schema and migrations make them, find them and bring them forward
derived   what is derived from messages and yet kept: computed anew where the rules are others
backends  the databases that can hold all that, each by itself; nothing else knows which it is
checkup   inspects how a store is kept, for `opencmr doctor`
integrity inspects whether it holds what was written into it
keyfile   the private keys of a party, in a file of its own
files     the files that messages name, in a folder
========= ==================================================================================================

    with Store("shop.db") as store:
        kept = store.read(lambda rows: [rows.everything(peer.number) for peer in rows.peers()])
"""

from .backends import beside, copy_store, damaged, path_of, shown
from .batch import Peer
from .database import Store
from .files import Files
from .kept import ROW, Kept, Noticed, Status
from .keyfile import KeyFile
from .rows import Rows

__all__ = [
    "ROW",
    "Files",
    "Kept",
    "KeyFile",
    "Noticed",
    "Peer",
    "Rows",
    "Status",
    "Store",
    "beside",
    "copy_store",
    "damaged",
    "path_of",
    "shown",
]
