"""The SDK's customer with one fault, speaking the line protocol: `python broken_customer.py FAULT`."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from switch import ForGood, Switch, accepts_what_was_overtaken, ignores_answer_by, never_comes_to_an_end

from opencmr import trust
from opencmr.errors import Behind, Expired, Overloaded, Stale, TooEarly, WrongKey
from opencmr.messages import offer
from opencmr.protocol import Verified, chain, history, lifecycle, receiving
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.clock import instant, shifted
from opencmr.protocol.families import consent
from opencmr.protocol.families.intent import dealing
from opencmr.roles.customer import transaction
from opencmr.roles.party.signing import Link, Signer
from opencmr.store import Noticed, Rows
from opencmr.transport import client

AT = Switch(ForGood())
ADAPTER = Path(__file__).parents[2] / "examples" / "conformance" / "customer.py"


def one_key_for_all() -> None:
    key = trust.SigningKey.generate()
    trust.SigningKey.generate = classmethod(lambda cls: key)  # type: ignore[assignment,method-assign]


def gives_up() -> None:
    Overloaded.retry = False


def checks_no_signature() -> None:
    trust.verify = lambda document, public: None


def takes_new_keys() -> None:
    inner = receiving.verify

    def verify(parsed: Any, **named: Any) -> Any:
        try:
            return inner(parsed, **named)
        except WrongKey:
            pinned = {parsed.document["proof"]["verificationMethod"]: next(iter(named["pinned"].values()))}
            check, trust.verify = trust.verify, lambda document, public: None
            try:
                return inner(parsed, **{**named, "pinned": pinned})
            finally:
                trust.verify = check

    transaction.verify = verify


def reads_others_mail() -> None:
    inner = receiving.verify
    transaction.verify = lambda parsed, **named: inner(parsed, **{**named, "me": parsed.document["to"]})


def adds_nothing_up() -> None:
    dealing.check_sums = lambda body: None


def settles_nothing() -> None:
    never_comes_to_an_end(AT)


def gives_its_receipts_a_number() -> None:
    inner = transaction.Transactions.collect

    def signed(signer: Signer, document: dict[str, Any]) -> dict[str, Any]:
        bare = {name: value for name, value in document.items() if name != "proof"}
        return dict(trust.parse(trust.sign(bare, signer.key, signer.method, check=False)))

    def collect(self: Any, *args: Any, **named: Any) -> Any:
        raw, brought = inner(self, *args, **named)
        document = trust.parse(raw)
        for receipt in document["body"].get("receipts", []):
            receipt.update(signed(self.signer, {**receipt, "number": 1}))
        return trust.canonicalize(signed(self.signer, document)), brought

    transaction.Transactions.collect = collect  # type: ignore[method-assign]


def follows_redirects() -> None:
    inner = httpx.AsyncClient

    def make(**named: Any) -> Any:
        return inner(**{**named, "follow_redirects": True})

    client.httpx.AsyncClient = make  # type: ignore[misc,assignment]


def judges_expiry_when_it_reads() -> None:
    def judge(inner: Any, self: Any, said: Any, context: Any) -> Any:
        if said.message.side == "vendor" and str(said.message.expires or "9") <= instant(datetime.now(UTC)):
            raise Expired(pointer="/expires")
        return inner(self, said, context)

    AT.around(thread_fold.Thread, "judge", judge)


def discloses_early() -> None:
    lifecycle("intent").rows["open", "order.disclose", "customer"] = ("open",)


# The sequence


def names_no_prior() -> None:
    transaction.Link = lambda prior=None, seen=None: Link(seen=seen)  # type: ignore[misc,assignment]


def sees_beyond_a_gap() -> None:
    inner, last = transaction.Transactions.say, list[str]()

    def say(self: Any, rows: Any, *args: Any, **named: Any) -> Any:
        waiting = sorted(rows.with_status(self.number, "waiting"), key=lambda kept: kept.place)
        last[:] = [kept.digest for kept in waiting[-1:]]
        return inner(self, rows, *args, **named)

    transaction.Transactions.say = say  # type: ignore[method-assign]
    transaction.Link = lambda prior=None, seen=None: Link(prior=prior, seen=last[0] if last else seen)  # type: ignore[misc,assignment]


def passes_over_words_of_tomorrow() -> None:
    def verify(inner: Any, self: Any, peer: Any, raws: Any) -> Any:
        tomorrow = instant(datetime.now(UTC) + timedelta(minutes=5))
        return [
            replace(each, found=TooEarly(pointer="/created"))
            if isinstance(each.found, Verified) and each.found.message.created > tomorrow
            else each
            for each in inner(self, peer, raws)
        ]

    AT.around(transaction.Transactions, "verify", verify)


def orders_by_dates() -> None:
    inner = thread_fold.Thread.judge

    def judge(self: Any, said: Any, context: Any) -> Any:
        if any(said.message.created < shifted(entry.at, -timedelta(minutes=1)) for entry in self.entries):
            raise Stale(pointer="/created")
        return inner(self, said, context)

    thread_fold.Thread.judge = judge  # type: ignore[method-assign]


def believes_every_receipt() -> None:
    thread_fold.Thread.check_in_time = lambda self, said: None  # type: ignore[method-assign,assignment]


def passes_over_its_own_expires() -> None:
    inner = thread_fold.Thread.check_in_time

    def check(self: Any, said: Any) -> None:
        with suppress(Expired):
            inner(self, said)

    thread_fold.Thread.check_in_time = check  # type: ignore[method-assign]


def finds(change: Callable[[Noticed], list[Noticed]]) -> None:
    """What is found out of a vendor that says two words of one number."""

    def add(inner: Any, self: Any, number: int, found: Any) -> None:
        found[:] = [one for each in found for one in (change(each) if each.code == "split" else [each])]
        inner(self, number, found)

    AT.around(Rows, "add_findings", add)


def tells_nothing_of_splits() -> None:
    finds(lambda split: [])


def takes_splits_for_misconduct() -> None:
    finds(lambda split: [Noticed("conflict", *split[1:])])


def stays_on_its_branch() -> None:
    def collected(_: Any, self: Any, rows: Any, words: Any, receipts: Any, now: str) -> Any:
        return self.take_in(rows, words, now, receipts=receipts)

    AT.around(transaction.Transactions, "collected", collected)


def tells_no_disputes() -> None:
    chain.CONTRADICTION = timedelta(days=9999)


def denies_once_it_is_heard() -> None:
    history.History.hear = lambda self, *_: None  # type: ignore[method-assign,assignment]


def believes_a_refused_no() -> None:
    history.is_narrowing = lambda *_: False  # type: ignore[assignment]


def needs_a_thread_for_a_no() -> None:
    transaction.is_narrowing = lambda *_: False  # type: ignore[assignment]


def hands_nothing_back() -> None:
    transaction.Transactions.handed_back = lambda self, *_: iter(())  # type: ignore[method-assign,assignment]


def hands_back_without_what_was_answered() -> None:
    inner = transaction.Transactions.handed_back

    def handed_back(self: Any, *args: Any) -> Any:
        for words in inner(self, *args):
            yield [raw for raw in words if b'"from":"did:web' in raw]

    transaction.Transactions.handed_back = handed_back  # type: ignore[method-assign]


def takes_behind_for_a_refusal() -> None:
    Behind.retry = False


def brings_old_terms_back() -> None:
    accepts_what_was_overtaken(AT)


def answers_at_any_time() -> None:
    ignores_answer_by(AT)


def wishes_for_ever() -> None:
    dealing.STANDS = timedelta(days=9999)


def knows_any_term() -> None:
    consent.check_terms = lambda kind, terms, path: None


def looks_at_sums_before_all_else() -> None:
    def take(inner: Any, self: Any, said: Any) -> Any:
        dealing.check_sums(said.message.body)
        return inner(self, said)

    AT.takes(dealing.Dealing, offer.Make, take)


FAULTS = {
    knows_any_term: "VOC-1",
    looks_at_sums_before_all_else: "LIF-3",
    one_key_for_all: "IDN-2",
    gives_up: "TRN-6",
    checks_no_signature: "SIG-6",
    takes_new_keys: "IDN-5",
    reads_others_mail: "RCV-8",
    adds_nothing_up: "OFR-1",
    settles_nothing: "ORD-10",
    gives_its_receipts_a_number: "ENV-13",
    follows_redirects: "TRN-1",
    judges_expiry_when_it_reads: "RCV-12",
    discloses_early: "ORD-1",
    names_no_prior: "SEQ-17",
    sees_beyond_a_gap: "SEQ-17",
    passes_over_words_of_tomorrow: "RCV-16",
    orders_by_dates: "SEQ-18",
    believes_every_receipt: "SEQ-28",
    passes_over_its_own_expires: "SEQ-25",
    tells_nothing_of_splits: "SEQ-29",
    takes_splits_for_misconduct: "SEQ-29",
    stays_on_its_branch: "SEQ-30",
    tells_no_disputes: "SEQ-24",
    denies_once_it_is_heard: "SEQ-27",
    believes_a_refused_no: "SEQ-26",
    needs_a_thread_for_a_no: "SEQ-27",
    hands_nothing_back: "SEQ-32",
    hands_back_without_what_was_answered: "SEQ-32",
    takes_behind_for_a_refusal: "SEQ-32",
    brings_old_terms_back: "TRM-10",
    answers_at_any_time: "TRM-11",
    wishes_for_ever: "INT-4",
}

if __name__ == "__main__":
    {fault.__name__: fault for fault in FAULTS}[sys.argv[1]]()
    found = importlib.util.spec_from_file_location("customer", ADAPTER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    asyncio.run(module.main())
