"""Small edits of a file's text at the places that `ast` gives, all else left as it was."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Edit:
    """New text in place of what stands from `start` to `end`: (line from 1, column in bytes)."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def replacing(node: ast.expr, text: str) -> Edit:
    """An expression written otherwise."""
    return spanning(node, node, text)


def spanning(first: ast.expr, last: ast.expr, text: str) -> Edit:
    """The same for all from one expression to another."""
    end = (last.end_lineno or last.lineno, last.end_col_offset or last.col_offset)
    return Edit((first.lineno, first.col_offset), end, text)


def before(statement: ast.stmt, *lines: str) -> Edit:
    """Lines of their own before a statement that begins its line, indented as it is."""
    indent = " " * statement.col_offset
    place = (statement.lineno, 0)
    return Edit(place, place, "".join(f"{indent}{line}\n" for line in lines))


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; raises `ValueError` when two overlap, or no Python is left."""
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)
    limit = len(data)
    for one in sorted(edits, reverse=True):
        begin, end = (starts[line - 1] + column for line, column in (one.start, one.end))
        if end > limit:
            raise ValueError("two edits overlap")
        data = data[:begin] + one.text.encode() + data[end:]
        limit = begin
    try:
        ast.parse(data)
    except SyntaxError as error:  # tabs, for one
        raise ValueError(f"no Python any more: {error}") from error
    return data.decode()
