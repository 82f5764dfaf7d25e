"""What an own module's text says of its names: which are a detail of it, and which others take."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ReadModule:
    """`imported` are names that only imports bind at its top level, without `x as x`; `taken` are
    (module, name) that it imports from modules, anywhere; `dotted` are names that it writes and
    that may lead to a module: `a.b` and `a.b.c` of `a.b.c`, where an import binds `a`. `provided`
    are identifiers that stand as text in a module `__getattr__`.
    """

    name: str
    is_package: bool
    imported: frozenset[str]
    taken: frozenset[tuple[str, str]]
    dotted: frozenset[str]
    provided: frozenset[str]


def read_modules(files: Mapping[str, Path]) -> dict[str, ReadModule]:
    """Each module that can be parsed, by name."""
    found = {}
    for name, file in files.items():
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found[name] = read_module(name, tree, is_package=file.stem == "__init__")
    return found


def read_module(name: str, tree: ast.Module, *, is_package: bool) -> ReadModule:
    """The same from its tree."""
    imported, defined = set[str](), set[str]()
    for node in _at_top(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            again = {one.asname for one in node.names if one.asname and one.asname == one.name}
            imported |= {one.asname or one.name.partition(".")[0] for one in node.names}
            defined |= again
        else:
            defined |= set(_bound(node))
    return ReadModule(
        name=name,
        is_package=is_package,
        imported=frozenset(imported - defined - {"*"}),
        taken=frozenset(_taken(name, tree, is_package=is_package)),
        dotted=frozenset(_prefixes(map(_dotted, _outermost(tree)), imported)),
        provided=frozenset(_provided(tree)),
    )


def _at_top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, but those of functions and classes."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _at_top(getattr(node, name, ()))
        for handler in getattr(node, "handlers", ()):
            yield from _at_top(handler.body)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.For | ast.With):
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                yield part.id


def _provided(tree: ast.Module) -> Iterator[str]:
    for node in _at_top(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            found = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
            yield from (one for one in found if isinstance(one, str) and one.isidentifier())


def _taken(name: str, tree: ast.Module, *, is_package: bool) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = _absolute(name, node, is_package=is_package)
            yield from ((module, one.name) for one in node.names)


def _absolute(name: str, node: ast.ImportFrom, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    kept = len(parts) - node.level + (1 if is_package else 0)
    return ".".join(filter(None, (*parts[: max(kept, 0)], node.module)))


def _outermost(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Attributes that are not themselves the value of another one."""
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            yield node


def _dotted(node: ast.Attribute) -> str:
    parts = []
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    return ".".join([value.id, *reversed(parts)]) if isinstance(value, ast.Name) else ""


def _prefixes(dotted: Iterable[str], imported: Collection[str]) -> Iterator[str]:
    for one in dotted:
        parts = one.split(".")
        if parts[0] in imported:
            yield from (".".join(parts[:count]) for count in range(2, len(parts) + 1))
