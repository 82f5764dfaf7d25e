"""Where the import of a deferred name goes: once, at the top of the function that needs it.

Unless the function ran in a scenario without needing the name: then in the smallest blocks that did
not run, so that it is not imported all the same.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bench.explain.rank.rewriting.pairing import Pairs
from bench.explain.rank.scopes import Use

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class ImportPlacing:
    """For one file; `ran` are those of its lines that some scenario ran."""

    pairs: Pairs
    ran: Collection[int]
    above: dict[int, tuple[Function, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._find_above(self.pairs.tree, ())

    def spots(self, uses: Sequence[Use], home: ast.AST) -> list[ast.stmt]:
        """The statements to put imports before, for all uses; the name was bound in `home`."""
        by_function = defaultdict[int, list[Use]](list)
        functions: dict[int, Function] = {}
        for use in uses:
            assert isinstance(use.function, Function)
            by_function[id(use.function)].append(use)
            functions[id(use.function)] = use.function
        found, whole = list[ast.stmt](), set[int]()
        # Outer functions first: an import at the top of one serves those within.
        for key in sorted(functions, key=lambda one: len(self.above[one])):
            if any(id(outer) in whole for outer in self.above[key]):
                continue
            function = functions[key]
            if function is home or self._ran(function.body):
                found += self._in_block(function.body, by_function[key], 0)
            else:
                whole.add(key)
                found.append(_after_docstring(function.body))
        return found

    def together(self, spots: Sequence[ast.stmt]) -> dict[int, ast.stmt]:
        """By the `id` of each spot the one to take: of a block the first, so that imports stand
        together where the scenarios ran all from there to the last spot, or nothing of it.
        """
        wanted = {id(one) for one in spots}
        found = {id(one): one for one in spots}
        for block in _all_blocks(self.pairs.tree):
            places = [n for n, one in enumerate(block) if id(one) in wanted]
            for place in places[1:]:
                between = block[places[0] : place + 1]
                if len({self._reached(one) for one in between}) == 1:
                    found[id(block[place])] = block[places[0]]
        return found

    def _in_block(
        self, block: Sequence[ast.stmt], uses: list[Use], depth: int
    ) -> Iterator[ast.stmt]:
        """The block was entered: before the first statement that was not reached, or within one.

        `depth` is the block's place in the chain of statements around each use.
        """
        while uses:
            position = min(_position(block, use, depth) for use in uses)
            statement = block[position]
            pair = self.pairs.of(statement)
            if pair.movable and not self._reached(statement):
                yield statement
                return
            within = [use for use in uses if use.statements[depth] is statement]
            uses = [use for use in uses if use.statements[depth] is not statement]
            yield from self._within(statement, within, depth)
            # What was put in front of the statement itself serves the rest too.
            if any(len(use.statements) == depth + 1 for use in within) and pair.movable:
                return

    def _within(self, statement: ast.stmt, uses: list[Use], depth: int) -> Iterator[ast.stmt]:
        if any(len(use.statements) == depth + 1 for use in uses):
            yield statement
            return
        for block in blocks(statement):
            inner = [use for use in uses if _is_in(block, use.statements[depth + 1])]
            if not inner:
                continue
            if self._ran(block) or self.pairs.of(block[0]).movable is False:
                yield from self._in_block(block, inner, depth + 1)
            else:
                yield _after_docstring(block)

    def _ran(self, block: Sequence[ast.stmt]) -> bool:
        return any(self._reached(one) for one in block)

    def _reached(self, statement: ast.stmt) -> bool:
        last = statement.end_lineno or statement.lineno
        return any(line in self.ran for line in range(first_line(statement), last + 1))

    def _find_above(self, node: ast.AST, above: tuple[Function, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                self.above[id(child)] = above
                self._find_above(child, (*above, child))
            else:
                self._find_above(child, above)


def _all_blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.Module):
            yield from blocks(node)


def blocks(statement: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks directly in a statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield block
    for name in ("handlers", "cases"):
        for one in getattr(statement, name, ()):
            yield one.body


def first_line(statement: ast.stmt) -> int:
    """Where it begins, with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def is_docstring(statement: ast.stmt) -> bool:
    """Whether it is a text that stands by itself."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return False
    return isinstance(statement.value.value, str)


def _after_docstring(block: Sequence[ast.stmt]) -> ast.stmt:
    return block[1] if is_docstring(block[0]) and len(block) > 1 else block[0]


def _position(block: Sequence[ast.stmt], use: Use, depth: int) -> int:
    around = use.statements[depth]
    return next(i for i, one in enumerate(block) if one is around)


def _is_in(block: Sequence[ast.stmt], statement: ast.stmt) -> bool:
    return any(one is statement for one in block)
