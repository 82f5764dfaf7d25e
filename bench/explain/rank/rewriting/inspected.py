"""Annotations that something may look at when the program runs, so that their names must be there.

`typing.get_type_hints` of a command (typer), a handler or a model evaluates them in the module.
"""

from __future__ import annotations

import ast

# Decorators, or the modules that they are from, that never look at annotations.
_HARMLESS = frozenset({
    "abc", "abstractmethod", "asynccontextmanager", "cache", "cached_property", "classmethod",
    "click", "contextlib", "contextmanager", "deleter", "deprecated", "final", "functools",
    "getter", "group", "lru_cache", "no_type_check", "overload", "override", "property", "pytest",
    "setter", "staticmethod", "t", "typing", "typing_extensions", "unique", "wraps",
})  # fmt: skip


def is_inspected(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator may ask for a function's annotations."""
    return any(not _is_harmless(one) for one in node.decorator_list)


def makes_fields(node: ast.ClassDef) -> bool:
    """Whether a base or a decorator may make something of what its body annotates."""
    annotates = any(isinstance(one, ast.AnnAssign) for one in node.body)
    return annotates and bool(node.bases or node.decorator_list)


def are_inspected(tree: ast.Module) -> bool:
    """Whether something may look at annotations of this file."""
    return any(
        makes_fields(node) if isinstance(node, ast.ClassDef) else is_inspected(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        or (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _annotates(node))
    )


def _annotates(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.returns is not None or any(
        isinstance(one, ast.arg) and one.annotation is not None for one in ast.walk(node.args)
    )


def _is_harmless(decorator: ast.expr) -> bool:
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    last = decorator.attr if isinstance(decorator, ast.Attribute) else ""
    if last == "register":  # functools.singledispatch does
        return False
    while isinstance(decorator, ast.Attribute):
        decorator = decorator.value
    first = decorator.id if isinstance(decorator, ast.Name) else ""
    return bool(_HARMLESS & {first, last})
