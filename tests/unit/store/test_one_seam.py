"""What is special about one database is said in `store/backends`, and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import opencmr

SDK = Path(opencmr.__file__).parent
WORDS = ("sqlite", "postgresql", "psycopg", "PRAGMA", "pragma")
"""As code writes them. Sentences for people may say what a store is kept in: SQLite, PostgreSQL."""


def mentions(source: str) -> Iterator[str]:
    """The lines of a module that are about one database; docstrings, which are for people, aside."""
    if not any(word in source for word in (*WORDS, "dialect.name")):
        return
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(said)) if id(node) not in prose:
                names = [said]
            case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.Attribute(value=ast.Attribute(attr="dialect"), attr="name"):
                names = [WORDS[0]]
            case ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                names = [name]
            case ast.Import(names=found):
                names = [alias.name for alias in found]
            case ast.ImportFrom(module=module, names=found):
                names = [module or "", *(alias.name for alias in found)]
            case _:
                continue
        if any(word in name for name in names for word in WORDS):
            yield ast.unparse(node)


def test_nothing_but_the_backends_knows_a_database_by_name() -> None:
    outside = [path for path in SDK.rglob("*.py") if SDK / "store" / "backends" not in path.parents]
    found = {str(path.relative_to(SDK)): list(mentions(path.read_text())) for path in outside}
    assert len(found) > 200
    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3",
        "from sqlalchemy.dialects.postgresql import insert",
        "if connection.dialect.name == name: pass",
        "connection.execute('PRAGMA journal_mode')",
        "Index('i', sqlite_where=rows)",
        "def _postgresql(): pass",
    ],
)
def test_a_mention_is_found(source: str) -> None:
    assert list(mentions(source))


def test_words_for_people_are_none() -> None:
    assert not list(mentions('"""A file of sqlite."""\nhelp = "Kept in SQLite or PostgreSQL."'))
