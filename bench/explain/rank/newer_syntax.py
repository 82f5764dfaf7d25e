"""Syntax trees of files that the harness's own Python is too old for, from the subject's.

`lazy import` (3.15), template strings (3.14) and whatever comes next: the subject's interpreter
parses, without anything of its environment, and tells its trees as JSON. Kinds of nodes that the
harness's `ast` does not know become classes of their own, which are walked through like others.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from bench.core.process import run_tool

_KIND, _BASE, _FIELDS, _PLAIN = "kind", "base", "fields", "plain"
_TIMEOUT_S = 300.0
# In the subject's interpreter: standard library only. A file that it can't parse has a reason.
_TELL = r"""
import ast, json, sys
sys.setrecursionlimit(20000)
def told(value):
    if isinstance(value, ast.AST):
        kind = type(value)
        return {"kind": kind.__name__, "base": kind.__mro__[1].__name__, "fields": kind._fields,
                "values": {name: told(one) for name, one in vars(value).items()}}
    if isinstance(value, list):
        return [told(one) for one in value]
    plain = value is None or isinstance(value, (bool, int, str))
    return value if plain else {"plain": type(value).__name__}
def parse(file):
    try:
        with open(file, encoding="utf-8", newline=None) as stream:
            return told(ast.parse(stream.read()))
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error)
with open(sys.argv[1], encoding="utf-8", errors="surrogateescape") as listed:
    print(json.dumps([parse(file) for file in listed.read().split("\n")]))
"""


def parse_with(python: Path, files: Sequence[Path]) -> list[ast.Module | str]:
    """A tree a file, by another interpreter, or the reason why there is none."""
    with NamedTemporaryFile("w", encoding="utf-8", errors="surrogateescape") as listed:
        listed.write("\n".join(map(str, files)))
        listed.flush()
        told = run_tool([python, "-I", "-S", "-c", _TELL, listed.name], timeout_s=_TIMEOUT_S)
    try:
        return [one if isinstance(one, str) else _module(one) for one in json.loads(told.stdout)]
    except (ValueError, RecursionError):
        return [f"{python} could not parse it: {told.describe()}"] * len(files)


def _module(told: Mapping[str, Any]) -> ast.Module | str:
    tree = _node(told)
    assert isinstance(tree, ast.Module)
    return tree


def _node(told: Any) -> Any:  # noqa: ANN401 - a node, a list of them, or what a node holds
    if isinstance(told, list):
        return [_node(one) for one in told]
    if not isinstance(told, dict):
        return told
    if _PLAIN in told:
        return None  # bytes, numbers with a point, an ellipsis: nobody asks for their values
    kind = _class(told[_KIND], told[_BASE], tuple(told[_FIELDS]))
    node = kind.__new__(kind)  # its constructor would ask for fields that are set below
    for name, value in told["values"].items():
        setattr(node, name, _node(value))
    return node


@cache
def _class(kind: str, base: str, fields: tuple[str, ...]) -> type[ast.AST]:
    """The harness's own class, with the fields that it does not know; or a new one."""
    known: type[ast.AST] = getattr(ast, kind, getattr(ast, base, ast.AST))
    if known.__name__ == kind and set(fields) <= set(known._fields):
        return known
    return type(kind, (known,), {"_fields": fields})
