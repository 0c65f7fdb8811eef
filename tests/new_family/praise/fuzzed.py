"""Which words of praise the fuzzing of folds knows, and what some hundred of its inputs find."""

from fuzz.folds import _WORDS
from fuzz.registry import TARGETS
from fuzz.runner import run_chunk

print(*sorted(type_ for type_, _ in _WORDS if "praise" in type_))
(folds,) = [target for target in TARGETS if target.name == "folds"]
print(run_chunk(folds, 1, 0, 200).faults)
