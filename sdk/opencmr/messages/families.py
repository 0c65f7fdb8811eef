"""The one registration of the families: what each of them says, and by its name where its other rooms are."""

from types import ModuleType

from . import consent, data, intent, key, offer, order, relationship, terms

FAMILIES: dict[str, tuple[ModuleType, ...]] = {
    "terms": (terms,),
    "consent": (consent,),
    "intent": (intent, offer, order),
    "data": (data,),
    "relationship": (relationship, key),
}
"""Family → the modules with its bodies. A family has a folder of its name in `spec/v1/`, and a module of its name in
`opencmr/protocol/families/`."""
