"""Who takes names from the project's modules: its own files, its tests, generated code, others.

A name that somebody takes must stay where it is, even if its module needs it no more; one that
somebody replaces there (`mock.patch`) must also be looked up there.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bench.explain.rank.scopes import bound_name, walk_scope
from bench.explain.rank.sources import ModuleSource

_FROM = re.compile(r"\bfrom[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b[ \t(]*([\w, \t]*)")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_ENTRY = re.compile(r"\b([A-Za-z_][\w.]*):([A-Za-z_]\w*)")
_REPLACING = frozenset({"setattr", "delattr", "object", "multiple", "patch_object", "attr"})
_MAY_READ_ITSELF = re.compile(r"\b(?:globals|dir|vars|locals|eval|exec)\(|modules\[__name__\]")
_LONGEST = 20_000  # characters of a text that is looked through for code


@dataclass(frozen=True)
class Taken:
    """Somebody who takes a name: a module of the project, or a file; `line` is 0 where unknown.

    `by_import` says that a from-import takes it, which happens when that line runs.
    """

    who: str
    file: str
    line: int
    by_import: bool = False


@dataclass(frozen=True, kw_only=True)
class Takers:
    """What is taken from modules, by (module, name) or by module.

    `everything`: by `from module import *`; `unknown`: by generated code whose names are not
    written out; `replaced`: what tests put something else for. The values say who. `themselves` are
    modules that read their own names as a whole, with the line.
    """

    names: dict[tuple[str, str], list[Taken]] = field(default_factory=dict)
    everything: dict[str, list[Taken]] = field(default_factory=dict)
    unknown: dict[str, list[Taken]] = field(default_factory=dict)
    replaced: dict[tuple[str, str], list[Taken]] = field(default_factory=dict)
    themselves: dict[str, int] = field(default_factory=dict)

    def of(self, module: str, name: str) -> list[Taken]:
        """Who takes a name from a module, other than itself."""
        found = [*self.names.get((module, name), ()), *self.unknown.get(module, ())]
        return [one for one in found if one.who != module]


def takers_of(
    own: Sequence[ModuleSource],
    others: Sequence[ModuleSource] = (),
    texts: Iterable[tuple[str, str]] = (),
) -> Takers:
    """What is taken from the modules of `own`, by themselves and by `others` (tests, dependants).

    `texts` are other files (name, text): templates, settings. Of `others` and `texts` the module is
    the name to tell.
    """
    looking = _Looking(own)
    for source in own:
        looking.read(source, replaces=False)
    for source in others:
        looking.read(source, replaces=True)
    for name, text in texts:
        looking.read_text(name, text)
    return looking.takers


class _Looking:
    def __init__(self, own: Sequence[ModuleSource]) -> None:
        self.own = own
        self.modules = frozenset(one.module for one in own)
        self.names = frozenset(
            bound_name(alias)
            for source in own
            for node in walk_scope(source.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        )
        self._names: dict[tuple[str, str], list[Taken]] = defaultdict(list)
        self._everything: dict[str, list[Taken]] = defaultdict(list)
        self._unknown: dict[str, list[Taken]] = defaultdict(list)
        self._replaced: dict[tuple[str, str], list[Taken]] = defaultdict(list)

    @property
    def takers(self) -> Takers:
        """What was found."""
        return Takers(
            names=dict(self._names),
            everything=dict(self._everything),
            unknown=dict(self._unknown),
            replaced=dict(self._replaced),
            themselves={one.module: line for one in self.own if (line := reads_itself(one))},
        )

    def read(self, source: ModuleSource, *, replaces: bool) -> None:
        """One file of Python; whether what it names in strings it replaces there."""
        reading = _Reading(source)
        self._take(source, reading)
        for text, line in reading.strings:
            self._string(text, _taken(source, line), replaces=replaces)
        for tail, line in reading.tails:
            for text in {text for text, _ in reading.strings if text in self.modules}:
                self._string(f"{text}{tail}", _taken(source, line), replaces=replaces)

    def _take(self, source: ModuleSource, reading: _Reading) -> None:
        for module, line in reading.stars:
            self._everything[module].append(_taken(source, line))
        for module, name, line, by_import in reading.taken:
            if name in self.names and module in self.modules:
                self._names[module, name].append(_taken(source, line, by_import=by_import))
        for module, name, line in reading.replaced:
            if name in self.names and module in self.modules:
                self._replaced[module, name].append(_taken(source, line))

    def read_text(self, name: str, text: str) -> None:
        """A file that is not Python."""
        who = Taken(name, name, 0)
        self._code(text, who)
        for module, asked in _ENTRY.findall(text):
            if module in self.modules and asked in self.names:
                self._names[module, asked].append(who)

    def _string(self, text: str, who: Taken, *, replaces: bool) -> None:
        if len(text) > _LONGEST:
            return
        if "import" in text:
            self._code(text, who)
        if not _DOTTED.fullmatch(text):
            return
        parts = text.split(".")
        for at in range(1, len(parts)):
            key = ".".join(parts[:at]), parts[at]
            if key[0] in self.modules and key[1] in self.names:
                is_whole = at == len(parts) - 1
                where = self._replaced if replaces and is_whole else self._names
                where[key].append(who)

    def _code(self, text: str, who: Taken) -> None:
        for module, names in _FROM.findall(text):
            if module not in self.modules:
                continue
            words = [part.split()[0] for part in names.split(",") if part.split()]
            if not words:
                self._unknown[module].append(who)
            for word in words:
                if word in self.names:
                    self._names[module, word].append(who)


def _taken(source: ModuleSource, line: int, *, by_import: bool = False) -> Taken:
    return Taken(source.module, str(source.file), line, by_import)


class _Reading:
    """What one file says, walked through once."""

    def __init__(self, source: ModuleSource) -> None:
        self.source = source
        self.stars: list[tuple[str, int]] = []
        self.strings: list[tuple[str, int]] = []
        self.tails: list[tuple[str, int]] = []
        self._imported: list[tuple[str, str, int]] = []
        self._attributes: list[ast.Attribute] = []
        self._calls: list[ast.Call] = []
        self._aliases: dict[str, str] = {}
        for node in ast.walk(source.tree):
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom):
            self._note_import(node)
        elif isinstance(node, ast.Import):
            self._aliases |= {one.asname: one.name for one in node.names if one.asname}
        elif isinstance(node, ast.Attribute) and _is_dotted(node.value):
            self._attributes.append(node)
        elif isinstance(node, ast.Call):
            self._calls.append(node)
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            self._note_text(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
            self._note_tail(node.right)

    def _note_text(self, node: ast.Constant | ast.JoinedStr) -> None:
        """A string, or the end of one that begins with a variable (`f"{MODULE}.name"`)."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and ("." in node.value or "import" in node.value):
                self.strings.append((node.value, node.lineno))
        elif node.values and isinstance(node.values[-1], ast.Constant):
            self._note_tail(node.values[-1])

    def _note_tail(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value.startswith("."):
            self.tails.append((node.value, node.lineno))

    def _note_import(self, node: ast.ImportFrom) -> None:
        where = self.source.absolute(node)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append((where, node.lineno))
            else:
                self._imported.append((where, alias.name, node.lineno))
                self._aliases[bound_name(alias)] = f"{where}.{alias.name}"

    @cached_property
    def taken(self) -> list[tuple[str, str, int, bool]]:
        """By `from module import name`, and by `module.name` where the module was imported."""
        named = [
            pair
            for node in self._calls
            if _function(node) in {"getattr", "hasattr"} and (pair := _named(node))
        ]
        return [
            *((*one, True) for one in self._imported),
            *((self._whole(one.value), one.attr, one.lineno, False) for one in self._attributes),
            *((self._whole(where), name, where.lineno, False) for where, name in named),
        ]

    @cached_property
    def replaced(self) -> list[tuple[str, str, int]]:
        """Names of modules that something else is put for, in so many words."""
        found = [
            (self._whole(node.value), node.attr, node.lineno)
            for node in self._attributes
            if not isinstance(node.ctx, ast.Load)
        ]
        return found + [one for node in self._calls for one in self._replaced_by(node)]

    def _replaced_by(self, node: ast.Call) -> Iterator[tuple[str, str, int]]:
        function = _function(node)
        if function not in _REPLACING or not node.args:
            return
        named = _named(node)
        if named:
            yield self._whole(named[0]), named[1], node.lineno
        elif function == "multiple":
            first = node.args[0]
            is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
            where = str(getattr(first, "value", "")) if is_text else ""
            if not is_text and _is_dotted(first):
                where = self._whole(first)
            for keyword in node.keywords:
                yield where, keyword.arg or "", node.lineno

    def _whole(self, node: ast.expr) -> str:
        """A dotted name with what its first part was imported as."""
        head, _, rest = ast.unparse(node).partition(".")
        whole = self._aliases.get(head, head)
        return f"{whole}.{rest}" if rest else whole


def _function(node: ast.Call) -> str:
    """The last part of the name of what is called."""
    called = node.func
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _named(node: ast.Call) -> tuple[ast.expr, str] | None:
    """The object and the attribute that `setattr(object, "attribute", …)` names."""
    if len(node.args) < 2 or not _is_dotted(node.args[0]):
        return None
    name = node.args[1]
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return node.args[0], name.value
    return None


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def reads_itself(source: ModuleSource) -> int:
    """The line in which a module reads its own names as a whole, 0 where none does.

    By `globals()`, at its top also `dir()`, `vars()` or `locals()`, by `sys.modules[__name__]`, or
    by `eval` and `exec` with no names given.
    """
    if not _MAY_READ_ITSELF.search(source.text):
        return 0
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    inner = {
        id(node)
        for function in ast.walk(source.tree)
        if isinstance(function, functions)
        for node in ast.walk(function)
    }
    found = (
        node.lineno
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Call) and _reads_all(node, at_top=id(node) not in inner))
        or (isinstance(node, ast.Subscript) and ast.unparse(node) == "sys.modules[__name__]")
    )
    return next(found, 0)


def _reads_all(node: ast.Call, *, at_top: bool) -> bool:
    if not isinstance(node.func, ast.Name):
        return False
    name, arguments = node.func.id, len(node.args) + len(node.keywords)
    if arguments == 0:
        return name == "globals" or (at_top and name in {"dir", "vars", "locals"})
    return arguments == 1 and name in {"eval", "exec"}
