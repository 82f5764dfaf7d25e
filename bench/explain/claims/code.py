"""What a commit's code has: its modules and functions, and which tests name them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.core.target import Target
from bench.engine.revisions.git import Clone
from bench.engine.suites.folders import ROOTS

_TEST_FILES = (":(glob)**/test_*.py", ":(glob)**/*_test.py")
_TEST_FOLDERS = {"tests", "test", "testing"}
_LARGE = {"e2e", "end_to_end", "integration", "functional", "slow", "network"}
_MOST_FILES = 3
_LEVELS = 4  # of callers that are looked through for a function that no test names
_SHORTEST_PREFIX = len("test_") + 4
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Place:
    """A function: the module it is imported from, its name there, and the module's file."""

    module: str
    name: str
    path: str

    @property
    def address(self) -> str:
        """`pkg.mod:Class.method`."""
        return f"{self.module}:{self.name}"


@dataclass(frozen=True)
class CommitCode:
    """A project at a commit, read from git; `base` is the commit it is compared with."""

    clone: Clone
    target: Target
    base: str
    commit: str

    @cached_property
    def modules(self) -> dict[str, str]:
        """Modules of the measured package by path."""
        return dict(self._modules(self.clone.tree(self.commit)))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Modules of the package that the commit changes, as paths."""
        words = self.clone.changes(self.base, self.commit).split("\0")
        return tuple(path for path in words[1::2] if path in self.modules)

    def text(self, path: str) -> str:
        """A file at the commit."""
        return self.clone.text(self.commit, path)

    def module_named(self, name: str) -> str | None:
        """The module that a dotted name or a file's name means; what is changed comes first."""
        if name.endswith(".py"):
            ends = [
                path
                for path in (*self.changed, *self.modules)
                if path == name or path.endswith(f"/{name}")
            ]
            return self.modules[ends[0]] if ends else None
        return name if name in self.modules.values() else None

    def class_named(self, name: str) -> str | None:
        """The module that has a class of this name, if there is one only."""
        if not re.fullmatch(r"[A-Z]\w+", name):
            return None
        found = {path for path, *_ in self._grep(rf"^class {name}\b") if path in self.modules}
        return self.modules[found.pop()] if len(found) == 1 else None

    def functions_named(self, name: str, file: str = "", *, anywhere: bool) -> list[Place]:
        """Functions of this name that both commits have; those in changed files come first.

        `anywhere`: else those of other files.
        """
        found = [one for path in self.changed for one in self._places(path, name)]
        if not found and anywhere:
            last = name.rpartition(".")[2]
            paths = {path for path, *_ in self._grep(rf"^\s*(async )?def {last}\(")}
            found = [
                one
                for path in sorted(paths & set(self.modules))
                for one in self._places(path, name)
            ]
        found = [one for one in found if not file or one.path.endswith(file)]
        exact = [one for one in found if one.name == name]
        return exact or found

    def tests_of(self, place: Place) -> Iterator[str]:
        """Tests that may call a function, as pytest names them: the most promising first."""
        seen = set[str]()
        for names in self._names_to_look_for(place):
            for path in self._test_files(names)[:_MOST_FILES]:
                for pattern in patterns_of(self.text(path), names):
                    words = self._seen_from_project(path) + pattern
                    if words not in seen:
                        seen.add(words)
                        yield words

    def _names_to_look_for(self, place: Place) -> Iterator[tuple[str, ...]]:
        """The function, then what calls it in its module, then what calls these."""
        owner, _, last = place.name.rpartition(".")
        common = last.startswith(("visit_", "__")) or not re.search(r"_[a-z]", last.strip("_"))
        names: tuple[str, ...] = (owner,) if owner and common else (last,)
        yield names
        tree = _parsed(self.text(place.path))
        for _ in range(_LEVELS):
            callers = tuple(sorted(_callers(tree, {last, *names}) - set(names)))
            if not callers:
                return
            yield callers
            names = callers

    def _test_files(self, names: Sequence[str]) -> list[str]:
        """Files of tests that name one of these, those with most lines that do first."""
        pattern = rf"\b({'|'.join(map(re.escape, names))})\b"
        lines = dict[str, int]()
        for path, *_ in self._grep(pattern, *_TEST_FILES):
            lines[path] = lines.get(path, 0) + 1
        start = self._folder

        def rank(path: str) -> tuple[bool, bool, int, str]:
            folders = path.removeprefix(start).split("/")[:-1]
            is_apart = bool(folders) and folders[0] not in _TEST_FOLDERS
            return is_apart, bool(_LARGE & set(folders)), -lines[path], path

        return sorted((one for one in lines if one.startswith(start)), key=rank)

    def _places(self, path: str, name: str) -> Iterator[Place]:
        module = self.modules[path]
        here = _qualified(_parsed(self.text(path)))
        wanted = [one for one in here if _is_named(one, name, module)]
        if wanted:
            before = _qualified(_parsed(self.clone.text(self.base, path)))
            yield from (Place(module, one, path) for one in wanted if one in before)

    def _modules(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        tops = {name.replace(".", "/") for name in self.target.modules}
        for path in paths:
            inner = path.removeprefix(self._folder)
            if not path.startswith(self._folder) or not inner.endswith(".py"):
                continue
            for root in ROOTS:
                start = "" if root == "." else f"{root}/"
                stem = inner.removeprefix(start).removesuffix(".py")
                is_in = any(stem == top or stem.startswith(f"{top}/") for top in tops)
                if inner.startswith(start) and is_in:
                    yield path, stem.removesuffix("/__init__").replace("/", ".")

    def _grep(self, pattern: str, *paths: str) -> list[tuple[str, int, str]]:
        return self.clone.grep(self.commit, pattern, *paths)

    def _seen_from_project(self, path: str) -> str:
        return path.removeprefix(self._folder)

    @property
    def _folder(self) -> str:
        return f"{self.target.install.folder}/" if self.target.install.folder else ""


def patterns_of(text: str, names: Sequence[str]) -> Iterator[str]:
    """Which tests of a file to run for what they name: `::Class::*`, `::test_x*`, `` for all.

    The pattern that means most of those that name it and no test that pytest alone cannot run, then
    the single test that names it most.
    """
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    tests = list(_tests(_parsed(text).body, ""))
    found = {
        node: len(wanted.findall(ast.get_source_segment(text, test) or "")) for node, test in tests
    }
    unusable = {node for node, test in tests if isinstance(test, ast.AsyncFunctionDef)}
    naming = [node for node, times in found.items() if times and node not in unusable]
    if not naming:
        if wanted.search(text) and tests and not unusable:
            yield ""  # a helper or a fixture of the file names it
        return
    several = _pattern(naming, list(found), unusable)
    if several is not None and len(naming) > 1:
        yield several
    yield f"::{max(naming, key=lambda one: (found[one], -naming.index(one)))}"


def _pattern(naming: Sequence[str], every: Sequence[str], unusable: set[str]) -> str | None:
    """One pattern for all of these; None where it would mean what cannot run."""
    if set(naming) == set(every):
        return ""
    groups = {one.rpartition("::")[0] for one in naming}
    if len(groups) > 1:
        return None if unusable else ""
    group = groups.pop()
    start = f"{group}::" if group else ""
    prefix = _common([one.removeprefix(start) for one in naming])
    if group and len(prefix) < _SHORTEST_PREFIX:
        prefix = ""
    elif len(prefix) < _SHORTEST_PREFIX:
        return None if unusable else ""
    meant = f"{start}{prefix}"
    return None if any(one.startswith(meant) for one in unusable) else f"::{meant}*"


def _common(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    size = next((n for n, (one, other) in enumerate(zip(first, last, strict=False))
                 if one != other), min(len(first), len(last)))  # fmt: skip
    return first[:size]


def _tests(body: Iterable[ast.stmt], group: str) -> Iterator[tuple[str, _Function]]:
    for one in body:
        if isinstance(one, ast.ClassDef) and one.name.startswith("Test"):
            yield from _tests(one.body, f"{group}{one.name}::")
        elif isinstance(one, _Function) and one.name.startswith("test"):
            yield f"{group}{one.name}", one


def _qualified(tree: ast.Module) -> frozenset[str]:
    """Functions of a module and methods of its classes, by qualified name."""

    def inside(body: Iterable[ast.stmt], start: str) -> Iterator[str]:
        for one in body:
            if isinstance(one, _Function):
                yield f"{start}{one.name}"
            elif isinstance(one, ast.ClassDef):
                yield from inside(one.body, f"{start}{one.name}.")
            elif isinstance(one, ast.If | ast.Try):
                yield from inside([*one.body, *one.orelse], start)

    return frozenset(inside(tree.body, ""))


def _callers(tree: ast.Module, names: set[str]) -> set[str]:
    """Functions and classes of a module in which one of these names is used."""
    found = set[str]()
    for one in ast.walk(tree):
        if isinstance(one, _Function | ast.ClassDef):
            used = {
                inner.id if isinstance(inner, ast.Name) else inner.attr
                for inner in ast.walk(one)
                if isinstance(inner, ast.Name | ast.Attribute)
            }
            if used & names and not one.name.startswith("__"):
                found.add(one.name)
    return found


def _is_named(qualified: str, name: str, module: str) -> bool:
    return f".{module}.{qualified}".endswith(f".{name}")


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
