"""Instants are real days of the calendar, in one form."""

import pytest

from opencmr import _spec, messages
from opencmr.cli.schemas import faults
from opencmr.errors import Malformed
from opencmr.messages import pointer

EXAMPLE = next(iter(sorted(_spec.root().glob("terms/examples/valid/terms.proffer.*.json"))))


def dated(created: str) -> dict[str, object]:
    return {**_spec.table(EXAMPLE.relative_to(_spec.root()).as_posix()), "created": created}


@pytest.mark.requirement("ENV-4")
@pytest.mark.parametrize(
    "created",
    [
        "2026-06-30T23:59:60.000Z",  # a leap second
        "2026-02-29T12:00:00.000Z",
        "2100-02-29T12:00:00.000Z",
        "2026-04-31T12:00:00.000Z",
        "2026-13-01T12:00:00.000Z",
        "2026-00-01T12:00:00.000Z",
        "2026-01-00T12:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "2026-01-01T12:60:00.000Z",
        "0000-01-01T12:00:00.000Z",
        "2026-01-01T12:00:00.00Z",
        "2026-01-01T12:00:00.0000Z",
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00,000Z",
        "2026-01-01t12:00:00.000z",
        "2026-01-01 12:00:00.000Z",
        "2026-01-01T12:00:00.000+00:00",
        "2026-01-01T12:00:00.000",
        "2026-01-01T12:00:00.000Z\n",
        "٢٠٢٦-01-01T12:00:00.000Z",
        "0000-01-01T00:00:00.000Z",
        "0000-12-31T23:59:59.999Z",
    ],
)
def test_what_is_no_instant_is_refused_by_schema_and_model_at_the_same_place(created: str) -> None:
    document = dated(created)
    assert pointer(faults(document)[0][0]) == "/created"
    with pytest.raises(Malformed) as caught:
        messages.validate(document)
    assert caught.value.pointer == "/created"


@pytest.mark.requirement("ENV-4")
@pytest.mark.parametrize(
    "created",
    [
        "2028-02-29T00:00:00.000Z",
        "2000-02-29T23:59:59.999Z",
        "0001-01-01T00:00:00.000Z",
        "0010-01-01T00:00:00.000Z",
        "0100-01-01T00:00:00.000Z",
        "1000-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
    ],
)
def test_what_is_an_instant_is_taken(created: str) -> None:
    assert faults(dated(created)) == []
    assert messages.validate(dated(created)).created == created
