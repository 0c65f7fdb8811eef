"""`spec/v1/intent/page.md`: intents, offers, orders."""

from decimal import Decimal
from typing import Any

from ... import trust
from ..hand import BASE, DP, NOWHERE, Bench, Document, Hand
from ..suite import Page
from .says import (
    OWN,
    TEN,
    accept,
    cancelled,
    cast,
    confirmed,
    disclose,
    must,
    no,
    offered,
    opened,
    ordered,
    proffer,
    ref,
    shipped,
    unasked,
    wish,
)

page: Page[Bench] = Page("intent", "vendor")


def _check_offer(made: Document, terms: list[Document], wants: int) -> None:
    """The rules that an offer must keep."""
    body = made["body"]
    amounts = [line["price"] for line in body["lines"]] + [each["amount"] for each in body.get("adjustments", [])]
    must({one["currency"] for one in amounts} == {body["total"]["currency"]}, "several currencies", "OFR-2")
    right = sum((Decimal(one["amount"]) for one in amounts), Decimal())
    must(Decimal(body["total"]["amount"]) == right, f"the total is {body['total']['amount']}, not {right}", "OFR-1")
    must(made["expires"] > made["created"], "it expires before it was made", "OFR-3")
    must(body["under"] in terms, "it is not under the customer's terms", "OFR-4")
    must(all(line.get("want", 0) < wants for line in body["lines"]), "a want that there is not", "OFR-5")


@page.add("offer-keeps-rules", "An offer keeps its rules: sum, currency, expiry, terms, wants",
          "OFR-1", "OFR-2", "OFR-3", "OFR-4", "OFR-5")  # fmt: skip
async def offer_keeps_rules(bench: Bench) -> None:
    """Three wants, two sets of terms."""
    hand = Hand(bench)
    _, made = await offered(hand, wants=3)
    _check_offer(made, [DP, BASE], 3)


@page.add("amendment-alone", "After an amendment, wants and terms are read from it alone", "INT-1", "OFR-4", "OFR-5")
async def amendment_alone(bench: Bench) -> None:
    """Fewer wants, other terms."""
    hand = Hand(bench)
    thread, _ = await offered(hand, wants=3)
    await hand.accepted(hand.write("intent.amend", wish(wants=1, terms=[BASE]), thread), "open")
    made = await hand.hear("offer.make", thread)
    must(made["body"]["under"] == BASE and len(made["body"]["lines"]) == 1, "they are read from the cast")
    _check_offer(made, [BASE], 1)


@page.add("amendment-leaves-offers", "An offer stays firm when the intent is amended", "INT-2", "OFR-11")
async def amendment_leaves_offers(bench: Bench) -> None:
    """The vendor made it, and is bound by it."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    await hand.accepted(hand.write("intent.amend", wish("test: say nothing", wants=2), thread), "open")
    await hand.accepted(accept(hand, made), "ordered")


@page.add("withdrawn-lapses", "After a withdrawal no offer can be accepted", "INT-3")
async def withdrawn_lapses(bench: Bench) -> None:
    """The offers lapse with the intent."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    await hand.accepted(no(hand, "intent.withdraw", thread), "withdrawn")
    await hand.refused(accept(hand, made), "wrong-state", "/type", "INT-3")


@page.add("wish-over", "An offer that comes after the wish has ended is void", "INT-4")
async def wish_over(bench: Bench) -> None:
    """Test mode: the offer comes later, and the wish stands until before. No acceptance makes an order of it.

    A vendor that is quick enough to offer in time keeps the rule, and shows nothing.
    """
    hand = Hand(bench)
    until = bench.now(0.15 + 2 * bench.latency)
    thread = await opened(hand, hand.write("intent.cast", wish("test: offer later", until=until)), "open")
    made = await hand.perhaps("offer.make", thread)
    if made is not None and made["created"] >= until:
        await hand.refused(accept(hand, made), "offer-not-firm", None, "INT-4")


@page.add("wish-renewed", "How long a wish stands is read from the amendment alone", "INT-1", "INT-4")
async def wish_renewed(bench: Bench) -> None:
    """A wish that has ended is amended, and stands again; how long says `until`, and not `expires`."""
    hand = Hand(bench)
    ended = wish("test: say nothing", until=bench.now(1))
    thread = await opened(hand, hand.write("intent.cast", ended), "open")
    await bench.sleep(1.2)
    soon = 0.15 + 2 * bench.latency
    amended = hand.write("intent.amend", wish("test: offer later"), thread, expires=bench.now(soon))
    await hand.accepted(amended, "open")
    await bench.sleep(soon)
    await hand.accepted(accept(hand, await hand.hear("offer.make", thread)), "ordered")


@page.add("unasked-offer", "An unasked offer names a live consent and the agreement in force", "OFR-6", "OFR-7")
async def unasked_offer(bench: Bench) -> None:
    """Test mode: a consent to direct marketing whose statement asks for an offer."""
    hand = Hand(bench)
    await agreed_on(hand, BASE)
    given = unasked(hand, "test: offer")
    raw = hand.sign(given)
    await hand.accepted(raw, "given")
    made = await hand.hear("offer.make")
    must(made["thread"] == made["id"], "it does not open a thread")
    basis = {"id": given["id"], "digest": hand.threads[given["thread"]][0]}
    must(made["body"].get("basis") == basis, "it does not name the consent", "OFR-6")
    must(made["body"]["under"] == BASE, "it is not under the agreement", "OFR-7")
    await hand.accepted(accept(hand, made), "ordered")


@page.add("no-basis-no-offer", "Without an agreement in force there is no unasked offer", "OFR-7")
async def no_basis_no_offer(bench: Bench) -> None:
    """If one comes, it is void, and no acceptance makes an order of it."""
    hand = Hand(bench)
    await hand.accepted(unasked(hand, "test: offer"), "given")
    await no_offer(hand)


@page.add("scoped-agreement", "An agreement about one thread is not the relationship's", "OFR-7")
async def scoped_agreement(bench: Bench) -> None:
    """Terms that are agreed on for the data of a wish alone; there is no other agreement."""
    hand = Hand(bench)
    wished = cast(hand, "test: say nothing")
    await hand.accepted(wished, "open")
    scope = {"id": wished["id"], "digest": hand.threads[wished["thread"]][0]}
    terms = hand.write("terms.proffer", {"choices": [BASE], "scope": scope})
    await hand.hear("terms.accept", await opened(hand, terms, "proffered"))
    await hand.accepted(unasked(hand, "test: offer"), "given")
    await no_offer(hand)


@page.add("newest-agreement", "What a newer agreement has replaced does not come back", "OFR-7")
async def newest_agreement(bench: Bench) -> None:
    """Neither while the newer holds, nor once it has ended."""
    hand = Hand(bench)
    thread = ""
    for terms in (BASE, DP):
        thread = await opened(hand, proffer(hand, choices=[terms]), "proffered")
        await hand.hear("terms.accept", thread)
    await hand.accepted(unasked(hand, "test: offer"), "given")
    await no_offer(hand)
    await hand.accepted(no(hand, "terms.terminate", thread), "terminated")
    await hand.accepted(unasked(hand, "test: offer"), "given")
    await no_offer(hand)


@page.add("basis-replaced", "A consent that a later grant has replaced bears no offer", "OFR-6")
async def basis_replaced(bench: Bench) -> None:
    """Test mode: an offer on the first grant of the thread."""
    hand = Hand(bench)
    await agreed_on(hand, BASE)
    given = unasked(hand)
    await hand.accepted(given, "given")
    again = unasked(hand, "test: offer on the first grant")["body"]
    await hand.accepted(hand.write("consent.grant", again, given["thread"]), "given")
    await no_offer(hand)


@page.add("basis-taken-back", "A consent that was taken back bears no offer, whatever was granted after it", "OFR-6")
async def basis_taken_back(bench: Bench) -> None:
    """Test mode: an offer on the first grant of the thread."""
    hand = Hand(bench)
    await agreed_on(hand, BASE)
    other = unasked(hand)
    await hand.accepted(other, "given")
    await hand.accepted(no(hand, "consent.withdraw", other["thread"]), "withdrawn")
    await hand.accepted(on_the_first(hand, other["thread"]), "given")
    await no_offer(hand)


@page.add("basis-live", "A consent to something else, or one that is over, bears no offer", "OFR-6")
async def basis_live(bench: Bench) -> None:
    """To research; and to direct marketing until before the offer comes. One of several items is enough."""
    hand = Hand(bench)
    await agreed_on(hand, BASE)
    research = unasked(hand, "test: offer")
    research["body"]["items"][0]["purposes"] = ["dpv:ResearchAndDevelopment"]
    await hand.accepted(research, "given")
    await no_offer(hand)
    until = bench.now(0.15 + 2 * bench.latency)
    brief = unasked(hand, "test: offer")
    brief["body"]["until"] = until
    await hand.accepted(brief, "given")
    made = await hand.perhaps("offer.make")
    if made is not None and made["created"] >= until:
        must((await hand.say(accept(hand, made))).outcome == "refused", "it was accepted")
    several = unasked(hand, "test: offer", keys=("study", "news"))
    several["body"]["items"][0]["purposes"] = ["dpv:ResearchAndDevelopment"]
    several["body"]["items"][1]["channels"] = ["email"]
    await hand.accepted(several, "given")
    await hand.accepted(accept(hand, await hand.hear("offer.make")), "ordered")


async def agreed_on(hand: Hand, terms: Document) -> None:
    """An agreement for the whole relationship."""
    await hand.hear("terms.accept", await opened(hand, proffer(hand, choices=[terms]), "proffered"))


def on_the_first(hand: Hand, thread: str, key: str = "other") -> Document:
    """A yes to something else, after which a vendor in test mode makes an offer on the first grant of the thread."""
    body = unasked(hand, "test: offer on the first grant", keys=(key,))["body"]
    body["items"][0]["data"] = ["pd:TelephoneNumber"]
    return hand.write("consent.grant", body, thread)


async def no_offer(hand: Hand) -> None:
    """No unasked offer comes; or it is void, and no acceptance makes an order of it."""
    made = await hand.perhaps("offer.make")
    must(made is None or (await hand.say(accept(hand, made))).outcome == "refused", "it was accepted")


@page.add("no-such-offer", "An acceptance names an offer of its thread", "OFR-9")
async def no_such_offer(bench: Bench) -> None:
    """By id and digest; not one of another thread."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    _, other = await offered(hand)
    right = ref(made)
    for wrong in ({**right, "digest": NOWHERE}, {**right, "id": other["id"]}, ref(other)):
        body = {"offer": wrong, "total": TEN}
        document = hand.write("offer.accept", body, thread)
        await hand.refused(document, "unknown-reference", "/body/offer", "OFR-9")


@page.add("declined-offer", "A declined offer is no longer firm, and declining it again is moot", "OFR-9")
async def declined_offer(bench: Bench) -> None:
    """The intent stays open."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    body = {"offer": ref(made), "reason": "price"}
    await hand.accepted(no(hand, "offer.decline", thread, body), "open")
    await hand.accepted(no(hand, "offer.decline", thread, body), "open", "moot")
    await hand.refused(accept(hand, made), "offer-not-firm", "/body/offer", "OFR-9")


@page.add("expired-offer", "An offer that has expired is not firm", "OFR-9")
async def expired_offer(bench: Bench) -> None:
    """Test mode: an offer that is firm for 2 seconds. Declining it is moot after."""
    hand = Hand(bench)
    thread, made = await offered(hand, "test: offer for 2 seconds")
    await bench.sleep(2.2)
    await hand.refused(accept(hand, made), "offer-not-firm", "/body/offer", "OFR-9")
    body = {"offer": ref(made), "reason": "price"}
    await hand.accepted(no(hand, "offer.decline", thread, body), "open", "moot")


@page.add("payment-of-the-offer", "An acceptance pays in a way that the offer takes", "OFR-9")
async def payment_of_the_offer(bench: Bench) -> None:
    """Test mode: by invoice. Or it does not say."""
    hand = Hand(bench)
    _, made = await offered(hand)
    for total in (TEN, {"amount": "9.99", "currency": "EUR"}):
        other = _accepting(hand, made, payment=[{"method": "cash"}], total=total)
        await hand.refused(other, "unknown-reference", "/body/payment/0/method", "OFR-9")
    await hand.accepted(_accepting(hand, made, payment=[{"method": "invoice"}]), "ordered")


@page.add("first-fault", "Of several faults of an acceptance the first is told", "OFR-9", "OFR-10")
async def first_fault(bench: Bench) -> None:
    """The offer, how it is paid, the total."""
    hand = Hand(bench)
    _, made = await offered(hand)
    wrong = {"payment": [{"method": "cash"}], "total": {"amount": "9.99", "currency": "EUR"}}
    nothing = _accepting(hand, made, offer={**ref(made), "digest": NOWHERE}, **wrong)
    await hand.refused(nothing, "unknown-reference", "/body/offer", "OFR-9")
    await hand.accepted(no(hand, "offer.decline", made["thread"], {"offer": ref(made), "reason": "price"}), "open")
    await hand.refused(_accepting(hand, made, **wrong), "offer-not-firm", "/body/offer", "OFR-9")


def _accepting(hand: Hand, made: Document, **members: Any) -> Document:
    """The acceptance of an offer, with other members of the body."""
    document = accept(hand, made)
    return {**document, "body": {**document["body"], **members}}


@page.add("other-total", "An acceptance repeats the offer's total", "OFR-10")
async def other_total(bench: Bench) -> None:
    """In amount and currency; 10 equals 10.00."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    for total in ({"amount": "9.99", "currency": "EUR"}, {"amount": "10.00", "currency": "USD"}):
        document = hand.write("offer.accept", {"offer": ref(made), "total": total}, thread)
        await hand.refused(document, "wrong-total", "/body/total", "OFR-10")
    same = {"amount": "10", "currency": "EUR"}
    await hand.accepted(hand.write("offer.accept", {"offer": ref(made), "total": same}, thread), "ordered")


@page.add("firm-offer-binds", "A firm offer is accepted by its total, and the vendor is bound", "OFR-11")
async def firm_offer_binds(bench: Bench) -> None:
    """The second of two offers as well as the first."""
    hand = Hand(bench)
    thread, _ = await offered(hand, "test: two offers")
    second = await hand.hear("offer.make", thread)
    await hand.accepted(accept(hand, second), "ordered")


@page.add("no-disclosure-before", "What is disclosed before there is an order is refused", "LIF-1")
async def no_disclosure_before(bench: Bench) -> None:
    """Nobody learns a name or an address by an offer alone."""
    hand = Hand(bench)
    thread, _ = await offered(hand)
    await hand.refused(disclose(hand, thread), "wrong-state", "/type", "LIF-1")


@page.add("confirmed-total", "The confirmation repeats the accepted total", "ORD-2")
async def confirmed_total(bench: Bench) -> None:
    """Else it is void."""
    hand = Hand(bench)
    thread, made = await ordered(hand, None)
    said = await hand.hear("order.confirm", thread)
    must(said["body"]["total"]["currency"] == made["body"]["total"]["currency"], "another currency")
    same = Decimal(said["body"]["total"]["amount"]) == Decimal(made["body"]["total"]["amount"])
    must(same, "another total")


@page.add("lines-of-the-offer", "A report on the order names lines of the offer", "ORD-3")
async def lines_of_the_offer(bench: Bench) -> None:
    """There is one."""
    hand = Hand(bench)
    thread = await confirmed(hand)
    await hand.accepted(disclose(hand, thread), "confirmed")
    report = await hand.hear("order.fulfil", thread)
    must(all(part["line"] == 0 for part in report["body"].get("lines", [])), "a line that there is not")


@page.add("only-the-vendor-settles", "Refund and fee in a customer's cancellation are passed over", "ORD-4")
async def only_the_vendor_settles(bench: Bench) -> None:
    """The vendor's own settlement still takes effect, and the customer's next word is moot."""
    hand = Hand(bench)
    thread = await confirmed(hand)
    body = {"reason": "changedMind", "refund": {"amount": "1000.00", "currency": "EUR"}}
    await hand.accepted(no(hand, "order.cancel", thread, body), "cancelled")
    settled = await hand.hear("order.cancel", thread)
    must("refund" in settled["body"] or "fee" in settled["body"], "the vendor does not settle", "ORD-5")
    await hand.accepted(no(hand, "order.cancel", thread, body), "cancelled", "moot")


@page.add("cancelled-once", "After a settled cancellation every further one is moot", "ORD-5")
async def cancelled_once(bench: Bench) -> None:
    """In each state of an order before it is done."""
    hand = Hand(bench)
    thread = await cancelled(hand)
    await hand.accepted(no(hand, "order.cancel", thread, {"reason": "other"}), "cancelled", "moot")
    on_its_way = await shipped(hand)
    await hand.accepted(no(hand, "order.cancel", on_its_way, {"reason": "other"}), "cancelled")
    await hand.hear("order.cancel", on_its_way)


@page.add("cancelled-before", "A cancellation that comes before the acceptance ends the wish", "ORD-6")
async def cancelled_before(bench: Bench) -> None:
    """The acceptance that comes late does not know it; a new one finds the intent withdrawn."""
    hand = Hand(bench)
    thread, made = await offered(hand)
    late = accept(hand, made)
    await hand.accepted(no(hand, "order.cancel", thread, {"reason": "changedMind"}), "withdrawn")
    await hand.refused(late, "stale", "/seen", "ORD-6")
    await hand.refused(accept(hand, made), "wrong-state", "/type", "ORD-6")


@page.add("unknown-data", "Data of a kind that is not in the vocabulary are refused", "LIF-1")
async def unknown_data(bench: Bench) -> None:
    """In what a cast, an amendment and a disclosure disclose, and in what a cast will disclose on acceptance.

    Neither a term that nobody knows, nor one of another kind.
    """
    hand = Hand(bench)
    thread = await opened(hand, cast(hand, "test: say nothing"), "open")
    order, _ = await ordered(hand)
    for term in ("pd:NoSuchData", "dpv:DirectMarketing", "dpv:Use"):
        data = [{"data": "pd:Name", "value": "x"}, {"data": term, "value": "x"}]
        for document in (
            hand.write("intent.cast", wish(discloses=data)),
            hand.write("intent.amend", wish(discloses=data), thread),
            hand.write("order.disclose", {"discloses": data}, order),
        ):
            await hand.refused(document, "unknown-term", "/body/discloses/1/data")
        later = hand.write("intent.cast", wish(onAccept=["pd:Name", term]))
        await hand.refused(later, "unknown-term", "/body/onAccept/1")


@page.add("carried-terms", "Terms that a wish has carried are named by their digest from then on", "TRM-1", "TRM-2")
async def carried_terms(bench: Bench) -> None:
    """Another digest, and another document of that id, are refused; also after a wish that named others."""
    hand = Hand(bench)
    carried = {"document": OWN}
    thread = await opened(hand, hand.write("intent.cast", wish("test: say nothing", terms=[carried])), "open")
    other = {"document": {**OWN, "version": "2"}}
    right = {"id": OWN["id"], "digest": trust.digest(trust.canonicalize(OWN))}
    for _ in range(2):
        for terms, where in (({**right, "digest": DP["digest"]}, "digest"), (other, "document/id")):
            amended = hand.write("intent.amend", wish("test: say nothing", terms=[BASE, terms]), thread)
            await hand.refused(amended, "terms-mismatch", f"/body/terms/1/{where}", "TRM-1")
        for terms in (right, BASE):
            await hand.accepted(hand.write("intent.amend", wish("test: say nothing", terms=[terms]), thread), "open")
    elsewhere = hand.write("intent.cast", wish(terms=[right]))
    await hand.refused(elsewhere, "terms-unknown", "/body/terms/0/id", "TRM-2")


@page.add("terms-of-the-wish", "The terms of a wish are on the roster, or carried", "TRM-1", "TRM-2")
async def terms_of_the_wish(bench: Bench) -> None:
    """As those of a proffer."""
    hand = Hand(bench)
    wrong = {"id": "SD-BASE", "digest": DP["digest"]}
    await hand.refused(
        hand.write("intent.cast", wish(terms=[wrong])), "terms-mismatch", "/body/terms/0/digest", "TRM-1"
    )
