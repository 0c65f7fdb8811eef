"""How it travels: HTTPS (`spec/v1/transport.md`). Bytes go in and come out; what they say is checked in `protocol`.

    party       the two interfaces at which roles and transport meet
    bundle      several messages in one answer
    discovery   what a vendor says of itself before anyone tells it anything
    addresses   where a customer lets a vendor send them
    names       look-ups that do not hold each other up
    limits      what a vendor bounds under load
    client      the customer's side, with httpx
    app         the vendor's side, an ASGI application with Starlette

`HttpNetwork` and `application` are loaded when first asked for: a customer needs no Starlette, a vendor no httpx.
"""

from typing import TYPE_CHECKING, Any

from .bundle import pack, unpack
from .discovery import Discovery, MyTerms
from .limits import Limits, Rate
from .party import Found, Network, Outgoing, Receiver

if TYPE_CHECKING:
    from .app import application
    from .client import HttpNetwork

__all__ = [
    "Discovery",
    "Found",
    "HttpNetwork",
    "Limits",
    "MyTerms",
    "Network",
    "Outgoing",
    "Rate",
    "Receiver",
    "application",
    "pack",
    "unpack",
]


def __getattr__(name: str) -> Any:
    if name == "HttpNetwork":
        from .client import HttpNetwork

        return HttpNetwork
    if name == "application":
        from .app import application

        return application
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
