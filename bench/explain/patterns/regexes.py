"""Regular expressions written out in a function: `re` looks each up in its cache in every call."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bench.explain.patterns.edits import Edit, replacing
from bench.explain.patterns.hoisting import Function
from bench.explain.rank.sources import Source

# How many arguments there may be before `flags`, which a pattern takes when it is compiled.
_BEFORE_FLAGS = {
    "compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3,
    "sub": 4, "subn": 4,
}  # fmt: skip


def regexes(source: Source, function: Function) -> tuple[list[str], list[ast.Call], list[Edit]]:
    """The patterns, their calls, and the edits that compile them with the module.

    None where the module does not import `re` before the function.
    """
    top = _top_level(source.tree, function)
    if top is None or not _imports_re(source.tree, top):
        return [], [], []
    names: dict[str, str] = {}
    calls = list(_calls(function))
    edits = []
    for call in calls:
        pattern = ast.unparse(call.args[0])
        name = names.setdefault(pattern, _name(source, function, len(names)))
        assert isinstance(call.func, ast.Attribute)
        rest = [ast.unparse(one) for one in (*call.args[1:], *call.keywords)]
        is_compiled = call.func.attr == "compile"
        edits.append(
            replacing(call, name if is_compiled else f"{name}.{call.func.attr}({', '.join(rest)})")
        )
    if names:
        lines = "".join(f"{name} = re.compile({text})\n" for text, name in names.items())
        place = (_first_line(top), 0)
        edits.append(Edit(place, place, f"{lines}\n"))
    return list(names), calls, edits


def _calls(function: Function) -> Iterator[ast.Call]:
    """Calls with a pattern that is a constant, and no flags; none within another of them."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        one = todo.pop(0)
        if isinstance(one, ast.Call) and _is_one(one):
            yield one
        elif not isinstance(one, ast.JoinedStr):
            todo += ast.iter_child_nodes(one)


def _is_one(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute) or ast.unparse(function.value) != "re":
        return False
    return (
        function.attr in _BEFORE_FLAGS
        and 0 < len(call.args) <= _BEFORE_FLAGS[function.attr]
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str | bytes)
        and not any(one.arg in {None, "flags", "pattern"} for one in call.keywords)
    )


def _top_level(tree: ast.Module, function: Function) -> ast.stmt | None:
    """The statement of the module that the function stands in."""
    return next((one for one in tree.body if any(two is function for two in ast.walk(one))), None)


def _imports_re(tree: ast.Module, top: ast.stmt) -> bool:
    return any(
        isinstance(one, ast.Import)
        and one.lineno < top.lineno
        and any(alias.name == "re" and alias.asname is None for alias in one.names)
        for one in tree.body
    )


def _name(source: Source, function: Function, number: int) -> str:
    """A name that the file does not have."""
    name = f"_{function.name.strip('_').upper()}_{number + 1}"
    while name in source.text:
        name += "_"
    return name


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])
