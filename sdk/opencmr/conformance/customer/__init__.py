"""What must hold for a customer, and the stage on which it is shown."""

from ..suite import Check, each
from .checks import answers, believes, says
from .stage import Played, Stage

CHECKS: list[Check[Stage]] = list(each((says, believes, answers)))
"""Every check of a customer."""

__all__ = ["CHECKS", "Played", "Stage"]
