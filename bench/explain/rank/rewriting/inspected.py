"""Annotations that something may look at when the program runs, so that their names must be there.

`typing.get_type_hints` of a command (typer), a handler or a model evaluates them in the module.
"""

from __future__ import annotations

import ast

# Decorators that leave annotations alone: by their own name, or by that of their module.
_EVALUATE_NOTHING = frozenset({
    "abc", "abstractmethod", "asynccontextmanager", "cache", "cached_property", "classmethod",
    "click", "contextlib", "contextmanager", "deleter", "deprecated", "final", "fixture",
    "functools", "getter", "hookimpl", "hookspec", "lru_cache", "no_type_check", "overload",
    "override", "property", "pytest", "setter", "setupmethod", "staticmethod", "t", "typing",
    "typing_extensions", "wraps",
})  # fmt: skip


def evaluating(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The decorator that may evaluate annotations of a function; "" where none would."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        words = ast.unparse(called).split(".")
        is_harmless = words[0] in _EVALUATE_NOTHING or words[-1] in _EVALUATE_NOTHING
        if not is_harmless or words[-1] == "register":  # singledispatch asks for them
            return ".".join(words)
    return ""


def makes_fields(node: ast.ClassDef) -> bool:
    """Whether a base or a decorator may make something of what its body annotates."""
    annotates = any(isinstance(one, ast.AnnAssign) for one in node.body)
    return annotates and bool(node.bases or node.decorator_list)


def are_inspected(tree: ast.Module) -> bool:
    """Whether something may look at annotations of this file."""
    return any(
        makes_fields(node) if isinstance(node, ast.ClassDef) else bool(evaluating(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        or (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _annotates(node))
    )


def _annotates(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.returns is not None or any(
        isinstance(one, ast.arg) and one.annotation is not None for one in ast.walk(node.args)
    )


def are_used(tree: ast.Module) -> bool:
    """Whether some function or variable of the file is annotated."""
    return any(
        isinstance(node, ast.AnnAssign)
        or (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None)
        or (isinstance(node, ast.arg) and node.annotation is not None)
        for node in ast.walk(tree)
    )
