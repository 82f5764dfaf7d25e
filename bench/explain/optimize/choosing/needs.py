"""What must be loaded when something else is, though nothing in so many words imports it there.

An attribute of a package that is a submodule exists only because somebody imported the submodule;
what registers itself with others must have been imported when those are asked.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.explain.optimize.choosing.registering import dotted, imports_of, registrations
from bench.explain.rank.graph import Graph
from bench.explain.rank.sources import ModuleSource

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
            for need in _attributes(source, graph)
        ),
        *(Need(one.registry, one.module, one.why) for one in registrations(sources)),
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
        head, _, rest = dotted(node).partition(".")
        if not rest or head not in bound:
            continue
        module = f"{bound[head]}.{rest}"
        if module not in graph.modules or module in imported:
            continue
        if module not in graph.behind([bound[head]]):
            place = f"{source.module} in line {node.lineno}"
            yield Need(source.module, module, f"{place} uses `{module}` without importing it")


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


def _top(module: str) -> str:
    return module.partition(".")[0]


def _last(module: str) -> str:
    return module.rpartition(".")[2]
