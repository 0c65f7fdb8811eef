"""`opencmr doctor`: what is wrong with an installation, a store or a vendor, and how to mend it.

finding    what was looked at, how it was found, and what to do
house      this installation: Python, libraries, the check of keys, the tables of the specification, the clock
stores     a store and its key file
away       a vendor, as customers reach it
command    which of these, and how it is told
"""

from .command import doctor

__all__ = ["doctor"]
