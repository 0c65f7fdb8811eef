"""What `make test` does in part and `make soak` in whole.

    WISHES = ALL if LONG else ALL[:2]

`make soak ARGS="--only in_whole"` runs each module that asks for `LONG` with `OPENCMR_LONG=1`. What `make test` leaves
out is more of the same: each rule has a test in the short form.
"""

import os

LONG = bool(os.environ.get("OPENCMR_LONG"))
