"""Shapes in a function that are cheap to change, found by reading it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench.imports.sources import Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_PARSERS = frozenset(
    {"re.compile", "json.loads", "ast.parse", "Path", "datetime.fromisoformat", "urlparse"}
)
_REPEATED = 3
_CHAIN = 4


@dataclass(frozen=True)
class Shape:
    """What was seen, in which line, and what to write."""

    line: int
    evidence: str
    change: str


def shapes_of(source: Source, function: str) -> Iterator[Shape]:
    """The shapes in all functions of a file that have this name."""
    for node in ast.walk(source.tree):
        if isinstance(node, _FUNCTIONS) and node.name == function:
            yield from _attributes(node)
            yield from _parsing(node)
            yield from _chains(node)
            yield from _equality(node)


def _attributes(function: ast.AST) -> Iterator[Shape]:
    """The same dotted name read again and again in a loop that does not change it."""
    for loop in (one for one in ast.walk(function) if isinstance(one, _LOOPS)):
        changed = _changed(loop)
        dotted = [
            one
            for one in ast.walk(loop)
            if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load) and _is_dotted(one)
        ]
        parts = {id(one.value) for one in dotted}
        reads = Counter(ast.unparse(one) for one in dotted if id(one) not in parts)
        for name, times in reads.items():
            if times >= _REPEATED and not _touches(name, changed):
                yield Shape(
                    loop.lineno,
                    f"`{name}` is looked up {times} times in each turn of a loop",
                    f"look `{name}` up once, before the loop",
                )


def _parsing(function: ast.AST) -> Iterator[Shape]:
    """Something parsed in a loop from what the loop does not change."""
    for loop in (one for one in ast.walk(function) if isinstance(one, _LOOPS)):
        changed = _changed(loop)
        for call in (one for one in ast.walk(loop) if isinstance(one, ast.Call)):
            name = ast.unparse(call.func)
            used = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
            if name in _PARSERS and not used & changed:
                yield Shape(
                    call.lineno,
                    f"`{ast.unparse(call)}` is made anew in each turn of a loop",
                    "make it once, before the loop",
                )


def _chains(function: ast.AST) -> Iterator[Shape]:
    """One object asked for its type again and again."""
    asked = Counter(
        ast.unparse(one.args[0])
        for one in ast.walk(function)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id == "isinstance"
        and len(one.args) == 2
    )
    for name, times in asked.items():
        if times >= _CHAIN:
            yield Shape(
                getattr(function, "lineno", 0),
                f"`{name}` is asked {times} times for its type",
                "ask for the commonest type first, or look `type(…)` up in a dictionary",
            )


def _equality(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Shape]:
    """An `__eq__` that compares fields of an object with itself."""
    identity = any(
        isinstance(op, ast.Is | ast.IsNot)
        for one in ast.walk(function)
        if isinstance(one, ast.Compare)
        for op in one.ops
    )
    if function.name == "__eq__" and not identity:
        yield Shape(
            function.lineno,
            "`__eq__` compares field by field also when both are one object",
            "`if self is other: return True` first",
        )


def _changed(loop: ast.AST) -> set[str]:
    """Names that a loop binds, and dotted names that it assigns to."""
    found = set()
    for one in ast.walk(loop):
        if isinstance(one, ast.Name | ast.Attribute) and not isinstance(one.ctx, ast.Load):
            found.add(ast.unparse(one))
    return found


def _touches(name: str, changed: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[: end + 1]) in changed for end in range(len(parts)))


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
