"""Settings of ruff (flake8-tidy-imports) that keep the statements themselves as they are.

TID253 forbids imports of a module at module level, anywhere in the project; TID254 asks for lazy
ones (PEP 810, `__lazy_modules__` included) or forbids them. So only modules are named that no file
of the project imports eagerly at its top level: one that is imported late may well do so, and then
only the test can tell.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from bench.explain.optimize.project import Form
from bench.explain.rank.sources import ModuleSource, Standing

_LAZY_MODULES = "__lazy_modules__"
# Of a project that allows older Pythons, which is what this form is for, the rule sees nothing.
_OLDER = (
    "ruff asks for lazy imports only where all Pythons of the project have them:",
    "ruff check --select TID254 --target-version py315",
)
_NOT_CARRIED_OUT = {Standing.LAZY, Standing.TYPES}


@dataclass(frozen=True)
class RuffSettings:
    """A table for `pyproject.toml`, and the modules that are in none for being imported eagerly."""

    text: str
    left_out: tuple[str, ...] = ()


def ruff_settings(
    form: Form,
    modules: Iterable[str],
    sources: Iterable[ModuleSource],
    eager: Collection[str] = (),
) -> RuffSettings:
    """The settings for modules that were deferred in a form; `sources` are the project's own.

    `eager` are modules whose deferring failed a check: a lazy form must leave them as they are.
    Without a module that can be named the text is "".
    """
    at_top = {name for source in sources for name in eager_imports(source)}
    wanted = sorted(set(modules))
    named = [one for one in wanted if not _is_imported(one, at_top)]
    left_out = tuple(one for one in wanted if one not in named)
    if not named:
        return RuffSettings("", left_out)
    if form is Form.FUNCTION:
        rule, options = "TID253", {"banned-module-level-imports": named}
    else:
        rule, options = "TID254", {"require-lazy": named}
        if kept := sorted(set(eager) - set(named)):
            options["ban-lazy"] = kept
    selected = ["[tool.ruff.lint]", f'extend-select = ["{rule}"]', ""]
    if form is Form.LAZY_MODULES:
        selected = [f"# {line}" for line in _OLDER]
    lines = [
        *selected,
        "[tool.ruff.lint.flake8-tidy-imports]",
        *(f"{option} = {_toml(names)}" for option, names in options.items()),
    ]
    return RuffSettings("\n".join(lines), left_out)


def eager_imports(source: ModuleSource) -> Iterator[str]:
    """Absolute names of what a module imports at its top level, and not lazily.

    What stands under `if TYPE_CHECKING` is not imported.
    """
    declared = _declared(source.tree)
    for statement in source.statements:
        if not statement.at_top or statement.standing in _NOT_CARRIED_OUT:
            continue
        if isinstance(statement.node, ast.Import):
            yield from (one.name for one in statement.node.names if one.name not in declared)
        elif (asked := source.absolute(statement.node)) not in declared:
            yield asked
            yield from (f"{asked}.{one.name}" for one in statement.node.names)


def modules_at(text: str, line: int) -> set[str]:
    """The modules that the import statement on a line takes from; relative ones are left out."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node.lineno == line:
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.lineno == line and not node.level:
            found.add(node.module or "")
    return found


def _declared(tree: ast.Module) -> set[str]:
    """What a literal `__lazy_modules__` names."""
    return {
        one.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _LAZY_MODULES
        for one in ast.walk(node.value)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def _is_imported(module: str, at_top: Collection[str]) -> bool:
    return any(one == module or one.startswith(f"{module}.") for one in at_top)


def _toml(names: Iterable[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
