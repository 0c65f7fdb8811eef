"""What a vendor says of itself."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from more_members import with_more
from opencmr.errors import Malformed
from opencmr.transport import Discovery, MyTerms

PAGE = (Path(__file__).parents[3] / "spec" / "v1" / "transport.md").read_text()


def shown(title: str) -> dict[str, Any]:
    """The JSON block of the specification under a title."""
    found = re.search(rf"^### {re.escape(title)}\n.*?```json\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document


@pytest.mark.requirement("TRN-11", "TRN-12")
def test_the_documents_of_the_specification_are_read_and_written_whole() -> None:
    discovery, myterms = Discovery.read(shown("opencmr")), MyTerms.read(shown("myterms.json"))
    assert discovery.wire() == shown("opencmr")
    assert myterms.wire() == shown("myterms.json")
    assert {agreement.id for agreement in myterms.agreements} <= {terms.id for terms in discovery.terms}


@pytest.mark.requirement("TRN-11")
@pytest.mark.parametrize("member", ["did", "roles", "endpoint", "versions", "types", "terms"])
def test_a_required_member_that_is_missing_is_named(member: str) -> None:
    document = shown("opencmr")
    del document[member]
    with pytest.raises(Malformed) as refused:
        Discovery.read(document)
    assert refused.value.pointer == f"/{member}"


def test_members_that_are_not_known_are_passed_over_at_every_depth() -> None:
    document = shown("opencmr")
    more = copy.deepcopy(document)
    more["later"] = [1]
    for name in ("terms", "consents", "categories", "places"):
        more[name][0]["later"] = {"x": 1.5}
    assert Discovery.read(more) == Discovery.read(document)


@pytest.mark.requirement("TRN-18")
@pytest.mark.parametrize(
    "more",
    [
        {"places": [{"country": "AT", "region": "EU"}]},
        {"places": [{"region": "EU"}]},
        {"places": [{}]},
        {"places": [{"near": {"latitude": "48.2", "longitude": "16.3", "metres": 1000, "altitude": "170"}}]},
        {"consents": [{"purposes": ["eu-gdpr:A6-1-a"], "data": ["https://w3id.org/dpv/pd#EmailAddress"]}]},
        {"consents": [{"legalBasis": "consent"}]},
        {"categories": [{"scheme": "https://later.example/scheme", "code": "1", "path": [1]}]},
        {"roles": ["vendor", "later"], "versions": ["1.0", "1.1", "2.0-draft"], "types": ["later.say"]},
    ],
)
def test_discovery_unknown_members_and_terms_are_passed_over(more: dict[str, Any]) -> None:
    assert Discovery.read({**shown("opencmr"), **more}).did == "did:web:shop.example"


@pytest.mark.requirement("TRN-18")
@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"places": [{"country": "Austria", "region": "EU"}]}, "/places/0/country"),
        ({"places": [{"near": {"latitude": 48.2, "longitude": "16.3", "metres": 1000}}]}, "/places/0/near/latitude"),
        ({"places": [{"near": {"latitude": "48.2", "altitude": "170"}}]}, "/places/0/near/longitude"),
        ({"places": ["AT"]}, "/places/0"),
        ({"consents": [{"purposes": [1]}]}, "/consents/0/purposes/0"),
        ({"consents": [{"purposes": ["two words"]}]}, "/consents/0/purposes/0"),
        ({"consents": {"later": 1}}, "/consents"),
        ({"categories": [{"code": "1"}]}, "/categories/0/scheme"),
        ({"versions": "1.0"}, "/versions"),
        ({"endpoint": {"later": "https://shop.example/opencmr"}}, "/endpoint"),
    ],
)
def test_a_known_member_of_a_wrong_form_is_named_whatever_stands_beside_it(more: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Malformed) as refused:
        Discovery.read({**shown("opencmr"), "later": 1, **more})
    assert refused.value.pointer == pointer


@pytest.mark.requirement("TRN-18")
@given(st.data())
def test_unknown_members_anywhere_in_a_discovery_document_change_nothing(data: st.DataObject) -> None:
    document = shown("opencmr")
    document["places"].append({"near": {"latitude": "48.2", "longitude": "16.3", "metres": 1000}})
    assert Discovery.read(with_more(data, document)) == Discovery.read(document)
    assert MyTerms.read(with_more(data, shown("myterms.json"))) == MyTerms.read(shown("myterms.json"))


@pytest.mark.parametrize("document", [None, [], "x", 1, {"did": 1}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        Discovery.read(document)
    with pytest.raises(Malformed):
        MyTerms.read(document)
