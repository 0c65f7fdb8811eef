"""Rights requests ↔ what a European wallet logs, and the mail that it drafts."""

import contextlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridging import ANYTHING, view
from dialogue import Dialogue
from opencmr.bridges import Lost, Missing, eudi
from opencmr.bridges.eudi import Claim, Identifier, MultiLangString
from opencmr.errors import Malformed, Problem, UnknownTerm, UsageError
from opencmr.messages import data

PID = "urn:eudi:pid:1"
CLAIMS = {
    "pd:EmailAddress": [Claim(PID, "email")],
    "pd:BirthDate": [Claim(PID, "birthdate"), Claim("urn:example:card", "born")],
}
TERMS = {claim: term for term, claims in CLAIMS.items() for claim in claims}
NORTHWIND = MultiLangString("en-IE", "Northwind")
SHOP = Identifier("http://data.europa.eu/eudi/id/EUID", "IERBO.123456")


def asked(one: Dialogue, **body: Any) -> str:
    return one.say(data.Request(**{"right": "erase", "regime": "gdpr"} | body))


def test_an_erasure_is_a_data_deletion_request_of_the_log(one: Dialogue) -> None:
    thread = asked(one, data=["pd:Contact"])
    exported = eudi.log_entry(view(one), thread, claims=CLAIMS, name=NORTHWIND, identifier=SHOP)
    (entry,) = one.history.threads[thread].entries
    assert exported.document == {
        "dataDeletionRequest": {
            "interactingPartyIdentifier": {"type": "http://data.europa.eu/eudi/id/EUID", "identifier": "IERBO.123456"},
            "interactingPartyName": {"lang": "en-IE", "content": "Northwind"},
            "listOfClaims": [{"credentialIdentifier": PID, "claims": ["email"]}],
        },
        "transactionIdentifier": thread,
        "time": entry.at[:19],
        "transactionType": "DataDeletionRequest",
        "transactionResult": "Completed",
    }
    assert (exported.missing, exported.lost) == ((), ())


def test_who_asks_for_all_data_lists_all_that_was_presented(one: Dialogue) -> None:
    exported = eudi.log_entry(view(one), asked(one), claims=CLAIMS, name=NORTHWIND, identifier=SHOP)
    assert exported.document["dataDeletionRequest"]["listOfClaims"] == [
        {"credentialIdentifier": PID, "claims": ["birthdate", "email"]},
        {"credentialIdentifier": "urn:example:card", "claims": ["born"]},
    ]


def test_what_a_wallet_did_not_present_and_a_register_did_not_say_is_told(one: Dialogue) -> None:
    exported = eudi.log_entry(view(one), asked(one, data=["pd:TelephoneNumber"]), claims=CLAIMS)
    assert exported.lost == (Lost("pd:TelephoneNumber", "no claim of it was presented"),)
    assert exported.missing == tuple(
        Missing(f"/dataDeletionRequest/{name}", name)
        for name in ("interactingPartyIdentifier", "interactingPartyName", "listOfClaims")
    )


def test_another_right_is_another_transaction(one: Dialogue) -> None:
    exported = eudi.log_entry(view(one), asked(one, right="access", data=["pd:EmailAddress"]), claims=CLAIMS)
    assert exported.document["otherTransaction"] == {"description": ["access: pd:EmailAddress at did:web:shop.example"]}
    assert exported.document["transactionType"] == "OtherTransaction"
    assert exported.missing == ()


def test_the_mail_says_what_is_to_be_erased_and_by_which_law(one: Dialogue) -> None:
    thread = asked(one, data=["pd:EmailAddress", "pd:BirthDate"])
    mail = urlsplit(eudi.mail(view(one), thread, to="support@shop.example"))
    said = parse_qs(mail.query)
    assert (mail.scheme, mail.path) == ("mailto", "support@shop.example")
    assert "Article 17 of Regulation (EU) 2016/679" in said["subject"][0]
    assert "email address, birth date" in said["body"][0].lower()
    assert one.customer_did in said["body"][0]
    assert thread in said["body"][0]


def test_a_mail_address_adds_nothing_to_the_mail(one: Dialogue) -> None:
    mail = eudi.mail(view(one), asked(one), to="a@b.example?bcc=evil@x.example&body=")
    assert set(parse_qs(urlsplit(mail).query)) == {"subject", "body"}


def test_what_is_no_request_for_erasure_has_no_mail(one: Dialogue) -> None:
    with pytest.raises(UsageError):
        eudi.mail(view(one), asked(one, right="access"), to="a@b.example")
    with pytest.raises(UsageError):
        eudi.mail(view(one), one.say(data.Object(right="object")), to="a@b.example")


def test_an_entry_comes_back_as_a_draft_of_a_request(one: Dialogue) -> None:
    entry = eudi.log_entry(view(one), asked(one), claims=CLAIMS, name=NORTHWIND, identifier=SHOP).document
    entry["dataDeletionRequest"]["listOfClaims"][0]["claims"].append("picture")
    draft = eudi.request(entry, TERMS)
    assert draft.body == data.Request(right="erase", data=["pd:BirthDate", "pd:EmailAddress"], regime="gdpr")
    where = "/dataDeletionRequest/listOfClaims/0/claims/2"
    assert draft.lost == (Lost(where, f"picture of {PID} is no data known here"),)


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        ({}, "/transactionType"),
        ({"transactionType": "Presentation"}, "/transactionType"),
        ({"dataDeletionRequest": []}, "/transactionType"),
        ({"dataDeletionRequest": {}}, "/dataDeletionRequest/listOfClaims"),
        ({"dataDeletionRequest": {"listOfClaims": []}}, "/dataDeletionRequest/listOfClaims"),
        ({"dataDeletionRequest": {"listOfClaims": ["email"]}}, "/dataDeletionRequest/listOfClaims/0"),
        (
            {"dataDeletionRequest": {"listOfClaims": [{"credentialIdentifier": PID, "claims": [1]}]}},
            "/dataDeletionRequest/listOfClaims/0/claims/0",
        ),
        (
            {"dataDeletionRequest": {"listOfClaims": [{"credentialIdentifier": PID, "claims": ["picture"]}]}},
            "/dataDeletionRequest/listOfClaims",
        ),
    ],
)
def test_an_entry_that_asks_for_nothing_known_is_refused(entry: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed) as caught:
        eudi.request({"transactionType": "DataDeletionRequest"} | entry, TERMS)
    assert caught.value.pointer == pointer


def test_a_term_that_is_not_in_the_vocabulary_is_refused() -> None:
    entry = {
        "transactionType": "DataDeletionRequest",
        "dataDeletionRequest": {"listOfClaims": [{"credentialIdentifier": PID, "claims": ["email"]}]},
    }
    with pytest.raises(UnknownTerm):
        eudi.request(entry, {Claim(PID, "email"): "pd:Mail"})


@given(st.lists(st.fixed_dictionaries({"credentialIdentifier": ANYTHING, "claims": ANYTHING}) | ANYTHING, max_size=3))
def test_whatever_an_entry_says_it_is_a_draft_or_a_problem(listed: list[Any]) -> None:
    entry = {"transactionType": "DataDeletionRequest", "dataDeletionRequest": {"listOfClaims": listed}}
    with contextlib.suppress(Problem):
        assert eudi.request(entry, {Claim("email", "email"): "pd:EmailAddress"}).body.right == "erase"
