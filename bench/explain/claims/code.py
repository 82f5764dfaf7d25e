"""What a commit's code has: its modules and functions, and which tests name them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from bench.core.target import Target
from bench.engine.revisions.git import Clone
from bench.engine.suites.folders import ROOTS

_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_AT_ONCE = 500  # paths in one command line
_TEST_FOLDERS = {"tests", "test", "testing"}
_LARGE = {"e2e", "end_to_end", "integration", "functional", "slow", "network"}
_MOST_FILES = 3
_MANY = 25  # tests that take long together, each time that the function is timed
_LEVELS = 4  # of callers that are looked through for a function that no test names
_SHORTEST_PREFIX = len("test_") + 4
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class DefinedAt:
    """A function: the module it is imported from, its name there, and the module's file."""

    module: str
    name: str
    path: str

    @property
    def address(self) -> str:
        """`pkg.mod:Class.method`."""
        return f"{self.module}:{self.name}"


class CloneTexts:
    """Texts of files of commits; what neighbours share is read once."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.tree = lru_cache(maxsize=4)(clone.tree)
        self._texts: dict[str, str] = {}

    def text(self, commit: str, path: str) -> str:
        """A file of a commit; "" where there is none."""
        return self.texts(commit, [path])[path] if path in self.tree(commit) else ""

    def texts(self, commit: str, paths: Iterable[str]) -> dict[str, str]:
        """Files of a commit by path."""
        tree = self.tree(commit)
        wanted = {path: tree[path] for path in paths}
        missing = [path for path, blob in wanted.items() if blob not in self._texts]
        for start in range(0, len(missing), _AT_ONCE):
            lines: dict[str, list[str]] = {}
            asked = missing[start : start + _AT_ONCE]
            for path, _number, line in self.clone.grep(
                commit, "", *(f":(top,literal){path}" for path in asked)
            ):
                lines.setdefault(path, []).append(line)
            for path in asked:
                self._texts[tree[path]] = "\n".join([*lines.get(path, []), ""])
        return {path: self._texts[blob] for path, blob in wanted.items()}


@dataclass(frozen=True)
class CommitCode:
    """A project at a commit, read from git; `base` is the commit it is compared with."""

    read: CloneTexts
    target: Target
    base: str
    commit: str

    @cached_property
    def modules(self) -> dict[str, str]:
        """Modules of the measured package by path."""
        return dict(self._modules(self.read.tree(self.commit)))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Modules of the package that the commit changes, as paths."""
        words = self.read.clone.changes(self.base, self.commit).split("\0")
        return tuple(path for path in words[1::2] if path in self.modules)

    def text(self, path: str) -> str:
        """A file at the commit."""
        return self.read.text(self.commit, path)

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
        found = self._modules_with(rf"^class {name}\b")
        return self.modules[found[0]] if len(found) == 1 else None

    def functions_named(self, name: str, file: str = "", *, anywhere: bool) -> list[DefinedAt]:
        """Functions of this name that both commits have; those in changed files come first.

        `anywhere`: else those of other files.
        """
        found = [one for path in self.changed for one in self._places(path, name)]
        if not found and anywhere:
            last = name.rpartition(".")[2]
            paths = self._modules_with(rf"^\s*(?:async )?def {last}\(")
            found = [one for path in paths for one in self._places(path, name)]
        found = [one for one in found if not file or one.path.endswith(file)]
        exact = [one for one in found if one.name == name]
        return exact or found

    def tests_of(self, place: DefinedAt) -> Iterator[str]:
        """Tests that may call a function, as pytest names them: the most promising first."""
        seen = set[str]()
        for names in self._names_to_look_for(place):
            for path in self._test_files(names)[:_MOST_FILES]:
                for pattern in patterns_of(self.text(path), names):
                    words = self._seen_from_project(path) + pattern
                    if words not in seen:
                        seen.add(words)
                        yield words

    def _names_to_look_for(self, place: DefinedAt) -> Iterator[tuple[str, ...]]:
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
        """Files of tests that name one of these, those that do most often first."""
        start = self._folder
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        times = {
            path: len(pattern.findall(text)) if any(one in text for one in names) else 0
            for path, text in self._tests.items()
        }

        def rank(path: str) -> tuple[bool, bool, int, str]:
            folders = path.removeprefix(start).split("/")[:-1]
            is_apart = bool(folders) and folders[0] not in _TEST_FOLDERS
            return is_apart, bool(_LARGE & set(folders)), -times[path], path

        return sorted((one for one, number in times.items() if number), key=rank)

    @cached_property
    def _tests(self) -> dict[str, str]:
        """The project's files of tests by path."""
        paths = [
            one
            for one in self.read.tree(self.commit)
            if one.startswith(self._folder) and _TEST_FILE.search(one)
        ]
        return self.read.texts(self.commit, paths)

    def _modules_with(self, pattern: str) -> list[str]:
        """Modules of the package whose text has a line that matches."""
        wanted = re.compile(pattern, re.MULTILINE)
        texts = self.read.texts(self.commit, self.modules)
        return sorted(path for path, text in texts.items() if wanted.search(text))

    def _places(self, path: str, name: str) -> Iterator[DefinedAt]:
        module = self.modules[path]
        here = _qualified(_parsed(self.text(path)))
        wanted = [one for one in here if _is_named(one, name, module)]
        if wanted:
            before = _qualified(_parsed(self.read.text(self.base, path)))
            yield from (DefinedAt(module, one, path) for one in wanted if one in before)

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

    def _seen_from_project(self, path: str) -> str:
        return path.removeprefix(self._folder)

    @property
    def _folder(self) -> str:
        return f"{self.target.install.folder}/" if self.target.install.folder else ""


def patterns_of(text: str, names: Sequence[str]) -> Iterator[str]:
    """Which tests of a file to run for what they name: `::Class::*`, `::test_x*`, `` for all.

    The pattern that means most of those that name it and no test that pytest alone cannot run, then
    the single test that names it most; of very many that one comes first.
    """
    wanted = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
    tests = list(_tests(_parsed(text).body, ""))
    lines = text.split("\n")
    found = {
        node: len(wanted.findall("\n".join(lines[test.lineno - 1 : test.end_lineno])))
        for node, test in tests
    }
    unusable = {node for node, test in tests if isinstance(test, ast.AsyncFunctionDef)}
    naming = [node for node, times in found.items() if times and node not in unusable]
    if not naming:
        if wanted.search(text) and tests and not unusable:
            yield ""  # a helper or a fixture of the file names it
        return
    several = _pattern(naming, list(found), unusable)
    single = f"::{max(naming, key=lambda one: (found[one], -naming.index(one)))}"
    if several is None or len(naming) == 1:
        yield single
    else:
        yield from (single, several) if len(naming) > _MANY else (several, single)


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
