"""Northwind: outdoor things, and cars for hire. It takes the customer's terms as they are."""

from stall import Stall

from opencmr import offer

shop = Stall(
    name="Northwind",
    accepts=["SD-BASE", "SD-BASE-DP"],
    counter=None,
    delivery={"parcel": "5.90", "pallet": "24.00", "collect": "0", "on-site": "0"},
    returns=offer.Returns(days=60, paid_by="vendor"),
    payment=["basic-card", "invoice"],
    did="did:web:127.0.0.1%3A8101",
).open()
