"""Broken vendors that get HTTP, discovery or the mailbox wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from broken import FAULTS, fault, opens_threads_of_any_name
from starlette.middleware.cors import CORSMiddleware
from switch import Break, Switch, around, instead

from opencmr import trust
from opencmr.conformance.wire import Answer
from opencmr.errors import Malformed
from opencmr.roles.vendor import fetching, mailbox
from opencmr.roles.vendor.transaction import Transactions
from opencmr.store import Kept, Rows

# HTTP and discovery


@fault("TRN-2")
def takes_any_media_type(at: Switch) -> None:
    async def retyped(app: Any, scope: Any, *rest: Any) -> None:
        headers = [(name, b"application/opencmr+json" if name == b"content-type" else value)
                   for name, value in scope["headers"]]  # fmt: skip
        await app({**scope, "headers": headers}, *rest)

    at.around(at.vendor, "asgi", lambda inner: partial(retyped, inner()))


def answers_with(change: Callable[[str, Answer], Answer]) -> Break:
    def switch(at: Switch) -> None:
        at.twist = change

    return switch


def _status_of_refusals(_: str, answer: Answer) -> Answer:
    return replace(answer, status=422) if b'"outcome":"refused"' in answer.body else answer


def _pretty(path: str, answer: Answer) -> Answer:
    if answer.status != 200 or "well-known" in path:
        return answer
    return replace(answer, body=json.dumps(json.loads(answer.body), indent=1).encode())


def _titled(_: str, answer: Answer) -> Answer:
    if answer.media_type != "application/problem+json":
        return answer
    return replace(answer, body=trust.canonicalize({**orjson.loads(answer.body), "title": "Oops"}))


def _other_media(path: str, answer: Answer) -> Answer:
    other = answer.status == 200 and "well-known" not in path
    return replace(answer, headers={"content-type": "application/opencmr+json"}) if other else answer


FAULTS |= {
    "answers_refusals_with_422": ("TRN-4", answers_with(_status_of_refusals)),
    "answers_for_people": ("TRN-5", answers_with(_pretty)),
    "answers_with_another_media_type": ("TRN-5", answers_with(_other_media)),
}


def _any_method(_: str, answer: Answer) -> Answer:
    return replace(answer, status=200, body=b"{}") if answer.status == 405 else answer


def _own_pages_alone(_: str, answer: Answer) -> Answer:
    own = {"access-control-allow-origin": "https://shop.example"}
    return (
        replace(answer, headers={**answer.headers, **own})
        if "access-control-allow-origin" in answer.headers
        else answer
    )


FAULTS |= {
    "takes_any_method": ("TRN-30", answers_with(_any_method)),
    "is_open_to_its_own_pages_alone": ("TRN-31", answers_with(_own_pages_alone)),
}


@fault("TRN-31")
def turns_pages_away_that_ask_for_more_headers(at: Switch) -> None:
    strict: dict[str, Any] = {"allow_origins": ["*"], "allow_methods": ["POST"], "allow_headers": ["content-type"]}
    at.around(at.vendor, "asgi", lambda inner: CORSMiddleware(inner(), **strict))


FAULTS["titles_problems_anew"] = ("TRN-9", answers_with(_titled))


@fault("TRN-11")
def lists_terms_without_digests(at: Switch) -> None:
    def discovery(inner: Any) -> Any:
        said = inner()
        return {**said, "terms": [{"id": one["id"]} for one in said["terms"]]}

    at.around(at.vendor, "discovery", discovery)


@fault("TRN-12")
def lists_other_terms_in_myterms(at: Switch) -> None:
    def myterms(inner: Any) -> Any:
        return {**inner(), "agreements": [{"id": "SD-BASE-A"}]}

    at.around(at.vendor, "myterms", myterms)


@fault("TRN-10")
def lists_keys_that_may_not_sign(at: Switch) -> None:
    at.around(at.vendor, "did_document", lambda inner: {**inner(), "service": inner()["service"] * 2})


# The mailbox


FAULTS |= {
    "takes_stale_collects": ("COR-8", instead(mailbox, "check_fresh", lambda message, now: None)),
    "answers_a_collect_again": ("COR-9", instead(Rows, "use_collect", lambda self, *args, **named: True)),
}


def waits(change: Callable[[list[bytes], bool], tuple[list[bytes], bool]]) -> Break:
    def switch(at: Switch) -> None:
        at.around(Transactions, "waiting", lambda inner, *args: change(*inner(*args)))

    return switch


@fault("COR-10")
def leaks_anothers_mailbox(at: Switch) -> None:
    def waiting(inner: Any, self: Any, rows: Rows, customer: str, seen: Any, limit: int) -> Any:
        found, more = inner(self, rows, customer, seen, limit)
        others = [kept.raw for one in rows.peers() for kept in rows.placed(one.number) if kept.side == "vendor"]
        return (found, more) if found or seen else (others[:1], more)

    at.around(Transactions, "waiting", waiting)


@fault("TRN-7")
def forgets_what_it_has_sent(at: Switch) -> None:
    sent: set[bytes] = set()

    def change(found: list[bytes], more: bool) -> tuple[list[bytes], bool]:
        new = [raw for raw in found if raw not in sent]
        sent.update(new)
        return new, more

    waits(change)(at)


FAULTS |= {
    "keeps_no_limit": (
        "TRN-7",
        around(Transactions, "waiting", lambda inner, self, rows, who, seen, limit: inner(self, rows, who, seen, 100)),
    ),
    "passes_over_what_was_seen": (
        "TRN-7",
        around(
            Transactions, "waiting", lambda inner, self, rows, who, seen, limit: inner(self, rows, who, None, limit)
        ),
    ),
}


def _is_receipt(raw: bytes) -> bool:
    return b'"type":"receipt"' in raw


FAULTS |= {
    "loses_receipts_from_the_mailbox": (
        "TRN-7",
        waits(lambda found, more: ([raw for raw in found if not _is_receipt(raw)], more)),
    ),
    "shuffles_the_mailbox": ("TRN-7", waits(lambda found, more: (found[::-1], more))),
    "never_says_that_there_is_more": ("TRN-7", waits(lambda found, more: (found, False))),
    "always_says_that_there_is_more": ("TRN-7", waits(lambda found, more: (found, True))),
    "keeps_the_customers_words_to_itself": (
        "SEQ-34",
        waits(lambda found, more: ([raw for raw in found if b'"from":"did:key' not in raw], more)),
    ),
    "gives_receipts_first": ("SEQ-34", waits(lambda found, more: (sorted(found, key=_is_receipt)[::-1], more))),
}


def _with_cursor(path: str, answer: Answer) -> Answer:
    if not path.endswith("/mailbox") or answer.status != 200:
        return answer
    return replace(answer, body=trust.canonicalize({"cursor": "1", "messages": orjson.loads(answer.body)["messages"]}))


FAULTS["gives_a_cursor"] = ("TRN-7", answers_with(_with_cursor))


@fault("COR-7")
def chokes_on_bad_receipts(at: Switch) -> None:
    def unanswered(inner: Any, self: Any, rows: Any, customer: str, receipts: Any) -> Any:
        if any(one.from_ != customer for one in receipts):
            raise Malformed("a receipt of somebody else", pointer="/body/receipts")
        return inner(self, rows, customer, receipts)

    at.around(Transactions, "unanswered", unanswered)


FAULTS["takes_collects_of_any_thread"] = ("ENV-3", opens_threads_of_any_name)


# Files


@fault("COR-11")
def gives_a_file_to_whoever_knows_its_digest(at: Switch) -> None:
    at.patch.setattr(fetching, "names_file", lambda *_: True)


@fault("COR-11")
def gives_a_file_that_the_customer_names(at: Switch) -> None:
    def names_file(inner: Any, kept: Any, *asked: Any) -> bool:
        return bool(inner(kept and Kept(kept.digest, kept.position, "vendor", *kept[3:]), *asked))

    at.around(fetching, "names_file", names_file)


@fault("COR-11")
def gives_a_file_for_ever(at: Switch) -> None:
    def files_in(inner: Any, part: Any) -> list[Any]:
        return [file.model_copy(update={"expires": None}) for file in inner(part)]

    at.around(fetching, "files_in", files_in)


@fault("COR-12")
def gives_nothing_of_what_is_beyond_the_end(at: Switch) -> None:
    def verify(inner: Any, *args: Any, **named: Any) -> Any:
        verified = inner(*args, **named)
        body = verified.message.body
        within = body.model_copy(update={"from_": min(body.from_ or 0, 300 * 1024)})
        return replace(verified, message=verified.message.model_copy(update={"body": within}))

    at.around(fetching, "verify", verify)


@fault("COR-9")
def answers_a_fetch_again(at: Switch) -> None:
    at.patch.setattr(fetching, "use_request", lambda *_: None)


@fault("COR-8")
def takes_stale_fetches(at: Switch) -> None:
    at.patch.setattr(fetching, "check_fresh", lambda message, now: None)


def _of_the_file(change: Callable[[Answer], Answer]) -> Break:
    return answers_with(lambda path, answer: change(answer) if answer.media_type == FILE else answer)


FILE = "application/octet-stream"
FAULTS["sends_a_file_as_what_it_is"] = (
    "TRN-40", _of_the_file(lambda answer: replace(answer, headers={**answer.headers, "content-type": "text/plain"}))
)  # fmt: skip
FAULTS["does_not_say_how_long_a_file_is"] = (
    "TRN-40",
    _of_the_file(lambda answer: replace(answer, headers={"content-type": FILE})),
)
FAULTS["sends_other_bytes"] = ("TRN-40", _of_the_file(lambda answer: replace(answer, body=answer.body[::-1])))
