"""The statements of `ast` and of LibCST for one file: which is which.

Uses of names are known by `ast`, files are edited by LibCST; both list statements in one order.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from bench.explain.rank.rewriting.wanted import RewriteError

Line = cst.BaseStatement | cst.SimpleStatementSuite


@dataclass(frozen=True)
class StatementPair:
    """A statement: `line` is what stands by itself, `small` the part between semicolons.

    `block` are the statements of `ast` that it stands among. Nothing can be put in front of an
    `elif` (`movable`).
    """

    line: Line
    small: cst.BaseSmallStatement | None
    block: Sequence[ast.stmt]
    movable: bool = True


@dataclass
class Pairs:
    """Each statement of a module, by the `id` of its node in `ast`; raises `RewriteError`."""

    tree: ast.Module
    module: cst.Module
    found: dict[int, StatementPair] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._block(self.tree.body, self.module.body)

    def of(self, statement: ast.stmt) -> StatementPair:
        """A statement's counterpart."""
        return self.found[id(statement)]

    def _block(
        self, nodes: Sequence[ast.stmt], lines: Sequence[cst.BaseStatement] | cst.BaseSuite
    ) -> None:
        if isinstance(lines, cst.SimpleStatementSuite):
            for node, small in zip(nodes, lines.body, strict=True):
                self.found[id(node)] = StatementPair(lines, small, nodes)
            return
        if isinstance(lines, cst.BaseSuite):
            assert isinstance(lines, cst.IndentedBlock)
            lines = lines.body
        left = list(nodes)
        for line in lines:
            if isinstance(line, cst.SimpleStatementLine):
                for small in line.body:
                    self.found[id(left[0])] = StatementPair(line, small, nodes)
                    left.pop(0)
            else:
                node = left.pop(0)
                self.found[id(node)] = StatementPair(line, None, nodes)
                self._compound(node, line)
        if left:
            raise RewriteError(f"Line {left[0].lineno}: two parsers understand it differently.")

    def _compound(self, node: ast.stmt, line: cst.BaseStatement) -> None:
        if isinstance(line, cst.If):
            assert isinstance(node, ast.If)
            self._if(node, line)
        elif isinstance(line, cst.Match):
            for case, other in zip(getattr(node, "cases", ()), line.cases, strict=True):
                self._block(case.body, other.body)
        else:
            self._block(getattr(node, "body", ()), _suite(line))
            for handler, other in zip(
                getattr(node, "handlers", ()), getattr(line, "handlers", ()), strict=True
            ):
                self._block(handler.body, other.body)
            for of_node, of_line in (("orelse", "orelse"), ("finalbody", "finalbody")):
                rest = getattr(line, of_line, None)
                if rest is not None:
                    self._block(getattr(node, of_node), rest.body)

    def _if(self, node: ast.If, line: cst.If) -> None:
        self._block(node.body, line.body)
        if isinstance(line.orelse, cst.If):
            (inner,) = node.orelse
            assert isinstance(inner, ast.If)
            self.found[id(inner)] = StatementPair(line.orelse, None, node.orelse, movable=False)
            self._if(inner, line.orelse)
        elif line.orelse is not None:
            self._block(node.orelse, line.orelse.body)


def _suite(line: cst.BaseStatement) -> cst.BaseSuite:
    suite = getattr(line, "body", None)
    assert isinstance(suite, cst.BaseSuite)
    return suite
