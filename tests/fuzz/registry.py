"""All targets, and how a run is shared among them."""

from collections.abc import Sequence

from . import backup, chains, documents, evidence, folds, models, receiving, restores, sessions, strict
from .target import Target

TARGETS: tuple[Target, ...] = (
    *strict.TARGETS,
    *models.TARGETS,
    *receiving.TARGETS,
    *folds.TARGETS,
    *documents.TARGETS,
    *evidence.TARGETS,
    *sessions.TARGETS,
    *chains.TARGETS,
    *restores.TARGETS,
    *backup.TARGETS,
)


def chosen(names: Sequence[str]) -> tuple[Target, ...]:
    """The targets of these names, or all.

    Raises:
        SystemExit: There is no such target.
    """
    unknown = set(names) - {target.name for target in TARGETS}
    if unknown:
        raise SystemExit(f"no target {', '.join(sorted(unknown))}")
    return tuple(target for target in TARGETS if not names or target.name in names)


def shares(targets: Sequence[Target], inputs: int, chunk: int) -> dict[str, int]:
    """Target → how many chunks of so many inputs in all are its own; at least one."""
    whole = sum(target.share for target in targets)
    return {target.name: max(1, -(-inputs * target.share // whole // chunk)) for target in targets}
