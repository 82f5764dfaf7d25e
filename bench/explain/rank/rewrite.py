"""Rewrite a module with imports deferred: the smallest edit of its text, all else unchanged.

Positions come from `ast`, so that comments and layout stay and the result is a patch one can read.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from bench.explain.rank.candidates import Candidate, Deferral, DeferralWay
from bench.explain.rank.scopes import Use
from bench.explain.rank.sources import ModuleSource

_FUTURE = "from __future__ import annotations"
_GETATTR = """

def __getattr__(name):
{cases}    raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
"""
_CASE = '    if name == "{name}":\n        {statement}\n        return {name}\n'


def rewritten(candidates: Collection[Candidate]) -> dict[Path, str]:
    """File → its new text, with its own ends of lines, for all files these candidates stand in."""
    sources = {one.source.module: one.source for one in candidates}
    return {
        source.file: _Rewriting(source)
        .run([one for one in candidates if one.source is source])
        .replace("\n", source.newline)
        for source in sources.values()
    }


class _Rewriting:
    def __init__(self, source: ModuleSource) -> None:
        self.source = source
        self.before: dict[int, list[str]] = defaultdict(list)  # line → what goes in front of it
        self.wanted: dict[tuple[int, int], dict[int, list[ast.alias]]] = {}
        self.instead: dict[int, str] = {}  # line → its new text
        self.blocks = dict(_blocks(source.tree))
        self.gone: dict[int, int] = defaultdict(int)  # block → statements that were removed

    def run(self, candidates: list[Candidate]) -> str:
        for candidate in candidates:
            self._take_out(candidate)
            for deferral in candidate.deferrals:
                self._put_into_functions(candidate, deferral)
        self._write_wanted({one.statement.line: one for one in candidates})
        deferrals = [(one, deferral) for one in candidates for deferral in one.deferrals]
        if any(DeferralWay.FOR_TYPES in deferral.ways for _, deferral in deferrals):
            self._head(["from typing import TYPE_CHECKING"])
        if any(deferral.needs_future for _, deferral in deferrals):
            self._head([_FUTURE])
        text = "".join(self._lines())
        cases = [
            _CASE.format(name=deferral.name.bound, statement=_import(one, [deferral]))
            for one, deferral in deferrals
            if DeferralWay.ON_REQUEST in deferral.ways
        ]
        return text + _GETATTR.format(cases="".join(cases)) if cases else text

    def _lines(self) -> Iterable[str]:
        for number, line in enumerate(self.source.lines, start=1):
            yield from self.before.get(number, ())
            yield self.instead.get(number, line)

    def _take_out(self, candidate: Candidate) -> None:
        node = candidate.statement.node
        indent = " " * node.col_offset
        deferred = {id(one.name.alias) for one in candidate.deferrals}
        left = [alias for alias in node.names if id(alias) not in deferred]
        text = indent + _written(node, left) + "\n" if left else ""
        types = [one for one in candidate.deferrals if DeferralWay.FOR_TYPES in one.ways]
        if types:
            text += f"{indent}if TYPE_CHECKING:\n{indent}    {_import(candidate, types)}\n"
        if not text and self._is_last(node):
            text = f"{indent}pass\n"
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            self.instead[line] = ""
        self.instead[node.lineno] = text

    def _is_last(self, node: ast.stmt) -> bool:
        """Whether its block would be empty without it."""
        block = self.blocks[id(node)]
        self.gone[id(block)] += 1
        return self.gone[id(block)] == len(block)

    def _put_into_functions(self, candidate: Candidate, deferral: Deferral) -> None:
        served: list[tuple[int, int]] = []
        uses = [use for use in deferral.name.uses if not use.is_annotation]
        for use in sorted(uses, key=lambda use: use.line):
            chain = self._chain(use)
            if any((block, at) in served for block, last in chain for at in range(last + 1)):
                continue
            served.append(chain[-1])
            anchor = self.source.anchor(use)
            place = (_first_line(anchor), anchor.col_offset)
            names = self.wanted.setdefault(place, {}).setdefault(candidate.statement.line, [])
            names.append(deferral.name.alias)

    def _write_wanted(self, candidates: Mapping[int, Candidate]) -> None:
        """The imports in functions; what one statement took stays together."""
        for (line, column), by_statement in self.wanted.items():
            self.before[line] += [
                f"{' ' * column}{_written(candidates[at].statement.node, names)}\n"
                for at, names in sorted(by_statement.items())
            ]

    def _chain(self, use: Use) -> list[tuple[int, int]]:
        """Block and position of each statement from the function's body to the anchor."""
        anchor = self.source.anchor(use)
        chain = []
        for statement in use.statements:
            block = self.blocks[id(statement)]
            chain.append((id(block), next(i for i, o in enumerate(block) if o is statement)))
            if statement is anchor:
                break
        return chain

    def _head(self, lines: Sequence[str]) -> None:
        """Before the first statement; the first one put there ends up last."""
        body = self.source.tree.body
        first = next((one for one in body if not _is_preamble(one)), body[-1])
        if lines[0] == _FUTURE:
            first = next((one for one in body if not _is_docstring(one)), body[-1])
        place = _first_line(first)
        self.before[place] = [f"{line}\n" for line in lines] + self.before[place]


def _blocks(tree: ast.AST) -> Iterable[tuple[int, list[ast.stmt]]]:
    """Each statement's block, by the statement's id."""
    for node in ast.walk(tree):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                for statement in block:
                    yield id(statement), block


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_preamble(statement: ast.stmt) -> bool:
    future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    return future or _is_docstring(statement)


def _import(candidate: Candidate, deferrals: Sequence[Deferral]) -> str:
    return _written(candidate.statement.node, [one.name.alias for one in deferrals])


def _written(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> str:
    if isinstance(node, ast.Import):
        return ast.unparse(ast.Import(names=names))
    return ast.unparse(ast.ImportFrom(module=node.module, names=names, level=node.level))
