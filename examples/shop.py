from opencmr import Money, Vendor, intent, offer, order

DID = "did:web:127.0.0.1%3A8001"
shop = Vendor.open("shop.db", did=DID, accepts=["SD-BASE", "SD-BASE-DP"])


@shop.on(intent.Cast)
def quote(cast, relationship):
    under = shop.acceptable(cast.body.terms)
    for number, want in enumerate(cast.body.wants):
        if under and "boots" in want.name.lower():
            price = Money("189.00", "EUR")
            line = offer.Line(name="Field boots, size 49", want=number, price=price)
            yield offer.Make(lines=[line], total=Money("189.00", "EUR"), under=under)


@shop.on(offer.Accept)
def confirm(accepted, relationship):
    return order.Confirm(reference="1001", total=accepted.body.total)


app = shop.asgi()
