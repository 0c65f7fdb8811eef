"""Making mutants of the rules: each condition, each refusal and each deadline of the folds, wrong in one place."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

MODULES = (
    "families.consent", "families.terms", "families.intent.dealing", "families.intent.sums",
    "families.intent.returning", "families.intent.performing", "families.intent.basis", "roster", "thread", "receiving",
    "history", "binding", "facts", "statements", "decisions", "vocabulary",
)  # fmt: skip
"""Of `opencmr.protocol`, those that hold the rules."""


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        module: Of `opencmr.protocol`.
        function: Its qualified name there.
        lines: The first and the last of the statement that it is in; of a compound one, its head.
        says: What is wrong.
        rule: The requirement that the place names; empty: none.
        number: Which of the module's places.
    """

    module: str
    function: str
    lines: tuple[int, int]
    says: str
    rule: str
    number: int

    @property
    def name(self) -> str:
        """As lists of survivors have it: a line number would not last."""
        return f"{self.module.rpartition('.')[2]}.{self.function}: {self.says}"


OURS = ("raise AssertionError", "raise UsageError", "raise ValueError")
"""What no message can bring about."""


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, Callable[[Any], Any]]]:
    """What can be wrong below a node: where, what, and a function that makes it so in a copy of that place."""
    # What an answer advises besides (`expected`) is no rule.
    advice = {
        id(below)
        for each in ast.walk(node)
        if isinstance(each, ast.keyword) and each.arg == "expected"
        for below in ast.walk(each)
    }
    for each in ast.walk(node):
        if id(each) in advice:
            continue
        text = ast.unparse(each)[:70].split("\n")[0]
        if isinstance(each, ast.Raise) and not text.startswith(OURS):
            yield each, f"passes over `{text}`", lambda it: ast.Pass()
        elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            yield each, f"leaves out `{text}`", lambda it: ast.Pass()
        elif isinstance(each, ast.If | ast.IfExp | ast.While) and not _refuses(each):
            condition = ast.unparse(each.test)[:70]
            yield each, f"turns `{condition}` round", _turned
        elif isinstance(each, ast.comprehension):
            for number, condition in enumerate(each.ifs):
                yield each, f"takes all, not `{ast.unparse(condition)[:60]}`", _without_if(number)
        elif isinstance(each, ast.BoolOp):
            for number, operand in enumerate(each.values):
                yield each, f"leaves `{ast.unparse(operand)[:60]}` out of `{text}`", _without_operand(number)
        elif isinstance(each, ast.Compare) and len(each.ops) == 1 and type(each.ops[0]) in _BOUNDS:
            yield each, f"one step off in `{text}`", _bound
        elif isinstance(each, ast.Call) and getattr(each.func, "id", "") in ("min", "max", "any", "all"):
            yield each, f"the other of {each.func.id} in `{text}`", _other  # type: ignore[attr-defined]


def _refuses(it: Any) -> bool:
    """Whether a condition does nothing but refuse: that it is passed over is a mutant of its own."""
    return isinstance(it, ast.If) and isinstance(it.body[-1], ast.Raise) and not it.orelse


_BOUNDS: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OTHERS = {"min": "max", "max": "min", "any": "all", "all": "any"}


def _turned(it: Any) -> Any:
    it.test = ast.UnaryOp(ast.Not(), it.test)
    return it


def _without_if(number: int) -> Callable[[Any], Any]:
    def change(it: Any) -> Any:
        del it.ifs[number]
        return it

    return change


def _without_operand(number: int) -> Callable[[Any], Any]:
    def change(it: Any) -> Any:
        del it.values[number]
        return it.values[0] if len(it.values) == 1 else it

    return change


def _bound(it: Any) -> Any:
    it.ops = [_BOUNDS[type(it.ops[0])]()]
    return it


def _other(it: Any) -> Any:
    it.func.id = _OTHERS[it.func.id]
    return it


_TOLD = ("as_dict", "in_brief", "in_full", "in_words", "_owed", "firm")
"""What writes a record down, or shows a part of it, holds no rule."""


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name not in _TOLD:
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name not in _TOLD:
                    yield f"{node.name}.{inner.name}", inner


class _At(ast.NodeTransformer):
    def __init__(self, place: ast.AST, change: Callable[[Any], Any]) -> None:
        self.place, self.change = place, change

    def visit(self, node: ast.AST) -> Any:
        return self.change(node) if node is self.place else self.generic_visit(node)


def _rule(node: ast.AST) -> str:
    """The requirement that a place names, or what is said in it."""
    for each in ast.walk(node):
        if isinstance(each, ast.keyword) and each.arg == "rule" and isinstance(each.value, ast.Constant):
            return str(each.value.value)
    return ""


def _lines(node: ast.AST, around: tuple[int, int] = (0, 0)) -> Iterator[tuple[int, tuple[int, int]]]:
    """Id of each node from here on → the lines of the innermost statement that it is in."""
    if isinstance(node, ast.stmt | ast.ExceptHandler):
        inner = getattr(node, "body", ())
        last = inner[0].lineno - 1 if inner else node.end_lineno or node.lineno
        around = node.lineno, max(node.lineno, last)
    yield id(node), around
    for each in ast.iter_child_nodes(node):
        yield from _lines(each, around)


def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(f"opencmr.protocol.{module}"))


def every(modules: tuple[str, ...] = MODULES) -> list[Mutant]:
    """All mutants of these modules."""
    found = []
    for module in modules:
        number = 0
        for function, node in _functions(ast.parse(_source(module))):
            lines = dict(_lines(node))
            for place, says, _ in _places(node):
                found.append(Mutant(module, function, lines[id(place)], says, _rule(place), number))
                number += 1
    return found


def code_of(mutant: Mutant) -> CodeType:
    """The code of the function with the fault in it."""
    tree = ast.parse(_source(mutant.module))
    places = [place for _, node in _functions(tree) for place in _places(node)]
    place, _, change = places[mutant.number]
    changed = ast.fix_missing_locations(_At(place, change).visit(tree))
    return next(
        code for code in codes_in(compile(changed, mutant.module, "exec")) if code.co_qualname == mutant.function
    )


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code within other code, at any depth."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from codes_in(const)
