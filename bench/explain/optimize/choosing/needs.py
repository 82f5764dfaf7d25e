"""What must be loaded when something else is, though nothing in so many words imports it there.

An attribute of a package that is a submodule exists only because somebody imported the submodule;
what registers itself with others must have been imported when those are asked.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.explain.rank.graph import Graph
from bench.explain.rank.sources import ModuleSource

_REGISTERS = re.compile(r"regist|subscribe|plugin|hook", re.IGNORECASE)
_STANDARD = sys.stdlib_module_names  # whose modules import what they use


@dataclass(frozen=True)
class Need:
    """`module` has to be loaded whenever `by` is; `why` says it of a deferral that breaks this."""

    by: str
    module: str
    why: str


def needs_of(graph: Graph, sources: Mapping[str, ModuleSource]) -> tuple[Need, ...]:
    """The needs in one run; `sources` are the project's modules by name."""
    loaded = graph.modules
    found = [
        *_submodules(graph, sources),
        *(
            need
            for source in sources.values()
            if source.module in loaded
            for need in (*_attributes(source, graph), *_registrations(source, sources))
        ),
        *_attributes_of_others(graph, sources),
    ]
    return tuple(need for need in dict.fromkeys(found) if need.module in loaded)


def _submodules(graph: Graph, sources: Mapping[str, ModuleSource]) -> Iterator[Need]:
    """What a package of the project has as attributes once it alone is imported."""
    for package, source in sources.items():
        if not source.is_package or package not in graph.modules:
            continue
        for module in sorted(graph.behind([package])):
            if module.rpartition(".")[0] == package and not _last(module).startswith("_"):
                why = f"`{module}` is there once {package} is imported"
                yield Need(package, module, why)


def _attributes(source: ModuleSource, graph: Graph) -> Iterator[Need]:
    """Submodules that a file names by an attribute, and does not import.

    Nor does the package, whose name the file must have bound: it is imported first.
    """
    bound, imported = imports_of(source)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute):
            continue
        dotted = _dotted(node)
        head, _, rest = dotted.partition(".")
        if not rest or head not in bound:
            continue
        module = f"{bound[head]}.{rest}"
        if module not in graph.modules or module in imported:
            continue
        if module not in graph.behind([bound[head]]):
            place = f"{source.module} in line {node.lineno}"
            yield Need(source.module, module, f"{place} uses `{module}` without importing it")


def imports_of(source: ModuleSource) -> tuple[dict[str, str], set[str]]:
    """Names → modules that a file binds anywhere, and the modules that it imports itself."""
    bound: dict[str, str] = {}
    imported: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
                imported.update(_with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            where = source.absolute(node)
            imported.update(_with_parents(where))
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{where}.{alias.name}"
                imported.add(f"{where}.{alias.name}")
    return bound, imported


def _with_parents(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]


def _dotted(node: ast.expr) -> str:
    """`a.b.c` of attributes of a name; "" of any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _attributes_of_others(graph: Graph, sources: Mapping[str, ModuleSource]) -> Iterator[Need]:
    """The same of other projects' files, for submodules that the project's statements bring."""
    brought = {
        asked.got
        for place in graph.recording.places
        if place.module in sources
        for asked in place.asked
        if "." in asked.got
        and asked.got not in sources
        and asked.got in graph.modules
        and asked.got not in graph.behind([asked.got.partition(".")[0]])
    }
    if not brought:
        return
    names = "|".join(re.escape(one) for one in sorted(brought, key=len, reverse=True))
    used = re.compile(rf"(?<![\w.])({names})(?=\.\w)")
    for module, file in graph.recording.modules.items():
        if module in sources or not file.endswith(".py") or _top(module) in _STANDARD:
            continue
        text = _text(file)
        for name in sorted(set(used.findall(text))):
            inside = _top(name) == _top(module) or name in graph.behind([module])
            if not inside and not _imports_itself(text, name):
                yield Need(module, name, f"{module} uses `{name}` without importing it")


def _imports_itself(text: str, module: str) -> bool:
    package, _, last = module.rpartition(".")
    whole, short, package = re.escape(module), re.escape(last), re.escape(package)
    return bool(
        re.search(rf"\b(?:import|from)[ \t]+{whole}\b", text)
        or re.search(rf"\bfrom[ \t]+{package}[ \t]+import\b[^\n]*\b{short}\b", text)
    )


def _text(file: str) -> str:
    try:
        return Path(file).read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _registrations(source: ModuleSource, sources: Mapping[str, ModuleSource]) -> Iterator[Need]:
    """A module that registers something with another of the project, which does not import it."""
    bound, _ = imports_of(source)
    for where, line in _registering(source.tree.body, bound):
        registry = next((one for one in _with_parents(where) if one in sources), "")
        if registry in {"", source.module}:
            continue
        _, imported = imports_of(sources[registry])
        if not imported.intersection(_with_parents(source.module)):
            why = f"{source.module} registers something with {registry} in line {line}"
            yield Need(registry, source.module, why)


def _registering(body: Sequence[ast.stmt], bound: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Whole names of what a module's top registers something with, and the lines."""
    for statement in body:
        for part in _calls(statement):
            head, _, rest = _dotted(part).partition(".")
            if head in bound and (_REGISTERS.search(_dotted(part))):
                yield f"{bound[head]}.{rest}".rstrip("."), part.lineno
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        for target in targets:
            if isinstance(target, ast.Subscript):
                head, _, rest = _dotted(target.value).partition(".")
                if head in bound:
                    yield f"{bound[head]}.{rest}".rstrip("."), target.lineno


def _calls(statement: ast.stmt) -> Iterable[ast.expr]:
    """What a statement calls as a decorator, or by itself."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        decorators = statement.decorator_list
        return [one.func if isinstance(one, ast.Call) else one for one in decorators]
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return [statement.value.func]
    return []


def _top(module: str) -> str:
    return module.partition(".")[0]


def _last(module: str) -> str:
    return module.rpartition(".")[2]
