"""Pieces of source that are written as text and put into a module."""

from __future__ import annotations

import json
from collections.abc import Sequence

import libcst as cst

from bench.explain.rank.rewriting.statements import WIDTH, Line

_CONFIG = cst.PartialParserConfig(default_indent="    ", default_newline="\n")


def parsed(text: str) -> list[Line]:
    """Statements that take the indentation and ends of lines of the module they are put into."""
    return [line for line in cst.parse_module(text, config=_CONFIG).body if isinstance(line, Line)]


def appended(module: cst.Module, text: str) -> cst.Module:
    """A module with statements at its end, behind two blank lines."""
    lines = parsed(text)
    blank = [cst.EmptyLine(indent=False)] * (2 if module.body else 0)
    lines[0] = lines[0].with_changes(leading_lines=blank)
    return module.with_changes(body=[*module.body, *lines])


def as_text(value: str) -> str:
    """A text in double quotes, as formatters have it."""
    return json.dumps(value, ensure_ascii=False)


def displayed(head: str, items: Sequence[str]) -> str:
    """A set or dict behind `head`, on a line if it fits, else an item a line."""
    line = f"{head}{{{', '.join(items)}}}"
    if len(line) <= WIDTH:
        return line
    return f"{head}{{\n{''.join(f'    {item},{chr(10)}' for item in items)}}}"
