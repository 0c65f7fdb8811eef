"""The tables of the vocabulary, the schemas and the models say the same; and what a wrong shape comes to."""

from typing import Any, get_args

import pytest

from opencmr import _spec
from opencmr.cli.schemas import schemas
from opencmr.errors import Malformed
from opencmr.messages import order, personal, validate_body
from opencmr.messages.types import Channel


def table(name: str) -> dict[str, Any]:
    terms: dict[str, Any] = _spec.table(f"vocabulary/{name}.json")["terms"]
    return terms


def test_schema_and_model_have_the_channels_of_the_table() -> None:
    listed = schemas()["types.schema.json"]["$defs"]["Channel"]["enum"]
    assert list(get_args(Channel)) == listed == list(table("channels"))


def test_the_schema_pins_the_shapes_of_the_table() -> None:
    shapes = schemas()["types.schema.json"]["$defs"]["ShapeOfTerm"]
    pinned = {
        term: each["then"]["properties"]["value"]["$ref"].rpartition("/")[2]
        for each in shapes["allOf"]
        for term in each["if"]["properties"]["data"]["enum"]
    }
    assert pinned == table("shapes")
    assert set(pinned.values()) == set(personal.SHAPES)


def test_what_has_a_shape_is_a_term_of_personal_data() -> None:
    assert table("shapes").keys() <= table("personal-data").keys()


@pytest.mark.parametrize("name", ["channels", "duties", "places", "personal-data", "processing", "purposes"])
def test_what_is_broader_stands_in_the_table_or_belongs_to_dpv(name: str) -> None:
    terms = table(name)
    above = {broad for entry in terms.values() for broad in entry["broader"]}
    assert all(broad.startswith("dpv:") for broad in above - terms.keys())


def test_the_european_union_has_27_members_and_the_area_three_more() -> None:
    places = table("places")
    assert sum(entry["broader"] == ["EU"] for entry in places.values()) == 27
    assert sorted(code for code, entry in places.items() if entry["broader"] == ["EEA"]) == ["EU", "IS", "LI", "NO"]


GOOD: list[tuple[str, Any]] = [
    ("pd:Name", "Alice Moser"),
    ("pd:Name", {"familyName": "Moser"}),
    ("pd:PhysicalAddress", {"streetAddress": "Lindengasse 14"}),
    ("pd:EmailAddressWork", "a.moser+x@work.example"),
    ("pd:TelephoneNumber", "+15551234567"),
    ("pd:Age", 0),
    ("pd:BankAccount", "NO9386011117947"),
    ("pd:VehicalLicenseRegistration", "W 1"),
    ("opencmr:TaxNumber", "12/345/67890"),
    ("opencmr:MeterPoint", "2000055901300"),
    ("pd:FavoriteColor", [1, {"any": "thing"}]),
]
BAD: list[tuple[str, Any, str]] = [
    ("pd:Name", ["Alice"], ""),
    ("pd:Name", {"first": "Alice"}, "/first"),
    ("pd:PhysicalAddress", "Lindengasse 14", ""),
    ("pd:PhysicalAddress", {}, ""),
    ("pd:PhysicalAddress", {"addressCountry": "EU"}, "/addressCountry"),
    ("pd:EmailAddressPersonal", "alice", ""),
    ("pd:TelephoneNumber", "5551234567", ""),
    ("pd:BirthDate", "29 February 1988", ""),
    ("pd:BirthDate", "1987-02-29", ""),
    ("pd:Age", "38", ""),
    ("pd:Age", True, ""),
    ("pd:Country", "Austria", ""),
    ("pd:Language", "German", ""),
    ("pd:BankAccount", "AT61 1904 3002 3457 3201", ""),
    ("pd:VehicalLicenseNumber", "x" * 21, ""),
    ("opencmr:DrivingLicence", {"number": "X", "categories": ["b"]}, "/categories/0"),
    ("opencmr:DrivingLicence", {"country": "AT"}, "/number"),
    ("opencmr:TaxNumber", 12, ""),
    ("opencmr:MeterPoint", "MPAN 20", ""),
]


@pytest.mark.requirement("VOC-2")
@pytest.mark.parametrize(("term", "value"), GOOD)
def test_a_value_in_the_shape_of_its_term_is_read(term: str, value: Any) -> None:
    said = {"discloses": [{"data": term, "value": value}]}
    assert validate_body(order.Disclose, said).wire() == said


@pytest.mark.requirement("VOC-2")
@pytest.mark.parametrize(("term", "value", "where"), BAD)
def test_a_value_in_another_shape_is_malformed(term: str, value: Any, where: str) -> None:
    with pytest.raises(Malformed) as caught:
        validate_body(order.Disclose, {"discloses": [{"data": term, "value": value}]})
    assert caught.value.pointer == f"/discloses/0/value{where}"
