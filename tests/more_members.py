"""Members that no version of today knows, anywhere in a document: for tests that they change nothing."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
"""Any JSON value."""
NAMES = st.text(max_size=10).map("later{}".format) | st.sampled_from(["__proto__", "constructor", "then", "toString"])
"""Names that no document has; some mean something to a language in which it may be read."""


def with_more(data: st.DataObject, document: dict[str, Any]) -> dict[str, Any]:
    """The same document, with members in some of its objects that nobody knows."""
    document = copy.deepcopy(document)
    for each in list(objects(document)):
        for name, value in data.draw(st.dictionaries(NAMES, ANYTHING, max_size=2)).items():
            each[name] = value
    return document


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a document, itself included."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from objects(inner)
