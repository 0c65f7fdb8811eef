"""The SDK's customer with one fault, speaking the line protocol: `python broken_customer.py FAULT`."""

import asyncio
import importlib.util
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from opencmr import trust
from opencmr.errors import Overloaded, WrongKey
from opencmr.protocol import dealing, lifecycle, receiving
from opencmr.protocol import thread as thread_fold
from opencmr.protocol.clock import instant
from opencmr.roles import wallet
from opencmr.roles.pen import Pen
from opencmr.transport import client

ADAPTER = Path(__file__).parents[2] / "examples" / "conformance" / "customer.py"


def one_key_for_all() -> None:
    key = trust.SigningKey.generate()
    trust.SigningKey.generate = classmethod(lambda cls: key)  # type: ignore[assignment,method-assign]


def believes_any_date() -> None:
    wallet.AHEAD = timedelta(days=1)


def gives_up() -> None:
    Overloaded.retry = False


def checks_no_signature() -> None:
    trust.check = lambda document, public: None


def takes_new_keys() -> None:
    inner = receiving.verify

    def verify(parsed: Any, **named: Any) -> Any:
        try:
            return inner(parsed, **named)
        except WrongKey:
            pinned = {parsed.document["proof"]["verificationMethod"]: next(iter(named["pinned"].values()))}
            check, trust.check = trust.check, lambda document, public: None
            try:
                return inner(parsed, **{**named, "pinned": pinned})
            finally:
                trust.check = check

    wallet.verify = verify


def reads_others_mail() -> None:
    inner = receiving.verify
    wallet.verify = lambda parsed, **named: inner(parsed, **{**named, "me": parsed.document["to"]})


def adds_nothing_up() -> None:
    dealing._check_sum = lambda body: None


def says_nothing_of_forks() -> None:
    wallet.Wallet._fork = lambda self, *args: None  # type: ignore[method-assign]


def names_places() -> None:
    inner = Pen.receipt

    def receipt(self: Pen, of: str, **said: Any) -> Any:
        return inner(self, of, **({"previous": of} if "outcome" in said else {}), **said)

    Pen.receipt = receipt  # type: ignore[method-assign]


def follows_redirects() -> None:
    inner = httpx.AsyncClient

    def make(**named: Any) -> Any:
        return inner(**{**named, "follow_redirects": True})

    client.httpx.AsyncClient = make  # type: ignore[misc,assignment]


def judges_expiry_when_it_reads() -> None:
    from datetime import UTC, datetime

    thread_fold.Thread._in_time = staticmethod(  # type: ignore[method-assign,assignment]
        lambda said: said.message.expires is None or instant(datetime.now(UTC)) < said.message.expires
    )


def discloses_early() -> None:
    lifecycle("intent").rows["open", "order.disclose", "customer"] = ("open",)


FAULTS = {
    one_key_for_all: "IDN-2",
    believes_any_date: "SEQ-11",
    gives_up: "TRN-6",
    checks_no_signature: "SIG-6",
    takes_new_keys: "IDN-5",
    reads_others_mail: "RCV-8",
    adds_nothing_up: "OFR-1",
    says_nothing_of_forks: "SEQ-13",
    names_places: "COR-4",
    follows_redirects: "TRN-1",
    judges_expiry_when_it_reads: "RCV-12",
    discloses_early: "ORD-1",
}

if __name__ == "__main__":
    {fault.__name__: fault for fault in FAULTS}[sys.argv[1]]()
    found = importlib.util.spec_from_file_location("customer", ADAPTER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    asyncio.run(module.main())
