"""What must hold for a vendor, by pages of the specification."""

from ..hand import Bench
from ..suite import Check, each
from . import (
    bounds,
    consent,
    core,
    data,
    envelope,
    files,
    identity,
    intent,
    lifecycles,
    orders,
    receiving,
    relationship,
    restores,
    sequence,
    terms,
    transport,
)

CHECKS: list[Check[Bench]] = list(
    each(
        [
            *(
                module.page
                for module in (
                    transport, envelope, identity, receiving, sequence, restores, lifecycles, core, terms, consent,
                    bounds, intent, orders, data, relationship, files,
                )
            ),
            bounds.vocabulary,
        ]
    )
)  # fmt: skip
"""Every check of a vendor; those of its introduction first."""
