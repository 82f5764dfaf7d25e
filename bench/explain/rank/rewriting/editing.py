"""Edits of a file: names taken out of import statements, imports put in front of statements.

Only the blocks that an edit concerns are made anew; all else stays as it was, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import libcst as cst

from bench.explain.rank.rewriting.statements import (
    Line,
    Order,
    Placed,
    Plain,
    blank,
    leading,
    made_lazy,
    only,
    without,
)

HAVE_STATEMENTS = (
    cst.Module,
    cst.BaseCompoundStatement,
    cst.BaseSuite,
    cst.Else,
    cst.Finally,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.MatchCase,
)
_Suite = TypeVar("_Suite", cst.Module, cst.IndentedBlock)


@dataclass
class Edits:
    """What is to be done, by the `id` of the parsed nodes.

    `dropped`: positions of names in import statements; `lazy`: of those that a statement of their
    own imports lazily; `before`: imports for lines.
    """

    dropped: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    lazy: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    before: dict[int, list[Placed]] = field(default_factory=lambda: defaultdict(list))


class Editor(cst.CSTTransformer):
    """Carries out edits."""

    def __init__(self, edits: Edits, order: Order) -> None:
        super().__init__()
        self.edits, self.order = edits, order
        self.indents: list[int] = []  # of the blocks around
        self.default_indent = 4

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Only what has statements in it: most of a file is expressions, and these stay."""
        if isinstance(node, cst.Module):
            self.default_indent = len(node.default_indent)
        elif isinstance(node, cst.IndentedBlock):
            own = self.default_indent if node.indent is None else len(node.indent)
            self.indents.append(own)
        return isinstance(node, HAVE_STATEMENTS)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        """Its own statements."""
        edited = self._edited(original_node, updated_node)
        if self.edits.lazy:
            return edited.with_changes(body=self.order.lazy_last(_lines(edited)))
        return edited

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.BaseSuite:
        """A block's statements; `pass` when none is left."""
        edited = self._edited(original_node, updated_node)
        self.indents.pop()
        if edited.body:
            return edited
        return edited.with_changes(body=[cst.SimpleStatementLine([cst.Pass()])])

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.BaseSuite:
        """A body behind the colon becomes a block when something goes before it."""
        smalls = self._smalls(original_node.body, updated_node.body)
        placed = self.edits.before.get(id(original_node), [])
        if not placed:
            return updated_node.with_changes(body=smalls or [cst.Pass()])
        line = cst.SimpleStatementLine(
            smalls or [cst.Pass()], trailing_whitespace=updated_node.trailing_whitespace
        )
        return cst.IndentedBlock(
            self.order.insert([line], 0, placed, sum(self.indents) + self.default_indent)
        )

    def _edited(self, original: _Suite, updated: _Suite) -> _Suite:
        if not any(self._is_touched(line) for line in _lines(original)):
            return updated
        body: list[Line] = []
        wanted: list[tuple[int, list[Placed]]] = []
        orphans: Sequence[cst.EmptyLine] | None = None  # comments and blank lines of what went
        for before, line in zip(_lines(original), _lines(updated), strict=True):
            if id(before) in self.edits.before:
                wanted.append((len(body), self.edits.before[id(before)]))
            lines = self._line(before, line)
            if not lines:
                orphans = _joined(orphans or (), leading(line))
                continue
            if orphans is not None:
                above = _joined(orphans, leading(lines[0]))
                if not body and not _has_header(original):  # blocks begin without a blank line
                    above = above[blank(above) :]
                lines[0], orphans = lines[0].with_changes(leading_lines=above), None
            body += lines
        for at, placed in reversed(wanted):
            body = self.order.insert(body, at, placed, sum(self.indents))
        comments: list[cst.EmptyLine] = [one for one in orphans or () if one.comment is not None]
        footer = [*comments, *updated.footer]
        return updated.with_changes(body=body, footer=footer)

    def _line(self, original: Line, updated: Line) -> list[Line]:
        if not isinstance(original, cst.SimpleStatementLine) or not self._is_touched(original):
            return [updated]
        assert isinstance(updated, cst.SimpleStatementLine)
        smalls = self._smalls(original.body, updated.body)
        lazy = [
            cst.SimpleStatementLine([made_lazy(only(small, self.edits.lazy[id(small)]))])
            for small in original.body
            if isinstance(small, Plain) and self.edits.lazy.get(id(small))
        ]
        lines = [*lazy, updated.with_changes(body=smalls)] if smalls else lazy
        if lines:
            lines[0] = lines[0].with_changes(leading_lines=updated.leading_lines)
            lines[-1] = lines[-1].with_changes(trailing_whitespace=updated.trailing_whitespace)
        if smalls and lazy:
            lines[-1] = lines[-1].with_changes(leading_lines=[])
        return [*lines]

    def _smalls(
        self,
        original: Sequence[cst.BaseSmallStatement],
        updated: Sequence[cst.BaseSmallStatement],
    ) -> list[cst.BaseSmallStatement]:
        found: list[cst.BaseSmallStatement] = []
        for before, small in zip(original, updated, strict=True):
            indices = self.edits.dropped.get(id(before)) or self.edits.lazy.get(id(before))
            if indices and isinstance(small, Plain):
                left = without(small, indices)
                if left is not None:
                    found.append(left)
            else:
                found.append(small)
        if found and found[-1] is not updated[-1]:
            found[-1] = found[-1].with_changes(semicolon=updated[-1].semicolon)
        return found

    def _is_touched(self, line: Line) -> bool:
        if id(line) in self.edits.before:
            return True
        if not isinstance(line, cst.SimpleStatementLine):
            return False
        edits = self.edits
        return any(id(one) in edits.dropped or id(one) in edits.lazy for one in line.body)


def _has_header(suite: cst.Module | cst.IndentedBlock) -> bool:
    return isinstance(suite, cst.Module) and bool(suite.header)


def _lines(suite: cst.Module | cst.IndentedBlock) -> Sequence[Line]:
    return [line for line in suite.body if isinstance(line, Line)]


def _joined(
    above: Sequence[cst.EmptyLine], below: Sequence[cst.EmptyLine]
) -> Sequence[cst.EmptyLine]:
    """What stood before a statement that went and before the next, without more blank lines."""
    if blank(above) == len(above):
        return [*max(above, below[: blank(below)], key=len), *below[blank(below) :]]
    return [*above, *below]
