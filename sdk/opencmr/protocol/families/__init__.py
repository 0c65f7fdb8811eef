"""The families, one module each, asked through `FAMILIES`: the core imports none of them by its name.

A family has rooms of its name, and is registered in one place:

    spec/v1/<name>/                     its page, schemas, examples, lifecycle and answers
    opencmr/messages/<name>.py          what its messages say
    opencmr/protocol/families/<name>    what they fold to, and mean to the rest
    opencmr/messages/families.py        the registration
"""

from importlib import import_module

from ... import _spec
from ...messages import BODIES, families
from ..family import Family
from ..lifecycle import lifecycle


def _found(name: str) -> Family:
    """The family of this name, and nothing of it missing.

    Raises:
        ImportError: Says what is.
    """
    where = f"opencmr/protocol/families/{name}"
    try:
        found = getattr(import_module(f".{name}", __name__), "FAMILY", None)
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise ImportError(f"the family {name} has no module {where}, which says what its messages fold to") from None
    if not isinstance(found, Family) or found.name != name:
        raise ImportError(f"{where} has no FAMILY = Family(name={name!r}, …)")
    modules = {module.__name__ for module in families.FAMILIES[name]}
    said = {body.type for body in BODIES.values() if body.__module__ in modules}
    ruled = {type_ for _, type_, _ in lifecycle(name).rows} | lifecycle(name).narrowing.keys()
    for type_ in sorted(said ^ ruled):
        lacks = f"spec/v1/{name}/lifecycle.json says in no state" if type_ in said else "no module says"
        raise ImportError(f"the family {name} is not whole: {lacks} {type_}")
    for type_ in sorted(said):
        if not (_spec.root() / name / f"{type_}.schema.json").is_file():
            raise ImportError(f"the family {name} is not whole: spec/v1/{name}/{type_}.schema.json is not there")
    return found


FAMILIES: dict[str, Family] = {name: _found(name) for name in families.FAMILIES}
"""Name → family, in the order of their registration."""
