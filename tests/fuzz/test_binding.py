"""A real server does what `spec/v1/openapi.json` says, whatever schemathesis sends."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from fuzz.binding import ENDPOINT, MEDIA_TYPE, as_sent, bundled, described
from fuzz.cast import SPEC
from length import LONG
from opencmr import Vendor
from opencmr.cli.schemas import schemas
from opencmr.errors import PROBLEMS
from opencmr.testing import StandingClock
from serving import did_of, listening, served

EXAMPLES = 300 if LONG else 10
"""How many requests each operation gets."""
MESSAGES, BLOBS = f"{ENDPOINT}/messages", f"{ENDPOINT}/blobs"
PROFFER = json.loads((SPEC / "terms" / "examples" / "valid" / "terms.proffer.relationship.json").read_text())
"""Drawn messages are of so many types that none may be one that a stranger can begin with: this is."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vendor, str]]:
    with listening() as bound:
        store = tmp_path_factory.mktemp("binding") / "shop.db"
        vendor = Vendor.open(store, did=did_of(bound), accepts=["SD-BASE"], clock=StandingClock())
        with served(vendor.asgi(), bound) as url:
            yield vendor, url


def operations() -> list[tuple[str, str]]:
    return [(path, method) for path, item in bundled()["paths"].items() for method in item if method in ("get", "post")]


def test_the_description_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(bundled()).validate()
    assert described()["openapi"] == "3.1.0"


def test_it_refers_to_schemas_that_there_are() -> None:
    found = re.findall(r'"\$ref": "([^"#]+\.schema\.json)', (str(described()).replace("'", '"')))
    assert set(found) <= schemas().keys()
    assert {"message.schema.json", "core/mailbox.collect.schema.json"} <= set(found)


def test_it_describes_the_routes_that_are_served(server: tuple[Vendor, str]) -> None:
    routes = {(route.path, method.lower()) for route in server[0].asgi().routes for method in route.methods - {"HEAD"}}
    assert routes == set(operations())
    assert server[0].endpoint.endswith(ENDPOINT)


def test_each_problem_stands_at_its_status() -> None:
    told = set()
    for item in described()["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items() if isinstance(operation, dict) else ():
                content = answer["content"].get("application/problem+json")
                for type_ in content["schema"]["allOf"][1]["properties"]["type"]["enum"] if content else ():
                    code = type_.partition("#")[2]
                    told.add(code)
                    assert PROBLEMS[code].status == int(status)
                    assert ("Retry-After" in answer.get("headers", {})) == (status in ("429", "503"))
    signed = {"expired", "stale", "wrong-state", "wrong-side", "terms-mismatch", "terms-unknown"}
    assert told.isdisjoint(signed)


@pytest.mark.parametrize(("path", "method"), operations())
def test_the_server_keeps_to_it(server: tuple[Vendor, str], path: str, method: str) -> None:
    schema = schemathesis.openapi.from_dict(bundled())
    operation = schema[path][method]
    checks = [
        schemathesis.checks.not_a_server_error,
        schemathesis.checks.status_code_conformance,
        schemathesis.checks.content_type_conformance,
        schemathesis.checks.response_schema_conformance,
    ]
    vendor, url = server
    seen: list[int] = []

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if method == "post" and len(seen) % 5:  # every fifth as it was drawn: JSON, and yet not canonical
            body = PROFFER if path == MESSAGES and len(seen) == 1 else case.body
            raw = as_sent(body, vendor.did, opens=len(seen) % 2 == 1)
            response = case.call(base_url=url, data=raw, json=None, headers={"Content-Type": MEDIA_TYPE})
        else:
            response = case.call(base_url=url)
        seen.append(response.status_code)
        case.validate_response(response, checks=checks)

    ask()
    assert (404 if path == BLOBS else 200) in seen  # nobody has named a file to whom is drawn
