"""Work at the top level of the project's modules: what each statement costs besides imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Mapping

from bench.explain.rank.opportunities import shown_file
from bench.explain.rank.ranking import TopLevelWork
from bench.explain.rank.sources import ModuleSource

_ADVICE = {
    "regular expression": "compile it in the function that uses it, behind `functools.cache`",
    "dataclass": "a plain class with `__slots__` is created faster, if nothing needs the dataclass",
    "enum": "constants, or an enum that is imported only where it is used",
    "class": "move it to a module that is imported only where it is used",
    "decorated function": "see what the decorator does at once that can be deferred",
    "call": "call it when its result is first needed",
    "other": "see whether it can be deferred until it is needed",
}


def top_level_work(
    costs: Mapping[tuple[str, int], float],
    sources: Mapping[str, ModuleSource],
    vanished: Collection[str],
    least: float,
) -> tuple[TopLevelWork, ...]:
    """Statements that cost at least so many seconds, most expensive first.

    `costs` are by file and line, `sources` the imported own modules by name; `vanished` are those
    that the best set defers.
    """
    by_file = defaultdict[str, dict[int, float]](dict)
    for (file, line), taken in costs.items():
        by_file[file][line] = taken
    found = [
        one
        for module, source in sources.items()
        for one in _of_module(source, by_file.get(str(source.file), {}), removed=module in vanished)
        if one.cost_s >= least
    ]
    return tuple(sorted(found, key=lambda one: (-one.cost_s, one.file, one.line)))


def _of_module(
    source: ModuleSource, lines: Mapping[int, float], *, removed: bool
) -> list[TopLevelWork]:
    found = []
    for statement in _statements(source.tree.body):
        first, last = _lines(statement)
        cost = sum(taken for line, taken in lines.items() if first <= line <= last)
        if cost > 0 and not isinstance(statement, ast.Import | ast.ImportFrom):
            kind = _kind(statement)
            found.append(
                TopLevelWork(
                    file=shown_file(source.file),
                    line=statement.lineno,
                    kind=kind,
                    advice=_ADVICE[kind],
                    cost_s=cost,
                    removed=removed,
                )
            )
    return found


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run by themselves: the parts of `if`, `try` and `with`, not these."""
    found = []
    for statement in body:
        blocks: list[list[ast.stmt]] = []
        if isinstance(statement, ast.If | ast.Try | ast.With):
            blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
            blocks += [one.body for one in getattr(statement, "handlers", [])]
        found += [one for block in blocks for one in _statements(block)] or [statement]
    return found


def _lines(statement: ast.stmt) -> tuple[int, int]:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(one.lineno for one in decorators)])
    return first, statement.end_lineno or statement.lineno


def _kind(statement: ast.stmt) -> str:
    if isinstance(statement, ast.ClassDef):
        decorators = " ".join(ast.unparse(one) for one in statement.decorator_list)
        bases = " ".join(ast.unparse(one) for one in statement.bases)
        if "dataclass" in decorators:
            return "dataclass"
        return "enum" if "Enum" in bases or "Flag" in bases else "class"
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return "decorated function" if statement.decorator_list else "other"
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    if any(ast.unparse(one.func) in {"re.compile", "compile", "_re.compile"} for one in calls):
        return "regular expression"
    return "call" if calls else "other"
