"""`opencmr explain` gives either side the same answer, with what it rests on."""

from typing import Any

import pytest

ASKED = ("--action", "dpv:Use", "--purpose", "dpv:DirectMarketing", "--data", "pd:EmailAddress", "--channel", "email")


@pytest.mark.parametrize("side", ["alice", "shop"])
def test_a_withdrawn_consent_denies_and_the_withdrawal_is_the_evidence(run: Any, stores: Any, side: str) -> None:
    done = run("explain", getattr(stores, side), "--customer", stores.customer, *ASKED, "--json")
    assert done.code == 0
    assert (done.json["answer"], done.json["reason"]) == ("deny", "withdrawn")
    assert [line["type"] for line in done.json["evidence"]] == ["consent.withdraw", "consent.grant"]
    assert done.json["evidence"][0]["digest"] == stores.withdrawal


def test_before_the_withdrawal_the_answer_was_another(run: Any, stores: Any) -> None:
    done = run("explain", stores.shop, *ASKED, "--at", "2026-07-01T12:00:30Z", "--json")
    assert (done.json["answer"], done.json["reason"], done.json["at"]) == (
        "permit",
        "consent",
        "2026-07-01T12:00:30.000Z",
    )


def test_people_read_a_sentence_and_the_messages_with_their_times(run: Any, stores: Any) -> None:
    done = run("explain", stores.alice, "--vendor", "did:web:shop.example", *ASKED)
    assert done.out.startswith("deny, withdrawn\nNo: ")
    assert f"consent.withdraw {stores.withdrawal[:12]}" in done.out
    assert "2026-07-01T12:01" in done.out


def test_an_order_permits_what_it_takes_on_what_was_disclosed(run: Any, stores: Any) -> None:
    words = ("--action", "dpv:Use", "--purpose", "dpv:CustomerCare", "--data", "pd:PhysicalAddress")
    done = run("explain", stores.shop, *words, "--thread", stores.dealing[9:17], "--json")
    assert (done.json["answer"], done.json["reason"]) == ("permit", "order-live")


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("--action", "Use", "--purpose", "dpv:Marketing"), "did you mean dpv:Use?"),
        (("--action", "dpv:Use", "--purpose", "dpv:DirectMarketting"), "did you mean dpv:DirectMarketing?"),
        ((*ASKED, "--data", "pd:Emailaddress"), "did you mean pd:EmailAddress?"),
        ((*ASKED, "--channel", "e-mail"), "there are email, inApp, inPerson, messenger,"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_right_one(
    run: Any, stores: Any, options: tuple[str, ...], hint: str
) -> None:
    assert hint in run("explain", stores.alice, *options).err


@pytest.mark.parametrize(
    "options",
    [
        ("--action", "dpv:Use", "--purpose", "dpv:Nonsense"),
        (*ASKED, "--at", "yesterday"),
        (*ASKED, "--channel", "e-mail"),
        (*ASKED, "--topic", "text:"),
        (*ASKED, "--recipient", "3rd-party"),
        (*ASKED, "--thread", "zzz"),
        (*ASKED, "--customer", "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"),
        ("--action", "dpv:Use"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(run: Any, stores: Any, options: tuple[str, ...]) -> None:
    assert run("explain", stores.alice, *options).code == 2
