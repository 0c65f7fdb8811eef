"""`opencmr doctor`: what is wrong with an installation, a store or a vendor, and how to mend it.

finding        what was examined, what was found, and how to mend it
installation   Python, libraries, the check of keys, the specification's tables, the clock
stores         a store and its key file
vendors        a vendor, as customers reach it
command        which of these are examined, and how findings are told
"""

from .command import doctor

__all__ = ["doctor"]
