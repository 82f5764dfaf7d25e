"""Annotations that are not evaluated, so that what they name need not be imported."""

from __future__ import annotations

import ast
from collections.abc import Collection

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.statements import import_of, leading, module_of

_IS_TEXT = m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString())])


def postponed(module: cst.Module) -> cst.Module:
    """With `from __future__ import annotations`."""
    body = list(module.body)
    at = 1 if body and m.matches(body[0], _IS_TEXT) else 0
    line = cst.parse_statement("from __future__ import annotations\n")
    assert isinstance(line, cst.SimpleStatementLine)
    place = at
    while place < len(body) and _is_future(body[place]):
        place += 1
    if place == at and at < len(body):
        rest = leading(body[at])
        line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)] * bool(at))
        if not rest or rest[0].comment is not None:
            rest = [cst.EmptyLine(indent=False), *rest]
        body[at] = body[at].with_changes(leading_lines=rest)
    body.insert(place, line)
    return module.with_changes(body=body)


def quoted(module: cst.Module, names: Collection[str]) -> cst.Module:
    """With those annotations in quotes that have one of these names."""
    found = module.visit(_Quoting(module, names))
    assert isinstance(found, cst.Module)
    return found


class _Quoting(cst.CSTTransformer):
    def __init__(self, module: cst.Module, names: Collection[str]) -> None:
        super().__init__()
        self.module, self.names = module, names

    def leave_Annotation(
        self, original_node: cst.Annotation, updated_node: cst.Annotation
    ) -> cst.Annotation:
        """Quote it, on one line."""
        tree = ast.parse(f"({self.module.code_for_node(original_node.annotation)})", mode="eval")
        if not any(isinstance(one, ast.Name) and one.id in self.names for one in ast.walk(tree)):
            return updated_node
        text = cst.SimpleString(_in_quotes(ast.unparse(tree)))
        return updated_node.with_changes(annotation=text)


def _in_quotes(text: str) -> str:
    return f'"{text}"' if '"' not in text else repr(text)


def head_of(module: cst.Module) -> int:
    """Where the imports begin: behind docstring and `from __future__`."""
    body = module.body
    at = 1 if body and m.matches(body[0], _IS_TEXT) else 0
    while at < len(body) and _is_future(body[at]):
        at += 1
    return at


def _is_future(line: cst.BaseStatement) -> bool:
    small = import_of(line)
    return small is not None and module_of(small) == "__future__"
