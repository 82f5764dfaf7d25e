"""Imports that only type checkers carry out: in the block that is there, or in a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.postponing import head_of
from bench.explain.rank.rewriting.statements import (
    BLANK,
    Line,
    Order,
    Placed,
    blank,
    import_of,
    leading,
)

_NAME = "TYPE_CHECKING"
_INDENT = 4


def extended(
    module: cst.Module, placed: Sequence[Placed], order: Order
) -> tuple[cst.Module, frozenset[str]]:
    """The module with these imports for type checkers, and the names that it has now besides."""
    for position, line in enumerate(module.body):
        if isinstance(line, cst.If) and is_test(line.test):
            body = list(module.body)
            body[position] = line.with_changes(body=_with(line.body, placed, order))
            return module.with_changes(body=body), frozenset()
    test, added = _spelling(module)
    if added:
        small = cst.ImportFrom(cst.Name("typing"), [cst.ImportAlias(cst.Name(_NAME))])
        body = order.insert(module.body, head_of(module), [Placed(small)], 0)
        module = module.with_changes(body=body)
    return _with_new_block(module, test, placed, order), added


def is_test(test: cst.BaseExpression) -> bool:
    """Whether it is `TYPE_CHECKING`, from wherever."""
    return m.matches(test, m.Name(_NAME) | m.Attribute(attr=m.Name(_NAME)))


def _with(suite: cst.BaseSuite, placed: Sequence[Placed], order: Order) -> cst.BaseSuite:
    if isinstance(suite, cst.IndentedBlock):
        body = [one for one in suite.body if isinstance(one, Line) and not m.matches(one, _PASS)]
        return suite.with_changes(body=order.insert(body, 0, placed, _INDENT))
    assert isinstance(suite, cst.SimpleStatementSuite)
    behind = suite.trailing_whitespace
    line = cst.SimpleStatementLine(suite.body, trailing_whitespace=behind)
    return cst.IndentedBlock(order.insert([line], 0, placed, _INDENT))


_PASS = m.SimpleStatementLine([m.Pass()])


def _spelling(module: cst.Module) -> tuple[cst.BaseExpression, frozenset[str]]:
    """How the constant is reached, and what has to be imported for it."""
    for small in _imports(module):
        for alias in () if isinstance(small.names, cst.ImportStar) else small.names:
            whole = isinstance(small, cst.Import)
            if whole and alias.evaluated_name in {"typing", "typing_extensions"}:
                name = alias.evaluated_alias or alias.evaluated_name
                return cst.Attribute(cst.Name(name), cst.Name(_NAME)), frozenset()
            if not whole and alias.evaluated_name == _NAME:
                return cst.Name(alias.evaluated_alias or _NAME), frozenset()
    return cst.Name(_NAME), frozenset({_NAME})


def _imports(module: cst.Module) -> Iterator[cst.Import | cst.ImportFrom]:
    """Those at the top of the module before anything else is done."""
    for line in module.body[head_of(module) :]:
        small = import_of(line)
        if small is None:
            return
        yield small


def _with_new_block(
    module: cst.Module, test: cst.BaseExpression, placed: Sequence[Placed], order: Order
) -> cst.Module:
    body = list(module.body)
    place = head_of(module)
    while place < len(body) and import_of(body[place]) is not None:
        place += 1
    if place < len(body) and isinstance(body[place], cst.FunctionDef | cst.ClassDef):
        missing = max(0, 2 - blank(leading(body[place])))
        lines = [*BLANK * missing, *leading(body[place])]
        body[place] = body[place].with_changes(leading_lines=lines)
    block = cst.IndentedBlock(order.insert([], 0, placed, _INDENT))
    body.insert(place, cst.If(test, block, leading_lines=[cst.EmptyLine(indent=False)]))
    return module.with_changes(body=body)
