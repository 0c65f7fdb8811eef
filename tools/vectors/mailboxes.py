"""What a customer makes of the answers of the mailbox: in any order, twice, with gaps, of two branches, in an old copy.

What each answer shows is thought out by hand; digests and records are computed.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from opencmr import trust
from opencmr.conformance.collecting import run_answers

from .conversation import Body, Script, Word, item, threads_case, wish
from .folds_knowing import MARKETING, REFUSED
from .visit import by_another
from .writing import OTHER_VENDOR, OTHER_VENDOR_KEY, Case


@dataclass
class Mailbox(Script):
    """What is said in one relationship, and how it comes to a wallet.

    Attributes:
        pending: What the customer had said when the case begins, and nobody had answered.
        answers: The answers of the mailbox.
        thought: What was thought out of each: chain, and how many wait and are pending; what it shows; answers.
    """

    pending: list[Word] = field(default_factory=list)
    answers: list[Body] = field(default_factory=list)
    thought: list[Body] = field(default_factory=list)

    def own(self, word: Word) -> Word:
        """The wallet holds its own word, whatever comes."""
        self.pending.append(word)
        return word

    def comes(self, *words: Word | int, chain: int, shows: str = "", may: str = "", **counts: int) -> None:
        """An answer of the mailbox: words, or places for the vendor's words there.

        Args:
            words: What it brings.
            chain: How many of the vendor's words have their place then.
            shows: The codes of what it shows.
            may: What the answer is then to whether the vendor may write to the customer.
            counts: How many words are `waiting` and `pending`; 0 where it is not said.
        """
        brought = [self.vendors(word) if isinstance(word, int) else word for word in words]
        step: Body = {"messages": [word.message for word in brought], "now": self.after(seconds=30)}
        self.answers.append({**step, "asks": [MARKETING]} if may else step)
        right = {"chain": chain, "shows": shows.split(), "waiting": 0, "pending": 0, **counts}
        self.thought.append({**right, "answers": [may]} if may else right)

    def vendors(self, place: int) -> Word:
        return next(word for word in self.words if word.digest == self.at(place))

    def other(self, name: str = "other") -> "Mailbox":
        """What would have been said from here on, had it gone otherwise: the vendor was restored."""
        branch = copy.deepcopy(self)
        branch.name = f"{self.name} {name}"
        return branch


def cases() -> list[Case]:
    return [*_in_any_order(), *_with_faults(), *_restored(), *_splits()]


def _case(id_: str, says: str, rules: str, talk: Callable[[Mailbox], None]) -> Case:
    box = Mailbox(id_)
    talk(box)
    said = [word.message for word in box.pending]
    made = threads_case(id_, says, tuple(rules.split()), said=said, answers=box.answers)
    _, got = run_answers({**made, **dict.fromkeys(COMPUTED)})
    for step, right in zip(got["answers"], box.thought, strict=True):
        told = step["expect"]
        found = {
            "chain": told["chain"],
            "shows": [each["code"] for each in told["shows"]],
            "waiting": len(told["waiting"]),
            "pending": len(told["pending"]),
        }
        if "asked" in told:
            found["answers"] = [f"{each['answer']} {each['reason']}" for each in told["asked"]]
        assert found == right, (id_, found, right)
    return {**made, **{name: got[name] for name in ("answers", *COMPUTED)}}


COMPUTED = ("digests", "times", "disputes", "threads")


def _in_any_order() -> list[Case]:
    return [
        _case("in-order", "A receipt, then what the vendor says", "SEQ-16 SEQ-12", _offered(((1,), 1), ((2,), 2))),
        _case("out-of-order", "The second word before the first: it waits", "SEQ-16 SEQ-18", _out_of_order),
        _case("in-one-answer", "Both at once, the second first", "SEQ-16 SEQ-18", _offered(((2, 1), 2))),
        _case(
            "again", "The same once more changes nothing", "SEQ-14 RCV-5", _offered(((1, 2), 2), ((1, 2), 2), ((2,), 2))
        ),
        _case("gap", "A word in the middle is missing: what follows it waits", "SEQ-29", _gap),
        _case("pending", "What nobody has answered has no place", "SEQ-27", _pending),
        _case("own-no-denies", "An own no denies from the moment it was said", "SEQ-27", _own_no),
        _case("own-no-of-no-thread-denies", "Also where its grant has no place yet", "SEQ-27", _own_no_first),
        _case("own-yes-does-not-permit", "An own yes permits nothing before it has its place", "SEQ-27", _own_yes),
    ]


def _with_faults() -> list[Case]:
    return [
        _case("of-another-vendor", "A word of somebody else is passed over", "IDN-5", _of_another),
        _case("changed", "A word that was changed is passed over, and what follows it waits", "SIG-6", _changed),
        _case("void-in-its-place", "A vendor's word whose body is wrong has its place, and is void", "RCV-15 SEQ-10",
              _void),
        _case("other-outcome", "A receipt takes what had expired: it has its place and is void", "SEQ-28 SEQ-25",
              lambda m: _claimed(m, "other-outcome", {"outcome": "accepted", "state": "given"}, expired=True)),
        _case("other-state", "A receipt names another state than the fold", "SEQ-12 COR-5",
              lambda m: _claimed(m, "other-state", {"outcome": "accepted", "state": "requested"})),
        _case("refused-against-the-rules", "A receipt refuses what is right: it has no effect", "SEQ-28",
              lambda m: _claimed(m, "other-outcome", REFUSED)),
        _case("no-refused", "A receipt refuses a no: it counts", "SEQ-26", _no_refused),
        _case("answered-twice", "Two receipts for one word: the first counts", "COR-1", _answered_twice),
        _case("id-twice", "Two words of one id: the second is void", "RCV-6", _id_twice),
        _case("id-twice-out-of-order", "The second arrives first: what has its place first is the first all the same",
              "RCV-6", _id_twice_out_of_order),
        _case("dated-ahead", "A vendor's word dated far ahead takes its place", "RCV-16 SEQ-18", _ahead),
        _case("disputed", "Two dates that can't both be right are told, and accuse nobody", "SEQ-24", _disputed),
    ]  # fmt: skip


def _restored() -> list[Case]:
    return [
        _case("wallet-restored", "A wallet that holds nothing gets its own words, each before its receipt", "SEQ-34",
              _wallet_restored),
        _case("wallet-restored-no-at-once", "An own no counts at once, though its receipt waits for a word before it",
              "SEQ-34 SEQ-27", _no_at_once),
        _case("wallet-restored-yes-not-at-once", "An own yes does not", "SEQ-34 SEQ-27", _yes_not_at_once),
        _case("wallet-restored-word-missing", "A receipt without the word that it answers waits for it", "SEQ-34",
              _word_missing),
        _case("wallet-restored-others-word", "A customer's word that is not its own is passed over", "SEQ-34 IDN-5",
              _others_word),
    ]  # fmt: skip


def _splits() -> list[Case]:
    return [
        _case("split", "Two words of one number: both are kept and told, and the vendor's last word says the chain",
              "SEQ-29 SEQ-30", _split),
        _case("split-of-an-old-word", "The other word of an earlier number, beside what goes on here: told, and the "
              "chain stays", "SEQ-29 SEQ-30", _split_behind),
        _case("split-of-an-old-word-and-the-last-again", "The other word of an earlier number, and then the last one "
              "again: the chain stays", "SEQ-29 SEQ-30", _split_before_the_last),
        _case("split-in-one-answer", "Two words of one number in one answer: the one that comes later is the last",
              "SEQ-29 SEQ-30", _split_at_once),
        _case("split-goes-over", "The vendor goes on from an earlier place: what had its place only on the branch that "
              "was left is pending again", "SEQ-30 SEQ-32", _goes_over),
        _case("split-no-on-the-left-branch", "A no that was answered on the branch that was left goes on to deny",
              "SEQ-30 SEQ-26", _no_on_the_left),
        _case("split-no-on-both", "A no on each branch: both deny, and a yes that knows one alone lifts nothing",
              "SEQ-30", _no_on_both),
        _case("split-yes-on-the-left-branch", "A yes that was answered on the branch that was left permits nothing",
              "SEQ-30", _yes_on_the_left),
        _case("split-answered-anew", "Until it gets a place on the chain", "SEQ-30 SEQ-32", _answered_anew),
        _case("split-and-back", "The vendor goes on where it was before: its words have their places again", "SEQ-30",
              _and_back),
        _case("split-and-back-in-pages", "So they do where the way back comes in several answers", "SEQ-30",
              _and_back_in_pages),
        _case("split-answers-what-is-missing", "A branch is held though what a receipt on it answers is missing: the "
              "places go on up to that receipt", "SEQ-30 SEQ-34", _answers_what_is_missing),
        _case("split-beside-what-waits", "What waits of another branch, though it came before, takes no place on the "
              "path of the vendor's last word", "SEQ-30", _beside_what_waits),
        _case("split-while-the-chain-waits", "The other word of a number that is taken is told though the chain waits "
              "for what its next word answers", "SEQ-29", _while_waiting),
        _case("split-without-the-fork", "A branch of which a word is missing is none yet: it waits", "SEQ-29",
              _no_branch_yet),
    ]  # fmt: skip


# --- in any order


def _offered(*answers: tuple[tuple[int, ...], int]) -> Callable[[Mailbox], None]:
    """A wish and an offer, which come in some answers: numbers of words, and how far the chain goes then."""

    def play(m: Mailbox) -> None:
        m.offer(m.own(m.cast()))
        for numbers, chain in answers:
            m.comes(*numbers, chain=chain)

    return play


def _out_of_order(m: Mailbox) -> None:
    m.offer(m.own(m.cast()))
    m.comes(2, chain=0, waiting=1, pending=1)
    m.comes(1, chain=2)


def _gap(m: Mailbox) -> None:
    wished = m.own(m.cast())
    for amount in ("100.00", "90.00", "80.00"):
        m.offer(wished, amount)
    m.comes(1, 2, chain=2)
    m.comes(4, chain=2, waiting=1)
    m.comes(3, chain=4)


def _pending(m: Mailbox) -> None:
    m.own(m.cast())
    m.own(m.word("terms.proffer", {"choices": [wish()["terms"][0]]}))
    m.comes(1, chain=1, pending=1)


def _own_no(m: Mailbox) -> None:
    granted = m.own(m.grant(None))
    m.own(m.word("consent.withdraw", {}, granted.thread))
    m.comes(1, chain=1, pending=1, may="deny withdrawn")


def _own_no_first(m: Mailbox) -> None:
    asked = m.ask("news")
    m.later(minutes=1)
    m.own(m.word("consent.refuse", {}, asked.thread))
    m.comes(1, chain=1, pending=1, may="deny refused")


def _own_yes(m: Mailbox) -> None:
    m.own(_unplaced_grant(m))
    m.comes(chain=0, pending=1, may="deny no-word")


def _unplaced_grant(m: Mailbox) -> Word:
    body = {"items": [item("news")], "until": "2027-01-01T00:00:00.000Z", "statement": "Write to me."}
    return m.word("consent.grant", body)


# --- with faults


def _of_another(m: Mailbox) -> None:
    wished = m.own(m.cast())
    document = {**m.offer(wished).message, "from": OTHER_VENDOR, "number": 1, "proof": None, "prior": None}
    document = {name: value for name, value in document.items() if value is not None}
    raw = trust.sign(document, OTHER_VENDOR_KEY, trust.key_url(OTHER_VENDOR))
    m.comes(Word(trust.parse(raw), trust.digest(raw), "vendor"), 1, chain=1)


def _changed(m: Mailbox) -> None:
    made = m.offer(m.own(m.cast()))
    m.offer(made, "90.00")
    m.comes(1, Word({**made.message, "created": m.now}, "", "vendor"), 3, chain=1, waiting=1)
    m.comes(2, chain=3)


def _void(m: Mailbox) -> None:
    wished = m.own(m.cast())
    m.say("offer.make", {"lines": []}, wished.thread, expires=None)
    m.offer(wished)
    m.comes(1, 2, 3, chain=3)


def _claimed(m: Mailbox, code: str, claims: Body, *, expired: bool = False) -> None:
    m.later(minutes=1)
    granted = m.own(_unplaced_grant(m))
    m.place(granted, at=m.after(days=8) if expired else None, **claims)
    m.comes(1, chain=1, shows=code, may="permit consent" if code == "other-state" else "deny no-word")


def _no_refused(m: Mailbox) -> None:
    granted = m.own(m.grant(None))
    m.own(m.withdraw(granted, claims=REFUSED))
    m.comes(1, 2, chain=2, shows="other-outcome", may="deny withdrawn")


def _answered_twice(m: Mailbox) -> None:
    granted = m.own(m.grant(None))
    m.receipt(granted, **REFUSED)
    m.comes(1, chain=1, may="permit consent")
    m.comes(2, chain=2, shows="answered-twice", may="permit consent")


def _id_twice(m: Mailbox) -> None:
    made = m.offer(m.own(m.cast()))
    m.offer(made, "90.00", id=made.id)
    m.comes(1, 2, 3, chain=3, shows="conflict")


def _id_twice_out_of_order(m: Mailbox) -> None:
    wished = m.own(m.cast())
    made = m.offer(wished)
    m.offer(wished, "90.00", id=made.id)
    m.offer(wished, "80.00", id=made.id)
    m.comes(3, 4, chain=0, waiting=2, pending=1)
    m.comes(1, 2, chain=4, shows="conflict conflict")


def _ahead(m: Mailbox) -> None:
    m.offer(m.own(m.cast()), created="2026-06-01T00:00:00.000Z", expires="2026-07-01T00:00:00.000Z")
    m.comes(1, 2, chain=2)


def _disputed(m: Mailbox) -> None:
    wished = m.own(m.cast())
    m.offer(wished, created="2026-03-01T18:00:00.000Z")
    m.own(m.amend(wished))
    m.comes(1, 2, chain=2, pending=1)
    m.comes(3, chain=3, shows="disputed")


# --- restored


def _wallet_restored(m: Mailbox) -> None:
    granted = m.grant(None)
    m.withdraw(granted)
    m.comes(*m.words, chain=2, shows="restored restored", may="deny withdrawn")


def _no_at_once(m: Mailbox) -> None:
    granted = m.own(m.grant(None))
    m.ask("study")
    withdrawn = m.withdraw(granted)
    m.comes(1, chain=1, may="permit consent")
    m.comes(withdrawn, 3, chain=1, waiting=1, pending=1, shows="restored", may="deny withdrawn")
    m.comes(2, chain=3, may="deny withdrawn")


def _yes_not_at_once(m: Mailbox) -> None:
    m.ask("study")
    granted = m.grant(None)
    m.comes(granted, 2, chain=0, waiting=1, pending=1, shows="restored", may="deny no-word")
    m.comes(1, chain=2, may="permit consent")


def _word_missing(m: Mailbox) -> None:
    granted = m.grant(None)
    m.comes(1, chain=0, waiting=1, shows="answers-nothing", may="deny no-word")
    m.comes(granted, 1, chain=1, shows="restored", may="permit consent")


def _others_word(m: Mailbox) -> None:
    m.own(m.cast())
    m.comes(by_another(m.word("intent.cast", wish())), 1, chain=1)


# --- splits


def _split(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    other_made = other.offer(wished, "90.00")
    m.comes(1, 2, chain=2)
    m.comes(other_made, chain=2, shows="split")
    m.comes(other.offer(wished, "80.00"), chain=3)


def _split_behind(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    m.offer(wished, "80.00")
    m.comes(1, 2, chain=2)
    m.comes(other.offer(wished, "90.00"), 3, chain=3, shows="split")


def _split_before_the_last(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    m.offer(wished, "80.00")
    m.comes(1, 2, 3, chain=3)
    m.comes(other.offer(wished, "90.00"), 3, chain=3, shows="split")


def _split_at_once(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    m.comes(1, chain=1)
    m.comes(other.offer(wished, "90.00"), 2, chain=2, shows="split")


def _goes_over(m: Mailbox) -> None:
    """The amendment has its place on the first branch alone."""
    wished = m.own(m.cast())
    other = m.other()
    m.own(m.amend(wished))
    m.comes(1, 2, chain=2)
    m.comes(other.offer(wished), chain=2, pending=1, shows="split")
    m.comes(other.offer(wished, "90.00"), chain=3, pending=1)


def _no_on_the_left(m: Mailbox) -> None:
    granted = m.own(m.grant(None))
    other = m.other()
    m.own(m.withdraw(granted))
    m.comes(1, 2, chain=2, may="deny withdrawn")
    m.comes(other.ask("study"), chain=2, pending=1, shows="split", may="deny withdrawn")


def _no_on_both(m: Mailbox) -> None:
    first = m.own(m.grant(None))
    second = m.own(m.grant(None))
    other = m.other()
    m.own(m.withdraw(first))
    other.withdraw(second, by="vendor")
    yes = other.own(other.grant(None))
    m.pending.append(yes)
    m.comes(1, 2, 3, chain=3, pending=1, may="deny withdrawn")
    m.comes(other.vendors(3), other.vendors(4), chain=4, pending=1, shows="split", may="deny withdrawn")


def _yes_on_the_left(m: Mailbox) -> None:
    m.own(m.cast())
    other = m.other()
    m.own(m.grant(None))
    m.comes(1, 2, chain=2, may="permit consent")
    m.comes(other.ask("study"), chain=2, pending=1, shows="split", may="deny no-word")


def _answered_anew(m: Mailbox) -> None:
    m.own(m.cast())
    other = m.other()
    granted = m.own(m.grant(None))
    m.comes(1, 2, chain=2, may="permit consent")
    m.comes(other.ask("study"), chain=2, pending=1, shows="split", may="deny no-word")
    other.place(granted)
    m.comes(other.vendors(3), chain=3, may="permit consent")


def _and_back(m: Mailbox) -> None:
    m.own(m.cast())
    other = m.other()
    m.own(m.grant(None))
    m.comes(1, 2, chain=2, may="permit consent")
    m.comes(other.ask("study"), chain=2, pending=1, shows="split", may="deny no-word")
    m.ask("study")
    m.comes(3, chain=3, shows="split", may="permit consent")


def _and_back_in_pages(m: Mailbox) -> None:
    m.own(m.cast())
    other = m.other()
    m.own(m.grant(None))
    m.ask("study")
    m.comes(1, 2, 3, chain=3, may="permit consent")
    m.comes(other.ask("study"), chain=2, pending=1, shows="split", may="deny no-word")
    m.comes(2, chain=2, shows="split", may="permit consent")
    m.ask("news")
    m.comes(3, 4, chain=4, may="permit consent")


def _answers_what_is_missing(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    another = other.cast()
    other.offer(wished, "90.00")
    m.comes(1, 2, chain=2)
    m.comes(other.vendors(2), other.vendors(3), chain=1, waiting=2, shows="split answers-nothing")
    m.comes(another, other.vendors(2), chain=3, shows="restored")


def _beside_what_waits(m: Mailbox) -> None:
    """The branches part twice: at number 2, and one of them again at 3."""
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    other.offer(wished, "90.00")
    third = other.other("third")
    other.offer(wished, "80.00")
    m.comes(1, 2, third.offer(wished, "70.00"), chain=2, waiting=1)
    m.comes(other.vendors(2), other.vendors(3), chain=3, shows="split split")


def _while_waiting(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    granted = m.grant(None)
    other.offer(wished, "90.00")
    m.comes(1, 2, chain=2)
    m.comes(other.vendors(2), 3, chain=2, waiting=1, shows="answers-nothing split")
    m.comes(granted, 3, chain=3, shows="restored")


def _no_branch_yet(m: Mailbox) -> None:
    wished = m.own(m.cast())
    other = m.other()
    m.offer(wished)
    missing = other.offer(wished, "90.00")
    last = other.offer(wished, "80.00")
    m.comes(1, 2, chain=2)
    m.comes(last, chain=2, waiting=1)
    m.comes(missing, last, chain=3, shows="split")
