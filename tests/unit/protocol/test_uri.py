"""One party has one name: URIs in normal form (RFC 3986, 6.2.2 and 6.2.3)."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencmr.errors import UsageError
from opencmr.protocol import Facts, Question, decide
from opencmr.protocol.uri import normal

AT = "2026-03-25T12:00:00.000Z"
Make = Callable[[list[dict[str, Any]]], Facts]


@pytest.mark.requirement("DEC-18")
@pytest.mark.parametrize(
    ("spelled", "form"),
    [
        ("https://ads.example/", "https://ads.example/"),
        ("https://ads.example", "https://ads.example/"),
        ("HTTPS://ADS.Example/A", "https://ads.example/A"),
        ("https://ads.example:443", "https://ads.example/"),
        ("https://ads.example:0443/", "https://ads.example/"),
        ("https://ads.example:/", "https://ads.example/"),
        ("http://ads.example:80/", "http://ads.example/"),
        ("https://ads.example./", "https://ads.example/"),
        ("https://%61ds.example/%7Ea", "https://ads.example/~a"),
        ("https://ads.example/%c3%bc", "https://ads.example/%C3%BC"),
        ("https://ads.example/a/./b/../c", "https://ads.example/a/c"),
        ("https://ads.example/../a", "https://ads.example/a"),
        ("https://ads.example/a/..", "https://ads.example/"),
        ("https://ads.example?a=1", "https://ads.example/?a=1"),
        ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"),
        ("DID:web:Shop.example%3a8443:a", "did:web:shop.example%3A8443:a"),
    ],
)
def test_spellings_of_one_uri_have_one_form(spelled: str, form: str) -> None:
    assert normal(spelled) == form == normal(form)


@pytest.mark.requirement("DEC-18")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://ads.example/", "http://ads.example/"),
        ("https://ads.example/", "https://ads.example:8443/"),
        ("https://ads.example:80/", "https://ads.example/"),
        ("https://ads.example/a", "https://ads.example/A"),
        ("https://ads.example/a", "https://ads.example/a/"),
        ("https://ads.example/a%2Fb", "https://ads.example/a/b"),
        ("https://ads.example/?a", "https://ads.example/?b"),
        ("https://a@ads.example/", "https://b@ads.example/"),
        ("https://ads.example/", "https://ads.example.org/"),
    ],
)
def test_what_names_different_things_stays_different(one: str, other: str) -> None:
    assert normal(one) != normal(other)


URIS = st.builds(
    "{}://{}{}/{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["ads.example", "press.example", "a-b.example"]),
    st.sampled_from(["", ":8443"]),
    st.text("ab~-._/", max_size=6).filter(lambda path: not {".", ".."} & set(path.split("/"))),
)


@st.composite
def spellings(draw: st.DrawFn, uri: str) -> str:
    """Another spelling of the same: case, escapes, port, dots."""
    scheme, rest = uri.split("://")
    place, _, path = rest.partition("/")
    host, colon, port = place.partition(":")
    if not colon:
        port = draw(st.sampled_from(["", ":", {"https": ":443", "http": ":80"}[scheme]]))
        host = host + draw(st.sampled_from(["", "."]))
    else:
        port = draw(st.sampled_from([":8443", ":08443"]))

    def cased(text: str) -> str:
        return "".join(draw(st.sampled_from([char.lower(), char.upper()])) for char in text)

    def escaped(text: str) -> str:
        ways = (lambda char: char, lambda char: f"%{ord(char):02X}", lambda char: f"%{ord(char):02x}")
        return "".join(draw(st.sampled_from(ways))(char) if char != "/" else char for char in text)

    path = draw(st.sampled_from(["", "./", "x/../"])) + escaped(path)
    slash = "/" if path else draw(st.sampled_from(["", "/"]))
    return f"{cased(scheme)}://{escaped(cased(host))}{port}{slash}{path}"


@pytest.mark.requirement("DEC-18")
@given(uri=URIS, data=st.data())
def test_any_spelling_comes_to_the_same_form_and_stays_there(uri: str, data: st.DataObject) -> None:
    spelled = data.draw(spellings(uri))
    assert normal(spelled) == normal(uri)
    assert normal(normal(spelled)) == normal(spelled)


@pytest.mark.requirement("DEC-18", "DEC-7")
@given(uri=URIS, data=st.data())
def test_no_spelling_turns_a_no_into_a_yes(uri: str, data: st.DataObject, facts_of: Make) -> None:
    """Reports 18: terms let third parties have data, the customer takes it back for one."""
    party = {"name": "Ads", "role": "thirdParty", "id": normal(uri)}
    item = {
        "purposes": ["dpv:Advertising"],
        "data": ["pd:EmailAddress"],
        "actions": ["dpv:Share"],
        "recipients": [party],
    }
    rule = {"effect": "permit", "by": ["third-party"], "action": "dpv:Share", "purpose": "dpv:Advertising"}
    terms = {"id": "https://alice.example/x", "version": "1", "title": "x", "rules": [rule]}
    agreed = {"kind": "agreement", "terms": terms, "place": 1, "at": "2026-03-01T12:00:00.000Z", "evidence": ["yes"]}
    taken_back = {"kind": "withdrawal", "item": item, "place": 2, "at": "2026-03-02T12:00:00.000Z", "evidence": ["no"]}
    granted = {**taken_back, "kind": "consent"}
    asked = Question("dpv:Share", "dpv:Advertising", "pd:EmailAddress", data.draw(spellings(uri)))
    assert decide(facts_of([agreed]), asked, AT), "terms name any third party"
    assert decide(facts_of([agreed, taken_back]), asked, AT).reason == "withdrawn"
    assert decide(facts_of([granted]), asked, AT).reason == "consent"


def test_a_question_names_no_party_that_no_message_could_name() -> None:
    with pytest.raises(UsageError, match="URI"):
        Question("dpv:Use", "dpv:Advertising", recipient="https://ads.example:443.")  # its normal form has another
