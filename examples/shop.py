from opencmr import Money, Price, Vendor, intent, offer, order

shop = Vendor.open("shop.db", did="did:web:127.0.0.1%3A8001", accepts=["SD-BASE", "SD-BASE-DP"])


@shop.on(intent.Cast)
def quote(cast, relationship):
    for number, want in enumerate(cast.body.wants):
        if "boots" in want.name.lower():
            line = offer.Line(name="Field boots, size 49", want=number, price=Price("189.00", "EUR"))
            yield offer.Make(lines=[line], total=Money("189.00", "EUR"), under=cast.body.terms[0])


@shop.on(offer.Accept)
def confirm(accepted, relationship):
    return order.Confirm(reference="1001", total=accepted.body.total)


app = shop.asgi()
