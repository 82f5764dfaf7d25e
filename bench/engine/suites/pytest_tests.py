"""Which tests of a source file are benchmarks for pytest, read from its text alone.

No environment is there yet when a run is planned. A test counts that takes the `benchmark` fixture,
itself or by a fixture of its file or of a `conftest.py` above, or that has the mark. Its cases are
told where `parametrize` is given plain values; otherwise all of them make one benchmark.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

_FIXTURES = frozenset({"benchmark", "codspeed_benchmark"})
_MARKS = ("mark.benchmark", "mark.codspeed_benchmark")
_MOST_CASES = 20
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class FoundTest:
    """A test: its class (or ""), its name, and its cases, where they are told."""

    group: str
    name: str
    cases: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        """What pytest calls it, without its file: each case, or the test with all cases."""
        name = f"{self.group}::{self.name}" if self.group else self.name
        return tuple(f"{name}[{case}]" for case in self.cases) or (name,)


@dataclass(frozen=True)
class Fixtures:
    """Fixtures that tests of a file can ask for: what each takes, and which have parameters."""

    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    varied: frozenset[str] = frozenset()

    def with_file(self, text: str) -> Fixtures:
        """These and those of a file, whose own come first."""
        takes, varied = dict(self.takes), set(self.varied)
        for one in ast.walk(_parsed(text)):
            if isinstance(one, _Function):
                for decorator in one.decorator_list:
                    if _name(decorator).endswith("fixture"):
                        name = _keyword(decorator, "name") or one.name
                        takes[name] = _arguments(one)
                        varied.discard(name)
                        if _has_keyword(decorator, "params"):
                            varied.add(name)
        return Fixtures(takes, frozenset(varied))

    def all_of(self, names: Sequence[str]) -> frozenset[str]:
        """Fixtures by these names, with those that they take."""
        found: set[str] = set()
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self.takes.get(name, ())
        return frozenset(found)


def find_tests(text: str, above: Fixtures) -> tuple[FoundTest, ...]:
    """The benchmarks of a file, as they stand in it; `above` are fixtures of its folders."""
    tree, fixtures = _parsed(text), above.with_file(text)
    marked = any(
        isinstance(one, ast.Assign)
        and any(_name(target) == "pytestmark" for target in one.targets)
        and _is_marked(one.value)
        for one in tree.body
    )
    return tuple(_of_body(tree.body, "", fixtures, marked=marked))


def _of_body(
    body: Sequence[ast.stmt], group: str, fixtures: Fixtures, *, marked: bool
) -> Iterator[FoundTest]:
    for one in body:
        if isinstance(one, ast.ClassDef) and one.name.startswith(("Test", "Bench")):
            inner = f"{group}::{one.name}".removeprefix("::")
            its = marked or any(map(_is_marked, one.decorator_list))
            several = any(map(_is_parametrize, one.decorator_list))
            for found in _of_body(one.body, inner, fixtures, marked=its):
                yield replace(found, cases=()) if several else found
        elif isinstance(one, _Function) and _is_test(one):
            names = _arguments(one)
            used = fixtures.all_of(names)
            if used & _FIXTURES or marked or any(map(_is_marked, one.decorator_list)):
                cases = () if used & fixtures.varied else _cases(one)
                yield FoundTest(group, one.name, cases)


def _is_test(function: _Function) -> bool:
    fixture = any(_name(one).endswith("fixture") for one in function.decorator_list)
    return function.name.startswith(("test", "bench")) and not fixture


def _cases(test: _Function) -> tuple[str, ...]:
    """The names pytest gives its cases; () where there are none, or they cannot be told."""
    listed = []
    for decorator in reversed(test.decorator_list):  # the one next to the test comes first
        if _is_parametrize(decorator):
            names = _case_names(decorator)
            if names is None:
                return ()
            listed.append(names)
    found = tuple("-".join(case) for case in itertools.product(*listed) if case)
    return found if len(set(found)) == len(found) <= _MOST_CASES else ()


def _case_names(decorator: ast.expr) -> list[str] | None:
    """Of one `parametrize`; None where it takes more than its text to tell."""
    if not isinstance(decorator, ast.Call) or len(decorator.args) < 2:
        return None
    ids = [one.value for one in decorator.keywords if one.arg == "ids"]
    values = decorator.args[1]
    if (decorator.keywords and not ids) or not isinstance(values, ast.List | ast.Tuple):
        return None
    if ids:
        told = [_text(one) for one in getattr(ids[0], "elts", [None])]
        return None if None in told else [one for one in told if one is not None]
    names = [_case_name(one) for one in values.elts]
    return None if None in names else [one for one in names if one is not None]


def _case_name(value: ast.expr) -> str | None:
    if isinstance(value, ast.Call) and _name(value.func).endswith("param"):
        return _keyword(value, "id") or (
            "-".join(filter(None, map(_case_name, value.args)))
            if all(_case_name(one) for one in value.args) and not value.keywords
            else None
        )
    if isinstance(value, ast.Tuple | ast.List):
        parts = [_case_name(one) for one in value.elts]
        return None if None in parts else "-".join(one for one in parts if one is not None)
    return _text(value)


def _text(value: ast.expr | None) -> str | None:
    """A plain value as pytest shows it; None for all others."""
    try:
        plain = ast.literal_eval(value) if value is not None else None
    except ValueError:
        return None
    if isinstance(plain, str):
        return plain if plain.isascii() and plain.isprintable() and plain else None
    return str(plain) if isinstance(plain, bool | int | float) else None


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):  # pytest will say so
        return ast.Module([], [])


def _name(node: ast.expr) -> str:
    """`pytest.mark.benchmark`, called or not; "" for what has no name."""
    if isinstance(node, ast.Call):
        return _name(node.func)
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_marked(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Tuple):
        return any(map(_is_marked, node.elts))
    return _name(node).endswith(_MARKS)


def _is_parametrize(node: ast.expr) -> bool:
    return _name(node).endswith("mark.parametrize")


def _arguments(function: _Function) -> tuple[str, ...]:
    every = function.args
    return tuple(one.arg for one in (*every.posonlyargs, *every.args, *every.kwonlyargs))


def _has_keyword(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and any(one.arg == name for one in node.keywords)


def _keyword(node: ast.expr, name: str) -> str:
    """The text that a call gives as keyword; "" where it gives none."""
    if isinstance(node, ast.Call):
        for one in node.keywords:
            if one.arg == name:
                return _text(one.value) or ""
    return ""
