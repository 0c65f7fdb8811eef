"""Mutants of the rules: each condition, each refusal and each deadline of the folds, wrong in one place.

    python tests/conformance/mutants.py --module families.consent --verbose

A second copy of the SDK is loaded under another name, and one function of it is changed: the suite that looks for the
fault is right. A mutant that neither the suite nor the vectors catch answers as what is right does, or shows what
nobody checks. `ALIKE` says of which it is known.
"""

import argparse
import ast
import importlib
import importlib.util
import inspect
import logging
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from inprocess import MEMORY, suite_against  # noqa: E402  # it is found beside this file

import opencmr  # noqa: E402
from opencmr.conformance.suite import Check, Result  # noqa: E402
from opencmr.conformance.vendor import CHECKS  # noqa: E402

PACKAGE = "opencmr_mutant"
MODULES = (
    "families.consent", "families.terms", "families.intent.dealing", "families.intent.sums",
    "families.intent.returning", "families.intent.performing", "families.intent.basis", "roster", "thread", "receiving",
    "history", "binding", "facts", "statements", "decisions", "vocabulary",
)  # fmt: skip
LONGEST = 300.0
"""Seconds for one mutant; one that hangs is caught."""
PAGES = {
    "families.consent": ("consent/", "intent/"),
    "families.terms": ("terms/",),
    "families.intent.dealing": ("intent/", "lifecycles/"),
    "families.intent.sums": ("orders/", "intent/"),
    "families.intent.returning": ("orders/",),
    "roster": ("terms/", "intent/"),
    "thread": ("sequence/", "lifecycles/", "receiving/"),
    "receiving": ("receiving/", "envelope/", "restores/"),
    "history": ("intent/", "terms/", "sequence/"),
    "vocabulary": ("consent/", "intent/"),
}
"""Module → the pages whose checks are tried first."""


KINDS = ("thread", "decision", "decision-roster")
"""Of the vectors that are about rules."""
INSIDE = ("decisions", "statements", "binding", "facts", "families.intent.performing")
"""Modules whose answers stay inside of a vendor: the suite is asked only where no vector has caught a mutant."""


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        module: Of `opencmr.protocol`.
        function: Its qualified name there.
        line: Where.
        says: What is wrong.
        rule: The requirement that the place names; empty: none.
        number: Which of the module's places.
    """

    module: str
    function: str
    line: int
    says: str
    rule: str
    number: int

    @property
    def name(self) -> str:
        """As lists of survivors have it: a line number would not last."""
        return f"{self.module.rpartition('.')[2]}.{self.function}: {self.says}"


# Making


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


_TOLD = ("as_dict", "in_brief", "in_full", "in_words")
"""What writes a record down holds no rule."""


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
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


def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(f"opencmr.protocol.{module}"))


def every(modules: tuple[str, ...] = MODULES) -> list[Mutant]:
    """All mutants of these modules."""
    found = []
    for module in modules:
        number = 0
        for function, node in _functions(ast.parse(_source(module))):
            for place, says, _ in _places(node):
                found.append(Mutant(module, function, getattr(place, "lineno", 0), says, _rule(place), number))
                number += 1
    return found


def _code(mutant: Mutant) -> CodeType:
    """The code of the function with the fault in it."""
    tree = ast.parse(_source(mutant.module))
    places = [place for _, node in _functions(tree) for place in _places(node)]
    place, _, change = places[mutant.number]
    changed = ast.fix_missing_locations(_At(place, change).visit(tree))
    return next(code for code in _codes(compile(changed, mutant.module, "exec")) if code.co_qualname == mutant.function)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def load(*, warm: bool = True) -> None:
    """Load the second copy of the SDK; `warm`: make what is made once, so that no mutant has to make it."""
    home = Path(opencmr.__file__)
    spec = importlib.util.spec_from_file_location(PACKAGE, home, submodule_search_locations=[str(home.parent)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    for name in ("conformance.testmode", "conformance.vectors", *(f"protocol.{each}" for each in MODULES)):
        importlib.import_module(f"{PACKAGE}.{name}")
    tempfile.tempdir = str(MEMORY) if MEMORY.is_dir() else None
    if warm:
        logging.disable(logging.CRITICAL)
        assert not suite_against(checks=CHECKS[:20], package=PACKAGE).broken
        assert not by_vectors()


def put_in(mutant: Mutant) -> None:
    """Change the second copy."""
    module = importlib.import_module(f"{PACKAGE}.protocol.{mutant.module}")
    owner, _, name = mutant.function.rpartition(".")
    found: Any = vars(getattr(module, owner))[name] if owner else getattr(module, name)
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or found
    inspect.unwrap(found).__code__ = _code(mutant)
    for there in list(sys.modules.values()):
        if isinstance(there, ModuleType) and there.__name__.startswith(PACKAGE + ".protocol"):
            for each in vars(there).values():
                if callable(clear := getattr(each, "cache_clear", None)):
                    clear()


# Catching


class _Caught(Exception):  # it ends a run
    pass


def _in_turn(mutant: Mutant) -> list[Check[Any]]:
    """The checks, the likeliest first."""
    pages = PAGES.get(mutant.module, ("intent/",))

    def place(check: Check[Any]) -> int:
        return 0 if mutant.rule in check.requirements else 1 if check.id.startswith(pages) else 2

    return sorted(CHECKS, key=place)


def by_suite(mutant: Mutant) -> str:
    """The first check that catches the mutant that was put in; empty: none."""

    def look(result: Result) -> None:
        if result.outcome != "passed":
            raise _Caught(result.check.id)

    try:
        suite_against(checks=_in_turn(mutant), package=PACKAGE, on_result=look)
    except _Caught as caught:
        return str(caught)
    return ""


def by_vectors() -> str:
    """The first vector that catches the mutant that was put in; empty: none. Those that need no store come first."""
    vectors = importlib.import_module(f"{PACKAGE}.conformance.vectors")
    folder = vectors.shipped()
    stored = ("threads/receiving.json", "threads/collecting.json")
    files = [name for name, listed in folder.files.items() if listed["kind"] in KINDS]
    for name in sorted(files, key=lambda name: name in stored):
        try:
            for result in vectors._run_file(folder, name, folder.files[name]):
                if not result.passed:
                    return f"{result.file} {result.id}"
        except Exception as error:  # a fault may break more than an answer
            return f"{name}: {type(error).__name__}"
    return ""


LOST = "by nothing"


@dataclass(frozen=True)
class Found:
    """What caught a mutant."""

    suite: str
    vectors: str

    def how(self, mutant: Mutant) -> str:
        """In a word or two."""
        if self.suite and self.vectors:
            return "by both"
        if self.suite or self.vectors:
            return "by the suite" if self.suite else "by vectors"
        return "known to be alike" if mutant.name in ALIKE else LOST


def hunt(mutant: Mutant) -> Found:
    """What catches a mutant; in a process of its own, which may be ended."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def work() -> None:
        logging.disable(logging.CRITICAL)
        put_in(mutant)
        caught = by_vectors()
        theirs.send(caught)
        theirs.send("" if caught and mutant.module in INSIDE else by_suite(mutant))

    process = context.Process(target=work, daemon=True)
    process.start()
    theirs.close()
    told, until = [], time.monotonic() + LONGEST
    try:
        while len(told) < 2:
            if not ours.poll(max(0.0, until - time.monotonic())):
                told.append("it hangs")
                continue
            told.append(ours.recv())
    except EOFError:
        told += ["it ends"] * (2 - len(told))
    finally:
        process.kill()
        process.join()
    return Found(suite=told[1], vectors=told[0])


ALIKE: dict[str, str] = {
    "sums._check_sum: passes over `raise WrongTotal(why, pointer=where, rule=rule)`":
        "the refusal after it says the same, with advice that is of no use",
    "dealing.Dealing.firm: one step off in `at < each.expires`": "no rule asks it",
    "dealing.Dealing.firm: leaves `each.state == 'firm'` out of `each.state == 'firm' and at < each.expires`":
        "no rule asks it",
    "dealing.Dealing.firm: leaves `at < each.expires` out of `each.state == 'firm' and at < each.expires`":
        "no rule asks it",
    "consent._within: leaves `asked.period is None` out of `granted.period is None or asked.period is None`":
        "a retention without a moment has a period, by the model",
    "receiving.settle: passes over `raise Behind('a word of ours that you have seen is not held here', poi`":
        "the transaction has asked before",
    "history.History.pass_over: leaves out `self._placed(*of)`": "for parts of evidence; tests of the folder hold it",
    "history.History.pass_over: leaves out `self._add(digest, message.created, message.id)`":
        "for parts of evidence; tests of the folder hold it",
    "basis._permits_marketing: takes all, not `name in near`": "what is left out speaks of other data",
    "binding._ruled: leaves `rule.effect != 'oblige'` out of `rule.effect != 'oblige' and rule.action is not None`":
        "a rule that obliges has no action, by the model",
    "statements.begins: one step off in `own.created > at`": "the later of two equal instants is either",
    "history.History.hear: leaves `counts` out of `counts and self.chain.place_of(digest) is None`":
        "what does not count is passed over later, too",
    "decisions._Noes.lifted_by: one step off in `yes.own.place > self.last`": "no word knows its own place",
}  # fmt: skip
"""Name → why the mutant answers as what is right does: neither the suite nor a vector could tell."""

HANDFUL = (
    "consent.Consent._granted: leaves out `_check_within(body, self.request)`",
    "consent._check_item: leaves out `_check_listed(item.stored_in, asked.stored_in, (*path, 'storedIn'), li`",
    "dealing.Dealing._wished: leaves out `check_terms('data', body.on_accept, ('body', 'onAccept'))`",
    "roster.resolve: leaves out `check_term('action', rule.action, (*at, 'action'))`",
)
"""Names of some that every run of the tests looks for: both the suite and the vectors catch them soon."""


def main() -> int:
    """Hunt mutants, and print what caught them."""
    parser = argparse.ArgumentParser(description="Mutants of the rules, and what catches them")
    parser.add_argument("--module", default=",".join(MODULES), help="of " + ",".join(MODULES))
    parser.add_argument("--sample", type=int, help="so many of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--handful", action="store_true", help="a few, by name")
    parser.add_argument("--verbose", action="store_true", help="a line for each")
    asked = parser.parse_args()
    mutants = [one for one in every(tuple(asked.module.split(","))) if not asked.handful or one.name in HANDFUL]
    random.Random(asked.seed).shuffle(mutants)
    # What refuses comes first: each is a rule.
    mutants.sort(key=lambda one: not one.says.startswith(("passes over", "leaves out")))
    load(warm=not asked.handful)
    counted: Counter[str] = Counter()
    for mutant in mutants[: asked.sample]:
        found = hunt(mutant)
        counted[how := found.how(mutant)] += 1
        if asked.verbose or how == LOST:
            where = f"{found.suite or '-'} | {found.vectors or '-'}"
            print(f"{how:17} {mutant.line:4} {mutant.name}  [{where}]", flush=True)
    print(f"{counted.total()} mutants: " + ", ".join(f"{number} {how}" for how, number in counted.items()))
    return int(bool(counted[LOST]) or (asked.handful and counted.total() != len(HANDFUL)))


if __name__ == "__main__":
    sys.exit(main())
