"""The examples of the specification, each as a parameter: `valid` and `invalid` are files, `type_` a message type."""

from pathlib import Path

import pytest

from opencmr import _spec, messages


def _files(kind: str) -> list[Path]:
    return sorted(_spec.root().glob(f"*/examples/{kind}/*.json"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for kind in ("valid", "invalid"):
        if kind in metafunc.fixturenames:
            metafunc.parametrize(kind, _files(kind), ids=lambda file: file.stem)
    if "type_" in metafunc.fixturenames:
        metafunc.parametrize("type_", sorted(messages.BODIES))
