"""Values of callers: here they become models, or a `UsageError` that names what is wrong.

No other module of the roles builds a model from a caller's values, so no validation error leaves the package.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import core_schema

from ...errors import Problem, UsageError
from ...messages import Body, pointer
from ...messages.faults import member_of
from ...messages.model import Model
from ...messages.types import OrderLine
from ...protocol import VENDOR
from ...protocol.uri import normal

M = TypeVar("M", bound=Model)
S = TypeVar("S", str, str | int)
_FOREVER = 1e10
"""An upper bound of seconds, longer than anybody waits."""
_LONGEST = 80
"""The most characters of a wrong value that an error shows."""
_OWN_WORDS = {"value_error", "assertion_error"}
"""Kinds of faults whose text may quote the value."""
_OPEN = {"ext", "value"}
"""Members that hold any JSON."""
_VALUELESS = {"shape", "missing", "extra_forbidden"}
"""Kinds of faults where a member is missing or too many, so that there is no value to show."""
_PLAIN = {*get_args(core_schema.ErrorType)} - _OWN_WORDS


def made(kind: type[M], /, **members: Any) -> M:
    """A model of a caller's values, by the Python names of its members.

    Raises:
        UsageError: Names the member that is wrong, by a pointer with the names as they were given, and says what was
            expected.
    """
    try:
        return kind(**members)
    except ValidationError as error:
        what = kind.type if issubclass(kind, Body) else kind.__name__
        fault = error.errors(include_url=False)[0]
        where = pointer(member_of(fault))
        value = "" if fault["type"] in _VALUELESS else f", not {told(fault['input'])}"
        raise UsageError(f"{what}{where and ' at ' + where}: {fault['msg']}{value}") from error


def listed(name: str, values: Any) -> list[Any]:
    """A list of a caller's values.

    Args:
        name: The argument.
        values: What was given; a text is no list.

    Raises:
        UsageError: It is no list.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise UsageError(f"{name} is a list, not {told(values)}")
    return list(values)


def among(what: str, values: Iterable[str], known: Iterable[str]) -> None:
    """Check that what a caller names is there.

    Args:
        what: Of what kind it is, such as an item.
        values: What was named.
        known: What there is.

    Raises:
        UsageError: Something is not there.
    """
    there = list(known)
    if missing := [value for value in values if value not in there]:
        raise UsageError(f"no {what} {', '.join(map(told, missing))}; there is: {', '.join(there)}")


def parts(lines: Any) -> list[Any] | None:
    """Lines of an order, where some are named: by index, or how much of them.

    Raises:
        UsageError: It is no list.
    """
    return [part if isinstance(part, OrderLine) else {"line": part} for part in listed("lines", lines)] or None


def seconds(name: str, value: Any) -> float:
    """A number of seconds that a caller gives; what is longer than anybody waits is no matter how long.

    Raises:
        UsageError: It is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise UsageError(f"{name} is a number of seconds, not {told(value)}")
    return float(max(-_FOREVER, min(value, _FOREVER)))


def setting(name: str, value: Any, *, whole: bool = False) -> None:
    """Check a bound that a caller sets.

    Args:
        name: Of the setting.
        value: What was given.
        whole: It counts something, from 1; else it is any finite number of seconds, from 0.

    Raises:
        UsageError: It is none.
    """
    fits = isinstance(value, int) and value >= 1 if whole else isinstance(value, int | float) and 0 <= value < _FOREVER
    if isinstance(value, bool) or not fits:
        what = "a whole number from 1" if whole else "a number of seconds from 0"
        raise UsageError(f"{name} is {what}, not {told(value)}")


def customers_did(customer: Any) -> str:
    """The DID of a customer, who is named by it or by the relationship.

    Raises:
        UsageError: It is none.
    """
    did = customer if isinstance(customer, str) else getattr(customer, "customer", None)
    if not isinstance(did, str) or not did.isascii():
        raise UsageError(f"a customer is named by their DID, or by the relationship, not by {told(customer)}")
    return did


def recipient_of(recipient: Any, vendor: str) -> Any:
    """The recipient of a question: the vendor, however its DID is written, or who was named."""
    return VENDOR if isinstance(recipient, str) and normal(recipient) == normal(vendor) else recipient


def told(value: object) -> str:
    """A wrong value in a few words."""
    said = repr(value)
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


def expected(error: BaseException) -> tuple[str, str] | None:
    """Where a model refused an application's values, and what it expected there: without any of the values.

    Returns:
        The model, with the JSON pointer of its member, and what was expected. None for another error. A name that no
        model knows may be anybody's words, so the pointer ends before it.
    """
    if isinstance(error, UsageError) and isinstance(problem := error.__cause__, Problem):
        return "/".join(_known((problem.pointer or "").split("/"))), problem.title
    if not isinstance(error, ValidationError):
        return None
    fault = error.errors(include_url=False, include_input=False)[0]
    path = member_of(fault)
    path = _known(path[:-1] if fault["type"] == "extra_forbidden" else path)
    why = fault["msg"] if fault["type"] in _PLAIN else "another form: " + fault["type"]
    return f"{error.title}{pointer(path)}", why


def _known(path: Sequence[S]) -> tuple[S, ...]:
    """The steps of a path up to a member whose own members have names that no model knows."""
    end = next((at for at, step in enumerate(path, start=1) if step in _OPEN), len(path))
    return tuple(path[:end])
