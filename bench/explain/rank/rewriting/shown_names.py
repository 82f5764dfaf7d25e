"""`dir()` of a module that hands names out: it shows what it showed."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace

import libcst as cst

from bench.explain.rank.rewriting.editing import HAVE_STATEMENTS
from bench.explain.rank.rewriting.snippets import appended, as_text, displayed, parsed

_NAME = "__dir__"


@dataclass(frozen=True, kw_only=True)
class ShownNames:
    """What `dir()` is to show besides what the module has: `names`, and those of `tables`.

    `hidden` is new in the module; `globals_` how it is told what it has; `typed`: with annotations.
    """

    names: tuple[str, ...]
    tables: tuple[str, ...]
    hidden: frozenset[str]
    typed: bool
    globals_: str


def with_dir(module: cst.Module, shown: ShownNames) -> cst.Module:
    """With a `__dir__`; one that is there is extended, if it asks what the module has."""
    extending = _ExtendingNames(module, shown)
    edited = module.visit(extending)
    assert isinstance(edited, cst.Module)
    return edited if extending.found else appended(module, _function(shown))


def _function(shown: ShownNames) -> str:
    head = f"def {_NAME}() -> list[str]:" if shown.typed else f"def {_NAME}():"
    lines = ["import builtins\n"] if shown.globals_.startswith("builtins") else []
    parts = [f"*{shown.globals_}", *(f"*{table}" for table in shown.tables)]
    if shown.names:
        lines.append(displayed("shown = ", _texts(shown.names)))
        parts.append("*shown")
    lines.append(displayed("hidden = ", _texts({*shown.hidden, _NAME})))
    lines.append(f"return sorted({{{', '.join(parts)}}} - hidden)")
    return f"{head}\n{textwrap.indent(chr(10).join(lines), '    ')}\n"


def _texts(names: Collection[str]) -> list[str]:
    return sorted(map(as_text, set(names)))


class _ExtendingNames(cst.CSTTransformer):
    """Adds names to the value that the module's `__dir__` returns."""

    def __init__(self, module: cst.Module, shown: ShownNames) -> None:
        super().__init__()
        self.module, self.shown, self.found = module, shown, False

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Not in classes and functions."""
        return isinstance(node, HAVE_STATEMENTS) and not isinstance(
            node, cst.ClassDef | cst.FunctionDef
        )

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        """Extend it."""
        if original_node.name.value != _NAME:
            return updated_node
        self.found = True
        code = self.module.code_for_node(original_node)
        if "globals()" not in code:
            return updated_node
        ours = _read(code)
        if ours is not None:
            (made,) = parsed(_function(_with(self.shown, *ours)))
            assert isinstance(made, cst.FunctionDef)
            return made.with_changes(leading_lines=original_node.leading_lines)
        returning = _Returning(self.module, self.shown)
        return updated_node.with_changes(body=updated_node.body.visit(returning))


def _read(code: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """What a `__dir__` that was written here shows and hides; None for others."""
    sets = {"shown": frozenset[str](), "hidden": frozenset[str]()}
    for node in ast.walk(ast.parse(code.strip())):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            with suppress(ValueError, TypeError):
                sets[node.targets[0].id] = frozenset(ast.literal_eval(node.value))
    return (sets["shown"], sets["hidden"]) if _NAME in sets["hidden"] else None


def _with(shown: ShownNames, names: frozenset[str], hidden: frozenset[str]) -> ShownNames:
    return replace(shown, names=(*shown.names, *names), hidden=shown.hidden | hidden)


class _Returning(cst.CSTTransformer):
    def __init__(self, module: cst.Module, shown: ShownNames) -> None:
        super().__init__()
        self.module, self.shown = module, shown

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        """Return more."""
        if original_node.value is None:
            return updated_node
        value = self.module.code_for_node(original_node.value)
        shown = self.shown
        more = [f"*{value}", *(f"*{table}" for table in shown.tables), *_texts(shown.names)]
        less = f" - {{{', '.join(_texts(shown.hidden))}}}" if shown.hidden else ""
        (line,) = parsed(f"return sorted({{{', '.join(more)}}}{less})\n")
        assert isinstance(line, cst.SimpleStatementLine)
        (made,) = line.body
        assert isinstance(made, cst.Return)
        return updated_node.with_changes(value=made.value)
