"""For users' own tests: both roles in one process, a clock that stands still, faults on demand, and forged messages.

    clock = StandingClock()
    shop = Vendor.open(tmp_path / "shop.db", did="did:web:shop.example", accepts=["SD-BASE"], clock=clock)
    network = Loopback(shop)
    async with Customer.open(tmp_path / "alice.db", network=network, clock=clock) as alice:
        ...

Nothing is simulated but the wire: signatures, checks, folds and stores are the real ones. What no honest party would
say, a `Forger` says:

    mallory = Forger.stranger("did:web:shop.example", clock=clock)
    raw = mallory.sign(mallory.write("com.example.nonsense", {}, created="yesterday"))
"""

from ..roles.party.signing import Link, envelope
from .forger import Document, Forger
from .network import Faults, Loopback, StandingClock

__all__ = ["Document", "Faults", "Forger", "Link", "Loopback", "StandingClock", "envelope"]
