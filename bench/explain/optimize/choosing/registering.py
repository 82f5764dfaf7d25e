"""Modules that tell others of themselves when they are imported, though nothing imports them there.

By a call or a decorator of another module's (`register(one)`, `@app.route("/")`), by an entry in
another module's table, or by deriving from a class that knows its subclasses.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.explain.rank.scopes import bound_name
from bench.explain.rank.sources import ModuleSource

_REGISTERS = re.compile(r"regist|subscribe|plugin|hook", re.IGNORECASE)
_STORES = frozenset({"add", "append", "insert", "setdefault", "update"})
_MAKES_CLASSES = frozenset({"__new__", "__init__"})


class _May(enum.Enum):
    """How a statement may register something."""

    DECORATE = enum.auto()
    CALL = enum.auto()
    STORE = enum.auto()


@dataclass(frozen=True)
class Registration:
    """`module` tells `registry` of something; `why` says how, and in which line."""

    module: str
    registry: str
    why: str


def registrations(sources: Mapping[str, ModuleSource]) -> Iterator[Registration]:
    """Those of the project's modules with modules that do not import them; `sources` by name."""
    imported = {name: imports_of(source)[1] for name, source in sources.items()}
    for one in (*_by_calls(sources), *_by_subclasses(sources)):
        if not imported[one.registry].intersection(with_parents(one.module)):
            yield one


def imports_of(source: ModuleSource) -> tuple[dict[str, str], set[str]]:
    """Names → modules that a file binds anywhere, and the modules that it imports itself."""
    bound: dict[str, str] = {}
    imported: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
                imported.update(with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            where = source.absolute(node)
            imported.update(with_parents(where))
            for alias in node.names:
                bound[bound_name(alias)] = f"{where}.{alias.name}"
                imported.add(f"{where}.{alias.name}")
    return bound, imported


def with_parents(module: str) -> Iterator[str]:
    """A dotted name, and those that it lies in."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def dotted(node: ast.expr) -> str:
    """`a.b.c` of attributes of a name; "" of any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


# By calls.


def _by_calls(sources: Mapping[str, ModuleSource]) -> Iterator[Registration]:
    for source in sources.values():
        bound, _ = imports_of(source)
        for where, line in _called(source.tree.body, bound, sources):
            registry = next((one for one in with_parents(where) if one in sources), "")
            if registry not in {"", source.module}:
                why = f"{source.module} registers something with {registry} in line {line}"
                yield Registration(source.module, registry, why)


def _called(
    body: Sequence[ast.stmt], bound: Mapping[str, str], sources: Mapping[str, ModuleSource]
) -> Iterator[tuple[str, int]]:
    """Whole names of what a module's top registers something with, and the lines."""
    for statement in body:
        for part, may in _told(statement):
            head, _, rest = dotted(part).partition(".")
            # A method of an object of another module, as in `@app.route`; `@tools.cached` is none.
            is_method = bool(rest) and bound.get(head) not in sources
            sure = may is _May.STORE or (may is _May.DECORATE and is_method)
            if head in bound and (sure or _REGISTERS.search(dotted(part))):
                yield f"{bound[head]}.{rest}".rstrip("."), part.lineno


def _told(statement: ast.stmt) -> Iterator[tuple[ast.expr, _May]]:
    """What a statement decorates with, calls or puts something into."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        for one in statement.decorator_list:
            yield one.func if isinstance(one, ast.Call) else one, _May.DECORATE
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield statement.value.func, _May.CALL
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Subscript):
                yield target.value, _May.STORE


# By deriving.


def _by_subclasses(sources: Mapping[str, ModuleSource]) -> Iterator[Registration]:
    """Classes below one that knows its subclasses; whoever has that may look for them."""
    classes = _Classes(sources)
    for name, (module, node) in classes.known.items():
        for above in classes.above(name):
            registry = classes.known[above][0]
            if above in classes.knowing and registry != module:
                base = f"`{above.rpartition('.')[2]}` of {registry}"
                why = f"{module} derives from {base}, which knows its subclasses"
                yield Registration(module, registry, f"{why}, in line {node.lineno}")


@dataclass(frozen=True)
class _Classes:
    """The classes at the tops of the project's modules, by `module.name`."""

    sources: Mapping[str, ModuleSource]

    @cached_property
    def known(self) -> dict[str, tuple[str, ast.ClassDef]]:
        """Where each stands."""
        return {
            f"{source.module}.{node.name}": (source.module, node)
            for source in self.sources.values()
            for node in source.tree.body
            if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def bound(self) -> dict[str, dict[str, str]]:
        """What names mean in each module."""
        return {name: imports_of(source)[0] for name, source in self.sources.items()}

    def above(self, name: str) -> list[str]:
        """The project's classes that one derives from, directly or not."""
        found: list[str] = []
        todo = [name]
        while todo:
            module, node = self.known[todo.pop()]
            bases = [self.whole(module, dotted(base)) for base in node.bases]
            new = [base for base in bases if base in self.known and base not in found]
            found += new
            todo += new
        return found

    def whole(self, module: str, name: str) -> str:
        """The class that a name of a module means, through those that only hand it on."""
        for _ in range(len(self.sources)):
            head, _, rest = name.partition(".")
            there = self.bound[module].get(head, "")
            whole = ".".join(filter(None, (there or f"{module}.{head}", rest)))
            if whole in self.known or not there:
                return whole
            owner = next((one for one in with_parents(whole) if one in self.sources), "")
            name = whole[len(owner) + 1 :]
            if not owner or not name or owner == module:
                return whole
            module = owner
        return ""

    @cached_property
    def knowing(self) -> frozenset[str]:
        """Classes that keep their subclasses, or that somebody asks for them."""
        makers = {name for name, (_, node) in self.known.items() if _stores(node, _MAKES_CLASSES)}
        found = {
            name
            for name, (module, node) in self.known.items()
            if _stores(node, {"__init_subclass__"})
            or any(
                one.arg == "metaclass" and self.whole(module, dotted(one.value)) in makers
                for one in node.keywords
            )
        }
        return frozenset(found | set(self._asked()))

    def _asked(self) -> Iterator[str]:
        """Classes of which somebody asks `__subclasses__`; a class may ask that of itself."""
        for source in self.sources.values():
            if "__subclasses__" not in source.text:
                continue
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Attribute) and node.attr == "__subclasses__":
                    yield self.whole(source.module, dotted(node.value))
                elif isinstance(node, ast.ClassDef) and _asks_itself(node):
                    yield f"{source.module}.{node.name}"


def _asks_itself(node: ast.ClassDef) -> bool:
    return any(
        isinstance(one, ast.Attribute)
        and one.attr == "__subclasses__"
        and dotted(one.value) in {"cls", "self.__class__"}
        for one in ast.walk(node)
    )


def _stores(node: ast.ClassDef, methods: frozenset[str] | set[str]) -> bool:
    """Whether a method of these names puts something somewhere that lasts."""
    return any(
        _keeps(part)
        for one in node.body
        if isinstance(one, ast.FunctionDef) and one.name in methods
        for part in ast.walk(one)
    )


def _keeps(part: ast.AST) -> bool:
    if isinstance(part, ast.Assign):
        return any(isinstance(target, ast.Subscript) for target in part.targets)
    if not isinstance(part, ast.Call) or not isinstance(part.func, ast.Attribute):
        return False
    return part.func.attr in _STORES or bool(_REGISTERS.search(part.func.attr))
