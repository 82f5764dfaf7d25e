"""Shapes in a function that are cheap to change, found by reading it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeGuard

from bench.explain.patterns.edits import Edit, before, replacing, spanning
from bench.explain.patterns.hoisting import Function, Hoist, Hoisting, edits_of, inside, is_dotted
from bench.explain.patterns.regexes import regexes
from bench.explain.rank.sources import Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CHAIN = 4
_SHOWN = 5


@dataclass(frozen=True)
class Shape:
    """What was seen, in which line, and what to write; without `edits` nothing can be tried.

    It matters only where one of `lines` runs. `spares_calls`: what the function calls can be saved
    too, not only its own time.
    """

    line: int
    evidence: str
    change: str
    lines: tuple[int, ...]
    edits: tuple[Edit, ...] = ()
    spares_calls: bool = False


def all_functions(source: Source) -> Iterator[tuple[str, Function]]:
    """The functions of a file with their qualified names."""
    return ((".".join(path), node) for path, node in _functions(source.tree, ()))


def functions_of(source: Source, name: str) -> list[Function]:
    """The functions of a file that have this name: qualified (`A.go`), or the last part alone."""
    wanted = name.replace("<locals>.", "").split(".")
    return [
        node for path, node in _functions(source.tree, ()) if path[-len(wanted) :] == tuple(wanted)
    ]


def shapes_of(source: Source, function: Function, stored: Collection[str]) -> Iterator[Shape]:
    """The shapes of a function of a file; `stored` is what is assigned late (`hoisting`)."""
    hoisting = Hoisting(function, stored)
    patterns, calls, edits = regexes(source, function)
    if patterns:
        yield _regexes(patterns, calls, edits)
        hoisting.covered |= {id(one) for call in calls for one in ast.walk(call)}
    yield from _parsing(list(hoisting.parsing()))
    yield from _attributes(list(hoisting.attributes()))
    yield from _chains(function)
    yield from _equality(function)
    yield from _comparisons(function)


def _functions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            inner = (*path, child.name)
            if isinstance(child, _FUNCTIONS):
                yield inner, child
            yield from _functions(child, inner)
        else:
            yield from _functions(child, path)


def _attributes(hoists: list[Hoist]) -> Iterator[Shape]:
    """Dotted names read in each turn of loops that do not change them: all of them at once."""
    if not hoists:
        return
    names = list(dict.fromkeys(f"`{one.text}`" for one in hoists))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    lines = sorted({one.loop.lineno for one in hoists})
    loops = "a loop that does" if len(lines) == 1 else f"{len(lines)} loops that do"
    yield Shape(
        lines[0],
        f"{', '.join(names[:_SHOWN])}{more} looked up in each turn of {loops} not change it",
        "look it up once, before the loop",
        tuple(read.lineno for one in hoists for read in one.reads),
        edits_of(hoists),
    )


def _parsing(hoists: list[Hoist]) -> Iterator[Shape]:
    """Something made in a loop from what the loop does not change."""
    for one in hoists:
        yield Shape(
            one.reads[0].lineno,
            f"`{one.text}` is made anew in each turn of a loop",
            "make it once, before the loop (all turns then share it)",
            tuple(read.lineno for read in one.reads),
            edits_of([one]),
            spares_calls=True,
        )


def _regexes(patterns: list[str], calls: list[ast.Call], edits: list[Edit]) -> Shape:
    """Patterns that are looked up, or parsed, in each call."""
    shown = ", ".join(f"`{one}`" for one in patterns[:_SHOWN])
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    lines = tuple(one.lineno for one in calls)
    return Shape(
        lines[0],
        f"the pattern {shown}{more} is given to `re` in each call",
        "compile it once, with the module",
        lines,
        tuple(edits),
        spares_calls=True,
    )


def _chains(function: Function) -> Iterator[Shape]:
    """One object asked for its type again and again."""
    joined: list[Edit] = []
    for one in ast.walk(function):
        if isinstance(one, ast.BoolOp) and isinstance(one.op, ast.Or):
            joined += _joined(one)
    if joined:
        yield Shape(
            min(edit.start[0] for edit in joined),
            "`isinstance` is called again for the same object where one call could name all types",
            "one `isinstance` with a tuple of types",
            tuple(edit.start[0] for edit in joined),
            tuple(joined),
        )
    asked = Counter(ast.unparse(one.args[0]) for one in ast.walk(function) if _asks(one))
    for name, times in asked.items():
        if times >= _CHAIN:
            yield Shape(
                function.lineno,
                f"`{name}` is asked for its type in {times} places",
                "ask for the commonest type first, or look `type(…)` up in a dictionary",
                tuple(one.lineno for one in function.body),
            )


def _joined(test: ast.BoolOp) -> Iterator[Edit]:
    """Neighbours in an `or` that ask the same object become one call."""
    for run in _neighbours(test.values):
        types = [part for call in run for part in _types(call.args[1])]
        text = f"isinstance({ast.unparse(run[0].args[0])}, ({', '.join(types)}))"
        yield spanning(run[0], run[-1], text)


def _neighbours(values: Iterable[ast.expr]) -> Iterator[list[ast.Call]]:
    """Two or more in a row that ask the same object."""

    def asked(one: ast.expr) -> str:
        return ast.dump(one.args[0]) if _asks(one) else ""

    for same, group in groupby(values, asked):
        calls = [one for one in group if isinstance(one, ast.Call)]
        if same and len(calls) > 1:
            yield calls


def _types(node: ast.expr) -> list[str]:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return [ast.unparse(one) for one in parts]


def _asks(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether it is `isinstance` of something that can be named twice."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and len(node.args) == 2
        and isinstance(node.args[0], ast.Name | ast.Attribute)
    )


def _equality(function: Function) -> Iterator[Shape]:
    """An `__eq__` that compares fields of an object with itself."""
    identity = any(
        isinstance(op, ast.Is | ast.IsNot)
        for one in ast.walk(function)
        if isinstance(one, ast.Compare)
        for op in one.ops
    )
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if function.name != "__eq__" or identity or len(names) != 2:
        return
    test = f"if {names[0]} is {names[1]}:"
    first = next((one for one in function.body if not _is_docstring(one)), function.body[-1])
    own_line = first.lineno > function.lineno
    yield Shape(
        function.lineno,
        "`__eq__` compares field by field also when both are one object",
        f"`{test} return True` first",
        (first.lineno,),
        (before(first, test, "    return True"),) if own_line else (),
        spares_calls=True,
    )


def _comparisons(function: Function) -> Iterator[Shape]:
    """`==` of two named things in a loop, which may often be one object: all of them at once."""
    found = [
        one
        for loop in inside(function.body)
        if isinstance(loop, ast.For | ast.AsyncFor | ast.While)
        for one in inside([loop])
        if isinstance(one, ast.Compare) and _could_be_identical(one)
    ]
    by_id = {id(one): one for one in found}
    if not by_id:
        return
    texts = list(dict.fromkeys(f"`{ast.unparse(one)}`" for one in by_id.values()))
    edits = []
    for one in by_id.values():
        left, right = ast.unparse(one.left), ast.unparse(one.comparators[0])
        edits.append(replacing(one, f"({left} is {right} or {left} == {right})"))
    yield Shape(
        found[0].lineno,
        f"{', '.join(texts[:_SHOWN])} in a loop compares whole objects also when both are one",
        "`is` before `==`, unless something is not equal to itself",
        tuple(one.lineno for one in by_id.values()),
        tuple(edits),
        spares_calls=True,
    )


def _could_be_identical(node: ast.Compare) -> bool:
    sides = [node.left, *node.comparators]
    named = all(isinstance(one, ast.Name | ast.Attribute) and is_dotted(one) for one in sides)
    return named and len(sides) == 2 and isinstance(node.ops[0], ast.Eq)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
