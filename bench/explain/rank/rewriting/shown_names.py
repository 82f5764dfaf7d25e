"""`dir()` of a module that hands names out: it shows what it showed."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import libcst as cst

from bench.explain.rank.rewriting.editing import HAVE_STATEMENTS
from bench.explain.rank.rewriting.snippets import appended, as_text, displayed, parsed

_NAME = "__dir__"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What `dir()` is to show besides what the module has: `names`, and those of `tables`.

    `hidden` is new in the module; `globals_` how it is told what it has; `typed`: with annotations.
    """

    names: tuple[str, ...]
    tables: tuple[str, ...]
    hidden: frozenset[str]
    typed: bool
    globals_: str


def with_dir(module: cst.Module, shown: Shown) -> cst.Module:
    """With a `__dir__`; one that is there is extended, if it asks what the module has."""
    extending = _Extending(module, shown)
    edited = module.visit(extending)
    assert isinstance(edited, cst.Module)
    return edited if extending.found else appended(module, _function(shown))


def _function(shown: Shown) -> str:
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
    return sorted(map(as_text, names))


class _Extending(cst.CSTTransformer):
    """Adds names to the value that the module's `__dir__` returns."""

    def __init__(self, module: cst.Module, shown: Shown) -> None:
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
        missing = [name for name in self.shown.names if as_text(name) not in code]
        if "globals()" not in code or not missing:
            return updated_node
        returning = _Returning(self.module, missing)
        return updated_node.with_changes(body=updated_node.body.visit(returning))


class _Returning(cst.CSTTransformer):
    def __init__(self, module: cst.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.module, self.names = module, names

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        """Return more."""
        if original_node.value is None:
            return updated_node
        value = self.module.code_for_node(original_node.value)
        (line,) = parsed(f"return sorted({{*{value}, {', '.join(_texts(self.names))}}})\n")
        assert isinstance(line, cst.SimpleStatementLine)
        (made,) = line.body
        assert isinstance(made, cst.Return)
        return updated_node.with_changes(value=made.value)
