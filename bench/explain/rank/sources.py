"""What the source of a module says of its imports: how they stand, and who uses the names."""

from __future__ import annotations

import ast
import enum
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.explain.rank.newer_syntax import parse_with
from bench.explain.rank.scopes import Use, Uses, bound_name, bound_names

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BOM = "\ufeff"  # the byte order mark, as UTF-8 decodes it
_ANY_END = re.compile(r"\r\n?")


class Standing(enum.StrEnum):
    """Where an import statement stands."""

    PLAIN = "plain"
    TRY = "in try"
    CONDITION = "under a condition"
    CLASS = "in a class"
    TYPES = "for type checkers"
    CROWDED = "shares its line"
    LAZY = "lazy already"


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name that an import statement binds.

    `asked` is how the graph knows it: what is taken from the module, or the module as written.
    """

    alias: ast.alias
    bound: str
    asked: str
    uses: tuple[Use, ...]
    bound_once: bool


@dataclass(frozen=True)
class Statement:
    """An import statement; `scope` is the function it stands in, or the module."""

    node: ast.Import | ast.ImportFrom
    scope: ast.AST
    standing: Standing
    names: tuple[Name, ...]

    @property
    def line(self) -> int:
        """Its first line."""
        return self.node.lineno

    @property
    def at_top(self) -> bool:
        """Whether it is carried out when the module is imported."""
        return isinstance(self.scope, ast.Module)


@dataclass(frozen=True, kw_only=True)
class ModuleSource:
    """A module's file: `text` is as it stands there, with a byte order mark where it has one.

    `lines` are the same with their ends, all `\\n`; `newline` is how the file ends them.
    """

    module: str
    file: Path
    text: str
    lines: list[str]
    newline: str
    tree: ast.Module

    @classmethod
    def parse(cls, module: str, file: Path, tree: ast.Module | None = None) -> ModuleSource:
        """Read a file, whose `tree` may be known; raises `SyntaxError` and `UnicodeDecodeError`."""
        raw = file.read_bytes().decode("utf-8")
        text = _ANY_END.sub(
            "\n", raw.removeprefix(BOM)
        )  # `str.splitlines` would also split at form feeds
        newline = "\r\n" if "\r\n" in raw else "\n"
        # `str.splitlines` would also split at form feeds.
        lines = [f"{line}\n" for line in text.split("\n")]
        lines[-1] = lines[-1][:-1]  # what follows the last end of a line
        tree = tree or ast.parse(text)
        return cls(module=module, file=file, text=raw, lines=lines, newline=newline, tree=tree)

    @property
    def is_package(self) -> bool:
        """Whether it is a package's `__init__.py`."""
        return self.file.name == "__init__.py"

    def functions(self, name: str) -> list[Function]:
        """Its functions of this name: qualified (`A.go`), or the last part alone."""
        wanted = tuple(name.replace("<locals>.", "").split("."))
        found = _functions(self.tree, ())
        return [node for path, node in found if path[-len(wanted) :] == wanted]

    def anchor(self, use: Use) -> ast.stmt:
        """The innermost statement around a use that something can be put in front of."""
        for statement in reversed(use.statements):
            if self._begins_its_line(statement):
                return statement
        return use.statements[0]

    def lines_of_anchor(self, use: Use) -> range:
        """If one of them runs, so does what is put in front of the anchor.

        Of a statement with a body it is the head; the first line of a `try` is that of its body.
        """
        anchor = self.anchor(use)
        body: list[ast.stmt] = getattr(anchor, "body", [])
        if not body:
            last = anchor.lineno if isinstance(anchor, ast.Match) else anchor.end_lineno
            return range(anchor.lineno, (last or anchor.lineno) + 1)
        last = body[0].lineno if isinstance(anchor, ast.Try | ast.TryStar) else body[0].lineno - 1
        return range(anchor.lineno, max(last, anchor.lineno) + 1)

    def _begins_its_line(self, statement: ast.stmt) -> bool:
        line = self.lines[statement.lineno - 1].encode()
        before, after = line[: statement.col_offset], line[statement.col_offset :]
        return not before.strip() and not after.startswith(b"elif")

    @cached_property
    def defers_annotations(self) -> bool:
        """Whether it has `from __future__ import annotations`."""
        return any(
            isinstance(one, ast.ImportFrom)
            and one.module == "__future__"
            and any(alias.name == "annotations" for alias in one.names)
            for one in self.tree.body
        )

    @cached_property
    def may_have_getattr(self) -> bool:
        """Whether it has a `__getattr__` under a condition, so that none can be relied on."""
        return any(_binds_getattr(one) for one in _conditional(self.tree.body))

    @cached_property
    def declared_elsewhere(self) -> frozenset[str]:
        """Names that some function declares global or nonlocal: it may bind them anew."""
        nodes = ast.walk(self.tree)
        found = (one.names for one in nodes if isinstance(one, ast.Global | ast.Nonlocal))
        return frozenset(name for names in found for name in names)

    @cached_property
    def exported(self) -> frozenset[str]:
        """The names in `__all__`, as far as they are written out."""
        found = set[str]()
        for one in self._tops:
            if isinstance(one, ast.Assign | ast.AugAssign):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                if any(isinstance(to, ast.Name) and to.id == "__all__" for to in targets):
                    found |= {
                        part.value
                        for part in ast.walk(one.value)
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    }
        return frozenset(found)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All import statements, in no special order; `__future__` and `*` are left out."""
        return tuple(self._statements(self.tree, self.tree, Standing.PLAIN))

    @cached_property
    def _uses_of(self) -> dict[tuple[str, int], list[Use]]:
        """Uses by name and the scope that binds it."""
        found = defaultdict(list)
        for use in Uses(self.tree).found:
            found[use.name, id(use.bound_in)].append(use)
        return found

    @cached_property
    def _bound(self) -> dict[int, Counter[str]]:
        """How often each name is bound, by scope; filled as scopes are asked for."""
        return {}

    @property
    def _tops(self) -> list[ast.stmt]:
        return self.tree.body

    def absolute(self, node: ast.Import | ast.ImportFrom) -> str:
        """The module a from-import takes from, by its whole name."""
        if isinstance(node, ast.Import):
            return node.names[0].name
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        if not self.is_package:
            parts = parts[:-1]
        parts = parts[: len(parts) - node.level + 1]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def _statements(self, node: ast.AST, scope: ast.AST, standing: Standing) -> Iterator[Statement]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                if not _is_special(child):
                    yield self._statement(child, scope, standing)
            elif isinstance(child, _FUNCTIONS):
                yield from self._statements(child, child, Standing.PLAIN)
            else:
                yield from self._statements(child, scope, _standing(child, standing))

    def _statement(
        self, node: ast.Import | ast.ImportFrom, scope: ast.AST, standing: Standing
    ) -> Statement:
        before = self.lines[node.lineno - 1].encode()[: node.col_offset].strip()
        after = self.lines[(node.end_lineno or node.lineno) - 1].encode()
        behind = after[node.end_col_offset :].strip()
        if before or behind.startswith(b";"):
            standing = Standing.CROWDED
        if getattr(node, "is_lazy", False):  # 3.15: carried out where a name is used first
            standing = Standing.LAZY
        names = []
        for alias in node.names:
            bound = bound_name(alias)
            uses = tuple(self._uses_of[bound, id(scope)])
            if id(scope) not in self._bound:
                self._bound[id(scope)] = Counter(bound_names(scope))
            once = self._bound[id(scope)][bound] == 1
            names.append(
                Name(alias=alias, bound=bound, asked=alias.name, uses=uses, bound_once=once)
            )
        return Statement(node, scope, standing, tuple(names))


def read_package(
    folder: Path, python: Path, report: Callable[[Path, str], None]
) -> Iterator[ModuleSource]:
    """All modules of an installed package or file; `report` hears of those that can't be read.

    What is newer than the harness's own Python the subject's `python` parses.
    """
    newer: list[Path] = []
    for file in [folder] if folder.is_file() else sorted(folder.rglob("*.py")):
        try:
            yield ModuleSource.parse(_module_name(file, folder), file)
        except SyntaxError:
            newer.append(file)
        except (ValueError, RecursionError) as error:
            report(file, str(error))
    for file, tree in zip(newer, parse_with(python, newer) if newer else (), strict=True):
        if isinstance(tree, str):
            report(file, tree)
        else:
            yield ModuleSource.parse(_module_name(file, folder), file, tree)


def _module_name(file: Path, folder: Path) -> str:
    """The module of a file of a package, or of the one file that stands for it."""
    name = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _functions(node: ast.AST, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Function]]:
    """All functions with the names of what they stand in, which end with their own."""
    for child in ast.iter_child_nodes(node):
        inner = (*path, child.name) if isinstance(child, (*_FUNCTIONS, ast.ClassDef)) else path
        if isinstance(child, _FUNCTIONS):
            yield inner, child
        yield from _functions(child, inner)


def _binds_getattr(node: ast.stmt) -> bool:
    if isinstance(node, _FUNCTIONS):
        return node.name == "__getattr__"
    return isinstance(node, ast.Assign) and any(
        isinstance(one, ast.Name) and one.id == "__getattr__" for one in ast.walk(node)
    )


def _conditional(block: list[ast.stmt], *, within: bool = False) -> Iterator[ast.stmt]:
    """The module's statements that run under a condition; what type checkers see is none."""
    for node in block:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            negated = isinstance(node.test, ast.UnaryOp)
            yield from _conditional(node.body if negated else node.orelse, within=within)
        elif isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While):
            for inner in ast.iter_child_nodes(node):
                if isinstance(inner, ast.stmt):
                    yield from _conditional([inner], within=True)
                elif isinstance(inner, ast.ExceptHandler):
                    yield from _conditional(inner.body, within=True)
        elif within:
            yield node


def _is_special(node: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(node, ast.Import):
        return False
    return node.module == "__future__" or node.names[0].name == "*"


def _standing(node: ast.AST, outer: Standing) -> Standing:
    if outer is not Standing.PLAIN:
        return outer
    if isinstance(node, ast.Try | ast.TryStar):
        return Standing.TRY
    if isinstance(node, ast.If):
        return Standing.TYPES if "TYPE_CHECKING" in ast.dump(node.test) else Standing.CONDITION
    if isinstance(node, ast.ClassDef):
        return Standing.CLASS
    return Standing.PLAIN
