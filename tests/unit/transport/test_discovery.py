"""What a vendor says of itself."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize("document", [None, [], "x", 1, {"did": 1}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        Discovery.read(document)
    with pytest.raises(Malformed):
        MyTerms.read(document)
