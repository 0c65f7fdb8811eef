"""Hazel: things made by hand, and lent among neighbours. It counts visits to its pages, and says so in its counter."""

from stall import Stall

from opencmr import offer

shop = Stall(
    name="Hazel",
    accepts=["SD-BASE-A", "SD-BASE"],
    counter="SD-BASE-A",
    delivery={"parcel": "4.50", "collect": "0", "on-site": "0"},
    returns=offer.Returns(days=30, paid_by="customer"),
    payment=["invoice", "basic-card", "cash"],
    did="did:web:127.0.0.1%3A8102",
).open()
