"""The SDK's customer with one fault, on the line protocol: `broken_customer.py FAULT`, with `tools/` importable."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broken_data import CUSTOMERS
from broken_relationship import CUSTOMERS as MOVED
from switch import (
    Break,
    ForGood,
    Switch,
    accepts_what_was_overtaken,
    around,
    ignores_answer_by,
    instead,
    never_comes_to_an_end,
    row,
    takes,
)

from opencmr import trust
from opencmr.errors import Behind, Expired, Malformed, Overloaded, Stale, TooEarly, WrongKey
from opencmr.messages import core, offer
from opencmr.protocol import Verified, chain, history, is_narrowing, receiving
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.clock import instant, shifted
from opencmr.protocol.families import consent
from opencmr.protocol.families.intent import dealing
from opencmr.roles.customer import checking, collecting, transaction
from opencmr.roles.party.signing import Link, Signer
from opencmr.store import Noticed, Rows
from opencmr.transport import Discovery, client

ADAPTER = Path(__file__).parents[2] / "examples" / "conformance" / "customer.py"
Transactions, Thread = transaction.Transactions, thread_fold.Thread


def now(**more: int) -> str:
    """The time, or one later."""
    return instant(datetime.now(UTC) + timedelta(**more))


def takes_new_keys(at: Switch) -> None:
    def verified(parsed: Any, **named: Any) -> Any:
        try:
            return receiving.verify(parsed, **named)
        except WrongKey:
            pinned = {parsed.document["proof"]["verificationMethod"]: next(iter(named["pinned"].values()))}
            check, trust.verify = trust.verify, lambda document, public: None
            try:
                return receiving.verify(parsed, **{**named, "pinned": pinned})
            finally:
                trust.verify = check

    at.patch.setattr(checking, "verify", verified)
    at.patch.setattr(transaction, "by_keys_that_count", lambda rows, peer, history, words, *_: words)


def gives_its_receipts_a_number(inner: Any, self: Any, *args: Any, **named: Any) -> Any:
    def signed(signer: Signer, document: dict[str, Any]) -> dict[str, Any]:
        return dict(trust.parse(trust.sign(document, signer.key, signer.method, check=False)))

    raw, brought = inner(self, *args, **named)
    document = trust.parse(raw)
    signer = self.signers(document["from"])
    for receipt in document["body"].get("receipts", []):
        receipt.update(signed(signer, {**receipt, "number": 1}))
    return trust.canonicalize(signed(signer, document)), brought


def judges_expiry_when_it_reads(inner: Any, self: Any, said: Any, context: Any) -> Any:
    if said.message.side == "vendor" and str(said.message.expires or "9") <= now():
        raise Expired(pointer="/expires")
    return inner(self, said, context)


def sees_beyond_a_gap(at: Switch) -> None:
    last = list[str]()

    def say(inner: Any, self: Any, rows: Any, *args: Any, **named: Any) -> Any:
        waiting = sorted(rows.with_status(self.number, "waiting"), key=lambda kept: kept.place)
        last[:] = [kept.digest for kept in waiting[-1:]]
        return inner(self, rows, *args, **named)

    at.around(Transactions, "say", say)
    at.patch.setattr(
        transaction, "Link", lambda prior=None, seen=None: Link(prior=prior, seen=last[0] if last else seen)
    )


def passes_over_words_of_tomorrow(inner: Any, *args: Any) -> Any:
    return [
        replace(each, found=TooEarly(pointer="/created"))
        if isinstance(each.found, Verified) and each.found.message.created > now(minutes=5)
        else each
        for each in inner(*args)
    ]


def orders_by_dates(inner: Any, self: Any, said: Any, context: Any) -> Any:
    if any(said.message.created < shifted(entry.at, -timedelta(minutes=1)) for entry in self.entries):
        raise Stale(pointer="/created")
    return inner(self, said, context)


def passes_over_its_own_expires(inner: Any, self: Any, said: Any) -> None:
    with suppress(Expired):
        inner(self, said)


def finds(change: Callable[[Noticed], list[Noticed]]) -> Break:
    """What is found out of a vendor that says two words of one number."""

    def add(inner: Any, self: Any, number: int, found: Any) -> None:
        found[:] = [one for each in found for one in (change(each) if each.code == "split" else [each])]
        inner(self, number, found)

    return around(Rows, "add_findings", add)


def stays_on_its_branch(_: Any, self: Any, rows: Any, words: Any, receipts: Any, now: str, **__: Any) -> Any:
    return self.take_in(rows, words, now, receipts=receipts)


def hands_back_without_what_was_answered(inner: Any, self: Any, *args: Any) -> Iterator[tuple[str, list[bytes]]]:
    for to, words in inner(self, *args):
        yield to, [raw for raw in words if b'"from":"did:web' in raw]


def looks_at_sums_before_all_else(inner: Any, self: Any, said: Any) -> Any:
    dealing.check_sums(said.message.body)
    return inner(self, said)


def knows_all_members(inner: Any, members: Any) -> Any:
    """What it does not know, it refuses."""
    found = inner(members)
    if unknown := set(members) - set(found.model_dump(by_alias=True)):
        raise Malformed(f"unknown: {unknown}", pointer="")
    return found


def goes_by_the_states_of_receipts(at: Switch) -> None:
    states, own = dict[str, str](), Thread.state

    def follow(inner: Any, self: Any, message: Any, *args: Any, **named: Any) -> Any:
        if isinstance(message.body, core.Receipt) and message.body.state:
            states[message.thread] = message.body.state
        return inner(self, message, *args, **named)

    def state(self: Any) -> str:
        return states.get(self.entries[0].id if self.entries else "") or own.__get__(self)

    at.around(history.History, "follow", follow)
    at.patch.setattr(Thread, "state", property(state))


def no(*_: Any, **__: Any) -> None:
    """Nothing is checked or done."""


_KEY = trust.SigningKey.generate()
FAULTS: dict[str, tuple[str, Break]] = {
    "knows_any_term": ("VOC-1", instead(consent, "check_terms", no)),
    "looks_at_sums_before_all_else": ("LIF-3", takes(dealing.Dealing, offer.Make, looks_at_sums_before_all_else)),
    "one_key_for_all": ("IDN-2", instead(trust.SigningKey, "generate", lambda: _KEY)),
    "gives_up": ("TRN-6", instead(Overloaded, "retry", False)),
    "checks_no_signature": ("SIG-6", instead(trust, "verify", no)),
    "takes_new_keys": ("IDN-5", takes_new_keys),
    "reads_others_mail": (
        "RCV-8",
        around(checking, "verify", lambda inner, it, **named: inner(it, **{**named, "me": it.document["to"]})),
    ),
    "adds_nothing_up": ("OFR-1", instead(dealing, "check_sums", no)),
    "settles_nothing": ("ORD-10", never_comes_to_an_end),
    "gives_its_receipts_a_number": ("ENV-13", around(Transactions, "collect", gives_its_receipts_a_number)),
    "follows_redirects": (
        "TRN-1",
        around(client.httpx, "AsyncClient", lambda inner, **named: inner(**{**named, "follow_redirects": True})),
    ),
    "knows_one_media_type": ("TRN-17", instead(client, "is_json", lambda media: media == "application/json")),
    "knows_all_members": ("TRN-18", around(Discovery, "read", knows_all_members)),
    "hears_no_only_where_it_fits": (
        "SEQ-8",
        instead(thread_fold, "is_narrowing", lambda type_, side: side == "customer" and is_narrowing(type_, side)),
    ),
    "goes_by_the_states_of_receipts": ("SEQ-12", goes_by_the_states_of_receipts),
    "judges_expiry_when_it_reads": ("RCV-12", around(Thread, "judge", judges_expiry_when_it_reads)),
    "discloses_early": ("ORD-1", row("intent", "open", "order.disclose", "customer", to=("open",))),
    "names_no_prior": ("SEQ-17", instead(transaction, "Link", lambda prior=None, seen=None: Link(seen=seen))),
    "sees_beyond_a_gap": ("SEQ-17", sees_beyond_a_gap),
    "passes_over_words_of_tomorrow": ("RCV-16", around(collecting, "check_words", passes_over_words_of_tomorrow)),
    "orders_by_dates": ("SEQ-18", around(Thread, "judge", orders_by_dates)),
    "believes_every_receipt": ("SEQ-28", instead(Thread, "check_in_time", no)),
    "passes_over_its_own_expires": ("SEQ-25", around(Thread, "check_in_time", passes_over_its_own_expires)),
    "tells_nothing_of_splits": ("SEQ-29", finds(lambda split: [])),
    "takes_splits_for_misconduct": ("SEQ-29", finds(lambda split: [Noticed("conflict", *split[1:])])),
    "stays_on_its_branch": ("SEQ-30", around(Transactions, "collected", stays_on_its_branch)),
    "tells_no_disputes": ("SEQ-24", instead(chain, "CONTRADICTION", timedelta(days=9999))),
    "denies_once_it_is_heard": ("SEQ-27", instead(history.History, "hear", no)),
    "believes_a_refused_no": ("SEQ-26", instead(history, "is_narrowing", no)),
    "needs_a_thread_for_a_no": ("SEQ-27", instead(transaction, "is_narrowing", no)),
    "hands_nothing_back": ("SEQ-32", instead(Transactions, "handed_back", lambda *_: iter(()))),
    "hands_back_without_what_was_answered": (
        "SEQ-32",
        around(Transactions, "handed_back", hands_back_without_what_was_answered),
    ),
    "takes_behind_for_a_refusal": ("SEQ-32", instead(Behind, "retry", False)),
    "brings_old_terms_back": ("TRM-10", accepts_what_was_overtaken),
    "answers_at_any_time": ("TRM-11", ignores_answer_by),
    **CUSTOMERS,
    **MOVED,
    "wishes_for_ever": ("INT-4", instead(dealing, "STANDS", timedelta(days=9999))),
}
"""Name → the requirement that is broken, and the switch."""

if __name__ == "__main__":
    FAULTS[sys.argv[1]][1](Switch(ForGood()))
    found = importlib.util.spec_from_file_location("customer", ADAPTER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    asyncio.run(module.main())
