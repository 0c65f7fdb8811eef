from opencmr import Money, Price, Vendor, intent, offer

shop = Vendor.open("shop.db", did="did:web:shop.example", accepts=["SD-BASE", "SD-BASE-DP"])


@shop.on(intent.Cast)
async def quote(cast, relationship):
    for number, want in enumerate(cast.body.wants):
        if "boots" in want.name:
            line = offer.Line(name="Field boots, size 49", want=number, price=Price("189.00", "EUR"))
            yield offer.Make(lines=[line], total=Money("189.00", "EUR"), under=cast.body.terms[0])


app = shop.asgi()
