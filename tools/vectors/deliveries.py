"""What a vendor answers to each delivery: the eleven checks, from bytes to receipts. Thought out by hand."""

from collections.abc import Callable

from opencmr import trust
from opencmr.conformance.answering import run_deliveries

from . import visits_in_order as order
from . import visits_in_time as time
from . import visits_moving as moving
from .conversation import euros, item, terms, threads_case, wish
from .visit import Visit, proffered_terms
from .writing import OTHER_VENDOR, Case, uuid


def case_of(id_: str, says: str, rules: str, talk: Callable[[Visit], object]) -> Case:
    visit = Visit(id_)
    talk(visit)
    held = {"held": [word.message for word in visit.held]} if visit.held else {}
    knows = {"restored": True} if visit.restored else {}
    made = threads_case(id_, says, tuple(rules.split()), **held, **knows, receive=visit.receive, **visit.more)
    expected, got = run_deliveries(made)
    assert got == expected, (id_, [pair for pair in zip(expected, got, strict=True) if pair[0] != pair[1]])
    return made


def cases() -> list[Case]:
    talks: list[tuple[str, str, str, Callable[[Visit], object]]] = [
        ("whole-terms", "Proffered, accepted, terminated", "COR-1 COR-5 SEQ-16", time.whole_terms),
        ("whole-consent", "Asked, granted, withdrawn", "COR-1 COR-5 SEQ-16 CNS-6", time.whole_consent),
        ("whole-order", "Cast, offered, ordered, disclosed, cancelled", "COR-1 COR-5 SEQ-16 OFR-11", time.whole_order),
        (
            "numbered",
            "Each answer has the next number, whatever thread it is of and whatever it says",
            "SEQ-16 COR-1",
            order.numbered,
        ),
        ("numbered-for-each", "Another customer's numbers are others", "SEQ-16", order.same_numbers_for_another),
        (
            "first-number",
            "The first word of a relationship has number 1",
            "SEQ-16",
            lambda v: v.ok(v.proffer(), "proffered"),
        ),
        ("same-instant", "Two messages at one instant: equal dates are allowed", "SEQ-18", time.same_instant),
        (
            "clock-behind",
            "The vendor's clock has gone back: the order is that of the numbers",
            "SEQ-18",
            time.clock_behind,
        ),
        (
            "clock-behind-expired",
            "But the time that was acknowledged stands, and expiry is judged by it",
            "SEQ-25 SEQ-22",
            time.clock_behind_expired,
        ),
        ("dated-long-ago", "A date in the past is no fault", "SEQ-18", time.dated_long_ago),
        ("late-retry", "The same bytes again, long after: the same receipt", "RCV-5 RCV-7 RCV-5", time.late_retry),
        ("retry-of-a-refusal", "The same bytes never come good", "RCV-4 RCV-5 RCV-5", time.retry_of_refusal),
        (
            "retry-expired",
            "Known bytes are answered before anybody looks at their expiry",
            "RCV-5 RCV-1",
            time.retry_expired,
        ),
        ("conflict", "The same id and other bytes", "RCV-6", time.conflict),
        ("conflict-of-refused", "A refused message has used its id too", "RCV-6 RCV-4", time.conflict_of_refused),
        ("same-id-of-another", "Ids are unique for one sender only", "RCV-6", time.same_id_of_another),
        (
            "wrong-addressee",
            "For another vendor",
            "RCV-8",
            lambda v: v.unsigned(v.proffer(to=OTHER_VENDOR), "wrong-addressee", "/to"),
        ),
        (
            "addressee-before-model",
            "The addressee is looked at before the model",
            "RCV-8 RCV-1",
            lambda v: v.unsigned(v.say("terms.proffer", {"choice": []}, to=OTHER_VENDOR), "wrong-addressee", "/to"),
        ),
        (
            "addressee-no-text",
            "An addressee that is no text, or none: that is malformed, and not somebody else's",
            "RCV-8 RCV-2",
            lambda v: [v.unsigned(v.proffer(to=to), "malformed", "/to") for to in (7, None)],
        ),
        (
            "sender-no-text",
            "A sender and an id that are no text are nobody's, and nothing's: they break nothing",
            "RCV-2",
            lambda v: [v.unsigned(v.proffer(**{name: 7}), "malformed", f"/{name}") for name in ("from", "id")],
        ),
        (
            "sender-no-character",
            "Nor do those that no name can hold",
            "RCV-2",
            lambda v: [v.unsigned(v.proffer(**{name: "\0"}), "malformed", f"/{name}") for name in ("from", "id")],
        ),
        ("malformed-unsigned", "Before the signature nothing is decided", "RCV-2 ENV-8", time.malformed_then_good),
        (
            "signature-before-body",
            "The envelope, then the signature, then the body, then the time",
            "RCV-1 RCV-2",
            time.signature_before_body,
        ),
        (
            "unsupported-version",
            "A version that is not spoken",
            "ENV-5",
            lambda v: v.unsigned(v.proffer(opencmr="1.7"), "unsupported-version", "/opencmr"),
        ),
        (
            "unsupported-type",
            "A type that does not exist",
            "RCV-1",
            lambda v: v.unsigned(v.say("terms.profer", {}), "unsupported-type", "/type"),
        ),
        ("bad-signature", "A changed word", "SIG-6 RCV-2", time.bad_signature),
        (
            "unknown-thread",
            "A thread that nobody has opened here; it comes good once it is",
            "RCV-9",
            time.unknown_thread,
        ),
        (
            "unknown-thread-expired",
            "A word that has expired is refused, though its thread is not known",
            "RCV-11 SEQ-25",
            time.unknown_thread_expired,
        ),
        ("thread-of-others", "Another customer names the thread", "RCV-9", time.thread_of_others),
        (
            "opener-in-thread-of-others",
            "The same thread id between two others is another thread",
            "RCV-9",
            time.same_thread_id,
        ),
        ("too-early", "Dated more than five minutes ahead; later it comes good", "RCV-10", time.too_early),
        ("just-not-too-early", "Dated exactly five minutes ahead", "RCV-10", lambda v: time.ahead(v, minutes=5)),
        (
            "too-early-by-a-millisecond",
            "One millisecond more",
            "RCV-10",
            lambda v: v.unsigned(v.proffer(), "too-early", "/created", now=v.after(minutes=-5, milliseconds=-1)),
        ),
        ("narrowing-never-too-early", "A withdrawal dated far ahead", "RCV-10 SEQ-8", time.narrowing_too_early),
        ("expired", "At the instant of its expiry", "RCV-11", lambda v: time.expiring(v, milliseconds=0)),
        ("not-expired", "One millisecond before", "RCV-11", lambda v: time.expiring(v, milliseconds=-1)),
        (
            "narrowing-never-expires",
            "A withdrawal has no expiry, and comes at any time",
            "RCV-11 SEQ-8",
            time.narrowing_with_expiry,
        ),
        (
            "expiry-at-two-clocks",
            "In time by the customer's clock, too late by the vendor's: the vendor's decides",
            "RCV-11",
            time.two_clocks,
        ),
        (
            "offer-in-time",
            "Accepted one millisecond before the offer expires",
            "OFR-9 OFR-11",
            lambda v: time.accept_at(v, -1),
        ),
        ("offer-too-late", "Accepted at the instant when it expires", "OFR-9", lambda v: time.accept_at(v, 0)),
        (
            "request-in-time",
            "Granted one millisecond before the request expires",
            "CNS-9",
            lambda v: time.grant_at(v, -1),
        ),
        ("request-too-late", "Granted at the instant when the request expires", "CNS-9", lambda v: time.grant_at(v, 0)),
        (
            "given-has-no-deadline",
            "Given in time; a narrower grant may follow at any time",
            "CNS-9",
            time.given_then_late,
        ),
        ("expired-before-stale", "Of two faults that of the earlier check is told", "RCV-1", time.expired_before_stale),
        ("stale", "The vendor spoke meanwhile: refused, with what was not known", "SEQ-4", order.stale),
        ("stale-own", "An own word that this one does not know", "SEQ-4 SEQ-20", order.stale_own),
        ("stale-many", "Of several entries the last is told", "SEQ-4", order.stale_many),
        ("stale-retry", "The same bytes stay refused", "SEQ-4 RCV-5", time.retry_of_a_stale_word),
        (
            "known-by-prior",
            "Three words in a row whose receipts the customer did not hold",
            "SEQ-20 SEQ-4",
            order.known_by_prior,
        ),
        ("prior-not-here", "An opener whose word before has not come", "SEQ-20 SEQ-4", order.prior_not_here),
        (
            "prior-not-here-stale",
            "Two amendments in the wrong order: the later one's place comes first",
            "SEQ-20 SEQ-4",
            order.prior_not_here_stale,
        ),
        ("behind", "It has seen what is not held here: unsigned, to be tried again", "SEQ-6", order.behind),
        (
            "behind-before-thread",
            "That comes before everything else that a vendor could say",
            "SEQ-6 RCV-1",
            order.behind_before_the_thread,
        ),
        ("behind-before-state", "That is looked at before the state", "SEQ-6 RCV-1", order.behind_before_the_rest),
        (
            "crossing-accept",
            "An offer came meanwhile: the acceptance of the first holds",
            "SEQ-7 OFR-11",
            order.crossing,
        ),
        (
            "crossing-accept-own",
            "The customer amended meanwhile: the acceptance is stale",
            "SEQ-7 SEQ-4",
            order.crossing_own,
        ),
        (
            "crossing-decline",
            "The vendor ended terms while the customer accepted the counter",
            "SEQ-4",
            order.crossing_decline,
        ),
        (
            "crossing-withdrawals",
            "Both take back at once: the second is moot",
            "SEQ-8 CNS-6",
            order.crossing_withdrawals,
        ),
        ("narrowing-stale", "A withdrawal never is stale", "SEQ-8", order.narrowing_stale),
        ("narrowing-without-links", "Nor needs it to know anything", "SEQ-8", order.narrowing_without_links),
        ("narrowing-twice", "Taken back twice: moot", "SEQ-8", order.narrowing_twice),
        ("narrowing-first", "A decline before its thread bars the late opener", "SEQ-9", order.narrowing_first),
        ("narrowing-first-withdrawal", "A withdrawal of a wish before the wish", "SEQ-9", order.withdrawal_first),
        ("narrowing-first-twice", "Two of them before their thread", "SEQ-9", order.narrowing_first_twice),
        ("wrong-state", "What was declined cannot be accepted", "LIF-1", order.wrong_state),
        (
            "wrong-side",
            "Only a vendor counters",
            "LIF-1",
            lambda v: v.refused(
                v.say(
                    "terms.counter", {"terms": terms("SD-BASE")}, v.ok(v.proffer(), "proffered").thread, by="customer"
                ),
                "wrong-side",
                "/type",
            ),
        ),
        (
            "wrong-family",
            "A withdrawal of a wish in a thread of terms is moot; a disclosure is refused",
            "LIF-2",
            order.wrong_family,
        ),
        (
            "accept-before-counter",
            "Only the vendor accepts a proffer",
            "LIF-1",
            lambda v: v.refused(
                v.say("terms.accept", {"terms": terms("SD-BASE")}, v.ok(v.proffer(), "proffered").thread),
                "wrong-side",
                "/type",
            ),
        ),
        (
            "terms-unknown",
            "Neither on the roster nor carried",
            "TRM-2",
            lambda v: v.refused(
                proffered_terms(v, {"id": "https://a.example/t", "digest": trust.digest(b"t")}),
                "terms-unknown",
                "/body/choices/0/id",
            ),
        ),
        (
            "terms-mismatch",
            "The id of the roster, and another digest",
            "TRM-1",
            lambda v: v.refused(
                proffered_terms(v, {"id": "SD-BASE", "digest": terms("SD-BASE-A")["digest"]}),
                "terms-mismatch",
                "/body/choices/0/digest",
            ),
        ),
        (
            "counter-not-accepted-but-other",
            "The customer accepts what they had proffered themselves",
            "TRM-5",
            order.counter_and_other,
        ),
        (
            "proffer-unknowing",
            "A proffer that does not know that the customer ended the agreement of its scope",
            "TRM-12",
            order.proffer_unknowing,
        ),
        (
            "counter-overtaken",
            "A counter is accepted in a word that does not know the agreement made since; then in one that does",
            "TRM-10",
            order.counter_overtaken,
        ),
        (
            "counter-in-time",
            "A counter, accepted one millisecond before its `answerBy`",
            "TRM-11",
            lambda v: order.counter_by(v, -1),
        ),
        ("counter-too-late", "At that instant", "TRM-11", lambda v: order.counter_by(v, 0)),
        (
            "wider-key",
            "An item that was not asked for",
            "CNS-1",
            lambda v: order.wider(v, item("phone"), "/body/items/0/key"),
        ),
        (
            "wider-purpose",
            "All marketing where direct marketing was asked for",
            "CNS-1",
            lambda v: order.wider(v, item("news", purposes=["dpv:Marketing"]), "/body/items/0/purposes/0"),
        ),
        (
            "wider-action",
            "Sharing was not asked for",
            "CNS-1",
            lambda v: order.wider(v, item("news", actions=["dpv:Use", "dpv:Share"]), "/body/items/0/actions/1"),
        ),
        (
            "wider-data",
            "More data than was asked for",
            "CNS-1",
            lambda v: order.wider(v, item("news", data=["pd:Contact"]), "/body/items/0/data/0"),
        ),
        (
            "wider-until",
            "Longer than asked",
            "CNS-2",
            lambda v: order.wider(v, item("news"), "/body/until", until="2027-01-01T00:00:00.001Z"),
        ),
        ("narrower", "Below what was asked for, and shorter", "CNS-1 CNS-2", order.narrower),
        ("unasked-without-statement", "Unasked, and in nobody's words", "CNS-3", order.without_statement),
        (
            "wrong-total",
            "Another total than the offer's",
            "OFR-10",
            lambda v: order.accept_with(v, "wrong-total", "/body/total", total=euros("99.00")),
        ),
        (
            "other-currency",
            "The right amount in another currency",
            "OFR-10",
            lambda v: order.accept_with(v, "wrong-total", "/body/total", total={"amount": "100.00", "currency": "CHF"}),
        ),
        (
            "unknown-offer",
            "An offer that nobody made",
            "OFR-9",
            lambda v: order.accept_with(
                v, "unknown-reference", "/body/offer", offer={"id": uuid("nothing"), "digest": trust.digest(b"nothing")}
            ),
        ),
        ("offer-of-other-digest", "The id of an offer, and another digest", "OFR-9", order.other_digest),
        ("declined-offer", "A declined offer is no longer firm", "OFR-9", order.declined_offer),
        ("accept-after-withdrawal", "A withdrawn wish has no offers", "INT-3", order.accept_after_withdrawal),
        ("disclose-too-soon", "Nothing is disclosed before there is an order", "ORD-1", order.disclose_too_soon),
        (
            "unknown-term",
            "Data that no table knows",
            "LIF-1",
            lambda v: v.refused(
                v.say("intent.cast", wish(discloses=[{"data": "pd:Missspelt", "value": "x"}])),
                "unknown-term",
                "/body/discloses/0/data",
            ),
        ),
        (
            "ext-changes-nothing",
            "The same outcome with extensions as without",
            "ENV-9",
            lambda v: v.ok(v.proffer(ext={"https://a.example/x": {"outcome": "refused"}}), "proffered"),
        ),
        ("with-number", "A customer's word has no number", "ENV-1 SEQ-17", time.with_number),
        ("changed-seen", "What a word has seen was signed with it", "SIG-6 SEQ-17", time.changed_seen),
        ("denied-at-once", "What was withdrawn is denied from its place on", "SEQ-21 CNS-7", order.denied_at_once),
        (
            "unknowing-yes",
            "A grant elsewhere that does not know the withdrawal lifts nothing",
            "SEQ-21",
            order.unknowing_yes,
        ),
        (
            "collected",
            "What waits after what was seen; own words come before their receipts",
            "SEQ-34 TRN-7",
            order.collected,
        ),
        (
            "collected-with-answers",
            "Receipts that came with the answers wait all the same, of refused words too",
            "SEQ-34",
            order.collected_with_answers,
        ),
        ("collected-in-pages", "A limit, and whether there is more", "SEQ-34", order.collected_in_pages),
        ("collect-is-no-word", "A collect has no place", "SEQ-16 SEQ-17", order.collect_is_no_word),
        ("collected-by-a-stranger", "Who has said nothing gets nothing", "COR-10", order.collected_by_a_stranger),
        ("collect-in-time", "A collect holds for two minutes", "COR-8", lambda v: time.collect_at(v, 120, taken=True)),
        ("collect-too-late", "And no longer", "COR-8", lambda v: time.collect_at(v, 120.001, taken=False)),
        ("collect-ahead", "Nor before them", "COR-8", lambda v: time.collect_at(v, -120.001, taken=False)),
        (
            "answers-mailbox.collect",
            "Collects that break rules, and two at once",
            "COR-8 COR-9 SEQ-6 LIF-3",
            order.collects_that_break_rules,
        ),
        (
            "answers-blob.fetch",
            "Files are fetched by whom they were named to; fetches that break rules, and two at once",
            "COR-8 COR-9 COR-11 COR-12 LIF-3",
            order.fetches_that_break_rules,
        ),
        (
            "restored-collect",
            "The vendor was restored: it takes the customer's branch for its chain",
            "SEQ-6 SEQ-32",
            order.restored_collect,
        ),
        ("restored-widening", "A yes waits until it has caught up", "SEQ-6 SEQ-32", order.restored_widening),
        (
            "restored-narrowing",
            "A no is held and denies at once; its receipt follows",
            "SEQ-31 SEQ-32",
            order.restored_narrowing,
        ),
        (
            "restored-word-lost",
            "A customer's word that the copy lacks comes back with its receipt",
            "SEQ-32",
            order.restored_grant_lost,
        ),
        (
            "restored-and-knows",
            "It knows that it was restored: nothing that widens before the next collect",
            "SEQ-33",
            order.restored_and_knows,
        ),
        (
            "restored-and-knows-narrowing",
            "A no is held and denies at once",
            "SEQ-33 SEQ-31",
            order.restored_and_knows_narrowing,
        ),
        (
            "handed-back-with-a-gap",
            "What does not go on from what is held is not taken back",
            "SEQ-32",
            order.handed_back_from_elsewhere,
        ),
        (
            "handed-back-without-the-word",
            "Nor a receipt without what it answers",
            "SEQ-32 SEQ-34",
            order.handed_back_without_what_it_answers,
        ),
        (
            "long-pointer",
            "The name of a bad member is too long for a problem: it names the object that has it",
            "ENV-15",
            lambda v: v.unsigned(
                v.say("terms.proffer", {"choices": [terms("SD-BASE")], "x" * 495: 1}, by="customer"),
                "malformed",
                "/body",
            ),
        ),
        (
            "type-of-ones-own",
            "A type that the sender has made up is refused, and no thread begins",
            "RCV-1",
            lambda v: v.unsigned(v.say("com.example.note", {}, by="customer"), "unsupported-type", "/type"),
        ),
        ("moved", "After a move the former key is told so, and what is known is answered as then", "REL-6 REL-7 RCV-5",
         moving.moved),
        ("moved-by-strangers", "No other key moves it, and the answers tell nothing", "REL-4", moving.strangers),
        ("moved-after-a-close", "A move that does not know a close is not stale", "REL-5", moving.closed_and_moved),
    ]  # fmt: skip
    return [case_of(*talk) for talk in talks]
