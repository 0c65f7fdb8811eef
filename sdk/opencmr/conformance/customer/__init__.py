"""What must hold for a customer, and the stage on which it is shown."""

from ..suite import Check, each
from . import answers, believes, data, relationship, says, sequence
from .played import Played
from .stage import Stage

CHECKS: list[Check[Stage]] = list(
    each(module.page for module in (says, believes, sequence, answers, data, relationship))
)
"""Every check of a customer."""

__all__ = ["CHECKS", "Played", "Stage"]
