"""Annotations that are not evaluated, so that what they name need not be imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

import libcst as cst
from libcst import matchers as m

from bench.explain.rank.rewriting.statements import blank, import_of, leading, module_of

_IS_TEXT = m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString())])
_ABOUT_FILE = re.compile(r"copyright|licen[cs]e|\(c\)|spdx|vim:|-\*-", re.IGNORECASE)


def postponed(module: cst.Module) -> cst.Module:
    """With `from __future__ import annotations`."""
    body = list(module.body)
    at = _behind_text(module)
    line = cst.parse_statement("from __future__ import annotations\n")
    assert isinstance(line, cst.SimpleStatementLine)
    place = at
    while place < len(body) and _is_future(body[place]):
        place += 1
    if place == at and at < len(body):
        above, rest = _parted(leading(body[at]))
        above = above or [_blank()] * bool(at)
        if above and above[-1].comment is not None:
            above = [*above, _blank()]
        line = line.with_changes(leading_lines=above)
        body[at] = body[at].with_changes(leading_lines=_after_blank(rest))
    body.insert(place, line)
    return module.with_changes(body=body)


def with_comments_on_top(module: cst.Module, original: cst.Module) -> cst.Module:
    """With comments about the file where they were, though the statement below them went."""
    at, body = _behind_text(original), list(module.body)
    above = _parted(leading(original.body[at]))[0] if at < len(original.body) else []
    wanted = _comments(above)
    for number, line in enumerate(body) if wanted else ():
        lines = leading(line)
        if _comments(lines)[: len(wanted)] != wanted:
            continue
        if number > at:
            body[number] = line.with_changes(leading_lines=_without_first(lines, len(wanted)))
            below = _after_blank(leading(body[at]))
            body[at] = body[at].with_changes(leading_lines=[*above, *below])
        return module.with_changes(body=body)
    return module


def _comments(lines: Sequence[cst.EmptyLine]) -> list[str]:
    return [one.comment.value for one in lines if one.comment is not None]


def _without_first(lines: Sequence[cst.EmptyLine], count: int) -> list[cst.EmptyLine]:
    """Without so many comments at the beginning, and with the blank lines that are there."""
    places = [number for number, one in enumerate(lines) if one.comment is not None]
    rest = lines[places[count - 1] + 1 :]
    before = lines[: places[0]]
    return [*max(before, rest[: blank(rest)], key=len), *rest[blank(rest) :]]


def _behind_text(module: cst.Module) -> int:
    """Where statements begin: behind the docstring."""
    return 1 if module.body and m.matches(module.body[0], _IS_TEXT) else 0


def _parted(
    lines: Sequence[cst.EmptyLine],
) -> tuple[list[cst.EmptyLine], list[cst.EmptyLine]]:
    """Comments that are about the file (a licence), and what belongs to the first statement."""
    texts = [one.comment.value if one.comment else "" for one in lines]
    end = len(lines)
    if not any(map(_ABOUT_FILE.search, texts[_last_blank(texts) :])):
        end = _last_blank(texts)
    while end and not texts[end - 1]:  # blank lines stay with what follows
        end -= 1
    return list(lines[:end]), list(lines[end:])


def _last_blank(texts: Sequence[str]) -> int:
    """Behind the last blank line, 0 where there is none."""
    return max((number for number, text in enumerate(texts, 1) if not text), default=0)


def _after_blank(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    starts_blank = bool(lines) and lines[0].comment is None
    return list(lines) if starts_blank else [_blank(), *lines]


def _blank() -> cst.EmptyLine:
    return cst.EmptyLine(indent=False)


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
    at = _behind_text(module)
    while at < len(body) and _is_future(body[at]):
        at += 1
    return at


def _is_future(line: cst.BaseStatement) -> bool:
    small = import_of(line)
    return small is not None and module_of(small) == "__future__"
