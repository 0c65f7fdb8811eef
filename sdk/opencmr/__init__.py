"""OpenCMR: customer-managed relationships. The typed reference SDK of the protocol in `spec/`.

- `Customer`, `Vendor`: the two faces
- `Policy`, `Draft`: a customer's standing choices; a body with more of its envelope
- `Retry`: how a wallet sends again what could not be sent; `Polling`: how often it asks for mail; `Quota`: how much a
  vendor may leave in it; `Limits`, `Rate`: what a vendor takes under load
- `terms`, `consent`, `intent`, `offer`, `order`, `data`, `relationship`, `key`: the messages, such as `intent.Cast`;
  `intent`, `offer` and `order` are one family, and so are the last two
- `roster`: the agreements of IEEE Std 7012 by their codes, such as `roster.ref("SD-BASE")`
- `Money`, `Datum`, `Want`: the shared types that most code needs; they are in `opencmr.messages.types` and `.personal`
- `errors`: what is raised

Names are imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import errors

if TYPE_CHECKING:
    from .messages import consent, data, intent, key, offer, order, relationship, terms
    from .messages.personal import Datum
    from .messages.types import Money, Price, Quantity, SignedMoney, TermsDocument, TermsRef, Want
    from .protocol import Decision, Question, explain, roster
    from .roles import Customer, Draft, Policy, Polling, Quota, Retry, Vendor
    from .transport import Limits, Rate

__version__ = "0.1.0"

_WHERE = {
    **dict.fromkeys(("consent", "data", "intent", "key", "offer", "order", "relationship", "terms"), "messages"),
    **dict.fromkeys(
        ("Money", "Price", "Quantity", "SignedMoney", "TermsDocument", "TermsRef", "Want"), "messages.types"
    ),
    "Datum": "messages.personal",
    **dict.fromkeys(("Decision", "Question", "explain", "roster"), "protocol"),
    **dict.fromkeys(("Customer", "Draft", "Policy", "Polling", "Quota", "Retry", "Vendor"), "roles"),
    **dict.fromkeys(("Limits", "Rate"), "transport"),
}

__all__ = [
    "Customer",
    "Datum",
    "Decision",
    "Draft",
    "Limits",
    "Money",
    "Policy",
    "Polling",
    "Price",
    "Quantity",
    "Question",
    "Quota",
    "Rate",
    "Retry",
    "SignedMoney",
    "TermsDocument",
    "TermsRef",
    "Vendor",
    "Want",
    "__version__",
    "consent",
    "data",
    "errors",
    "explain",
    "intent",
    "key",
    "offer",
    "order",
    "relationship",
    "roster",
    "terms",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import opencmr` alone costs next to nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module 'opencmr' has no attribute {name!r}")
    found = getattr(import_module(f".{_WHERE[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
